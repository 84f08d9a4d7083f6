// Completion for fish: one `complete` a verb and an option, with the verb as their condition.
#include <fmt/format.h>

#include "src/cli/completion.h"

namespace kip::cli::detail {
namespace {

// -opc are the words before the cursor's own.
constexpr std::string_view kFunctions = R"sh(function KIP_verb_is
    set -l words (commandline -opc)
    set -l verb ''
    if set -q words[2]; and contains -- $words[2] VERBS
        set verb $words[2]
    end
    test "$verb" = "$argv[1]"
end

function KIP_first_word
    test (count (commandline -opc)) -eq 1
end

function KIP_typed
    commandline -ct | string replace -r '^(--[^=]*=|-[^-])' ''
end

function KIP_SPEC
    set -l typed (KIP_typed)
    if string match -q '@*' -- $typed
        set -l path (string sub -s 2 -- $typed)
        complete -C "'' $path" | string replace -r '^' @
    else
        printf '%s\n' host all
    end
end

function KIP_KVER
    for directory in /lib/modules/*/
        string match -r '[^/]+(?=/$)' -- $directory
    end
end
)sh";

std::string quoted(std::string_view text) {
  return "'" + escaped(text, "\\'") + "'";
}

// -x: a value, and no files; -rF: a value, and files, which the program has nowhere else.
std::string value(const std::string& kind, const std::string& function) {
  if (kind.empty()) return "";
  if (kind == "FILE" || kind == "PATH") return " -rF";
  if (kind == "DIR") return " -xa '(__fish_complete_directories (" + function + "_typed) \"\")'";
  if (kind == "SHELL") return " -xa 'bash zsh fish'";
  if (kind == "SPEC" || kind == "KVER") return " -xa '(" + function + "_" + kind + ")'";
  return " -x";
}

std::string lines_of(const CompletedVerb& verb, const std::string& complete,
                     const std::string& function) {
  const std::string start = fmt::format("{} -n \"{}_verb_is '{}'\"", complete, function, verb.name);
  std::string lines;
  for (const CompletedOption& option : verb.options) {
    lines += start;
    for (const std::string& name : option.names) {
      lines += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
    }
    lines += value(option.takes, function) + " -d " + quoted(option.help) + "\n";
  }
  if (verb.operand == "FILE" || verb.operand == "PATH") lines += start + " -F\n";
  if (verb.operand == "GENERATOR") lines += start + " -a 'dracut mkinitcpio initramfs-tools'\n";
  return lines;
}

}  // namespace

std::string fish_completion(const CompletedProgram& program) {
  const std::string function = "__" + identifier(program.name);
  const std::string complete = "complete -c " + program.name;
  std::string script = filled(kFunctions, function, program) + "\n" + complete + " -f\n";
  for (const CompletedVerb& verb : program.verbs) {
    script += fmt::format("{} -n {}_first_word -a {} -d {}\n", complete, function, verb.name,
                          quoted(verb.help));
  }
  script += lines_of(program.bare, complete, function);
  for (const CompletedVerb& verb : program.verbs) script += lines_of(verb, complete, function);
  return script;
}

}  // namespace kip::cli::detail
