// The bytes that journald gets.
#include <gtest/gtest.h>

#include "src/cli/journal.h"

namespace kip::cli {
namespace {

using std::string_literals::operator""s;

TEST(JournalEntry, IsOneLineAField) {
  EXPECT_EQ(journal_entry({{"MESSAGE", "all is well"}, {"PRIORITY", "6"}}),
            "MESSAGE=all is well\nPRIORITY=6\n");
}

TEST(JournalEntry, StatesTheLengthOfLines) {
  EXPECT_EQ(journal_entry({{"A", "one\ntwo"}, {"B", "x=y"}}),
            "A\n\x07\0\0\0\0\0\0\0one\ntwo\nB=x=y\n"s);
  const std::string longer = "\n" + std::string(0x1233, 'x');
  EXPECT_EQ(journal_entry({{"A", longer}}), "A\n\x34\x12\0\0\0\0\0\0"s + longer + "\n");
}

TEST(JournalEntry, MayNameAFieldTwice) {
  EXPECT_EQ(journal_entry({{"A", "1"}, {"A", ""}}), "A=1\nA=\n");
}

TEST(SendToJournal, RefusesWhatIsTooLarge) {
  const Status sent = send_to_journal({{"A", std::string(kJournalLimit, 'x')}});
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().code, Errc::kLimit);
}

}  // namespace
}  // namespace kip::cli
