#include <algorithm>
#include <fmt/format.h>

#include "src/base/text.h"
#include "src/policy/dracut.h"
#include "src/policy/dracut_doubt.h"
#include "src/policy/shell_extent.h"

namespace kip::policy {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n';
}

// Outside quotes, and the shell makes nothing of it. A '#' that begins no word begins no comment.
bool is_plain(char c) {
  return is_letter(c) || is_digit(c) ||
         std::string_view("./:,@%+=~^#-").find(c) != std::string_view::npos;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7f;
}

bool is_ours(std::string_view name) {
  return std::ranges::find(kDracutVariables, name) != std::end(kDracutVariables);
}

std::string control(char c) {
  if (c == '\r') return "holds a carriage return, which bash takes for a letter";
  return fmt::format("holds the control character {:#04x}", static_cast<unsigned char>(c));
}

class Parser {
 public:
  Parser(std::string_view text, const std::string& path) : text_(text) { file_.path = path; }

  DracutFile run() {
    while (at_ < text_.size() && !gave_up_) line();
    return std::move(file_);
  }

 private:
  using Kind = DracutStatement::Kind;

  bool at_end() const { return at_ >= text_.size(); }

  /// The next character outside single quotes and comments, where a backslash takes the line end behind it away; '\n' at the
  /// end of the text.
  char peek() {
    while (text_.substr(at_).starts_with("\\\n")) move(2);
    return at_end() ? '\n' : text_[at_];
  }
  void move(std::size_t count) {
    for (; count > 0 && !at_end(); --count) number_ += text_[at_++] == '\n' ? 1 : 0;
  }

  // Bash reads a line as a whole before it runs any of it, so a line counts as a whole or not at all.
  void line() {
    start_ = at_;
    origin_ = {file_.path, number_};
    line_.clear();
    std::string fault;
    if (at_ == 0 && text_.starts_with(kByteOrderMark)) {
      fault = "begins with a byte order mark, which bash takes for a part of the first word";
    }
    for (bool separated = false; fault.empty();) {
      while (peek() == ' ' || peek() == '\t') move(1);
      const char c = peek();
      if (c == '\n') return end_of_line();
      if (c == '#') {
        move(std::min(text_.find('\n', at_), text_.size()) - at_);
      } else if (c != ';') {
        fault = assignment();
        separated = true;
      } else if (separated) {
        move(1);
        separated = false;
      } else {
        fault = "has ';' with nothing in front of it";
      }
    }
    unread(std::move(fault));
  }

  void end_of_line() {
    move(1);
    for (DracutStatement& statement : line_) {
      check_blanks(statement);
      file_.statements.push_back(std::move(statement));
    }
  }

  // What dracut warns about as well.
  void check_blanks(const DracutStatement& statement) {
    const std::string& value = statement.value;
    if (statement.kind != Kind::kAppend || !is_ours(statement.name) || value.empty()) return;
    if (is_blank(value.front()) && is_blank(value.back())) return;
    if (file_.findings.size() + 1 >= kConfFaultLimit)
      return;  // the last one is for what ends reading
    add_finding(
        statement.origin,
        fmt::format(
            "{}+={}: without a blank at each end of the value, words of two lines become one",
            statement.name, quote_start(value)),
        "put blanks inside the quotes");
  }

  // One NAME=value or NAME+=value; what is wrong with it, or "".
  std::string assignment() {
    DracutStatement statement;
    statement.origin = {file_.path, number_};
    while (is_letter(peek()) || (is_digit(peek()) && !statement.name.empty())) {
      statement.name += peek();
      move(1);
    }
    if (peek() == '+') {
      move(1);
      statement.kind = Kind::kAppend;
    }
    if (statement.name.empty() || peek() != '=') return no_assignment();
    move(1);
    names_.insert(statement.name);
    std::string fault = value(statement.value);
    line_.push_back(std::move(statement));
    return fault;
  }

  std::string no_assignment() const {
    std::string_view shown = text_.substr(start_, text_.find('\n', start_) - start_);
    shown.remove_prefix(std::min(shown.find_first_not_of(" \t"), shown.size()));
    if (!at_end() && is_control(text_[at_])) return control(text_[at_]);
    return "needs a shell: " + quote_start(shown);
  }

  std::string value(std::string& value) {
    for (;;) {
      const char c = peek();
      std::string fault;
      if (is_blank(c) || c == ';') return {};
      if (c == '"') {
        fault = double_quoted(value);
      } else if (c == '\'') {
        fault = single_quoted(value);
      } else if (c == '~' && (value.empty() || value.back() == ':')) {
        fault = "needs a shell for '~'";
      } else if (is_plain(c)) {
        value += c;
        move(1);
      } else {
        fault = stray(c, value);
      }
      if (!fault.empty()) return fault;
    }
  }

  // What a character outside quotes means that stands for itself only within them.
  static std::string stray(char c, const std::string& value) {
    if (c == '$' || c == '`') return needs_shell(c);
    if (c == '(' && value.empty()) return "needs a shell for an array";
    if (is_control(c)) return control(c);
    if (static_cast<unsigned char>(c) >= 0x80) return "has a byte beyond ASCII outside quotes";
    return fmt::format("has '{}' outside quotes", c);
  }

  static std::string needs_shell(char c) { return fmt::format("needs a shell for '{}'", c); }

  std::string double_quoted(std::string& value) {
    for (move(1);; move(1)) {
      char c = peek();
      if (at_end()) return unclosed();
      if (c == '"') break;
      if (c == '$' || c == '`') return needs_shell(c);
      if (is_control(c)) return control(c);
      if (c == '\\') {
        move(1);
        if (at_end()) return unclosed();
        c = text_[at_];
        if (std::string_view("\"\\$`").find(c) == std::string_view::npos)
          return "has a backslash in front of " + quote(std::string_view(&c, 1));
      }
      value += c;
    }
    move(1);
    return {};
  }

  std::string single_quoted(std::string& value) {
    for (move(1); !at_end(); move(1)) {
      const char c = text_[at_];
      if (c == '\'') {
        move(1);
        return {};
      }
      if (is_control(c)) return control(c);
      value += c;
    }
    return unclosed();
  }

  static std::string unclosed() { return "has a quote that is not closed"; }

  // The command that begins at start_ is passed over, with all it may have done to variables.
  void unread(std::string fault) {
    const Extent extent = shell_extent(text_, start_);
    const bool nul = text_.substr(start_, extent.end - start_).find('\0') != text_.npos;
    if (nul) {
      fault += "; bash drops bytes 0x00, and may read something else";
    } else if (!extent.whole) {
      fault += "; what begins here has no end that bash would find";
    } else if (extent.leaves) {
      fault += "; what follows may not be run";
    }
    gave_up_ = nul || !extent.whole || extent.leaves;
    const std::size_t end = gave_up_ ? text_.size() : extent.end;
    Doubt doubt = doubt_about(text_.substr(start_, end - start_), names_);
    if (extent.defines) {
      in_functions_.insert(doubt.appended.begin(), doubt.appended.end());
      in_functions_.insert(doubt.unknown.begin(), doubt.unknown.end());
    } else {
      doubt.unknown.insert(in_functions_.begin(), in_functions_.end());  // one may have been called
    }
    at_ = start_;
    number_ = origin_.line;
    move(end - start_);
    if (file_.findings.size() + 1 >= kConfFaultLimit) {
      gave_up_ = true;
      for (const std::string_view name : kDracutVariables) doubt.unknown.emplace(name);
    }
    if (gave_up_) fault += "; the rest of the file is not read";
    add_finding(origin_, std::move(fault) + take(doubt), {});
  }

  // The statements that doubt comes to; in words, those that matter.
  std::string take(const Doubt& doubt) {
    std::string text;
    for (const std::string& name : doubt.appended) {
      if (doubt.unknown.contains(name)) continue;
      file_.statements.push_back({Kind::kUnknownAppend, name, {}, origin_});
      if (is_ours(name)) text += fmt::format("; what it adds to {} is not known", name);
    }
    for (const std::string& name : doubt.unknown) {
      file_.statements.push_back({Kind::kUnknown, name, {}, origin_});
      if (is_ours(name)) text += fmt::format("; from here on {} is not known", name);
    }
    return text;
  }

  void add_finding(const Origin& origin, std::string what, std::string remedy) {
    Finding finding;
    finding.rule = "dracut-line";
    finding.place = to_text(origin);
    finding.text = std::move(what);
    finding.remedy = std::move(remedy);
    file_.findings.push_back(std::move(finding));
  }

  std::string_view text_;
  DracutFile file_;
  std::size_t at_ = 0;
  std::uint32_t number_ = 1;
  std::size_t start_ = 0;  // of the line
  Origin origin_;          // likewise
  std::vector<DracutStatement> line_;
  NameSet names_;         // assigned to so far
  NameSet in_functions_;  // what functions of this file may change
  bool gave_up_ = false;
};

}  // namespace

DracutFile parse_dracut(std::string_view text, const std::string& path) {
  return Parser(text, path).run();
}

}  // namespace kip::policy
