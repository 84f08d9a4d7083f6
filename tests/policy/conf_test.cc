// kip.conf.d as text and as files: which lines count, which files count, and in which words the rest
// is reported.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <ostream>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "src/policy/conf.h"
#include "tests/base/must.h"
#include "tests/support/temp_dir.h"

namespace kip::policy {
namespace {

using std::string_view_literals::operator""sv;
using testing::ElementsAre;
using testing::IsEmpty;

// "1:Microcode.Cpu=host"
std::vector<std::string> lines_of(const ConfFile& file) {
  std::vector<std::string> lines;
  lines.reserve(file.lines.size());
  for (const ConfLine& line : file.lines) {
    lines.push_back(
        fmt::format("{}:{}.{}={}", line.origin.line, line.section, line.key, line.value));
  }
  return lines;
}

std::vector<std::string> findings_of(const ConfFile& file) {
  std::vector<std::string> findings;
  findings.reserve(file.findings.size());
  for (const Finding& finding : file.findings) findings.push_back(to_line(finding));
  return findings;
}

struct TextRow {
  const char* name;
  std::string_view text;
  std::vector<std::string> lines;
  std::vector<std::string> findings = {};
};

void PrintTo(const TextRow& row, std::ostream* out) {
  *out << row.name;
}

const std::vector<TextRow> kTexts = {
    {"Nothing", "", {}},
    {"OneLine", "[A]\nKey=value\n", {"2:A.Key=value"}},
    {"LastLineWithoutItsEnd", "[A]\nKey=value", {"2:A.Key=value"}},
    {"CommentsAndBlankLines",
     "# first\n\n  ; second\n[A]\n \t\n\t#Key=no\nKey=value\n",
     {"7:A.Key=value"}},
    {"CommentInAnyCharacters", "# gr\xfc\xdf\x01\n[A]\nKey=value\n", {"3:A.Key=value"}},
    {"NoCommentBehindAValue", "[A]\nKey=value # more\n", {"2:A.Key=value # more"}},
    {"BlanksAround", "  [A]\t\n \tKey \t= \tvalue \t\n", {"2:A.Key=value"}},
    {"BlanksWithin", "[A]\nKey=a  b\tc\n", {"2:A.Key=a  b\tc"}},
    {"EmptyValue", "[A]\nKey=\nKey= \n", {"2:A.Key=", "3:A.Key="}},
    {"QuotesKept", "[A]\nKey=\"a b\"\n", {"2:A.Key=\"a b\""}},
    {"NoContinuation", "[A]\nKey=a \\\nOther=b\n", {"2:A.Key=a \\", "3:A.Other=b"}},
    {"EqualsInTheValue", "[A]\nKey=a=b\n", {"2:A.Key=a=b"}},
    {"BracketsInTheValue", "[A]\nKey=[B]\n", {"2:A.Key=[B]"}},
    {"Utf8Value",
     "[A]\nKey=/gr\xc3\xbc\xc3\x9f\xe2\x82\xac\n",
     {"2:A.Key=/gr\xc3\xbc\xc3\x9f\xe2\x82\xac"}},
    {"SectionsInTurn",
     "[A]\nKey=1\n[B]\nKey=2\n[A]\nKey=3\n",
     {"2:A.Key=1", "4:B.Key=2", "6:A.Key=3"}},
    {"UpperCaseCounts", "[a]\nkey=1\n", {"2:a.key=1"}},
    {"KeyTwice", "[A]\nKey=1\nKey=2\n", {"2:A.Key=1", "3:A.Key=2"}},

    {"KeyBeforeAnySection",
     "Key=1\n[A]\nKey=2\n",
     {"3:A.Key=2"},
     {"'f:1': 'Key' stands in front of any [Section]"}},
    {"NoEquals", "[A]\nHold 0x806f8\nKey=1\n", {"3:A.Key=1"}, {"'f:2': no '=' in 'Hold 0x806f8'"}},
    {"NoKey", "[A]\n=1\n", {}, {"'f:2': '' is no key, which is letters, digits and '-'"}},
    {"AppendingAsInDracut",
     "[A]\nHold+=1\n",
     {},
     {"'f:2': 'Hold+' is no key, which is letters, digits and '-'"}},
    {"BlankInAKey",
     "[A]\nMy key=1\n",
     {},
     {"'f:2': 'My key' is no key, which is letters, digits and '-'"}},
    {"SectionWithoutItsEnd",
     "[A]\nKey=1\n[B\nKey=2\n[C]\nKey=3\n",
     {"2:A.Key=1", "6:C.Key=3"},
     {"'f:3': '[B' is no [Section]; the keys below it are left out"}},
    {"SectionWithoutName",
     "[]\nKey=1\n",
     {},
     {"'f:1': '[]' is no [Section]; the keys below it are left out"}},
    {"SectionOfABracket",
     "[\nKey=1\n",
     {},
     {"'f:1': '[' is no [Section]; the keys below it are left out"}},
    {"SectionWithBlanks",
     "[ A ]\nKey=1\n",
     {},
     {"'f:1': '[ A ]' is no [Section]; the keys below it are left out"}},
    {"TextBehindASection",
     "[A] # comment\nKey=1\n",
     {},
     {"'f:1': '[A] # comment' is no [Section]; the keys below it are left out"}},
    {"CarriageReturn",
     "[A]\nKey=1\r\nKey=2\n",
     {"3:A.Key=2"},
     {"'f:2': ends in a carriage return"}},
    {"CarriageReturns",
     "# comment\r\n[A]\r\n\r\nKey=1\r\n",
     {},
     {"'f:2': ends in a carriage return; the keys below it are left out",
      "'f:3': ends in a carriage return", "'f:4': ends in a carriage return"}},
    {"CarriageReturnWithin",
     "[A]\nKey=1\rKey=2\n",
     {},
     {"'f:2': holds the control character 0x0d"}},
    {"NulByte", "[A]\nKey=a\0b\n"sv, {}, {"'f:2': holds the control character 0x00"}},
    {"NulAlone", "\0"sv, {}, {"'f:1': holds the control character 0x00"}},
    {"Escape", "[A]\nKey=\033[31m\n", {}, {"'f:2': holds the control character 0x1b"}},
    {"Delete", "[A]\nKey=\x7f\n", {}, {"'f:2': holds the control character 0x7f"}},
    {"InvalidUtf8", "[A]\nKey=gr\xfc\xdf\nKey=1\n", {"3:A.Key=1"}, {"'f:2': is not UTF-8 text"}},
    {"CutUtf8", "[A]\nKey=\xe2\x82", {}, {"'f:2': is not UTF-8 text"}},
    {"ByteOrderMark",
     "\xef\xbb\xbf[A]\nKey=1\n",
     {},
     {"'f:1': begins with a byte order mark; the keys below it are left out"}},
    {"ByteOrderMarkBeforeAComment",
     "\xef\xbb\xbf# comment\n[A]\nKey=1\n",
     {"3:A.Key=1"},
     {"'f:1': begins with a byte order mark"}},
};

class ConfText : public testing::TestWithParam<TextRow> {};

TEST_P(ConfText, GivesTheseLinesAndFindings) {
  const ConfFile file = parse_conf(GetParam().text, "f");
  EXPECT_EQ(lines_of(file), GetParam().lines);
  EXPECT_EQ(findings_of(file), GetParam().findings);
  for (const Finding& finding : file.findings) {
    EXPECT_EQ(finding.rule, "conf-line");
    EXPECT_EQ(finding.severity, Severity::kError);
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, ConfText, testing::ValuesIn(kTexts),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Conf, KeepsALongValueWhole) {
  const std::string value(300'000, 'x');
  const ConfFile file = parse_conf("[A]\nKey=" + value + "\n", "f");
  ASSERT_EQ(file.lines.size(), 1u);
  EXPECT_EQ(file.lines[0].value, value);
}

TEST(Conf, ShowsTheBeginningOfALongLine) {
  const ConfFile file = parse_conf("[A]\n" + std::string(300'000, 'x') + "\n", "f");
  EXPECT_THAT(findings_of(file), ElementsAre("'f:2': no '=' in '" + std::string(80, 'x') + "'..."));
}

TEST(Conf, GivesUpOnWhatIsNoConfiguration) {
  std::string text = "[A]\n";
  for (int i = 0; i < 1000; ++i) text += "picture\n";
  const ConfFile file = parse_conf(text + "Key=1\n", "f");
  ASSERT_EQ(file.findings.size(), kConfFaultLimit);
  EXPECT_EQ(to_line(file.findings.back()),
            "'f:21': no '=' in 'picture'; the rest of the file is not read");
  EXPECT_THAT(file.lines, IsEmpty());
}

TEST(Conf, NamesTheOriginOfALine) {
  const ConfFile file = parse_conf("[A]\nKey=1\n", "/etc/kip/kip.conf.d/a.conf");
  ASSERT_EQ(file.lines.size(), 1u);
  EXPECT_EQ(to_text(file.lines[0].origin), "/etc/kip/kip.conf.d/a.conf:2");
  EXPECT_EQ(to_text(Origin{"KIP_CPU", 0}), "KIP_CPU");
}

class ConfFiles : public testing::Test {
 protected:
  static constexpr const char* kVendor = "usr/lib/kip/kip.conf.d/";
  static constexpr const char* kAdmin = "etc/kip/kip.conf.d/";
  static constexpr std::string_view kText = "[A]\nKey=1\n";

  void vendor(const std::string& name, std::string_view text = kText) {
    place_.write(kVendor + name, text);
  }
  void admin(const std::string& name, std::string_view text = kText) {
    place_.write(kAdmin + name, text);
  }
  Root root() const { return must(Root::at(place_.path())); }
  std::vector<ConfFile> files() const { return must(read_conf_files(root())); }
  std::vector<std::string> paths() const {
    std::vector<std::string> paths;
    for (const ConfFile& file : files()) paths.push_back(file.path);
    return paths;
  }
  // The one file that counts is the administrator's a.conf, and says this in place of lines.
  void expect_unread(const std::string& what) const {
    place_.write(std::string(kVendor) + "a.conf", kText);  // would count
    const auto all = files();
    ASSERT_EQ(all.size(), 1u);
    EXPECT_EQ(all[0].path, "/etc/kip/kip.conf.d/a.conf");
    EXPECT_THAT(all[0].lines, IsEmpty());
    ASSERT_EQ(all[0].findings.size(), 1u);
    EXPECT_EQ(to_line(all[0].findings[0]), "'/etc/kip/kip.conf.d/a.conf': " + what);
    EXPECT_EQ(all[0].findings[0].severity, Severity::kError);
    EXPECT_EQ(all[0].findings[0].rule, "conf-file");
  }

  support::TempDir place_;
};

TEST_F(ConfFiles, AreNoneWithoutDirectories) {
  EXPECT_THAT(paths(), IsEmpty());
}

TEST_F(ConfFiles, AreReadInTheOrderOfTheirNames) {
  vendor("50-b.conf");
  vendor("10-d.conf");
  admin("40-a.conf");
  admin("90-c.conf");
  EXPECT_THAT(paths(),
              ElementsAre("/usr/lib/kip/kip.conf.d/10-d.conf", "/etc/kip/kip.conf.d/40-a.conf",
                          "/usr/lib/kip/kip.conf.d/50-b.conf", "/etc/kip/kip.conf.d/90-c.conf"));
}

TEST_F(ConfFiles, AreOrderedByBytes) {
  admin("a.conf");
  admin("B.conf");
  admin("\xc3\xa4.conf");
  EXPECT_THAT(paths(), ElementsAre("/etc/kip/kip.conf.d/B.conf", "/etc/kip/kip.conf.d/a.conf",
                                   "/etc/kip/kip.conf.d/\xc3\xa4.conf"));
}

TEST_F(ConfFiles, OfEtcReplaceThoseOfTheSameName) {
  vendor("a.conf", "[A]\nKey=vendor\n");
  admin("a.conf", "[A]\nOther=admin\n");
  const auto all = files();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_THAT(lines_of(all[0]), ElementsAre("2:A.Other=admin"));
}

TEST_F(ConfFiles, EndInConfAndAreNotHidden) {
  for (const char* const name : {"a", "a.conf~", "a.conf.dpkg-old", ".a.conf", ".conf", "aconf"}) {
    admin(name);
  }
  EXPECT_THAT(paths(), IsEmpty());
}

TEST_F(ConfFiles, AreMaskedByALinkToNull) {
  vendor("a.conf");
  vendor("b.conf");
  place_.link(std::string(kAdmin) + "a.conf", "/dev/null");
  EXPECT_THAT(paths(), ElementsAre("/usr/lib/kip/kip.conf.d/b.conf"));
}

TEST_F(ConfFiles, AreMaskedByTheNullDeviceWhateverLeadsToIt) {
  vendor("a.conf");
  place_.directory("dev");
  if (::mknod((place_ / "dev/null").c_str(), S_IFCHR | 0666, makedev(1, 3)) != 0) {
    GTEST_SKIP() << "no right to make devices here";
  }
  place_.link(std::string(kAdmin) + "a.conf", "../../../dev/null");
  EXPECT_THAT(paths(), IsEmpty());
}

TEST_F(ConfFiles, AreMaskedByAnEmptyFile) {
  vendor("a.conf");
  admin("a.conf", "");
  EXPECT_THAT(paths(), IsEmpty());
}

TEST_F(ConfFiles, FollowOtherLinksBelowTheRoot) {
  place_.write("etc/elsewhere", kText);
  place_.link(std::string(kAdmin) + "a.conf", "/etc/elsewhere");
  const auto all = files();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_THAT(lines_of(all[0]), ElementsAre("2:A.Key=1"));
}

TEST_F(ConfFiles, ReportADirectory) {
  place_.directory(std::string(kAdmin) + "a.conf");
  expect_unread("is not a regular file");
}

TEST_F(ConfFiles, ReportAFifoAndDoNotWaitForIt) {
  place_.fifo(std::string(kAdmin) + "a.conf");
  expect_unread("is not a regular file");
}

TEST_F(ConfFiles, ReportASocket) {
  place_.socket(std::string(kAdmin) + "a.conf");
  expect_unread("No such device or address");
}

TEST_F(ConfFiles, ReportALinkToNothing) {
  place_.link(std::string(kAdmin) + "a.conf", "/dev/nullable");
  expect_unread("No such file or directory");
}

TEST_F(ConfFiles, ReportAFileThatIsTooLarge) {
  place_.sparse(std::string(kAdmin) + "a.conf", kConfLimit + 1);
  expect_unread("more than 1048576 bytes");
}

TEST_F(ConfFiles, MayBeAsLargeAsTheLimit) {
  std::string text(kText);
  text.append(kConfLimit - text.size(), '#');
  admin("a.conf", text);
  const auto all = files();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_THAT(lines_of(all[0]), ElementsAre("2:A.Key=1"));
  EXPECT_THAT(findings_of(all[0]), IsEmpty());
}

TEST_F(ConfFiles, OneThatIsBrokenLeavesTheOthers) {
  place_.directory(std::string(kAdmin) + "a.conf");
  admin("b.conf");
  const auto all = files();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_THAT(lines_of(all[1]), ElementsAre("2:A.Key=1"));
}

TEST_F(ConfFiles, FailWhereADirectoryIsNone) {
  place_.write("etc/kip/kip.conf.d", "text");
  EXPECT_EQ(error_of(read_conf_files(root())), "'/etc/kip/kip.conf.d': Not a directory");
}

}  // namespace
}  // namespace kip::policy
