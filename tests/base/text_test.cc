// Of text as others wrote it. quote() shares the rule of what is UTF-8; its table is in
// finding_test.cc.
#include <gtest/gtest.h>

#include "src/base/text.h"

namespace kip {
namespace {

TEST(IsUtf8, TakesWellFormedText) {
  for (const char* const text :
       {"", "plain", "gr\xc3\xbc\xc3\x9f", "\xe2\x82\xac", "\xf0\x9f\x90\xa7", "\x01\x7f"}) {
    EXPECT_TRUE(is_utf8(text)) << text;
  }
}

TEST(IsUtf8, RefusesEverythingElse) {
  for (const char* const text :
       {"gr\xfc\xdf", "\xe2\x82", "\xc0\xaf", "\xed\xa0\x80", "\x80", "a\xf4\x90\x80\x80"}) {
    EXPECT_FALSE(is_utf8(text)) << text;
  }
}

TEST(QuoteStart, ShowsShortTextWhole) {
  EXPECT_EQ(quote_start("it's"), R"('it\'s')");
  EXPECT_EQ(quote_start(std::string(80, 'x')), "'" + std::string(80, 'x') + "'");
}

TEST(QuoteStart, ShowsTheBeginningOfLongText) {
  EXPECT_EQ(quote_start(std::string(81, 'x')), "'" + std::string(80, 'x') + "'...");
}

}  // namespace
}  // namespace kip
