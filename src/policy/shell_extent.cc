// A walk over the words of shell text: which constructs are open, and what may come next. What bash would refuse has to be
// noticed, since it reads no further; where the walk is not sure, it says so, too.
#include <algorithm>
#include <string>
#include <vector>

#include "src/policy/shell_extent.h"
#include "src/policy/shell_words.h"

namespace kip::policy {
namespace {

enum class Slot : char {
  kFree,    // a command may come
  kNeeded,  // one has to, after `&&` or `then`; a line end does not count
  kSome,    // within one
  kClosed,  // behind `}`, `fi` and the like: no word may come
};

/// Of kCase: the subject, `in`, a pattern, commands. Of kIf: `if`, `then`, `else`. Of kLoop: `while`, `do`.
using Phase = int;

struct Level {
  Open what;
  Slot outer = Slot::kFree;
  bool word = false;      // it is a part of a word, or a word
  bool function = false;  // the body of one
  Phase phase = 0;
  int depth = 0;  // kArithmetic, kTest: parentheses within
};

class Walk {
 public:
  Walk(std::string_view text, std::size_t start) : text_(text), at_(start) {}

  Extent run() {
    while (!broken_ && !ended_ && at_ < text_.size()) step();
    if (!ended_ && (!open_.empty() || target_ || slot_ == Slot::kNeeded)) broken_ = true;
    return {broken_ ? text_.size() : at_, !broken_, leaves_, defines_};
  }

 private:
  bool within(Open what) const { return !open_.empty() && open_.back().what == what; }
  bool in_case(Phase phase) const { return within(Open::kCase) && open_.back().phase == phase; }
  bool sees(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  bool at_command() const { return slot_ == Slot::kFree || slot_ == Slot::kNeeded; }

  void open(Open what, bool word, Slot inside) {
    Level level{what, slot_, word};
    level.function = body_;
    if (body_) {
      ++functions_;
      defines_ = true;
      body_ = false;
    }
    open_.push_back(level);
    slot_ = inside;
  }

  void close() {
    const Level level = open_.back();
    open_.pop_back();
    if (level.function) --functions_;
    slot_ = level.word ? level.outer : Slot::kClosed;
    fresh_ = !level.word;
  }

  void step() {
    if (within(Open::kQuote) || within(Open::kParameter)) return step_quoted();
    if (within(Open::kArithmetic)) return step_arithmetic();
    const char c = text_[at_];
    if (c == '\n') {
      line_end();
    } else if (c == ' ' || c == '\t') {
      fresh_ = true;
      ++at_;
    } else if (c == '#' && fresh_) {
      at_ = std::min(text_.find('\n', at_), text_.size());
    } else if (sees("\\\n")) {
      at_ += 2;
    } else if (is_operator(c)) {
      step_operator(c);
    } else if (!fresh_ || !begin_word(bare_word(text_, at_))) {
      step_letter(c);
    }
  }

  // One letter of a word, or what stands for some.
  void step_letter(char c) {
    if (c == '\\') {
      at_ = std::min(at_ + 2, text_.size());
    } else if (c == '\'' || c == '`') {
      ++at_;
      past(c, /*escapes=*/c == '`');
    } else if (c == '"') {
      ++at_;
      open(Open::kQuote, /*word=*/true, slot_);
    } else if (sees("$'")) {
      at_ += 2;
      past('\'', /*escapes=*/true);
    } else if (sees("${")) {
      broken_ = broken_ || !is_parameter(text_.substr(at_));
      leaves_ = leaves_ || parameter_leaves(text_.substr(at_));
      at_ += 2;
      open(Open::kParameter, /*word=*/true, slot_);
    } else if (sees("$((")) {
      at_ += 3;
      open(Open::kArithmetic, /*word=*/true, slot_);
    } else if (sees("$(")) {
      at_ += 2;
      open(Open::kSubstitution, /*word=*/true, Slot::kFree);
      fresh_ = true;
    } else {
      ++at_;
    }
  }

  void step_quoted() {
    const char c = text_[at_];
    const bool quote = within(Open::kQuote);
    if (c == (quote ? '"' : '}')) {
      ++at_;
      close();
    } else if (quote && (c == '\'' || sees("$'"))) {
      ++at_;
    } else {
      step_letter(c);
    }
  }

  void step_arithmetic() {
    const char c = text_[at_];
    int& depth = open_.back().depth;
    if (c == '(') {
      ++depth;
      ++at_;
    } else if (c == ')' && depth > 0) {
      --depth;
      ++at_;
    } else if (c == ')') {
      broken_ = !sees("))");
      at_ = std::min(at_ + 2, text_.size());
      close();
    } else {
      step_letter(c);
    }
  }

  // True if the word, which has no quotes and the like then, is dealt with. Empty: it has some.
  bool begin_word(std::string_view word) {
    fresh_ = false;
    if (within(Open::kArray)) return false;
    if (word.empty()) begin_odd_word();
    leaves_ = leaves_ || (functions_ == 0 && is_leaving(word));
    if (target_) {
      target_ = false;
      return false;
    }
    if (within(Open::kTest)) {
      if (word != "]]") return false;
      at_ += word.size();
      broken_ = open_.back().depth != 0;
      close();
      return true;
    }
    if (in_case(0) || in_case(1) || in_case(2)) return begin_pattern(word);
    if (slot_ != Slot::kSome && keyword(word)) return true;
    if (slot_ == Slot::kClosed || body_) broken_ = true;
    assigning_ = slot_ != Slot::kSome || (assigning_ && assignment_length(text_.substr(word_)) > 0);
    words_ = slot_ == Slot::kSome ? words_ + 1 : 1;
    name_ = !word.empty() && word.find('=') == word.npos;
    word_ = at_;
    slot_ = Slot::kSome;
    return false;
  }

  // One with quotes or the like in it: no keyword, unless it only goes on behind a line end.
  void begin_odd_word() {
    const std::string word = unquoted_word(text_, at_);
    broken_ = broken_ || find_keyword(word) != nullptr;
    leaves_ = leaves_ || (functions_ == 0 && may_be_leaving(word));
  }

  bool begin_pattern(std::string_view word) {
    Phase& phase = open_.back().phase;
    if (phase == 2 && slot_ != Slot::kSome && word == "esac") return keyword(word);
    if (phase == 2) slot_ = Slot::kSome;
    if (phase == 2) return false;
    if (phase == 1) {
      broken_ = word != "in";
      slot_ = Slot::kFree;
      at_ += word.size();
    }
    ++phase;
    return phase == 2;
  }

  // Whether the word means something where it stands; then it is behind us.
  bool keyword(std::string_view word) {
    const Keyword* const found = find_keyword(word);
    if (found == nullptr) return false;
    at_ += word.size();
    const bool fits = within(found->what) && slot_ != Slot::kNeeded &&
                      (found->phases & (1u << static_cast<unsigned>(open_.back().phase))) != 0;
    switch (found->does) {
      case Does::kPrefixes:
        broken_ = slot_ == Slot::kClosed || body_;
        slot_ = Slot::kNeeded;
        break;
      case Does::kNamesFunction:
        broken_ = slot_ == Slot::kClosed || body_ || !function_name();
        break;
      case Does::kOpens:
        broken_ = slot_ == Slot::kClosed;
        open(found->what, /*word=*/false, found->command ? Slot::kNeeded : Slot::kSome);
        words_ = 0;
        break;
      case Does::kGoesOn:
        broken_ = !fits;
        if (fits) open_.back().phase = found->next;
        slot_ = Slot::kNeeded;
        break;
      case Does::kCloses:
        broken_ = !fits;
        if (fits) close();
        break;
    }
    fresh_ = found->does == Does::kNamesFunction;
    return true;
  }

  // Behind `function`: the name, and a pair of parentheses if there is one.
  bool function_name() {
    skip_blanks();
    const std::string_view name = bare_word(text_, at_);
    at_ += name.size();
    skip_blanks();
    body_ = true;
    slot_ = Slot::kNeeded;
    return !name.empty() && (!sees("(") || empty_parentheses());
  }

  bool empty_parentheses() {
    ++at_;
    skip_blanks();
    const bool empty = sees(")");
    if (empty) ++at_;
    return empty;
  }

  void skip_blanks() {
    while (sees(" ") || sees("\t")) ++at_;
  }

  void step_operator(char c) {
    const bool attached = !fresh_;
    fresh_ = true;
    if (c == ')') return close_parenthesis();
    if (within(Open::kArray)) {
      broken_ = true;
    } else if (c == '(') {
      open_parenthesis(attached);
    } else if (c == '<' || c == '>') {
      redirection();
    } else if (within(Open::kTest)) {
      const bool both = sees("&&") || sees("||");
      broken_ = !both && (c != '|' || open_.back().depth == 0);  // =~ (a|b)
      at_ += both ? 2 : 1;
    } else {
      separator(c);
    }
  }

  void separator(char c) {
    const bool both = at_ + 1 < text_.size() && text_[at_ + 1] == c;
    if (sees("&>")) {
      ++at_;
      return redirection();
    }
    if (target_ || in_case(0) || in_case(1)) broken_ = true;
    if (sees(";;") || sees(";&")) {
      broken_ = broken_ || !in_case(3) || slot_ == Slot::kNeeded;
      at_ += sees(";;&") ? 3 : 2;
      if (!broken_) open_.back().phase = 2;
      slot_ = Slot::kFree;
      return;
    }
    if (at_command() || (in_case(2) && (c != '|' || both))) broken_ = true;
    slot_ = c == ';' || (c == '&' && !both) ? Slot::kFree : Slot::kNeeded;
    at_ += both || sees("|&") ? 2 : 1;
  }

  void open_parenthesis(bool attached) {
    if (within(Open::kTest)) {
      ++open_.back().depth;
      ++at_;
    } else if (target_ || slot_ == Slot::kClosed || in_case(0) || in_case(1)) {
      broken_ = true;
    } else if (in_case(2)) {
      broken_ = slot_ != Slot::kFree;
      ++at_;
    } else if (sees("((") && (at_command() || (within(Open::kLoop) && words_ == 0))) {
      at_ += 2;
      open(Open::kArithmetic, /*word=*/false, slot_);
    } else if (at_command()) {
      ++at_;
      open(Open::kSubshell, /*word=*/false, Slot::kNeeded);
    } else if (attached && assigning_ && word_ + assignment_length(text_.substr(word_)) == at_) {
      ++at_;
      open(Open::kArray, /*word=*/true, slot_);
    } else {
      broken_ = words_ != 1 || !name_ || !empty_parentheses();
      body_ = true;
      slot_ = Slot::kNeeded;
    }
  }

  void close_parenthesis() {
    ++at_;
    if (within(Open::kTest)) {
      broken_ = --open_.back().depth < 0;
    } else if (in_case(2)) {
      broken_ = slot_ != Slot::kSome;
      open_.back().phase = 3;
      slot_ = Slot::kFree;
    } else if (within(Open::kSubshell) || within(Open::kSubstitution) || within(Open::kArray)) {
      broken_ = target_ || slot_ == Slot::kNeeded;
      close();
    } else {
      broken_ = true;
    }
  }

  void redirection() {
    if (within(Open::kTest)) {
      ++at_;
      return;
    }
    if (in_case(0) || in_case(1) || in_case(2) || body_) broken_ = true;
    if (sees("<(") || sees(">(")) {
      begin_word({});
      at_ += 2;
      open(Open::kSubstitution, /*word=*/true, Slot::kFree);
      fresh_ = true;
      return;
    }
    broken_ = broken_ || target_;
    if (at_command()) {
      slot_ = Slot::kSome;
      words_ = 2;  // no function's name
      assigning_ = false;
    }
    if (sees("<<") && !sees("<<<")) {
      here_document();
      return;
    }
    at_ += sees("<<<") ? 3 : 1;
    if (sees("&") || sees("|") || sees(">")) ++at_;
    target_ = true;
  }

  void here_document() {
    at_ += 2;
    documents_.emplace_back();
    if (!documents_.back().parse(text_, at_)) broken_ = true;
    fresh_ = false;
  }

  void line_end() {
    ++at_;
    for (const HereDocument& document : documents_) broken_ = broken_ || !document.skip(text_, at_);
    documents_.clear();
    fresh_ = true;
    if (target_ || (in_case(2) && slot_ != Slot::kFree)) broken_ = true;
    if (within(Open::kArray) || within(Open::kTest) || in_case(0) || in_case(1)) return;
    if (slot_ != Slot::kNeeded) slot_ = Slot::kFree;
    ended_ = open_.empty() && slot_ == Slot::kFree;
  }

  // Behind the next `quote`.
  void past(char quote, bool escapes) {
    while (at_ < text_.size()) {
      const char c = text_[at_++];
      if (c == quote) return;
      if (c == '\\' && escapes) at_ = std::min(at_ + 1, text_.size());
    }
    broken_ = true;
  }

  std::string_view text_;
  std::size_t at_;
  std::vector<Level> open_;
  std::vector<HereDocument> documents_;  // whose bodies begin at the next line
  Slot slot_ = Slot::kFree;
  std::size_t word_ = 0;    // where the latest word of a command begins
  int words_ = 0;           // of a command so far
  int functions_ = 0;       // levels of open_ that are bodies
  bool name_ = false;       // the latest word may be a function's name
  bool assigning_ = false;  // all words before the latest are assignments
  bool fresh_ = true;       // a word may begin here
  bool target_ = false;     // a redirection wants a word
  bool body_ = false;       // a function's body has to follow
  bool ended_ = false, broken_ = false, leaves_ = false, defines_ = false;
};

}  // namespace

Extent shell_extent(std::string_view text, std::size_t start) {
  return Walk(text, start).run();
}

}  // namespace kip::policy
