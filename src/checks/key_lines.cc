#include <algorithm>

#include "src/checks/key_lines.h"
#include "src/policy/drop_ins.h"

namespace kip::checks {
namespace {

constexpr std::string_view kBlank = " \t\r";

std::string_view trimmed(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

std::string_view unquoted(std::string_view text) {
  const bool quoted =
      text.size() >= 2 && (text[0] == '"' || text[0] == '\'') && text.back() == text[0];
  return quoted ? text.substr(1, text.size() - 2) : text;
}

}  // namespace

std::vector<KeyLine> parse_key_lines(std::string_view text, const std::string& path) {
  std::vector<KeyLine> lines;
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t equals = line.find('=');
    if (equals == line.npos || line[0] == '#' || line[0] == ';') continue;
    lines.push_back({std::string(trimmed(line.substr(0, equals))),
                     std::string(unquoted(trimmed(line.substr(equals + 1)))),
                     {path, number}});
  }
  return lines;
}

Result<std::vector<KeyLine>> read_key_lines(const Root& root, const std::string& path) {
  const auto bytes = policy::read_drop_in(root, path);
  const int number = bytes ? 0 : bytes.error().system_errno;
  if (number == ENOENT || number == ENOTDIR) return std::vector<KeyLine>();
  if (!bytes) return tl::unexpected<Error>(bytes.error());
  return parse_key_lines(as_text(*bytes), path);
}

const KeyLine* last_of(const std::vector<KeyLine>& lines, std::string_view key) {
  const auto found =
      std::find_if(lines.rbegin(), lines.rend(), [&](const KeyLine& it) { return it.key == key; });
  return found == lines.rend() ? nullptr : &*found;
}

}  // namespace kip::checks
