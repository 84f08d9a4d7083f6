#include <algorithm>
#include <fmt/format.h>

#include "src/base/finding.h"
#include "src/policy/module_words.h"

namespace kip::policy {
namespace {

constexpr std::string_view kSuffixes[] = {".ko", ".ko.gz", ".ko.xz", ".ko.zst"};

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Aliases: of:N*T*Cvendor,chip  crypto-ecb(aes)  dmi*:bvn*:bvr*
bool may_stand_in_a_word(char c) {
  return is_alphanumeric(c) ||
         std::string_view("_-.:,+()@~<>*?[]!^").find(c) != std::string_view::npos;
}

std::size_t suffix_of(std::string_view word) {
  for (const std::string_view suffix : kSuffixes) {
    if (word.size() > suffix.size() && word.ends_with(suffix)) return suffix.size();
  }
  return 0;
}

Status check_brackets(std::string_view word) {
  for (std::size_t at = 0; at < word.size(); ++at) {
    const char c = word[at];
    if (c == ']' || c == '!' || c == '^')
      return fail(Errc::kInvalid, fmt::format("'{}' outside of [ ]", c));
    if (c != '[') continue;
    ++at;
    if (at < word.size() && (word[at] == '!' || word[at] == '^')) ++at;
    at = word.find(']', at + 1);  // one that comes first is a character like others
    if (at == word.npos) return fail(Errc::kInvalid, "'[' without a ']'");
  }
  return {};
}

}  // namespace

bool is_glob(std::string_view word) {
  return word.find_first_of("*?[") != word.npos;
}

Status check_module_word(std::string_view word) {
  for (const char c : word) {
    if (c == '/') return fail(Errc::kInvalid, "a module is named without its path");
    if (!may_stand_in_a_word(c))
      return fail(Errc::kInvalid,
                  quote(std::string_view(&c, 1)) + " is in no module's name or alias");
  }
  if (suffix_of(word) != 0) return fail(Errc::kInvalid, "a module is named without .ko");
  if (word.find(',') != word.npos && word.find_first_of(":(") == word.npos)
    return fail(Errc::kInvalid, "names are separated by blanks");
  return check_brackets(word);
}

std::optional<std::string> dracut_module(std::string_view word) {
  word.remove_suffix(suffix_of(word));
  if (is_glob(word) || !check_module_word(word)) return std::nullopt;
  return std::string(word);
}

}  // namespace kip::policy
