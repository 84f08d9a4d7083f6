// Updates that are known to do harm: the list itself, and what is found in it.
#include <gtest/gtest.h>
#include <string>

#include "ucode/selector.h"
#include "ucode/trouble.h"

namespace kip::ucode {
namespace {

Update update_for(std::vector<Target> targets, std::uint32_t revision) {
  Update update;
  update.targets = std::move(targets);
  update.revision = revision;
  return update;
}

TEST(KnownTrouble, IsFoundByCpuAndRevision) {
  EXPECT_EQ(known_trouble(update_for({{{0x406e3}, 0xc0}}, 0xd6)), nullptr);
  ASSERT_NE(known_trouble(update_for({{{0x406e3}, 0xc0}}, 0xdc)), nullptr);
  EXPECT_NE(known_trouble(update_for({{{0x406e3}, 0xc0}}, 0xe2)), nullptr);
  EXPECT_EQ(known_trouble(update_for({{{0x406e3}, 0xc0}}, 0xf0)), nullptr);
  EXPECT_EQ(known_trouble(update_for({{{0x406e4}, 0xc0}}, 0xdc)), nullptr);
}

TEST(KnownTrouble, IsFoundForACpuOfTheExtendedTable) {
  const Update update = update_for({{{0x506e8}, 0x36}, {{0x506e3}, 0x36}}, 0xdc);
  ASSERT_NE(known_trouble(update), nullptr);
  EXPECT_EQ(known_trouble(update)->cpu.value, 0x506e3U);
}

TEST(KnownTrouble, IsIntelsAlone) {
  Update update = update_for({{{0x406e3}, 0}}, 0xdc);
  update.vendor = Vendor::kAmd;
  EXPECT_EQ(known_trouble(update), nullptr);
}

TEST(KnownTrouble, IsInOrderAndEachRowSaysWhatAndWho) {
  const auto rows = known_troubles();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_LE(rows[i].first, rows[i].last);
    EXPECT_NE(std::string(rows[i].what), "");
    EXPECT_NE(std::string(rows[i].source), "");
    if (i == 0) continue;
    EXPECT_LT(std::pair(rows[i - 1].cpu, rows[i - 1].last), std::pair(rows[i].cpu, rows[i].first));
  }
}

// What the remedy names, the options understand.
TEST(KnownTrouble, HasASelectorThatHoldsThatUpdateAndNoOther) {
  for (const Trouble& row : known_troubles()) {
    const auto selector = parse_selector(hold_selector(row, row.first));
    ASSERT_TRUE(selector) << row.cpu.value;
    EXPECT_TRUE(selector->matches_cpu(Vendor::kIntel, row.cpu));
    EXPECT_TRUE(selector->takes_revision(row.first));
    EXPECT_FALSE(selector->takes_revision(row.first + 1));
    EXPECT_FALSE(selector->takes_revision(row.first - 1));
  }
}

}  // namespace
}  // namespace kip::ucode
