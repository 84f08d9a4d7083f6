#include <gtest/gtest.h>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "src/base/finding.h"

namespace kip {
namespace {

struct QuoteRow {
  const char* name;
  std::string_view raw;
  std::string quoted;
};

void PrintTo(const QuoteRow& row, std::ostream* out) {
  *out << row.name;
}

using std::string_view_literals::operator""sv;

const std::vector<QuoteRow> kQuoteRows = {
    {"Empty", ""sv, "''"},
    {"Plain", "intel-ucode/06-8f-08"sv, "'intel-ucode/06-8f-08'"},
    {"Space", "a b"sv, "'a b'"},
    {"Newline", "a\nb"sv, R"('a\x0ab')"},
    {"Tab", "\t"sv, R"('\x09')"},
    {"Nul", "a\0b"sv, R"('a\x00b')"},
    {"Escape", "\033[31mred"sv, R"('\x1b[31mred')"},
    {"Delete", "\x7f"sv, R"('\x7f')"},
    {"SingleQuote", "it's"sv, R"('it\'s')"},
    {"Backslash", "a\\x0a"sv, R"('a\\x0a')"},
    {"TwoByteCharacter", "gr\xc3\xbc\xc3\x9f"sv, "'gr\xc3\xbc\xc3\x9f'"},
    {"ThreeByteCharacter", "\xe2\x82\xac"sv, "'\xe2\x82\xac'"},
    {"FourByteCharacter", "\xf0\x9f\x90\xa7"sv, "'\xf0\x9f\x90\xa7'"},
    {"FirstPrintableAfterC1", "\xc2\xa0"sv, "'\xc2\xa0'"},
    {"C1Control",
     "\xc2\x9b"
     "31m"sv,
     R"('\xc2\x9b31m')"},
    {"LoneContinuation", "a\x80"sv, R"('a\x80')"},
    {"OverlongSlash", "\xc0\xaf"sv, R"('\xc0\xaf')"},
    {"OverlongThreeBytes", "\xe0\x9f\xbf"sv, R"('\xe0\x9f\xbf')"},
    {"OverlongFourBytes", "\xf0\x8f\xbf\xbf"sv, R"('\xf0\x8f\xbf\xbf')"},
    {"Surrogate", "\xed\xa0\x80"sv, R"('\xed\xa0\x80')"},
    {"AboveUnicode", "\xf4\x90\x80\x80"sv, R"('\xf4\x90\x80\x80')"},
    {"FiveByteForm", "\xf8\x88\x80\x80\x80"sv, R"('\xf8\x88\x80\x80\x80')"},
    {"TwoBytesCutOff", "a\xc3"sv, R"('a\xc3')"},
    {"C1LeadCutOff", "a\xc2"sv, R"('a\xc2')"},
    {"ThreeBytesCutOff", "\xe2\x82"sv, R"('\xe2\x82')"},
    {"FourBytesCutOff", "\xf0\x9f\x90"sv, R"('\xf0\x9f\x90')"},
    {"BadTailThenText", "\xe2(\xa1"sv, R"('\xe2(\xa1')"},
    {"Latin1", "M\xfcller"sv, R"('M\xfcller')"},
};

class Quote : public testing::TestWithParam<QuoteRow> {};

TEST_P(Quote, WritesTheNameOnOneLine) {
  // From a heap block of exactly that size, so that reading behind it is seen.
  const std::string_view raw = GetParam().raw;
  const auto block = std::make_unique<char[]>(raw.size());
  std::copy(raw.begin(), raw.end(), block.get());
  EXPECT_EQ(quote({block.get(), raw.size()}), GetParam().quoted);
}

INSTANTIATE_TEST_SUITE_P(Rows, Quote, testing::ValuesIn(kQuoteRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Quote, TellsAllSingleBytesApart) {
  std::vector<std::string> seen;
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    seen.push_back(quote({&c, 1}));
    EXPECT_EQ(seen.back().find('\n'), std::string::npos);
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
}

TEST(ToLine, SaysPlaceOffsetTextAndRemedy) {
  EXPECT_EQ(to_line({Severity::kError, "rule", "dir/file", 2048, "is broken", "fetch it again"}),
            "'dir/file': offset 0x800: is broken (fetch it again)");
}

TEST(ToLine, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(to_line({Severity::kNote, "rule", "", {}, "nothing to do", ""}), "nothing to do");
}

TEST(ToLine, SaysOffsetZero) {
  EXPECT_EQ(to_line({Severity::kError, "rule", "f", 0, "bad", ""}), "'f': offset 0x0: bad");
}

TEST(ToLine, StaysOneLineForAPlaceWithANewline) {
  const std::string line = to_line({Severity::kError, "rule", "a\nb", {}, "bad", ""});
  EXPECT_EQ(line, R"('a\x0ab': bad)");
}

}  // namespace
}  // namespace kip
