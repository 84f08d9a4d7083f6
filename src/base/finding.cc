#include <fmt/format.h>
#include <string_view>

#include "src/base/finding.h"
#include "src/base/text.h"

namespace kip {

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
  if (!finding.kernels.empty()) line += " [kernels " + finding.kernels + "]";
  if (!finding.remedy.empty()) line += " (" + finding.remedy + ")";
  return line;
}

}  // namespace kip
