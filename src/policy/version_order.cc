// The order of `sort -V`: GNU coreutils manual, "Version sort ordering".
//
// A name falls into parts without digits and parts of digits in turn. Digits count as numbers, the rest by byte, with
// '~' before the end of a name, and letters before all else. A first pass leaves out file suffixes (".conf"), so that
// 10-zfs.conf comes before 10-zfs-kmod.conf.
#include "src/policy/dracut.h"

namespace kip::policy {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

int rank(std::string_view text, std::size_t at) {
  if (at >= text.size()) return -1;
  if (text[at] == '~') return -2;
  if (is_digit(text[at])) return 0;
  const int byte = static_cast<unsigned char>(text[at]);
  return is_letter(text[at]) ? byte : byte + 256;
}

// The digits at `at`, without zeros in front; moves behind them.
std::string_view take_number(std::string_view text, std::size_t& at) {
  while (at < text.size() && text[at] == '0') ++at;
  const std::size_t begin = at;
  while (at < text.size() && is_digit(text[at])) ++at;
  return text.substr(begin, at - begin);
}

int compare_parts(std::string_view a, std::string_view b) {
  std::size_t i = 0, j = 0;
  while (i < a.size() || j < b.size()) {
    while ((i < a.size() && !is_digit(a[i])) || (j < b.size() && !is_digit(b[j]))) {
      const int difference = rank(a, i) - rank(b, j);
      if (difference != 0) return difference;
      ++i, ++j;
    }
    const std::string_view number = take_number(a, i), other = take_number(b, j);
    if (number.size() != other.size()) return number.size() < other.size() ? -1 : 1;
    if (const int difference = number.compare(other); difference != 0) return difference;
  }
  return 0;
}

// Without suffixes: dots, each with a word behind it that begins with no digit.
std::string_view stem(std::string_view name) {
  for (;;) {
    const std::size_t dot = name.rfind('.');
    if (dot == name.npos) return name;
    const std::string_view word = name.substr(dot + 1);
    if (word.empty() || is_digit(word.front())) return name;
    for (const char c : word) {
      if (!is_letter(c) && !is_digit(c) && c != '~') return name;
    }
    name = name.substr(0, dot);
  }
}

}  // namespace

bool version_before(std::string_view a, std::string_view b) {
  const int difference = compare_parts(stem(a), stem(b));
  return difference != 0 ? difference < 0 : compare_parts(a, b) < 0;
}

}  // namespace kip::policy
