#include <algorithm>

#include "src/policy/dracut_doubt.h"

namespace kip::policy {
namespace {

bool in_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// What bash takes away before it looks for words: bytes 0x00, and a backslash with the line end behind it.
std::string joined(std::string_view text) {
  std::string whole;
  whole.reserve(text.size());
  for (const char c : text) {
    if (c == '\n' && whole.ends_with('\\')) {
      whole.pop_back();
    } else if (c != '\0') {
      whole += c;
    }
  }
  return whole;
}

enum class Use { kRead, kAppend, kOther };

Use use_of(std::string_view before, std::string_view behind) {
  if (before.ends_with('$')) return Use::kRead;
  if (before.ends_with("${"))  // ${name=word} and ${name:=word} assign
    return behind.starts_with('=') || behind.starts_with(":=") ? Use::kOther : Use::kRead;
  behind.remove_prefix(std::min(behind.find_first_not_of(" \t"), behind.size()));
  return behind.starts_with("+=") ? Use::kAppend : Use::kOther;
}

}  // namespace

Doubt doubt_about(std::string_view text, const NameSet& names) {
  Doubt doubt;
  const std::string whole = joined(text);
  const std::string_view all = whole;
  for (std::size_t at = 0; at < all.size();) {
    std::size_t end = at;
    while (end < all.size() && in_name(all[end])) ++end;
    const std::string_view name = all.substr(at, end - at);
    if (std::ranges::find(kDracutVariables, name) != std::end(kDracutVariables) ||
        names.contains(name)) {
      const Use use = use_of(all.substr(0, at), all.substr(end));
      if (use == Use::kAppend) doubt.appended.emplace(name);
      if (use == Use::kOther) doubt.unknown.emplace(name);
    }
    at = std::max(end, at + 1);
  }
  return doubt;
}

}  // namespace kip::policy
