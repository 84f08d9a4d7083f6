// Completion for bash: a table of options a verb, and the functions that read it.
#include <fmt/format.h>

#include "src/cli/completion.h"

namespace kip::cli::detail {
namespace {

// The names of a program's options; `takes` and `ends` are those of the function that calls.
constexpr std::string_view kOption =
    R"sh(KIP_option() { # type name of its value, names it ends, its names
  local name
  for name in "${@:3}"; do offered+=("$name") takes[$name]=$1 ends[$name]=$2; done
}

)sh";

// readline splits words at '=', ':' and '@' as well: only COMP_LINE knows what belongs together,
// and $2 is the piece that a reply stands for. Without COMP_LINE, COMP_WORDS are whole words.
constexpr std::string_view kWords = R"sh(KIP_words() {
  local line=${COMP_LINE-${COMP_WORDS[*]}} i word space
  line=${line:0:${COMP_POINT-${#line}}}
  for ((i = 0; i <= COMP_CWORD; i++)); do
    space=${line%%[![:space:]]*}
    line=${line#"$space"}
    word=$line
    if ((i < COMP_CWORD)); then word=${COMP_WORDS[i]} line=${line#"${COMP_WORDS[i]}"}; fi
    if [[ $i -eq 0 || $space ]]; then words+=("$word"); else words[-1]+=$word; fi
  done
}

KIP_scan() { # option word -> kind: what it takes; inside: the value is in it; value
  local i name=${1%%=*}
  kind='' value='' inside=''
  if [[ $1 == --* ]]; then
    kind=${takes[$name]-} used+=" ${ends[$name]-} "
    if [[ $1 == *=* ]]; then value=${1#*=} inside=yes; fi
    return
  fi
  for ((i = 1; i < ${#1}; i++)); do
    name=-${1:i:1}
    kind=${takes[$name]-} used+=" ${ends[$name]-} "
    if [[ $kind ]]; then
      value=${1:i+1}
      if [[ $value ]]; then inside=yes; fi
      return
    fi
  done
}

)sh";

// -o default, -o dirnames: where a reply is empty, readline looks itself. It does so for variables,
// since it would quote the '$' of a reply; and it would quote an '@' as part of a file's name.
constexpr std::string_view kValues = R"sh(KIP_files() { # -f or -d, what is typed
  if [[ $2 == *\$* ]]; then return; fi
  compopt -o filenames
  mapfile -t COMPREPLY < <(compgen "$1" -- "$2")
}

KIP_at_files() { # what is typed, what a reply replaces
  local i name
  KIP_files -f "${1/@/}"
  compopt +o filenames
  for i in "${!COMPREPLY[@]}"; do
    name=${COMPREPLY[i]}
    if [[ -d $name ]]; then name+=/; fi
    if [[ $2 == *"$1" ]]; then printf -v name %q "$name"; fi # else inside quotes
    COMPREPLY[i]=@$name
  done
}

KIP_value() { # kind, what is typed of the value, what a reply replaces
  local typed=$2 lead='' cut='' i name
  if [[ $2 == [\'\"]* ]]; then typed=${2:1}; fi
  case $1 in
    FILE | PATH) compopt -o default; KIP_files -f "$2" ;;
    DIR) compopt -o dirnames; KIP_files -d "$2" ;;
    KVER) mapfile -t COMPREPLY < <(cd /lib/modules 2>/dev/null && compgen -d -- "$2") ;;
    SHELL) mapfile -t COMPREPLY < <(compgen -W 'bash zsh fish' -- "$2") ;;
    GENERATOR) mapfile -t COMPREPLY < <(compgen -W 'dracut mkinitcpio initramfs-tools' -- "$2") ;;
    SPEC)
      if [[ $typed == @* ]]; then
        KIP_at_files "$2" "$3"
      else
        mapfile -t COMPREPLY < <(compgen -W 'host all' -- "$2")
      fi
      ;;
  esac
  if [[ $3 == *"$2" ]]; then
    lead=${3%"$2"}
  elif [[ $3 == *"$typed" ]]; then
    lead=${3%"$typed"}
  else
    cut=${typed%"$3"} cut=${cut//[\\\"\']/}
  fi
  for i in "${!COMPREPLY[@]}"; do
    name=${COMPREPLY[i]}
    COMPREPLY[i]=$lead${name#"$cut"}
    if [[ ${COMPREPLY[i]} != "$name" && $1 != SPEC && -d $name ]]; then COMPREPLY[i]+=/; fi
  done
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then compopt -o nospace; fi
}

)sh";

constexpr std::string_view kMain = R"sh(KIP_names() { # what is typed of an option
  local name left=()
  for name in "${offered[@]}"; do
    if [[ $used != *" $name "* ]]; then left+=("$name"); fi
  done
  mapfile -t COMPREPLY < <(compgen -W "${left[*]}" -- "$1")
}

KIP() {
  local words=() offered=() operand='' verb='' used='' pending='' kind value inside first=1 i
  local -A takes=() ends=()
  local IFS=$' \t\n'
  COMPREPLY=()
  KIP_words
  local last=$((${#words[@]} - 1)) current=${words[-1]}
  if [[ $last -gt 1 && ' VERBS ' == *" ${words[1]} "* ]]; then verb=${words[1]} first=2; fi
  KIP_table "$verb"
  for ((i = first; i < last; i++)); do
    if [[ $pending ]]; then
      pending=''
    elif [[ ${words[i]} == -- ]]; then
      KIP_value "$operand" "$current" "${2-$current}"
      return
    elif [[ ${words[i]} == -?* ]]; then
      KIP_scan "${words[i]}"
      if [[ ! $inside ]]; then pending=$kind; fi
    fi
  done
  if [[ $pending ]]; then
    KIP_value "$pending" "$current" "${2-$current}"
  elif [[ $current == -* ]]; then
    local before=$used
    KIP_scan "$current"
    used=$before
    if [[ $inside ]]; then KIP_value "$kind" "$value" "${2-$current}"; else KIP_names "$current"; fi
  elif [[ $last -eq 1 ]]; then
    mapfile -t COMPREPLY < <(compgen -W 'VERBS' -- "$current")
  else
    KIP_value "$operand" "$current" "${2-$current}"
  fi
}

)sh";

std::string rows_of(const CompletedVerb& verb, const std::string& function) {
  std::string rows = fmt::format("      operand='{}'\n", verb.operand);
  for (const CompletedOption& option : verb.options) {
    rows += fmt::format("      {}_option '{}' '{}' {}\n", function, option.takes,
                        joined(option.ends), joined(option.names));
  }
  return rows + "      ;;\n";
}

std::string table_of(const CompletedProgram& program, const std::string& function) {
  std::string table = function + "_table() { # verb\n  case $1 in\n";
  for (const CompletedVerb& verb : program.verbs) {
    table += "    " + verb.name + ")\n" + rows_of(verb, function);
  }
  return table + "    *)\n" + rows_of(program.bare, function) + "  esac\n}\n\n";
}

}  // namespace

std::string bash_completion(const CompletedProgram& program) {
  const std::string function = "_" + identifier(program.name);
  std::string script = filled(kOption, function, program) + table_of(program, function);
  for (const std::string_view part : {kWords, kValues, kMain}) {
    script += filled(part, function, program);
  }
  return script + fmt::format("complete -F {} {}\n", function, program.name);
}

}  // namespace kip::cli::detail
