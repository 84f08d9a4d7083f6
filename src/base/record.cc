#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "src/base/record.h"

namespace kip {

bool take_lines(std::string_view text, std::string_view first_line,
                const std::function<bool(std::string_view line)>& take) {
  for (bool first = true; first || !text.empty(); first = false) {
    const std::size_t end = text.find('\n');
    if (end == text.npos) return false;
    const std::string_view line = text.substr(0, end);
    if (first ? line != first_line : !take(line)) return false;
    text.remove_prefix(end + 1);
  }
  return true;
}

std::string_view take_word(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

std::string percent_encode(std::string_view text, Blanks blanks) {
  std::string encoded;
  for (const char c : text) {
    const bool plain = c > ' ' && c <= '~' && c != '%';
    if (plain || (c == ' ' && blanks == Blanks::kKeep)) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    const bool coded = text.front() == '%';
    unsigned value = static_cast<unsigned char>(text.front());
    if (coded) {
      const std::string_view digits = text.substr(1, 2);
      const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
      if (digits.size() != 2 || parsed.ptr != digits.data() + 2) return std::nullopt;
    }
    decoded += static_cast<char>(value);
    text.remove_prefix(coded ? 3 : 1);
  }
  return decoded;
}

}  // namespace kip
