#include <algorithm>
#include <charconv>
#include <string_view>

#include "ucode/intel_text.h"

namespace kip::ucode {
namespace {

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

std::string_view trim_front(std::string_view text) {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

// Appends the dwords of one line; the error's offset is one in the line.
Status append_line(std::string_view line, std::vector<std::uint8_t>& out) {
  std::string_view rest = trim_front(line);
  const auto at = [&] { return static_cast<std::uint64_t>(rest.data() - line.data()); };
  if (rest.starts_with('/')) return {};
  while (!rest.empty()) {
    if (!rest.starts_with("0x") && !rest.starts_with("0X")) {
      return fail(Errc::kCorrupt, "neither a hexadecimal dword nor a comment", at());
    }
    std::uint32_t value = 0;
    const auto [end, error] =
        std::from_chars(rest.data() + 2, rest.data() + rest.size(), value, 16);
    if (error != std::errc()) return fail(Errc::kCorrupt, "no hexadecimal dword", at());
    const le32 dword = value;
    const Bytes stored = bytes_of(dword);
    out.insert(out.end(), stored.begin(), stored.end());
    rest = trim_front(rest.substr(static_cast<std::size_t>(end - rest.data())));
    if (rest.empty()) return {};
    if (rest.front() != ',') return fail(Errc::kCorrupt, "no comma behind a dword", at());
    rest = trim_front(rest.substr(1));
  }
  return {};
}

}  // namespace

bool looks_like_intel_text(Bytes head) {
  std::string_view text = as_text(head);
  while (!text.empty() && (is_space(text.front()) || text.front() == '\n')) text.remove_prefix(1);
  if (!text.starts_with("/*") && !text.starts_with("//") && !text.starts_with("0x0000000"))
    return false;
  // Sources and licences begin with a comment as well: what comes behind it decides.
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim_front(text.substr(0, end));
    if (!line.empty() && line.front() != '/')
      return line.starts_with("0x") || line.starts_with("0X") || line == "0";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

Result<std::vector<std::uint8_t>> intel_from_text(std::string_view text) {
  std::vector<std::uint8_t> out;
  std::uint64_t offset = 0;
  while (offset < text.size()) {
    const std::size_t end = std::min(text.find('\n', offset), text.size());
    const std::string_view line = text.substr(offset, end - offset);
    if (line.size() > kTextLineLimit) return fail(Errc::kLimit, "line is over 2048 bytes", offset);
    if (line.find('\0') != line.npos)
      return fail(Errc::kCorrupt, "NUL byte in text", offset + line.find('\0'));
    if (Status status = append_line(line, out); !status) {
      Error error = std::move(status).error();
      error.offset = offset + error.offset.value_or(0);
      return tl::unexpected(std::move(error));
    }
    offset = end + 1;
  }
  return out;
}

}  // namespace kip::ucode
