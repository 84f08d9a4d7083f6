// Completion for zsh: _arguments, with a list of specs a verb.
#include <fmt/format.h>

#include "src/cli/completion.h"

namespace kip::cli::detail {
namespace {

constexpr std::string_view kValues = R"sh(KIP_SPEC() {
  if compset -P @; then _files; else compadd "$@" - host all; fi
}

KIP_KVER() {
  local -a releases=(/lib/modules/*(N-/:t))
  compadd "$@" -a releases
}

)sh";

// A verb is shifted away, so that _arguments takes it for the command.
constexpr std::string_view kMain = R"sh(KIP() {
  local curcontext=$curcontext context state state_descr line verb=
  local -a verbs=(VERBS)
  local -A opt_args
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    KIP_verbs
    return
  fi
  if (( CURRENT > 2 && $verbs[(Ie)$words[2]] )); then
    verb=$words[2]
    curcontext=${curcontext%:*:*}:PROGRAM-$verb:
    shift words
    (( CURRENT-- ))
  fi
  KIP_options "$verb"
}

# Found in $fpath by its name, or sourced.
if [[ $funcstack[1] == KIP ]]; then
  KIP "$@"
else
  compdef KIP PROGRAM
fi
)sh";

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string value_spec(const std::string& kind, const std::string& function) {
  std::string action = " ";  // nothing to offer, but zsh can say what is wanted
  if (kind == "FILE" || kind == "PATH") action = "_files";
  if (kind == "DIR") action = "_path_files -/";
  if (kind == "SHELL") action = "(bash zsh fish)";
  if (kind == "GENERATOR") action = "(dracut mkinitcpio initramfs-tools)";
  if (kind == "SPEC" || kind == "KVER") action = function + "_" + kind;
  return ":" + escaped(kind, "\\:") + ":" + action;
}

std::string option_specs(const CompletedOption& option, const std::string& function) {
  std::string specs;
  for (const std::string& name : option.names) {
    std::string spec;
    if (!option.ends.empty()) spec += "(" + joined(option.ends) + ")";
    if (option.again) spec += "*";
    spec += name;
    if (!option.takes.empty()) spec += name.starts_with("--") ? "=" : "+";
    spec += "[" + escaped(option.help, "\\[]") + "]";
    if (!option.takes.empty()) spec += value_spec(option.takes, function);
    specs += " \\\n        " + quoted(spec);
  }
  return specs;
}

std::string call_of(const CompletedVerb& verb, const std::string& function) {
  std::string call = "      _arguments -s -S :";
  for (const CompletedOption& option : verb.options) call += option_specs(option, function);
  if (!verb.operand.empty()) {
    call += " \\\n        " + quoted("*" + value_spec(verb.operand, function));
  }
  return call + "\n      ;;\n";
}

}  // namespace

std::string zsh_completion(const CompletedProgram& program) {
  const std::string function = "_" + program.name;
  std::string verbs = function + "_verbs() {\n  local -a described=(\n";
  std::string calls = function + "_options() { # verb\n  case $1 in\n";
  for (const CompletedVerb& verb : program.verbs) {
    verbs += "    " + quoted(verb.name + ":" + escaped(verb.help, "\\")) + "\n";
    calls += "    (" + verb.name + ")\n" + call_of(verb, function);
  }
  verbs += "  )\n  _describe -t verbs verb described\n}\n\n";
  calls += "    (*)\n" + call_of(program.bare, function) + "  esac\n}\n\n";
  return fmt::format("#compdef {}\n\n", program.name) + filled(kValues, function, program) + verbs +
         calls + filled(kMain, function, program);
}

}  // namespace kip::cli::detail
