// dracut.conf. Input: the text of one file.
//
// What is read has its place in the text, and written out again in quotes it reads the same; what is not read ends where a
// command ends, and a second file never changes what the first one was read as. Nothing takes words out of the air.
#include <algorithm>

#include "src/policy/modules.h"
#include "src/policy/shell_extent.h"
#include "tests/fuzz/fuzz.h"

namespace kip::fuzz {
namespace {

using policy::DracutFile;
using policy::DracutList;
using policy::DracutStatement;
using Kind = DracutStatement::Kind;

bool is_known(const DracutStatement& statement) {
  return statement.kind == Kind::kSet || statement.kind == Kind::kAppend;
}

// Quotes, escapes and continued lines are left out on the way from the text to a value; nothing is put in.
bool is_in_order_in(std::string_view value, std::string_view text) {
  for (const char c : value) {
    const std::size_t at = text.find(c);
    if (at == text.npos) return false;
    text.remove_prefix(at + 1);
  }
  return true;
}

void require_clean(const DracutFile& file, std::string_view text, std::uint32_t last) {
  std::uint32_t before = 0;
  for (const DracutStatement& each : file.statements) {
    require(each.origin.file == "f", "a statement names its file");
    require(each.origin.line >= std::max(before, 1u) && each.origin.line <= last,
            "statements come in order and their lines are within the text");
    before = each.origin.line;
    require(!each.name.empty(), "a statement has a name");
    require(is_known(each) || each.value.empty(), "what is not known has no value");
    require(std::none_of(each.value.begin(), each.value.end(),
                         [](char c) {
                           const auto byte = static_cast<unsigned char>(c);
                           return (byte < 0x20 && c != '\t' && c != '\n') || byte == 0x7f;
                         }),
            "no value has control characters");
    require(is_in_order_in(each.value, text), "a value's bytes are those of the text");
  }
}

std::string quoted(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\' || c == '$' || c == '`') text += '\\';
    text += c;
  }
  return text + "\"";
}

void require_same_again(const DracutFile& file) {
  std::string text;
  std::vector<const DracutStatement*> known;
  for (const DracutStatement& each : file.statements) {
    if (!is_known(each)) continue;
    known.push_back(&each);
    text += each.name + (each.kind == Kind::kAppend ? "+=" : "=") + quoted(each.value) + "\n";
  }
  const DracutFile again = policy::parse_dracut(text, "f");
  require(std::equal(known.begin(), known.end(), again.statements.begin(), again.statements.end(),
                     [](const DracutStatement* a, const DracutStatement& b) {
                       return a->kind == b.kind && a->name == b.name && a->value == b.value;
                     }),
          "what was read is written out and reads the same");
}

void require_lists(const DracutFile& file, std::string_view text) {
  const policy::DracutLists lists = policy::lists_of({file});
  for (const DracutList* const list :
       {&lists.add_drivers, &lists.drivers, &lists.force_drivers, &lists.omit_drivers}) {
    require(list->words_count || list->unknown,
            "words do not count only where something is unknown");
    for (const policy::DracutWord& word : list->words) {
      require(!word.text.empty() && word.text.find_first_of(" \t\n") == word.text.npos,
              "a word is one");
      require(is_in_order_in(word.text, text), "a word's bytes are those of the text");
    }
  }
  policy::DracutFiles files;
  files.files.push_back(file);
  const policy::ModuleRules rules = policy::module_rules({}, files);
  for (const policy::ModuleRule& rule : rules.rules) {
    const policy::Decision decision = policy::decide(rules, {rule.pattern, {}});
    require(decision.winner != nullptr, "a rule's word names the module of that name");
    require(decision.in || rule.effect == policy::Effect::kOmit, "what dracut includes is in");
  }
}

void require_extents(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const policy::Extent extent = policy::shell_extent(text, at);
    require(extent.end > at && extent.end <= text.size(), "a command has an end in the text");
    require(extent.whole ? extent.end == text.size() || text[extent.end - 1] == '\n'
                         : extent.end == text.size(),
            "a command ends with a line, and a broken one with the text");
    at = extent.end;
  }
}

void run(Bytes input) {
  const std::string_view text = as_text(input);
  const DracutFile file = policy::parse_dracut(text, "f");
  const auto last = static_cast<std::uint32_t>(std::count(text.begin(), text.end(), '\n') + 1);
  require(file.findings.size() <= policy::kConfFaultLimit, "faults have a limit");
  for (const Finding& finding : file.findings)
    require(to_line(finding).find('\n') == std::string::npos, "a finding is one line");
  require_clean(file, text, last);
  require_same_again(file);
  if (file.statements.size() < 200) require_lists(file, text);
  require_extents(text);
}

}  // namespace
}  // namespace kip::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kip::fuzz::run({data, size});
  return 0;
}
