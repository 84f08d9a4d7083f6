#include <algorithm>

#include "ucode/command_line.h"

namespace kip::ucode {
namespace {

constexpr std::string_view kBlanks = " \t\n";

// The next word; blanks within double quotes part none.
std::string_view take(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  bool quoted = false;
  std::size_t end = 0;
  for (; end < line.size(); ++end) {
    if (line[end] == '"') quoted = !quoted;
    if (!quoted && kBlanks.find(line[end]) != kBlanks.npos) break;
  }
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(end);
  return word;
}

bool has_option(std::string_view list, std::string_view option) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (list.substr(0, comma) == option) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

LoaderSwitches switches_of(std::string_view command_line) {
  constexpr std::string_view kOff = "dis_ucode_ldr", kOptions = "microcode=";
  LoaderSwitches switches;
  for (std::string_view word = take(command_line); !word.empty() && word != "--";
       word = take(command_line)) {
    switches.off |= word == kOff;
    switches.digests_off |= word == "microcode.amd_sha_check=off";
    if (word.starts_with(kOptions))
      switches.off_by_option |= has_option(word.substr(kOptions.size()), kOff);
  }
  return switches;
}

}  // namespace kip::ucode
