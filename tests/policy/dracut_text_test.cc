// dracut.conf as text: what is read of it, and in which words the rest is reported.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <ostream>

#include "src/policy/dracut.h"

namespace kip::policy {
namespace {

using std::string_view_literals::operator""sv;
using testing::ElementsAre;
using testing::IsEmpty;
using Kind = DracutStatement::Kind;

// "1:add_drivers+=[ zfs ]", and "+=?" or "=?" for what is not known
std::vector<std::string> statements_of(const DracutFile& file) {
  std::vector<std::string> texts;
  texts.reserve(file.statements.size());
  for (const DracutStatement& each : file.statements) {
    const bool append = each.kind == Kind::kAppend || each.kind == Kind::kUnknownAppend;
    const bool known = each.kind == Kind::kSet || each.kind == Kind::kAppend;
    texts.push_back(fmt::format("{}:{}{}{}", each.origin.line, each.name, append ? "+=" : "=",
                                known ? "[" + each.value + "]" : "?"));
  }
  return texts;
}

std::vector<std::string> findings_of(const DracutFile& file) {
  std::vector<std::string> findings;
  findings.reserve(file.findings.size());
  for (const Finding& finding : file.findings) findings.push_back(to_line(finding));
  return findings;
}

struct TextRow {
  const char* name;
  std::string_view text;
  std::vector<std::string> statements;
  std::vector<std::string> findings = {};
};

void PrintTo(const TextRow& row, std::ostream* out) {
  *out << row.name;
}

const std::vector<TextRow> kRead = {
    {"Nothing", "", {}},
    {"BlankLines", "\n \t\n\n", {}},
    {"Comments", "# add_drivers+=\" zfs \"\n\t # more\n#\n", {}},
    {"CommentOfAnyBytes", "# gr\xfc\xdf \x01 `$(\"'\r\na=b\n", {"2:a=[b]"}},
    {"CommentsDoNotContinue", "# comment \\\na=b\n", {"2:a=[b]"}},
    {"Append", "add_drivers+=\" zfs spl \"\n", {"1:add_drivers+=[ zfs spl ]"}},
    {"Set", "early_microcode=yes\n", {"1:early_microcode=[yes]"}},
    {"SetToNothing", "add_drivers=\n", {"1:add_drivers=[]"}},
    {"SetToEmptyQuotes",
     "add_drivers=\"\"\nomit_drivers=''",
     {"1:add_drivers=[]", "2:omit_drivers=[]"}},
    {"LastLineWithoutItsEnd", "a=b", {"1:a=[b]"}},
    {"BlanksInFront", " \ta=b\n", {"1:a=[b]"}},
    {"BlanksBehind", "a=b \t\n", {"1:a=[b]"}},
    {"CommentBehind", "a=\" x \" # c\n", {"1:a=[ x ]"}},
    {"CommentNeedsABlank", "a=x#y\nb=#c\nd=\"e\"#f\n", {"1:a=[x#y]", "2:b=[#c]", "3:d=[e#f]"}},
    {"CommentBehindASemicolon", "a=b;#c\n", {"1:a=[b]"}},
    {"Semicolons", "a=b;c=d ; e+=f;\n", {"1:a=[b]", "1:c=[d]", "1:e+=[f]"}},
    {"SeveralWords", "a=b c=d\te=\"f g\"\n", {"1:a=[b]", "1:c=[d]", "1:e=[f g]"}},
    {"DoubleQuotesKeepSingleOnes", "a=\"it's\"\n", {"1:a=[it's]"}},
    {"SingleQuotesKeepAll", "a='$x `y` \\ \"z\"'\n", {"1:a=[$x `y` \\ \"z\"]"}},
    {"PiecesJoin", "a=\"x\"y'z'\"\"w\n", {"1:a=[xyzw]"}},
    {"EscapesInDoubleQuotes", "a=\"\\\"\\\\\\$\\`\"\n", {"1:a=[\"\\$`]"}},
    {"LinesWithinQuotes",
     "a=\" x\n y \"\nb='1\n2'\nc=d\n",
     {"1:a=[ x\n y ]", "3:b=[1\n2]", "5:c=[d]"}},
    {"ContinuedInQuotes", "a=\" x\\\n y \"\nb=c\n", {"1:a=[ x y ]", "3:b=[c]"}},
    {"ContinuedBetweenWords", "a=b \\\nc=d\ne=f\n", {"1:a=[b]", "2:c=[d]", "3:e=[f]"}},
    {"ContinuedWithinAName", "add_\\\ndrivers\\\n+\\\n=\" zfs \"\n", {"1:add_drivers+=[ zfs ]"}},
    {"ContinuedIsKeptInSingleQuotes", "a='x\\\ny'\n", {"1:a=[x\\\ny]"}},
    {"ContinuedAtTheEnd", "a=b\\\n", {"1:a=[b]"}},
    {"PlainCharacters", "a=A-z_0./:,@%+=~^9\n", {"1:a=[A-z_0./:,@%+=~^9]"}},
    {"TildeWithin", "a=x~\nb=\"~\"\nc=x,~y\n", {"1:a=[x~]", "2:b=[~]", "3:c=[x,~y]"}},
    {"NamesOfAllKinds", "_=1\na1_B=2\n", {"1:_=[1]", "2:a1_B=[2]"}},
    {"AnyBytesInQuotes",
     "a=\"gr\xfc\xdf\"\nb='\xe2\x82\xac'\n",
     {"1:a=[gr\xfc\xdf]", "2:b=[\xe2\x82\xac]"}},
    {"TabsInQuotes", "a=\"\tb\t\"\n", {"1:a=[\tb\t]"}},
};

// Each of these would be executed by bash, or be an error to it.
const std::vector<TextRow> kUnread = {
    {"Variable",
     "add_drivers+=\" $x \"\n",
     {"1:add_drivers+=?"},
     {"'f:1': needs a shell for '$'; what it adds to add_drivers is not known"}},
    {"VariableInBraces",
     "drivers=${x}\n",
     {"1:drivers=?"},
     {"'f:1': needs a shell for '$'; from here on drivers is not known"}},
    {"Substitution",
     "add_drivers+=\" $(touch /tmp/x) \"\na=b\n",
     {"1:add_drivers+=?", "2:a=[b]"},
     {"'f:1': needs a shell for '$'; what it adds to add_drivers is not known"}},
    {"SubstitutionOverLines",
     "a=$(\nadd_drivers+=\" zfs \"\n)\nb=c\n",
     {"1:add_drivers+=?", "1:a=?", "4:b=[c]"},
     {"'f:1': needs a shell for '$'; what it adds to add_drivers is not known"}},
    {"Backquotes",
     "add_drivers=`echo zfs`\n",
     {"1:add_drivers=?"},
     {"'f:1': needs a shell for '`'; from here on add_drivers is not known"}},
    {"BackquotesInQuotes",
     "add_drivers+=\" `echo zfs` \"\n",
     {"1:add_drivers+=?"},
     {"'f:1': needs a shell for '`'; what it adds to add_drivers is not known"}},
    {"Arithmetic", "a=$((1<<2))\nb=c\n", {"1:a=?", "2:b=[c]"}, {"'f:1': needs a shell for '$'"}},
    {"DollarInFrontOfNothing", "a=\"5$\"\n", {"1:a=?"}, {"'f:1': needs a shell for '$'"}},
    {"Array",
     "add_drivers=( zfs spl )\n",
     {"1:add_drivers=?"},
     {"'f:1': needs a shell for an array; from here on add_drivers is not known"}},
    {"ArrayAppended",
     "add_drivers+=(zfs)\n",
     {"1:add_drivers+=?"},
     {"'f:1': needs a shell for an array; what it adds to add_drivers is not known"}},
    {"ArrayOverLines",
     "a=(\n  b\n  c\n)\nd=e\n",
     {"1:a=?", "5:d=[e]"},
     {"'f:1': needs a shell for an array"}},
    {"ElementOfAnArray",
     "add_drivers[0]=zfs\n",
     {"1:add_drivers=?"},
     {"'f:1': needs a shell: 'add_drivers[0]=zfs'; from here on add_drivers is not known"}},
    {"BlankInFrontOfEquals",
     "add_drivers =\" zfs \"\n",
     {"1:add_drivers=?"},
     {"'f:1': needs a shell: 'add_drivers =\" zfs \"'; from here on add_drivers is not known"}},
    {"BlankInFrontOfPlus",
     "add_drivers +=\" zfs \"\n",
     {"1:add_drivers+=?"},
     {"'f:1': needs a shell: 'add_drivers +=\" zfs \"'; what it adds to add_drivers is not known"}},
    {"BlankBehindEquals",
     "add_drivers= \" zfs \"\n",
     {"1:add_drivers=?"},
     {"'f:1': needs a shell: 'add_drivers= \" zfs \"'; from here on add_drivers is not known"}},
    {"BlankBehindPlusEquals",
     "add_drivers+= \" zfs \"\n",
     {"1:add_drivers+=?"},
     {"'f:1': needs a shell: 'add_drivers+= \" zfs \"'; what it adds to add_drivers is not known"}},
    {"ForOneCommandOnly",
     "add_drivers+=\" zfs \" true\n",
     {"1:add_drivers+=?"},
     {"'f:1': needs a shell: 'add_drivers+=\" zfs \" true'; what it adds to add_drivers is not "
      "known"}},
    {"Command", "modprobe zfs\na=b\n", {"2:a=[b]"}, {"'f:1': needs a shell: 'modprobe zfs'"}},
    {"CommandInFrontOnItsLine",
     "true; add_drivers+=\" zfs \"\n",
     {"1:add_drivers+=?"},
     {"'f:1': needs a shell: 'true; add_drivers+=\" zfs \"'; what it adds to add_drivers is not "
      "known"}},
    {"CommandBehindOnItsLine",
     "add_drivers+=\" zfs \"; true\n",
     {"1:add_drivers+=?"},
     {"'f:1': needs a shell: 'add_drivers+=\" zfs \"; true'; what it adds to add_drivers is not "
      "known"}},
    {"Condition",
     "[[ $hostonly ]] && add_drivers+=\" zfs \"\n",
     {"1:add_drivers+=?"},
     {"'f:1': needs a shell: '[[ $hostonly ]] && add_drivers+=\" zfs \"'; what it adds to "
      "add_drivers is not known"}},
    {"AndBehindAnAssignment",
     "add_drivers=zfs && true\n",
     {"1:add_drivers=?"},
     {"'f:1': needs a shell: 'add_drivers=zfs && true'; from here on add_drivers is not known"}},
    {"ContinuedCondition",
     "true &&\nadd_drivers+=\" zfs \"\na=b\n",
     {"1:add_drivers+=?", "3:a=[b]"},
     {"'f:1': needs a shell: 'true &&'; what it adds to add_drivers is not known"}},
    {"Redirection", "a=b >file\n", {"1:a=?"}, {"'f:1': needs a shell: 'a=b >file'"}},
    {"Background", "a=b&\n", {"1:a=?"}, {"'f:1': has '&' outside quotes"}},
    {"Export",
     "export add_drivers=zfs\n",
     {"1:add_drivers=?"},
     {"'f:1': needs a shell: 'export add_drivers=zfs'; from here on add_drivers is not known"}},
    {"Unset",
     "unset omit_drivers\n",
     {"1:omit_drivers=?"},
     {"'f:1': needs a shell: 'unset omit_drivers'; from here on omit_drivers is not known"}},
    {"ReadByACommand",
     "echo $add_drivers ${drivers} \"${omit_drivers:-none}\"\n",
     {},
     {"'f:1': needs a shell: 'echo $add_drivers ${drivers} \"${omit_drivers:-none}\"'"}},
    {"AssignedByAParameter",
     ": ${drivers:=zfs}\n",
     {"1:drivers=?"},
     {"'f:1': needs a shell: ': ${drivers:=zfs}'; from here on drivers is not known"}},
    {"LongerName",
     "echo my_add_drivers add_drivers2=1 xdrivers\n",
     {},
     {"'f:1': needs a shell: 'echo my_add_drivers add_drivers2=1 xdrivers'"}},
    {"If",
     "if true; then\n  add_drivers+=\" zfs \"\nfi\na=b\n",
     {"1:add_drivers+=?", "4:a=[b]"},
     {"'f:1': needs a shell: 'if true; then'; what it adds to add_drivers is not known"}},
    {"For",
     "for m in zfs; do add_drivers+=\" $m \"\ndone\na=b\n",
     {"1:add_drivers+=?", "3:a=[b]"},
     {"'f:1': needs a shell: 'for m in zfs; do add_drivers+=\" $m \"'; what it adds to add_drivers "
      "is not known"}},
    {"Case",
     "case $x in\na) add_drivers=zfs;;\n*) ;;\nesac\na=b\n",
     {"1:add_drivers=?", "5:a=[b]"},
     {"'f:1': needs a shell: 'case $x in'; from here on add_drivers is not known"}},
    {"Function",
     "f() {\n  add_drivers=\n  return\n}\nadd_drivers+=\" zfs \"\n",
     {"1:add_drivers=?", "5:add_drivers+=[ zfs ]"},
     {"'f:1': needs a shell: 'f() {'; from here on add_drivers is not known"}},
    {"FunctionCalled",
     "f() { add_drivers=; }\nadd_drivers=\" zfs \"\nf\n",
     {"1:add_drivers=?", "2:add_drivers=[ zfs ]", "3:add_drivers=?"},
     {"'f:1': needs a shell: 'f() { add_drivers=; }'; from here on add_drivers is not known",
      "'f:3': needs a shell: 'f'; from here on add_drivers is not known"}},
    {"HereDocument",
     "cat <<EOF >x\nadd_drivers+=\" zfs \"\nif\n'\nEOF\na=b\n",
     {"1:add_drivers+=?", "6:a=[b]"},
     {"'f:1': needs a shell: 'cat <<EOF >x'; what it adds to add_drivers is not known"}},
    {"Return",
     "return\nadd_drivers+=\" zfs \"\na=b\n",
     {"1:add_drivers+=?"},
     {"'f:1': needs a shell: 'return'; what follows may not be run; the rest of the file is not "
      "read; what it adds to "
      "add_drivers is not known"}},
    {"Sourced", ". /etc/other\na=b\n", {"2:a=[b]"}, {"'f:1': needs a shell: '. /etc/other'"}},
    {"UnclosedDoubleQuote",
     "a=b\nadd_drivers+=\" zfs\nomit_drivers+=' x '\n",
     {"1:a=[b]", "2:add_drivers+=?", "2:omit_drivers+=?"},
     {"'f:2': has a quote that is not closed; what begins here has no end that bash would find; "
      "the rest of the file is "
      "not read; what it adds to add_drivers is not known; what it adds to omit_drivers is not "
      "known"}},
    {"UnclosedSingleQuote",
     "a='b\nc=d\n",
     {"1:a=?"},
     {"'f:1': has a quote that is not closed; what begins here has no end that bash would find; "
      "the rest of the file is "
      "not read"}},
    {"QuoteClosedByTheNextLine",
     "add_drivers+=\" zfs\nomit_drivers+=\" spl \"\nx=\"y\na=b\n",
     {"1:add_drivers+=?", "1:omit_drivers+=?", "4:a=[b]"},
     {"'f:1': needs a shell: 'add_drivers+=\" zfs'; what it adds to add_drivers is not known; what "
      "it adds to "
      "omit_drivers is not known"}},
    {"UnclosedSubstitution",
     "a=$(b\nc=d\n",
     {"1:a=?"},
     {"'f:1': needs a shell for '$'; what begins here has no end that bash would find; the rest of "
      "the file is not "
      "read"}},
    {"UnclosedBrace",
     "{ a=b\n",
     {},
     {"'f:1': needs a shell: '{ a=b'; what begins here has no end that bash would find; the rest "
      "of the file is not "
      "read"}},
    {"TwoSemicolons",
     "a=b;;c=d\ne=f\n",
     {"1:a=?"},
     {"'f:1': has ';' with nothing in front of it; what begins here has no end that bash would "
      "find; the rest of the "
      "file is not read"}},
    {"CarriageReturn",
     "add_drivers+=\" zfs \"\r\n",
     {"1:add_drivers+=?"},
     {"'f:1': holds a carriage return, which bash takes for a letter; what it adds to add_drivers "
      "is not known"}},
    {"CarriageReturnInQuotes",
     "add_drivers+=\" zfs\r\n \"\n",
     {"1:add_drivers+=?"},
     {"'f:1': holds a carriage return, which bash takes for a letter; what it adds to add_drivers "
      "is not known"}},
    {"CarriageReturnAlone",
     "\r\na=b\n",
     {"2:a=[b]"},
     {"'f:1': holds a carriage return, which bash takes for a letter"}},
    {"CarriageReturnBehindAComment", "# c\r\na=b\n", {"2:a=[b]"}},
    {"NulByte",
     "add_drivers+=\" z\0fs \"\na=b\n"sv,
     {"1:add_drivers+=?"},
     {"'f:1': holds the control character 0x00; bash drops bytes 0x00, and may read something "
      "else; the rest of the "
      "file is not read; what it adds to add_drivers is not known"}},
    {"NulInAName",
     "add_\0drivers+=\" zfs \"\n"sv,
     {"1:add_drivers+=?"},
     {"'f:1': holds the control character 0x00; bash drops bytes 0x00, and may read something "
      "else; the rest of the "
      "file is not read; what it adds to add_drivers is not known"}},
    {"NulInAKeyword",
     "true; i\0f false; then\nadd_drivers+=\" zfs \"\nfi\n"sv,
     {"1:add_drivers+=?"},
     {"'f:1': needs a shell: 'true; i\\x00f false; then'; bash drops bytes 0x00, and may read "
      "something else; the rest "
      "of the file is not read; what it adds to add_drivers is not known"}},
    {"NulInAComment", "# \0\na=b\n"sv, {"2:a=[b]"}},
    {"Escape", "a='\033[31m'\n", {"1:a=?"}, {"'f:1': holds the control character 0x1b"}},
    {"ByteOrderMark",
     "\xef\xbb\xbf"
     "add_drivers+=\" zfs \"\na=b\n",
     {"1:add_drivers+=?", "2:a=[b]"},
     {"'f:1': begins with a byte order mark, which bash takes for a part of the first word; what "
      "it adds to add_drivers "
      "is not known"}},
    {"Backslash", "a=b\\ c\n", {"1:a=?"}, {"'f:1': has '\\' outside quotes"}},
    {"UnknownEscape", "a=\"b\\n\"\n", {"1:a=?"}, {"'f:1': has a backslash in front of 'n'"}},
    {"Glob", "a=/lib/*\n", {"1:a=?"}, {"'f:1': has '*' outside quotes"}},
    {"Brace", "a={b,c}\n", {"1:a=?"}, {"'f:1': has '{' outside quotes"}},
    {"Home", "a=~/x\n", {"1:a=?"}, {"'f:1': needs a shell for '~'"}},
    {"HomeBehindAColon", "a=x:~\n", {"1:a=?"}, {"'f:1': needs a shell for '~'"}},
    {"BytesOutsideQuotes",
     "a=\xe2\x82\xac\n",
     {"1:a=?"},
     {"'f:1': has a byte beyond ASCII outside quotes"}},
    {"NameOfDigits", "1a=b\n", {}, {"'f:1': needs a shell: '1a=b'"}},
    {"PlusWithoutEquals",
     "add_drivers+zfs\n",
     {"1:add_drivers=?"},
     {"'f:1': needs a shell: 'add_drivers+zfs'; from here on add_drivers is not known"}},
    {"ContinuedNameInACommand",
     "export add_\\\ndrivers=zfs\n",
     {"1:add_drivers=?"},
     {"'f:1': needs a shell: 'export add_\\\\'; from here on add_drivers is not known"}},
    {"WithoutBlanks",
     "add_drivers+=\"zfs\"\nadd_drivers+=\" spl\"\ninstall_items+=\"/x\"\n",
     {"1:add_drivers+=[zfs]", "2:add_drivers+=[ spl]", "3:install_items+=[/x]"},
     {"'f:1': add_drivers+='zfs': without a blank at each end of the value, words of two lines "
      "become one (put blanks "
      "inside the quotes)",
      "'f:2': add_drivers+=' spl': without a blank at each end of the value, words of two lines "
      "become one (put blanks "
      "inside the quotes)"}},
};

class DracutText : public testing::TestWithParam<TextRow> {};

TEST_P(DracutText, GivesTheseStatementsAndFindings) {
  const DracutFile file = parse_dracut(GetParam().text, "f");
  EXPECT_EQ(statements_of(file), GetParam().statements);
  EXPECT_EQ(findings_of(file), GetParam().findings);
  for (const Finding& finding : file.findings) {
    EXPECT_EQ(finding.rule, "dracut-line");
    EXPECT_EQ(finding.severity, Severity::kWarning);
  }
}

INSTANTIATE_TEST_SUITE_P(Read, DracutText, testing::ValuesIn(kRead),
                         [](const auto& row) { return std::string(row.param.name); });
INSTANTIATE_TEST_SUITE_P(Unread, DracutText, testing::ValuesIn(kUnread),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Dracut, KeepsALongValueWhole) {
  const std::string value(1'000'000, 'x');
  const DracutFile file = parse_dracut("a=\"" + value + "\"\n", "f");
  ASSERT_EQ(file.statements.size(), 1u);
  EXPECT_EQ(file.statements[0].value, value);
}

TEST(Dracut, ReadsALineOfManyAssignments) {
  std::string text;
  while (text.size() < 1'000'000) text += "a+=' x ';";
  const DracutFile file = parse_dracut(text, "f");
  EXPECT_EQ(file.statements.size(), text.size() / 9);
  EXPECT_THAT(findings_of(file), IsEmpty());
}

TEST(Dracut, SurvivesAMegabyteThatNests) {
  for (const char* const piece :
       {"$(", "((", "${", "\"$(", "{ ", "if ", "x() ", "<<a ", "case ", "`", "\\\n", "(\"${"}) {
    std::string text = "a=";
    while (text.size() < 1'000'000) text += piece;
    const DracutFile file = parse_dracut(text + "\nadd_drivers+=' zfs '\n", "f");
    EXPECT_LE(file.findings.size(), 1u) << piece;
    for (const DracutStatement& each : file.statements) EXPECT_TRUE(each.value.size() < 6) << piece;
  }
}

TEST(Dracut, ShowsTheBeginningOfALongLine) {
  const DracutFile file = parse_dracut(std::string(1'000'000, 'x') + "\n", "f");
  EXPECT_THAT(findings_of(file),
              ElementsAre("'f:1': needs a shell: '" + std::string(80, 'x') + "'..."));
}

TEST(Dracut, GivesUpOnWhatIsNoConfiguration) {
  std::string text = "add_drivers+=\" zfs \"\n";
  for (int i = 0; i < 1000; ++i) text += "picture\n";
  const DracutFile file = parse_dracut(text + "add_drivers=\" spl \"\n", "f");
  ASSERT_EQ(file.findings.size(), kConfFaultLimit);
  EXPECT_EQ(to_line(file.findings.back()),
            "'f:21': needs a shell: 'picture'; the rest of the file is not read; from here on "
            "add_drivers is not known; "
            "from here on drivers is not known; from here on force_drivers is not known; from here "
            "on omit_drivers is "
            "not known");
  EXPECT_THAT(statements_of(file),
              ElementsAre("1:add_drivers+=[ zfs ]", "21:add_drivers=?", "21:drivers=?",
                          "21:force_drivers=?", "21:omit_drivers=?"));
}

TEST(Dracut, DoesNotGiveUpForMissingBlanks) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "add_drivers+=x\n";
  const DracutFile file = parse_dracut(text, "f");
  EXPECT_LT(file.findings.size(), kConfFaultLimit);
  EXPECT_EQ(file.statements.size(), 1000u);
}

}  // namespace
}  // namespace kip::policy
