#include <algorithm>

#include "src/policy/shell_words.h"

namespace kip::policy {
namespace {

constexpr Keyword kKeywords[] = {
    {"if", Does::kOpens, Open::kIf},
    {"then", Does::kGoesOn, Open::kIf, true, 0b001, 1},
    {"elif", Does::kGoesOn, Open::kIf, true, 0b010, 0},
    {"else", Does::kGoesOn, Open::kIf, true, 0b010, 2},
    {"fi", Does::kCloses, Open::kIf, false, 0b110},
    {"while", Does::kOpens, Open::kLoop},
    {"until", Does::kOpens, Open::kLoop},
    {"for", Does::kOpens, Open::kLoop, false},
    {"select", Does::kOpens, Open::kLoop, false},
    {"do", Does::kGoesOn, Open::kLoop, true, 0b01, 1},
    {"done", Does::kCloses, Open::kLoop, false, 0b10},
    {"case", Does::kOpens, Open::kCase, false},
    {"esac", Does::kCloses, Open::kCase, false, 0b1100},
    {"{", Does::kOpens, Open::kGroup},
    {"}", Does::kCloses, Open::kGroup, false, 0b1},
    {"[[", Does::kOpens, Open::kTest, false},
    {"!", Does::kPrefixes, Open::kGroup},
    {"time", Does::kPrefixes, Open::kGroup},
    {"function", Does::kNamesFunction, Open::kGroup},
};

constexpr std::string_view kLeaving[] = {"return", "exit", "exec", "logout"};

bool is_name(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::size_t name_length(std::string_view text) {
  return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), is_name) -
                                  text.begin());
}

// Behind the name of ${name…}; 0 if there is none.
std::size_t parameter_length(std::string_view text) {
  std::size_t at = 2;
  if (text.size() > 3 && (text[2] == '#' || text[2] == '!') && (is_name(text[3]) || text[3] == '@'))
    ++at;
  const std::size_t length = name_length(text.substr(at));
  if (length > 0) return at + length;
  const bool special =
      at < text.size() && std::string_view("@*#?$!-").find(text[at]) != std::string_view::npos;
  return special ? at + 1 : 0;
}

}  // namespace

const Keyword* find_keyword(std::string_view word) {
  const auto found = std::ranges::find(kKeywords, word, &Keyword::word);
  return found == std::end(kKeywords) ? nullptr : found;
}

bool is_leaving(std::string_view word) {
  return std::ranges::find(kLeaving, word) != std::end(kLeaving);
}

bool may_be_leaving(std::string_view word) {
  return std::ranges::any_of(kLeaving,
                             [&](std::string_view name) { return word.find(name) != word.npos; });
}

bool is_operator(char c) {
  return std::string_view(" \t\n;&|()<>").find(c) != std::string_view::npos;
}

std::string_view bare_word(std::string_view text, std::size_t at) {
  const std::size_t end = std::min(text.find_first_of(" \t\n;&|()<>\\'\"`$", at), text.size());
  if (end < text.size() && !is_operator(text[end])) return {};
  return text.substr(at, end - at);
}

std::string unquoted_word(std::string_view text, std::size_t at) {
  std::string word;
  for (; at < text.size(); ++at) {
    if (text.substr(at).starts_with("\\\n")) {
      ++at;
    } else if (is_operator(text[at])) {
      break;
    } else if (std::string_view("\\'\"").find(text[at]) == std::string_view::npos) {
      word += text[at];
    }
  }
  return word;
}

std::size_t assignment_length(std::string_view text) {
  std::size_t at = name_length(text);
  if (at == 0 || is_digit(text[0])) return 0;
  if (at < text.size() && text[at] == '[')
    at = std::min(text.find_first_of("] \t\n", at), text.size());
  if (at < text.size() && text[at] == ']') ++at;
  if (at < text.size() && text[at] == '+') ++at;
  return at < text.size() && text[at] == '=' ? at + 1 : 0;
}

bool is_parameter(std::string_view text) {
  const std::size_t at = parameter_length(text);
  return at > 0 && at < text.size() &&
         std::string_view("}:#%/^,@[=+-?").find(text[at]) != std::string_view::npos;
}

bool parameter_leaves(std::string_view text) {
  text.remove_prefix(parameter_length(text));
  return text.starts_with('?') || text.starts_with(":?");
}

bool HereDocument::parse(std::string_view text, std::size_t& at) {
  if (at < text.size() && text[at] == '-') {
    tabs_ = true;
    ++at;
  }
  at = std::min(text.find_first_not_of(" \t", at), text.size());
  const std::size_t begin = at;
  while (at < text.size() && !is_operator(text[at])) {
    const char c = text[at++];
    quoted_ = quoted_ || c == '\'' || c == '"' || c == '\\';
    if (c == '\'' || c == '"') {
      const std::size_t end = text.find(c, at);
      if (end == text.npos) return false;
      delimiter_ += text.substr(at, end - at);
      at = end + 1;
    } else if (c == '\\' && at < text.size()) {
      delimiter_ += text[at++];
    } else {
      delimiter_ += c;
    }
  }
  return at > begin && delimiter_.find_first_of("\n$`") == std::string::npos;
}

bool HereDocument::skip(std::string_view text, std::size_t& at) const {
  bool expands = false;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string_view line = text.substr(at, end - at);
    at = std::min(end + 1, text.size());
    if (tabs_) line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
    if (line == delimiter_) break;
    expands = expands || line.find_first_of("$`\\") != line.npos;
  }
  return quoted_ || !expands;
}

}  // namespace kip::policy
