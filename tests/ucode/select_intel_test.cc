// Which Intel updates a CPU gets, and the verdict on each of the others.
#include <gtest/gtest.h>

#include "tests/ucode/pool.h"

namespace kip::ucode {
namespace {

using Verdicts = std::vector<std::string>;

// 0f-04-0a as Intel publishes it: masks overlap, and bit 0 has the older revision only.
Pool overlapping() {
  return Pool().intel(4, {{0xF4A, 0x5C}}).intel(2, {{0xF4A, 0x5D}});
}

SelectOptions for_kernel(const char* release) {
  SelectOptions options;
  options.kernel = KernelVersion::parse(release);
  return options;
}

TEST(SelectIntel, TakesTheNewestOfEachPlatformBit) {
  EXPECT_EQ(overlapping().revisions("0xf4a,0x1"), "0x2");
  EXPECT_EQ(overlapping().revisions("0xf4a,0x4"), "0x4");
  EXPECT_EQ(overlapping().revisions("0xf4a,0x10"), "0x4");
}

TEST(SelectIntel, KeepsBothOfOverlappingMasksForAnUnknownPlatform) {
  EXPECT_EQ(overlapping().revisions("0xf4a"), "0x4 0x2");
  EXPECT_EQ(overlapping().verdicts("0xf4a"), (Verdicts{"chosen", "chosen"}));
}

TEST(SelectIntel, TakesOnlyTheMaskOfTheHost) {
  const Pool pool =
      Pool().intel(0x2C000410, {{0x806F8, 0x10}}).intel(0x2B000650, {{0x806F8, 0x87}});
  EXPECT_EQ(pool.revisions("0x806f8,0x80"), "0x2b000650");
  EXPECT_EQ(pool.verdicts("0x806f8,0x80"), (Verdicts{"for another platform", "chosen"}));
  EXPECT_EQ(pool.revisions("0x806f8,0x20"), "nothing");
}

TEST(SelectIntel, TakesEveryMaskWhereThePlatformIsUnknown) {
  const Pool pool =
      Pool().intel(0x2C000410, {{0x806F8, 0x10}}).intel(0x2B000650, {{0x806F8, 0x87}});
  EXPECT_EQ(pool.revisions("0x806f8"), "0x2c000410 0x2b000650");
}

TEST(SelectIntel, FindsASignatureThatOnlyTheTableHas) {
  const Pool pool = Pool().intel(0x3A, {{0x90672, 7}, {0x90672, 7}, {0xB06F6, 7}});
  const Selection selection = pool.answer({"0xb06f6,0x1"});
  EXPECT_EQ(pool.revisions_of(selection, 0), "0x3a");
  EXPECT_EQ(selection.choices.at(0).cpus, std::set<CpuSignature>{{0xB06F6}});
}

// The flags of the entry count, not those of the header.
TEST(SelectIntel, ComparesTheFlagsOfTheEntryThatMatches) {
  const Pool pool = Pool().intel(0x3A, {{0x806F8, 0x87}, {0x806F7, 0x10}});
  EXPECT_EQ(pool.revisions("0x806f7,0x1"), "nothing");
  EXPECT_EQ(pool.revisions("0x806f7,0x10"), "0x3a");
}

TEST(SelectIntel, LeavesSupersededRevisionsOut) {
  const Pool pool =
      Pool().intel(0x3A, {{0xB06F2, 7}}).intel(0x3C, {{0xB06F2, 7}}).intel(0x3B, {{0xB06F2, 7}});
  EXPECT_EQ(pool.verdicts("0xb06f2"), (Verdicts{"superseded", "chosen", "superseded"}));
}

// I34: never newer than anything, so that even alone it serves nobody.
TEST(SelectIntel, NeverTakesRevisionZero) {
  const Pool pool = Pool().intel(0, {{0xB06F2, 7}});
  EXPECT_EQ(pool.revisions("0xb06f2"), "nothing");
  EXPECT_EQ(pool.verdicts("0xb06f2"), Verdicts{"revision 0 is never loaded"});
}

Pool with_debug() {
  return Pool().intel(0x8000001A, {{0xB06F2, 7}}).intel(0x1A, {{0xB06F2, 7}});
}

TEST(SelectIntel, TakesProductionBeforeDebug) {
  EXPECT_EQ(with_debug().revisions("0xb06f2"), "0x1a");
  EXPECT_EQ(with_debug().verdicts("0xb06f2"), (Verdicts{"a debug revision", "chosen"}));
}

TEST(SelectIntel, TakesNoDebugRevisionEvenWhereItIsAllThereIs) {
  EXPECT_EQ(Pool().intel(0x8000001A, {{0xB06F2, 7}}).revisions("0xb06f2"), "nothing");
}

TEST(SelectIntel, TakesADebugRevisionThatIsAskedForByNumber) {
  EXPECT_EQ(with_debug().revisions("0xb06f2,,eq:0x8000001a"), "0x8000001a");
  SelectOptions pinned;
  pinned.pins = selectors({"0xb06f2,,eq:0x8000001a"});
  EXPECT_EQ(with_debug().revisions("0xb06f2", pinned), "0x8000001a");
}

TEST(SelectIntel, TakesDebugRevisionsAsTheKernelDoesWhereTheCallerWantsThem) {
  SelectOptions options;
  options.debug = true;
  EXPECT_EQ(with_debug().revisions("0xb06f2", options), "0x8000001a");
}

TEST(SelectIntel, TakesNoDebugRevisionForALowerBoundAlone) {
  EXPECT_EQ(with_debug().revisions("0xb06f2,,gt:0x10"), "0x1a");
  SelectOptions pinned;
  pinned.pins = selectors({"0xb06f2,,gt:0x10"});
  EXPECT_EQ(with_debug().revisions("0xb06f2", pinned), "0x1a");
}

TEST(SelectIntel, ComparesAll32BitsOfASignature) {
  const Pool pool = Pool().intel(2, {{0x1632, 0}});
  EXPECT_EQ(pool.revisions("0x632"), "nothing");
  EXPECT_EQ(pool.verdicts("0x632"), Verdicts{"for another CPU"});
}

// I29, by kernel: 06-03-02 is published with flags 0.
TEST(SelectIntel, TakesFlagsZeroWhereTheKernelDoes) {
  const Pool pool = Pool().intel(2, {{0x1632, 0}});
  EXPECT_EQ(pool.revisions("0x1632,0x1", for_kernel("7.0.9")), "nothing");
  EXPECT_EQ(pool.revisions("0x1632,0x1", for_kernel("7.1")), "0x2");
  EXPECT_EQ(pool.revisions("0x1632,0x1"), "nothing") << "kernel unknown";
  EXPECT_EQ(pool.revisions("0x1632,0x0", for_kernel("7.0.9")), "0x2") << "no platform id";
  EXPECT_EQ(pool.revisions("0x1632"), "0x2") << "platform unknown";
}

TEST(SelectIntel, HoldsFlagsZeroAgainstTheHostsBitSince7_1) {
  const Pool pool = Pool().intel(5, {{0x1632, 0}}).intel(4, {{0x1632, 1}});
  EXPECT_EQ(pool.revisions("0x1632,0x1", for_kernel("7.1")), "0x5");
  EXPECT_EQ(pool.revisions("0x1632,0x1", for_kernel("7.0")), "0x4");
}

TEST(SelectIntel, GivesACpuWithoutPlatformIdFlagsZeroOnly) {
  const Pool pool = Pool().intel(5, {{0x1632, 1}}).intel(4, {{0x1632, 0}});
  EXPECT_EQ(pool.revisions("0x1632,0x0"), "0x4");
  EXPECT_EQ(pool.verdicts("0x1632,0x0"), (Verdicts{"for another platform", "chosen"}));
}

TEST(SelectIntel, KeepsFlagsZeroBesideOthersForAnUnknownPlatform) {
  const Pool pool = Pool().intel(5, {{0x1632, 1}}).intel(4, {{0x1632, 0}});
  EXPECT_EQ(pool.revisions("0x1632"), "0x4 0x5");
}

TEST(SelectIntel, CountsEqualUpdatesAsOneChoice) {
  const Pool pool = Pool().intel(0x3A, {{0xB06F2, 7}}).intel(0x3A, {{0xB06F2, 7}});
  const Selection selection = pool.answer({"0xb06f2"});
  EXPECT_EQ(verdicts_of(selection), (Verdicts{"chosen", "a duplicate"}));
  ASSERT_EQ(selection.choices.size(), 1U);
  EXPECT_EQ(selection.choices[0].candidates, (std::vector<std::size_t>{0, 1}));
}

TEST(SelectIntel, TakesTheFirstOfEquallyNewOnesWithOtherBytes) {
  const Pool pool = Pool().intel(0x3A, {{0xB06F2, 7}}).intel(0x3A, {{0xB06F2, 7}}).other_bytes();
  const Selection selection = pool.answer({"0xb06f2"});
  EXPECT_EQ(verdicts_of(selection),
            (Verdicts{"chosen", "same revision with other bytes, the first counts"}));
  EXPECT_EQ(selection.choices.at(0).candidates, std::vector<std::size_t>{0});
}

TEST(SelectIntel, TakesTheNewestBelowABound) {
  const Pool pool =
      Pool().intel(0x3A, {{0xB06F2, 7}}).intel(0x3B, {{0xB06F2, 7}}).intel(0x3C, {{0xB06F2, 7}});
  EXPECT_EQ(pool.revisions("0xb06f2,,lt:0x3c"), "0x3b");
  EXPECT_EQ(pool.verdicts("0xb06f2,,lt:0x3c"),
            (Verdicts{"superseded", "chosen", "outside the revision bound"}));
  EXPECT_EQ(pool.revisions("0xb06f2,,eq:0x3a"), "0x3a");
  EXPECT_EQ(pool.revisions("0xb06f2,,gt:0x3c"), "nothing");
}

TEST(SelectIntel, GroupsANamesSignaturesApart) {
  const Pool pool = Pool().intel(2, {{0x1632, 0}}).intel(9, {{0x632, 1}});
  EXPECT_EQ(pool.revisions("06-03-02"), "0x9 0x2");
}

}  // namespace
}  // namespace kip::ucode
