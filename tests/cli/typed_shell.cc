#include <fmt/format.h>
#include <sstream>
#include <stdexcept>

#include "tests/cli/typed_shell.h"

namespace kip::cli {
namespace {

constexpr int kNoTerminal = 77;

// Writes what the completion function replies, then a tab for the end of the row.
constexpr const char* kBashCapture = R"sh(capture() {
  _kip_sample "$@"
  { [[ ! $COMPREPLY ]] || printf '%s\n' "${COMPREPLY[@]}"; printf '\t\n'; } >>$ROOM/out
  COMPREPLY=()
  compopt +o default +o dirnames
}
complete -F capture kip-sample
)sh";

// zsh completes in its line editor only, and has that on a terminal only.
constexpr const char* kZshTerminal = R"sh(zmodload zsh/zpty && zpty inner "zsh -f -i" || exit 77
zpty -w inner "source $ROOM/inner"
zpty -r inner said '*READY*' || { print -r -- $said; exit 1 }
zpty -w -n inner $'\x18'
while zpty -r inner said; do :; done
)sh";

constexpr const char* kZshCapture = R"sh(stty cols 200
autoload -Uz compinit
compinit -u -D
setopt warn_create_global
source $ROOM/script
compadd() {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return; fi
  local -a hits texts shown before apart unused
  zparseopts -E -a unused d:=shown P:=before p:=apart
  if (( $#shown )) texts=("${(@P)shown[2]}")
  builtin compadd -A hits -D texts "$@"
  local i
  for (( i = 1; i <= $#hits; i++ )); do
    print -r -- "$IPREFIX${before[2]}${apart[2]}${(Q)hits[i]}"$'\t'"$texts[i]" >>$ROOM/out
  done
  builtin compadd "$@"
}
type_all() {
  local line
  for line in ${(f)"$(<$ROOM/typed)"}; do
    BUFFER=$line CURSOR=$#line
    zle list
    print $'\t' >>$ROOM/out
  done
  exit
}
zle -C list list-choices _main_complete
zle -N type_all
bindkey '^X' type_all
print READY
)sh";

constexpr const char* kFishCapture = R"sh(source $ROOM/script
while read -l line
  complete -C $line >>$ROOM/out
  printf '\t\n' >>$ROOM/out
end
)sh";

void need(const support::RunResult& run) {
  if (!run.ok()) throw std::runtime_error(fmt::format("{}: {}{}", run.exit_code, run.out, run.err));
}

}  // namespace

TypedShell::TypedShell(std::string shell, std::string script) : shell_(std::move(shell)) {
  for (const char* const file : {"alpha.bin", "two words", "tree/inner.bin", "tree/a@b"}) {
    dir_.write(std::string("here/") + file, "");
  }
  for (const char* const release : {"5.4.0", "6.1.0-18", "6.12.3"}) {
    dir_.directory(std::string("modules/") + release);
  }
  dir_.write("modules/no-directory", "");
  const std::string system = "/lib/modules";
  for (std::size_t at; (at = script.find(system)) != script.npos;) {
    script.replace(at, system.size(), dir_ / "modules");
  }
  dir_.write("script", script);
}

std::optional<std::vector<Words>> TypedShell::offers(const Words& lines) const {
  const std::string typed = fmt::format("{}\n", fmt::join(lines, "\n"));
  support::RunResult ended;
  if (shell_ == "fish") {
    ended = run({"fish", "--no-config", "-c", kFishCapture}, typed);
  } else if (shell_ == "zsh") {
    dir_.write("typed", typed);
    dir_.write("inner", kZshCapture);
    ended = run({"zsh", "-f", "-c", kZshTerminal});
    if (ended.exit_code == kNoTerminal) return std::nullopt;
  } else {
    std::string keys;
    for (const std::string& line : lines) keys += line + "\t\x01\x0b";  // and empty the line
    ended = type_into_bash(kBashCapture, keys);
  }
  need(ended);
  return rows();
}

std::vector<Words> TypedShell::given(const std::string& program, const Words& keys) const {
  need(type_into_bash(program + "() { printf '%s\\n' \"${@//$HERE}\" $'\\t' >>$ROOM/out; }\n",
                      fmt::format("{}\n", fmt::join(keys, "\n"))));
  return rows();
}

std::string TypedShell::reply(const std::string& function, const std::string& words) const {
  const auto ended = run({"bash", "--norc", "-s"},
                         fmt::format("source $ROOM/script; compopt() {{ :; }}; COMP_WORDS=({})\n"
                                     "COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); {}\n"
                                     "printf %s \"${{COMPREPLY[*]}}\"\n",
                                     words, function));
  need(ended);
  return ended.out + ended.err;
}

support::RunResult TypedShell::run(Words argv, const std::string& input) const {
  // No terminal of the one who tests: an interactive bash would want to be in its foreground.
  argv.insert(argv.begin(), {"timeout", "-k", "5", "120", "setsid", "-w"});
  return support::run_program(argv, {.input = input,
                                     .cwd = dir_ / "here",
                                     .env = {{"HOME", dir_.path()},
                                             {"HERE", dir_ / "here"},
                                             {"INPUTRC", "/dev/null"},
                                             {"LC_ALL", "C.UTF-8"},
                                             {"ROOM", dir_.path()},
                                             {"TERM", "dumb"},
                                             {"XDG_CONFIG_HOME", std::nullopt},
                                             {"XDG_DATA_HOME", std::nullopt}}});
}

// readline takes its keys from a pipe as well.
support::RunResult TypedShell::type_into_bash(const std::string& rc,
                                              const std::string& keys) const {
  dir_.write("rc", "PS1= HISTFILE=\nsource $ROOM/script\n" + rc);
  return run({"bash", "--noprofile", "--rcfile", dir_ / "rc", "-i"}, keys + "exit\n");
}

// What the shell wrote, cut at each line that is a tab only.
std::vector<Words> TypedShell::rows() const {
  std::vector<Words> rows(1);
  std::istringstream out(support::to_string(support::read_file(dir_ / "out")));
  for (std::string line; std::getline(out, line);) {
    if (line == "\t") {
      rows.emplace_back();
    } else {
      rows.back().push_back(line);
    }
  }
  rows.pop_back();
  return rows;
}

}  // namespace kip::cli
