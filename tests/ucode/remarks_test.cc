// What is remarked about facts that no loader minds: sizes and dates, at their bounds.
#include <gtest/gtest.h>

#include "ucode/remarks.h"

namespace kip::ucode {
namespace {

std::vector<std::string> rules_of(Vendor vendor, std::uint32_t size, std::uint32_t date) {
  Update update;
  update.vendor = vendor;
  update.size = size;
  update.date = date;
  update.offset = 0x30;
  std::vector<std::string> rules;
  for (const Finding& note : remarks(update)) {
    EXPECT_EQ(note.severity, Severity::kNote);
    EXPECT_EQ(note.offset, 0x30U);
    rules.push_back(note.rule);
  }
  return rules;
}

using Rules = std::vector<std::string>;

TEST(Remarks, AreMadeOnSizesThatXenRefuses) {
  EXPECT_EQ(rules_of(Vendor::kIntel, 2048, 0x08142025), Rules{});
  EXPECT_EQ(rules_of(Vendor::kIntel, 3072, 0x08142025), Rules{});
  EXPECT_EQ(rules_of(Vendor::kIntel, 5168, 0x08142025), Rules{"intel-size"});
  EXPECT_EQ(rules_of(Vendor::kAmd, 3458, 0x08142025), Rules{});
}

TEST(Remarks, AreMadeOnDatesThatAreNone) {
  EXPECT_EQ(rules_of(Vendor::kIntel, 2048, 0), Rules{"date"});
  EXPECT_EQ(rules_of(Vendor::kAmd, 960, 0x13092011), Rules{"date"});
  EXPECT_EQ(rules_of(Vendor::kAmd, 960, 0x12312011), Rules{});
  EXPECT_EQ(rules_of(Vendor::kIntel, 5168, 0x0A012020), (Rules{"intel-size", "date"}));
}

}  // namespace
}  // namespace kip::ucode
