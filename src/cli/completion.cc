// Shell completion, made from the App tree: verbs, and the options of each.
#include <fmt/format.h>

#include "src/cli/options.h"

namespace kip::cli {
namespace {

// Options of an App as written on the command line, help and completion aside.
std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* const option : app.get_options()) {
    if (option->get_group().empty()) continue;
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

std::vector<const CLI::App*> verbs(const CLI::App& app) {
  return app.get_subcommands({});
}

std::string escaped(std::string text) {
  std::string out;
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out;
}

std::string bash(const CLI::App& app) {
  std::string function = "_" + app.get_name();
  for (char& c : function) c = c == '-' ? '_' : c;
  std::vector<std::string> names;
  std::string cases;
  for (const CLI::App* const verb : verbs(app)) {
    names.push_back(verb->get_name());
    cases +=
        fmt::format("      {}) words=\"{}\" ;;\n", verb->get_name(), joined(option_names(*verb)));
  }
  return fmt::format(
      "{0}() {{\n"
      "  local current=${{COMP_WORDS[COMP_CWORD]}} words=\"{1} {2}\" word\n"
      "  for word in \"${{COMP_WORDS[@]:1:COMP_CWORD-1}}\"; do\n"
      "    case $word in\n"
      "{3}"
      "    esac\n"
      "  done\n"
      "  if [[ $current == -* || COMP_CWORD -eq 1 ]]; then\n"
      "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
      "  fi\n"
      "}}\n"
      "complete -o default -F {0} {4}\n",
      function, joined(names), joined(option_names(app)), cases, app.get_name());
}

std::string zsh(const CLI::App& app) {
  std::string text = fmt::format("#compdef {}\nlocal -a verbs\nverbs=(\n", app.get_name());
  for (const CLI::App* const verb : verbs(app)) {
    text += fmt::format("  '{}:{}'\n", verb->get_name(), escaped(verb->get_description()));
  }
  text +=
      ")\nif (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n  _describe 'verb' verbs\n  "
      "return\nfi\ncase $words[2] in\n";
  for (const CLI::App* const verb : verbs(app)) {
    text += fmt::format("  {}) compadd -- {} ;;\n", verb->get_name(), joined(option_names(*verb)));
  }
  text += fmt::format("  *) compadd -- {} ;;\nesac\n[[ $words[CURRENT] == -* ]] || _files\n",
                      joined(option_names(app)));
  return text;
}

std::string fish(const CLI::App& app) {
  std::string text;
  const auto options = [&](const CLI::App& of, const std::string& condition) {
    for (const CLI::Option* const option : of.get_options()) {
      if (option->get_group().empty()) continue;
      text += fmt::format("complete -c {} -n '{}'", app.get_name(), condition);
      for (const std::string& name : option->get_snames()) text += " -s " + name;
      for (const std::string& name : option->get_lnames()) text += " -l " + name;
      if (option->get_type_size() != 0) text += " -r";
      text += fmt::format(" -d '{}'\n", escaped(option->get_description()));
    }
  };
  options(app, "__fish_use_subcommand");
  for (const CLI::App* const verb : verbs(app)) {
    text += fmt::format("complete -c {} -n __fish_use_subcommand -a {} -d '{}'\n", app.get_name(),
                        verb->get_name(), escaped(verb->get_description()));
    options(*verb, "__fish_seen_subcommand_from " + verb->get_name());
  }
  return text;
}

}  // namespace

std::optional<std::string> completion(const CLI::App& app, const std::string& shell) {
  if (shell == "bash") return bash(app);
  if (shell == "zsh") return zsh(app);
  if (shell == "fish") return fish(app);
  return std::nullopt;
}

}  // namespace kip::cli
