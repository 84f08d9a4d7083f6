// Texts of records: lines, words, fields.
#include <gmock/gmock.h>

#include "src/base/record.h"

namespace kip {
namespace {

using testing::ElementsAre;

struct Taken {
  bool whole = false;
  std::vector<std::string> lines;
};

Taken take(std::string_view text) {
  Taken taken;
  taken.whole = take_lines(text, "kip test 1", [&](std::string_view line) {
    taken.lines.emplace_back(line);
    return line != "no";
  });
  return taken;
}

TEST(TakeLines, GivesEachBehindTheFirst) {
  const Taken taken = take("kip test 1\none\n\nthree more\n");
  EXPECT_TRUE(taken.whole);
  EXPECT_THAT(taken.lines, ElementsAre("one", "", "three more"));
}

TEST(TakeLines, AreNoneInATextOfOneLine) {
  EXPECT_TRUE(take("kip test 1\n").whole);
}

TEST(TakeLines, RefusesWhatItDoesNotKnow) {
  for (const char* const text : {"", "kip test 1", "kip test 2\n", "\nkip test 1\n",
                                 "kip test 1 \n", "kip test 1\none", "kip test 1\nno\n"})
    EXPECT_FALSE(take(text).whole) << text;
}

TEST(TakeLines, EndsWithTheLineThatWasRefused) {
  EXPECT_THAT(take("kip test 1\none\nno\nthree\n").lines, ElementsAre("one", "no"));
}

TEST(TakeWord, TakesOneBlankBehindIt) {
  std::string_view line = "one  three";
  EXPECT_EQ(take_word(line), "one");
  EXPECT_EQ(take_word(line), "");
  EXPECT_EQ(take_word(line), "three");
  EXPECT_EQ(take_word(line), "");
}

TEST(PercentEncoding, ComesBackWhateverTheBytes) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  for (const Blanks blanks : {Blanks::kKeep, Blanks::kEncode})
    EXPECT_EQ(percent_decode(percent_encode(all, blanks)), all);
}

TEST(PercentEncoding, KeepsWhatCanBeRead) {
  EXPECT_EQ(percent_encode("a b/c%\n\x7f\xe9", Blanks::kKeep), "a b/c%25%0A%7F%E9");
  EXPECT_EQ(percent_encode("a b", Blanks::kEncode), "a%20b");
}

TEST(PercentDecoding, WantsTwoDigits) {
  for (const char* const text : {"%", "%4", "%4g", "%g4", "a%"})
    EXPECT_EQ(percent_decode(text), std::nullopt) << text;
}

}  // namespace
}  // namespace kip
