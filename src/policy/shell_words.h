// What words and operators of the shell are, for shell_extent().
#pragma once

#include <string>
#include <string_view>

namespace kip::policy {

enum class Open : char {
  kIf,
  kLoop,
  kCase,
  kGroup,         // {
  kSubshell,      // (
  kSubstitution,  // $( <( >(
  kArray,         // name=(
  kArithmetic,    // (( $((
  kTest,          // [[
  kParameter,     // ${
  kQuote,         // "
};

enum class Does : char { kOpens, kGoesOn, kCloses, kPrefixes, kNamesFunction };

/// A word that is more than a word in the place of a command.
struct Keyword {
  std::string_view word;
  Does does;
  Open what;
  bool command = true;  // a command has to follow
  unsigned phases = 0;  // kGoesOn, kCloses: bits, behind which earlier phases of `what` it may come
  int next = 0;         // kGoesOn: the phase that begins
};

/// nullptr: none.
const Keyword* find_keyword(std::string_view word);

/// Whether a command of this name may end the file's reading.
bool is_leaving(std::string_view word);

/// Whether such a name is a part of the word, which may be made of several.
bool may_be_leaving(std::string_view word);

/// Blanks and line ends among them: what ends a word.
bool is_operator(char c);

/// The word at `at`, if it is to be taken as it is written; else empty.
std::string_view bare_word(std::string_view text, std::size_t at);

/// The word at `at` as bash sees it: without quotes, backslashes, and line ends behind these. What is expanded stays as it is.
std::string unquoted_word(std::string_view text, std::size_t at);

/// Up to and with the '=' of NAME=, NAME+= or NAME[…]= at the start of the text; else 0.
std::size_t assignment_length(std::string_view text);

/// Of a text that begins with "${": whether what follows is the name of a parameter.
bool is_parameter(std::string_view text);

/// Likewise: whether it is ${name?…} or ${name:?…}, which end a shell.
bool parameter_leaves(std::string_view text);

class HereDocument {
 public:
  /// Reads what stands behind "<<" and moves behind it; false if that is no delimiter.
  bool parse(std::string_view text, std::size_t& at);

  /// From the start of a line to behind the delimiter; false if something in it has to be expanded, which may fail.
  bool skip(std::string_view text, std::size_t& at) const;

 private:
  std::string delimiter_;
  bool tabs_ = false;    // <<-: tabs in front of a line do not count
  bool quoted_ = false;  // nothing in it is expanded
};

}  // namespace kip::policy
