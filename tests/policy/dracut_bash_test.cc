// The reader held against the shell that dracut has: what we say a variable is, it is in bash, too.
//
// Only texts made here are given to bash: assignments, and commands that do nothing but are written in every way in which
// the end of a command can be hidden.
#include <gtest/gtest.h>
#include <random>

#include "src/policy/dracut.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace kip::policy {
namespace {

// Each file is sourced in a shell of its own, in which the lists are empty; the answer, however that shell ends, is the
// four, NUL behind each. No text calls its functions; FUNCNEST is there in case one does.
constexpr char kScript[] =
    "for f in \"$@\"; do (\n"
    "  FUNCNEST=9 add_drivers= drivers= force_drivers= omit_drivers= yes=x me=$BASHPID\n"
    "  exec 3>&1 >/dev/null 2>&1 </dev/null\n"
    "  trap '[[ $BASHPID != \"$me\" ]] || printf \"%s\\0\" \"$add_drivers\" \"$drivers\" "
    "\"$force_drivers\" \"$omit_drivers\" "
    ">&3' EXIT\n"
    "  . \"$f\"\n"
    ") done; true\n";

struct Values {
  std::string add, drivers, force, omit;
};

// A hundred texts at a time: bash is slow with thousands of arguments.
std::vector<Values> by_bash(const std::vector<std::string>& texts) {
  std::vector<std::string> values;
  for (std::size_t done = 0; done < texts.size();) {
    const support::TempDir place;
    std::vector<std::string> command = {"bash", "--norc", "--noprofile", "-c", kScript, "bash"};
    for (const std::size_t end = std::min(done + 100, texts.size()); done < end; ++done)
      command.push_back(place.write("t" + std::to_string(done), texts[done]));
    const std::string out = support::must_run(
        command, {.cwd = place.path(), .env = {{"BASH_ENV", std::nullopt}, {"LC_ALL", "C"}}});
    for (std::size_t at = 0; at < out.size(); at = out.find('\0', at) + 1)
      values.push_back(out.substr(at, out.find('\0', at) - at));
  }
  std::vector<Values> all;
  for (std::size_t i = 0; i + 3 < values.size(); i += 4)
    all.push_back({values[i], values[i + 1], values[i + 2], values[i + 3]});
  return all;
}

std::vector<std::string> words(const std::string& value) {
  std::vector<std::string> all;
  std::string word;
  for (const char c : value + " ") {
    if (c != ' ' && c != '\t' && c != '\n') {
      word += c;
    } else if (!word.empty()) {
      all.push_back(std::exchange(word, {}));
    }
  }
  return all;
}

// Known, the list is bash's; known in part, bash has our words among its own; unknown, we claim nothing.
void expect_same(const DracutList& ours, const std::string& theirs, const std::string& text,
                 const char* name) {
  if (!ours.words_count) return;
  const std::vector<std::string> all = words(theirs);
  std::vector<std::string> mine;
  for (const DracutWord& word : ours.words) mine.push_back(word.text);
  if (!ours.unknown) {
    EXPECT_EQ(mine, all) << name << " of:\n" << text;
    return;
  }
  for (const std::string& word : mine) {
    EXPECT_NE(theirs.find(word), theirs.npos) << word << " in " << name << " of:\n" << text;
  }
}

void expect_as_bash(const std::vector<std::string>& texts) {
  const auto theirs = by_bash(texts);
  ASSERT_EQ(theirs.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const DracutLists ours = lists_of({parse_dracut(texts[i], "f")});
    expect_same(ours.add_drivers, theirs[i].add, texts[i], "add_drivers");
    expect_same(ours.drivers, theirs[i].drivers, texts[i], "drivers");
    expect_same(ours.force_drivers, theirs[i].force, texts[i], "force_drivers");
    expect_same(ours.omit_drivers, theirs[i].omit, texts[i], "omit_drivers");
  }
}

// What we read whole: nothing in it may be unknown, and the value is compared to the byte.
TEST(DracutAsBash, ReadsTheSameValues) {
  const std::vector<std::string> texts = {
      "add_drivers+=\" zfs \"\n",
      "add_drivers+=\" zfs \"\nadd_drivers+=\" spl \"\n",
      "add_drivers+=zfs\nadd_drivers+=spl\n",
      "add_drivers=a; add_drivers=b; add_drivers+=c # d\n",
      "add_drivers=\"x\"y'z'\n",
      "add_drivers='$x `y` \\ \"'\n",
      "add_drivers=\"\\\" \\\\ \\$ \\`\"\n",
      "add_drivers=\"a\\\nb\"'c\\\nd'\\\ne\n",
      "add_\\\ndriv\\\ners\\\n+\\\n=\\\nzfs\n",
      "# add_drivers=x \\\nadd_drivers+=y\n",
      "add_drivers=x#y\ndrivers=#z\nomit_drivers=\"a\"#b\nforce_drivers=c #d\n",
      "add_drivers=a drivers=b\tomit_drivers=\"c d\"\n",
      "add_drivers=A-z_0./:,@%+=~^9\n",
      "add_drivers=x~ drivers=x,~y omit_drivers=\"~\" force_drivers=a=~\n",
      "add_drivers=\n",
      "add_drivers=\"\"''\n",
      " \t add_drivers=\"a\tb\nc\" ;\n",
      "add_drivers=a;\\\ndrivers=b\n",
      "add_drivers=a \\\ndrivers=b",
      "add_drivers=a\\\n",
      "add_drivers=\"gr\xfc\xdf \xe2\x82\xac\"\n",
      "add_drivers=\"it's\"; drivers='say \"x\"'\n",
      "#\n;",
      "add_drivers=a #\\\n;drivers=b\n",
  };
  const auto theirs = by_bash(texts);
  ASSERT_EQ(theirs.size(), texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::map<std::string, std::string> values;
    for (const DracutStatement& each : parse_dracut(texts[i], "f").statements) {
      std::string& value = values[each.name];
      if (each.kind == DracutStatement::Kind::kSet) value.clear();
      value += each.value;
    }
    EXPECT_EQ(values["add_drivers"], theirs[i].add) << texts[i];
    EXPECT_EQ(values["drivers"], theirs[i].drivers) << texts[i];
    EXPECT_EQ(values["force_drivers"], theirs[i].force) << texts[i];
    EXPECT_EQ(values["omit_drivers"], theirs[i].omit) << texts[i];
  }
}

// What we do not read: bash goes on behind it where we do.
TEST(DracutAsBash, FindsTheSameEndOfWhatItDoesNotRead) {
  const char* const kHarmless[] = {
      "true",
      "true; true",
      "true &&\ntrue",
      "false ||\n\ntrue",
      "true |\ntrue",
      "{ true; }",
      "( true )",
      "(\ntrue\n)",
      "if true; then true; fi",
      "if false\nthen\ntrue\nelif true; then :\nelse :; fi",
      "for x in a b; do\n:\ndone",
      "for ((x=1<<2; x<2; x++)); do :; done",
      "while false; do :; done",
      "until true\ndo :\ndone",
      "case a in\na) : ;;\n(b|c) : ;;\nesac",
      "case x in x) ;; esac",
      "select_() { :; }",
      "f() { return; }",
      "f ()\n{\n:\n}",
      "function f {\nreturn\n}",
      "function f() { : ; }",
      "f() ( exit )",
      "f() { if true; then return; fi; }",
      ": \"a\nb\"",
      ": 'a\nb'",
      ": $'a\\'b\n'",
      ": \"$(true \"x\ny\")\"",
      ": $(\ntrue\n)",
      ": ${yes:-\"a\nb\"}",
      ": \"${yes:-it'}'}\"",
      ": ${yes//\\}/x}",
      ": `true\n`",
      ": $((1<<2))",
      "((1<2))",
      "[[ a < b &&\n c ]]",
      "[[ $yes =~ (x|y) ]]",
      ": <<EOF\nif ' \"\nEOF",
      ": <<'EOF'\n` $(\nEOF",
      ": <<'E F'\nx\nE F",
      ": <<-EOF\n\tx\n\tEOF",
      ": <<A <<B\nx\nA\ny\nB",
      ": <<EOF; true\nx\nEOF",
      ": <<<x",
      "x=(a b)",
      "x=(a\nb # )\n)",
      "x=()",
      ": # ' \" ( {",
      ": a#b'\n'",
      "true\\\n;true",
      ": >/dev/null 2>&1",
      ": &>/dev/null",
      "true &",
      "! true",
      "time true",
      ": fi done }",
      ": \\\"",
      ": \\\n 'x\n'",
      "true && { :\n}",
      "if { true; } then :; fi",
      ": {a,b}",
      ": {",
      "echo }",
      ": ${#yes}",
      "x[1]=2",
      "x+=([2]=a)",
      "y=x true",
      "yes= true",
      "[ a ] || true",
      ": *.none",
      ": ~",
      ": \"#\" '#'",
      "$(true) # '",
      "trap - INT",
  };
  std::vector<std::string> texts;
  for (const char* const harmless : kHarmless) {
    texts.push_back(std::string("add_drivers=a\n") + harmless +
                    "\nadd_drivers+=' b '\ndrivers=c\n");
    texts.push_back(std::string("add_drivers=a\nif false; then\n") + harmless +
                    "\nadd_drivers+=' b '\nfi\ndrivers=c\n");
    texts.push_back(std::string("f() {\n") + harmless + "\nadd_drivers=d\n}\nadd_drivers=a\n" +
                    harmless + "\nomit_drivers=e\n");
  }
  expect_as_bash(texts);
  for (const std::string& text : texts) {
    if (!text.starts_with("add_drivers=a\nif false; then\n")) continue;
    const DracutLists lists = lists_of({parse_dracut(text, "f")});
    EXPECT_TRUE(lists.add_drivers.unknown) << text;
    EXPECT_EQ(lists.drivers.words.size(), 1u) << "goes on behind the end of:\n" << text;
  }
}

// Faults after which bash reads no more of a file.
TEST(DracutAsBash, ClaimsNothingBehindWhatEndsAFile) {
  std::vector<std::string> texts;
  for (const char* const fault : {"'",
                                  "\"",
                                  "`",
                                  "$(",
                                  "${",
                                  "(",
                                  "{",
                                  "if true",
                                  "fi",
                                  "done",
                                  "}",
                                  ")",
                                  ";",
                                  ";;",
                                  "a=b;;",
                                  "esac",
                                  "case x in",
                                  "f() {",
                                  "return",
                                  "true && return",
                                  "{ return; }",
                                  "exit",
                                  "a=(",
                                  "&&",
                                  "|",
                                  "then",
                                  "x=\"$(\"",
                                  ": \"${\"",
                                  "while true; fi",
                                  "\xef\xbb\xbf"
                                  "drivers=x",
                                  "add_drivers+=' x '; return",
                                  "add_drivers=' x ';;",
                                  "[[ 1 ]] && exit 0",
                                  "fi\\\n",
                                  "f\\\ni",
                                  "return''`true`",
                                  "\\return",
                                  "`true`return",
                                  "(true)${yes}",
                                  "{ true; } x",
                                  "'return'"}) {
    texts.push_back(std::string("add_drivers=' a '\n") + fault +
                    "\nadd_drivers=' b '\ndrivers=' c '\n");
  }
  expect_as_bash(texts);
}

// Parentheses come in whole pieces only, so that no piece defines a function under the name of another.
TEST(DracutAsBash, SaysWhatBashWouldSayOfManyTexts) {
  const char* const kPieces[] = {
      "add_drivers",
      "drivers",
      "omit_drivers",
      "force_drivers",
      "+=",
      "=",
      "+=",
      "=",
      "\"",
      "\"",
      "'",
      "'",
      " ",
      " ",
      "\n",
      "\n",
      ";",
      "\\\n",
      "#",
      "a",
      "b ",
      "zfs",
      "\\\\",
      "\\\"",
      "if true",
      "then",
      "fi",
      "{ ",
      "}",
      "f() {",
      "return",
      "$yes",
      "${yes}",
      "$(true)",
      "`true`",
      "&&",
      "||",
      "&",
      "|",
      "true",
      "[[ a ]]",
      "( true )",
      "=(a b)",
      ":",
      "<<E\n",
      "\nE\n",
      "case x in",
      "esac",
      "x)",
      ";;",
      "~",
      ":",
      "\t",
      "add_drivers+=\" a \"\n",
      "drivers=' b '\n",
      "omit_drivers+=\" c\nd \"\n",
      "\nadd_drivers=",
      "\ndrivers+=",
      "\"\n",
      "'\n",
  };
  std::mt19937 random(11);
  std::vector<std::string> texts;
  for (int i = 0; i < 2000; ++i) {
    std::string text;
    for (auto count = 1 + random() % 12; count > 0; --count)
      text += kPieces[random() % std::size(kPieces)];
    texts.push_back(text + "\n");
  }
  expect_as_bash(texts);
}

}  // namespace
}  // namespace kip::policy
