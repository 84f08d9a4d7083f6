#include <fmt/format.h>
#include <string_view>

#include "src/base/finding.h"

namespace kip {
namespace {

// Length of the well-formed UTF-8 sequence at the start of `text`, 0 if there is none (Unicode
// standard, table 3-7).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto tail = [&](std::size_t i, unsigned low, unsigned high) {
    return i < text.size() && byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first <= 0xdf) return tail(1, 0x80, 0xbf) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    const unsigned low = first == 0xe0 ? 0xa0 : 0x80;
    const unsigned high = first == 0xed ? 0x9f : 0xbf;
    return tail(1, low, high) && tail(2, 0x80, 0xbf) ? 3 : 0;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    const unsigned low = first == 0xf0 ? 0x90 : 0x80;
    const unsigned high = first == 0xf4 ? 0x8f : 0xbf;
    return tail(1, low, high) && tail(2, 0x80, 0xbf) && tail(3, 0x80, 0xbf) ? 4 : 0;
  }
  return 0;
}

}  // namespace

std::string quote(std::string_view name) {
  std::string out = "'";
  while (!name.empty()) {
    const auto first = static_cast<unsigned char>(name[0]);
    const std::size_t length = utf8_length(name);
    // C1 controls (U+0080..U+009F) are two bytes in UTF-8 and can drive a terminal as well.
    const bool control =
        first < 0x20 || first == 0x7f ||
        (length == 2 && first == 0xc2 && static_cast<unsigned char>(name[1]) < 0xa0);
    if (length == 0 || control) {
      out += fmt::format("\\x{:02x}", first);
      name.remove_prefix(1);
      continue;
    }
    if (first == '\'' || first == '\\') out += '\\';
    out += name.substr(0, length);
    name.remove_prefix(length);
  }
  return out + "'";
}

std::string to_line(const Finding& finding) {
  std::string line;
  if (!finding.place.empty()) line += quote(finding.place) + ": ";
  if (finding.offset) line += fmt::format("offset {:#x}: ", *finding.offset);
  line += finding.text;
  if (!finding.remedy.empty()) line += " (" + finding.remedy + ")";
  return line;
}

}  // namespace kip
