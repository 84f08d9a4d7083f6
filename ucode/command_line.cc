#include <algorithm>
#include <optional>

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

std::string_view take_until_comma(std::string_view& list) {
  const std::string_view item = list.substr(0, list.find(','));
  list.remove_prefix(std::min(item.size() + 1, list.size()));
  return item;
}

// "NAME", "no-NAME", "NAME=no"; nullopt: another name, or no value.
std::optional<bool> boolean(std::string_view item, std::string_view name) {
  constexpr std::string_view kNo = "no-";
  if (item.starts_with(kNo) && item.substr(kNo.size()) == name) return false;
  if (!item.starts_with(name)) return std::nullopt;
  const std::string_view value = item.substr(name.size());
  if (value.empty()) return true;
  for (const std::string_view yes : {"=yes", "=on", "=true", "=enable", "=1"})
    if (value == yes) return true;
  for (const std::string_view no : {"=no", "=off", "=false", "=disable", "=0"})
    if (value == no) return false;
  return std::nullopt;
}

bool is_number(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
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

XenOptions xen_options_of(std::string_view command_line) {
  using Source = XenOptions::Source;
  constexpr std::string_view kName = "ucode=";
  XenOptions options;
  for (std::string_view word = take(command_line); !word.empty() && word != "--";
       word = take(command_line)) {
    if (!word.starts_with(kName)) continue;
    std::string_view list = word.substr(kName.size());
    while (!list.empty()) {
      const std::string_view item = take_until_comma(list);
      if (const auto scan = boolean(item, "scan")) {
        options.source = *scan ? Source::kScan : Source::kNone;
      } else if (const auto check = boolean(item, "digest-check")) {
        options.switches.digests_off = !*check;
      } else if (is_number(item)) {
        // The first is dom0's kernel.
        options.source = item == "0" ? Source::kNone : Source::kModule;
        options.module = item;
      }
    }
  }
  return options;
}

}  // namespace kip::ucode
