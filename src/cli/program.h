// A program of verbs: the part of main() that all have in common.
//
//   constexpr std::array kVerbs = {Verb<Settings>{"list", "what is there", add_list, list}, …};
//   return run_program<Settings>({"NAME", "0.1", "what it is", kVerbs, /*default_verb=*/false}, argc, argv);
//
// A verb is the first word. Where the first verb is the default, its options also stand alone. Settings
// has a ReportOptions `report`.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "src/cli/options.h"

namespace kip::cli {

template <class Settings>
struct Verb {
  const char* name;
  const char* help;
  void (*add_options)(CLI::App&, Settings&);
  ExitCode (*run)(const Settings&, const Messages&);
};

template <class Settings>
struct Program {
  const char* name;
  const char* version;
  const char* help;
  std::span<const Verb<Settings>> verbs;  // in the order of the help
  bool default_verb = false;              // the first one

  const Verb<Settings>* verb(std::string_view word) const {
    const auto found =
        std::find_if(verbs.begin(), verbs.end(), [&](const auto& it) { return it.name == word; });
    return found == verbs.end() ? nullptr : &*found;
  }
};

namespace detail {

/// Help and completion tell of every verb. Otherwise one is enough: each start would pay for the
/// options of all of them.
bool wants_all_verbs(std::span<char* const> words);

ExitCode print_completion(const CLI::App& app, const std::string& shell, const Messages& messages);

template <class Settings>
std::string verb_names(const Program<Settings>& program) {
  std::string names;
  for (const auto& verb : program.verbs)
    names += (names.empty() ? "" : ", ") + std::string(verb.name);
  return names;
}

template <class Settings>
void build(const Program<Settings>& program, CLI::App& app, Settings& settings,
           const Verb<Settings>* chosen, bool all) {
  app.require_subcommand(0, 1);
  if (chosen == nullptr && program.default_verb) {
    program.verbs.front().add_options(app, settings);
    add_report_options(app, settings.report);
  }
  for (const Verb<Settings>& verb : program.verbs) {
    if (!all && &verb != chosen) continue;
    auto* const sub = app.add_subcommand(verb.name, verb.help);
    verb.add_options(*sub, settings);
    add_report_options(*sub, settings.report);
  }
}

}  // namespace detail

/// Parses, calls the verb, returns what main() returns.
template <class Settings>
ExitCode run_program(const Program<Settings>& program, int argc, char** argv) {
  const std::string name = program.name;
  const std::span<char* const> words(argv + 1, argv + std::max(argc, 1));
  Settings settings;
  std::string completion_shell;
  Messages messages(name);
  CLI::App app(program.help, name);
  app.set_version_flag("--version", name + " " + program.version);
  app.set_help_all_flag("--help-all", "help for every verb");
  add_value(app, "--completion", completion_shell,
            "print the completion script for bash, zsh or fish", "SHELL");
  const Verb<Settings>* const chosen = words.empty() ? nullptr : program.verb(words.front());
  const bool wordless = words.empty() || *words.front() == '-';
  if (chosen == nullptr && !wordless) {
    messages.error("no verb " + quote(words.front()) + "; there are " +
                   detail::verb_names(program));
    return ExitCode::kUsage;
  }
  detail::build(program, app, settings, chosen, detail::wants_all_verbs(words));
  if (const auto code = parse(app, messages, argc, argv)) return *code;
  // A verb that is not the first word is known to the tree only where the whole tree was built.
  if (const auto parsed = app.get_subcommands(); chosen == nullptr && !parsed.empty()) {
    messages.error(quote(parsed.front()->get_name()) + " is not expected; see '" + name +
                   " --help'");
    return ExitCode::kUsage;
  }
  messages.set_level(settings.report.level());
  if (!completion_shell.empty()) return detail::print_completion(app, completion_shell, messages);
  if (chosen != nullptr) return chosen->run(settings, messages);
  if (program.default_verb) return program.verbs.front().run(settings, messages);
  messages.error("a verb is missing; there are " + detail::verb_names(program));
  return ExitCode::kUsage;
}

}  // namespace kip::cli
