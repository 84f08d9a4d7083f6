// Shell completion, made from the App tree: verbs, the options of each, and what they take.
#include <algorithm>
#include <fmt/format.h>

#include "src/cli/completion.h"
#include "src/cli/options.h"

namespace kip::cli {
namespace detail {
namespace {

std::vector<std::string> names_of(const CLI::Option& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

CompletedOption read_option(const CLI::App& app, const CLI::Option& option) {
  CompletedOption read{names_of(option), {}, "", option.get_description(), false};
  if (option.get_items_expected_max() > 0) read.takes = option.get_type_name();
  read.again = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll;
  if (!read.again) read.ends = read.names;
  // In the order of the App: get_excludes() has that of addresses, which no two runs share.
  for (const CLI::Option* const other : app.get_options()) {
    if (!option.get_excludes().contains(const_cast<CLI::Option*>(other))) continue;
    for (std::string& name : names_of(*other)) read.ends.push_back(std::move(name));
  }
  return read;
}

CompletedVerb read_verb(const CLI::App& app, const std::string& name) {
  CompletedVerb verb{name, app.get_description(), "", {}};
  for (const CLI::Option* const option : app.get_options()) {
    if (option->get_group().empty()) continue;
    if (option->nonpositional()) {
      verb.options.push_back(read_option(app, *option));
    } else {
      verb.operand = option->get_name(/*positional=*/true);
    }
  }
  return verb;
}

CompletedProgram read_program(const CLI::App& app) {
  CompletedProgram program{app.get_name(), read_verb(app, ""), {}};
  for (const CLI::App* const verb : app.get_subcommands({})) {
    program.verbs.push_back(read_verb(*verb, verb->get_name()));
  }
  return program;
}

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
  std::string out;
  for (std::size_t at; (at = text.find(what)) != text.npos; text.remove_prefix(at + what.size())) {
    out.append(text.substr(0, at)).append(by);
  }
  return out.append(text);
}

}  // namespace

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::string identifier(std::string name) {
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string escaped(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != special.npos) out += '\\';
    out += c;
  }
  return out;
}

std::string filled(std::string_view script, std::string_view function,
                   const CompletedProgram& program) {
  std::vector<std::string> verbs;
  verbs.reserve(program.verbs.size());
  for (const CompletedVerb& verb : program.verbs) verbs.push_back(verb.name);
  const std::string named = replaced(replaced(script, "KIP", function), "PROGRAM", program.name);
  return replaced(named, "VERBS", joined(verbs));
}

}  // namespace detail

std::optional<std::string> completion(const CLI::App& app, const std::string& shell) {
  const detail::CompletedProgram program = detail::read_program(app);
  if (shell == "bash") return detail::bash_completion(program);
  if (shell == "zsh") return detail::zsh_completion(program);
  if (shell == "fish") return detail::fish_completion(program);
  return std::nullopt;
}

}  // namespace kip::cli
