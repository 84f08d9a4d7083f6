// One container: its facts, its table, and that no part of one passes unnoticed.
#include <gtest/gtest.h>
#include <string>

#include "tests/support/amd_blob.h"
#include "tests/ucode/walked.h"
#include "ucode/amd.h"

namespace kip::ucode {
namespace {

using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::View;

AmdBlob milan_pair() {
  return AmdBlob().zen(AmdPatch(0x0A0011D5).size(192)).zen(AmdPatch(0x0A0011DE).size(194));
}

std::vector<CpuSignature> signatures(std::initializer_list<std::uint32_t> values) {
  std::vector<CpuSignature> out;
  for (const std::uint32_t value : values) out.push_back({value});
  return out;
}

TEST(AmdWalk, GivesEveryFactOfAZenPatch) {
  const Blob bytes =
      AmdBlob().zen(AmdPatch(0x0A0011DE).date(0x07082025).min_base(0x0A0011D9)).bytes();
  const Walked seen = walked(bytes);
  ASSERT_EQ(seen.updates.size(), 1U);
  const Update& update = seen.updates[0];
  EXPECT_EQ(update.vendor, Vendor::kAmd);
  EXPECT_EQ(update.size, 512U);
  EXPECT_EQ(update.revision, 0x0A0011DEU);
  EXPECT_EQ(update.date, 0x07082025U);
  EXPECT_EQ(update.minimum_revision, 0x0A0011D9U);
  EXPECT_EQ(update.equivalence_id, 0xA011);
  EXPECT_EQ(update.targets, (std::vector<Target>{{CpuSignature{0x00A00F11}, 0}}));
  EXPECT_EQ(update.table_cpus, signatures({0x00A00F11}));
}

// Family 10h has a checksum where later families have the base revision.
TEST(AmdWalk, GivesAnOldPatchEveryCpuOfItsTable) {
  const AmdPatch patch = AmdPatch(0x010000C8).equivalence(0x1041).size(960).data_checksum();
  const Blob bytes = AmdBlob()
                         .entry(0x00100F42, 0x1041)
                         .entry(0x00100F63, 0x1043)
                         .entry(0x00100F52, 0x1041)
                         .patch(patch)
                         .bytes();
  const Walked seen = walked(bytes);
  ASSERT_EQ(seen.updates.size(), 1U);
  EXPECT_EQ(seen.updates[0].minimum_revision, 0U);
  EXPECT_EQ(seen.updates[0].table_cpus, signatures({0x00100F42, 0x00100F52}));
  EXPECT_EQ(seen.updates[0].targets.size(), 2U);
}

// A19: the patch is for the CPU it names, whatever the table says.
TEST(AmdWalk, TrustsAZenPatchesIdMoreThanTheTable) {
  const AmdPatch patch = AmdPatch(0x0A001238).equivalence(0xA012);
  const Walked seen = walked(AmdBlob().entry(0x00A00F11, 0xA012).patch(patch).bytes());
  ASSERT_EQ(seen.updates.size(), 1U);
  EXPECT_EQ(seen.updates[0].targets, (std::vector<Target>{{CpuSignature{0x00A00F12}, 0}}));
  EXPECT_EQ(seen.updates[0].table_cpus, signatures({0x00A00F11}));
}

TEST(AmdWalk, CountsTheContainersInFront) {
  const Blob one = AmdBlob().zen(AmdPatch(0x0A0011D5)).bytes();
  const Walked seen = walked(support::join({one, milan_pair().bytes()}));
  ASSERT_EQ(seen.updates.size(), 3U);
  EXPECT_EQ(seen.updates[0].container, 0U);
  EXPECT_EQ(seen.updates[1].container, 1U);
  EXPECT_EQ(seen.updates[2].container, 1U);
}

TEST(AmdWalk, HandsOutTheBytesOfEachPatch) {
  const Walked seen = walked(milan_pair().bytes());
  EXPECT_EQ(seen.wholes, (std::vector<Blob>{AmdPatch(0x0A0011D5).size(192).bytes(),
                                            AmdPatch(0x0A0011DE).size(194).bytes()}));
}

// A prefix that ends where a section ends is a whole container, just a shorter one.
TEST(AmdWalk, ReportsEveryProperPrefixThatEndsInsideSomething) {
  const Blob whole = milan_pair().bytes();
  const std::size_t table_end = 12 + 32;
  const std::size_t first_end = table_end + 8 + 192;
  for (const Depth depth : {Depth::kHeaders, Depth::kWhole}) {
    for (std::size_t size = 1; size < whole.size(); ++size) {
      const Walked seen = walked(StreamKind::kAmd, View(whole).first(size), depth);
      const bool ends_well = size == table_end || size == first_end;
      ASSERT_EQ(seen.faults.size(), ends_well ? 0U : 1U) << size;
      ASSERT_EQ(seen.updates.size(), size < first_end ? 0U : 1U) << size;
    }
  }
}

TEST(AmdWalk, RefusesEveryProperPrefixOfAPatchAsTruncated) {
  const Blob whole = AmdBlob().zen(AmdPatch().size(192)).bytes();
  for (std::size_t size = 12 + 32 + 8; size < whole.size(); ++size) {
    const Walked seen = walked(StreamKind::kAmd, View(whole).first(size));
    ASSERT_EQ(seen.faults.size(), 1U) << size;
    ASSERT_EQ(seen.faults[0].rule, "amd-truncated") << size;
  }
}

TEST(AmdWalk, SaysWhatATruncatedPatchClaimsToBe) {
  Blob bytes = AmdBlob().zen(AmdPatch(0x0A0011DE)).bytes();
  bytes.pop_back();
  const Walked seen = walked(bytes);
  EXPECT_EQ(seen.suspects.at(0).revision, 0x0A0011DEU);
  EXPECT_EQ(seen.suspects.at(0).targets.at(0).signature.value, 0x00A00F11U);
}

// An oddity is no reason to leave a patch out: no suspect, and the update follows.
TEST(AmdWalk, HasNoSuspectWhereAPatchIsOnlyOdd) {
  const Walked seen = walked(AmdBlob().entry(0x00A00F12, 0xA012).patch(AmdPatch()).bytes());
  EXPECT_TRUE(seen.suspects.at(0).targets.empty());
  EXPECT_EQ(seen.updates.size(), 1U);
}

TEST(AmdWalk, SumsTheDataOfFamiliesThatStateASum) {
  const auto faults = [](const AmdPatch& patch) {
    const Blob bytes = AmdBlob().entry(0x00100F42, 0x1041).patch(patch).bytes();
    std::vector<std::string> texts;
    for (const Finding& fault : walked(bytes).faults) texts.push_back(fault.text);
    return texts;
  };
  const auto old = [] { return AmdPatch(0x010000C8).equivalence(0x1041).size(960); };
  EXPECT_EQ(faults(old().data_checksum()), std::vector<std::string>{});
  EXPECT_EQ(faults(old()), std::vector<std::string>{});  // none stated, as AMD does for family 14h
  EXPECT_EQ(faults(old().data_checksum().flip_bit(8 * 959)).size(), 1U);
}

TEST(AmdTable, GivesACpuToItsFirstEntryOnly) {
  const Blob container = AmdBlob()
                             .entry(0x00100F42, 0x1041)
                             .entry(0x00100F42, 0x1043)
                             .entry(0x00100F63, 0x1043)
                             .bytes();
  const AmdTable table = AmdTable::parse(View(container).subspan(12));
  EXPECT_EQ(table.cpus_of(0x1041), signatures({0x00100F42}));
  EXPECT_EQ(table.cpus_of(0x1043), signatures({0x00100F63}));
  EXPECT_EQ(table.ambiguous(), signatures({0x00100F42}));
}

TEST(AmdTable, LeavesOutARestAndZeroEntries) {
  const Blob container =
      AmdBlob().entry(0, 0x1041).entry(0x00100F42, 0x1041).terminator(false).bytes();
  Blob entries(container.begin() + 12, container.end());
  entries.resize(entries.size() + 15, 0xFF);
  const AmdTable table = AmdTable::parse(entries);
  EXPECT_EQ(table.cpus_of(0x1041), signatures({0x00100F42}));
  EXPECT_TRUE(table.cpus_of(0xFFFF).empty());
}

TEST(AmdSizeLimit, IsTheLoadersForTheFamily) {
  EXPECT_EQ(amd_size_limit(0x0F), 0U);
  EXPECT_EQ(amd_size_limit(0x10), 2048U);
  EXPECT_EQ(amd_size_limit(0x11), 2048U);
  EXPECT_EQ(amd_size_limit(0x12), 2048U);
  EXPECT_EQ(amd_size_limit(0x13), 0U);
  EXPECT_EQ(amd_size_limit(0x14), 1824U);
  EXPECT_EQ(amd_size_limit(0x15), kAmdPatchLimit);
  EXPECT_EQ(amd_size_limit(0x1A), kAmdPatchLimit);
}

TEST(AmdFamily, IsTheEquivalenceIdsHighestDigit) {
  EXPECT_EQ(amd_family(0x0FFF), 0x0FU);
  EXPECT_EQ(amd_family(0x1043), 0x10U);
  EXPECT_EQ(amd_family(0xA011), 0x19U);
  EXPECT_EQ(amd_family(0xB440), 0x1AU);
  EXPECT_TRUE(is_zen(0x17));
  EXPECT_FALSE(is_zen(0x16));
}

TEST(ZenCpu, AgreesWithTheKernelsReadingOfPatchIds) {
  for (std::uint32_t high = 0x080; high <= 0x0B8; ++high) {
    for (std::uint32_t low = 0; low <= 0xFF; ++low) {
      const std::uint32_t id = high << 20 | low << 8 | 0x42;
      const std::uint32_t cpuid = support::zen_cpuid(id);
      ASSERT_EQ(zen_cpu(id).value, cpuid);
      ASSERT_EQ(zen_lowest_revision({cpuid}), support::zen_lowest_revision(cpuid));
      ASSERT_EQ(zen_lowest_revision({cpuid}), id & ~0xFFU);
    }
  }
}

TEST(ZenCpu, IgnoresTheReservedNibble) {
  EXPECT_EQ(zen_cpu(0x0A0F11D5), zen_cpu(0x0A0011D5));
}

}  // namespace
}  // namespace kip::ucode
