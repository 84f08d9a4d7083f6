// Writing containers: what is written reads back as it was, in an order that serves every loader.
#include <gtest/gtest.h>
#include <vector>

#include "tests/support/amd_blob.h"
#include "tests/support/kernel_amd.h"
#include "tests/ucode/packed.h"
#include "tests/ucode/walked.h"
#include "ucode/encode.h"

namespace kip::ucode {
namespace {

using support::AmdBlob;
using support::AmdPatch;
using support::Blob;

constexpr std::uint32_t kFam10Zosma = 0x00100F42;
constexpr std::uint32_t kFam10Six = 0x00100FA0;
constexpr std::uint32_t kMilan = 0x00A00F11;
constexpr std::uint32_t kMilanX = 0x00A00F12;

AmdPatch fam10(std::uint32_t id, std::uint16_t equivalence) {
  return AmdPatch(id).equivalence(equivalence).size(960).data_checksum();
}

// Three families, deliberately not ascending, two patches for one CPU newest first.
Blob mixed() {
  return support::join(
      {AmdBlob().zen(AmdPatch(0x0B404108).size(14368)).bytes(),
       AmdBlob().zen(AmdPatch(0x0A0011DE)).zen(AmdPatch(0x0A0011D5)).bytes(),
       AmdBlob().zen(AmdPatch(0x0A001238)).bytes(),
       AmdBlob().entry(kFam10Zosma, 0x1041).patch(fam10(0x010000C7, 0x1041)).bytes()});
}

// The revision that a kernel writes to the CPU; 0: none.
std::uint32_t loaded(const Blob& stream, std::uint32_t cpuid, std::uint32_t running = 0x01000080,
                     const support::KernelRules& rules = {}) {
  const auto pick = support::kernel_amd(stream, cpuid, running, rules);
  return pick.loaded() && pick.candidate ? pick.candidate->revision : 0;
}

struct Written {
  std::uint32_t container, revision;
  Blob bytes;
  std::vector<CpuSignature> cpus;
  bool operator==(const Written&) const = default;
};

std::vector<Written> contents(const Walked& seen) {
  std::vector<Written> out;
  out.reserve(seen.updates.size());
  for (std::size_t i = 0; i < seen.updates.size(); ++i) {
    const Update& update = seen.updates[i];
    out.push_back({update.container, update.revision, seen.wholes[i], update.table_cpus});
  }
  return out;
}

TEST(EncodeAmd, OrdersFamiliesAndPatchesAscending) {
  const Walked back = walked(packed_amd(walked(mixed())));
  EXPECT_TRUE(back.faults.empty());
  std::vector<std::pair<std::uint32_t, std::uint32_t>> order;
  order.reserve(back.updates.size());
  for (const Update& update : back.updates) order.emplace_back(update.container, update.revision);
  const std::vector<std::pair<std::uint32_t, std::uint32_t>> wanted = {
      {0, 0x010000C7}, {1, 0x0A0011D5}, {1, 0x0A0011DE}, {1, 0x0A001238}, {2, 0x0B404108}};
  EXPECT_EQ(order, wanted);
}

TEST(EncodeAmd, ReadsBackAsWhatWasWritten) {
  const Walked first = walked(packed_amd(walked(mixed())));
  const Walked second = walked(packed_amd(first));
  EXPECT_EQ(contents(second), contents(first));
}

TEST(EncodeAmd, KeepsEveryByteOfEveryPatch) {
  const Walked before = walked(mixed());
  const Walked after = walked(packed_amd(before));
  std::multiset<Blob> in(before.wholes.begin(), before.wholes.end());
  std::multiset<Blob> out(after.wholes.begin(), after.wholes.end());
  EXPECT_EQ(in, out);
}

TEST(EncodeAmd, WritesAgainWhatItWroteByteForByte) {
  const Blob once = packed_amd(walked(mixed()));
  EXPECT_EQ(packed_amd(walked(once)), once);
}

TEST(EncodeAmd, PutsSeveralCpusIntoOneContainerWithACompleteTable) {
  const Walked source = walked(support::join(
      {AmdBlob().zen(AmdPatch(0x0A001238)).bytes(), AmdBlob().zen(AmdPatch(0x0A0011D5)).bytes()}));
  const auto containers = plan_amd(patches_for_targets(source));
  ASSERT_EQ(containers.size(), 1U);
  EXPECT_EQ(containers[0].table,
            (std::vector<AmdTableRow>{{{kMilan}, 0xA011}, {{kMilanX}, 0xA012}}));
  EXPECT_EQ(containers[0].patches, (std::vector<std::size_t>{1, 0}));
}

// A18: the id in the table is the patch's own, whatever the source's table said.
TEST(EncodeAmd, MendsTheTable) {
  const Walked source = walked(AmdBlob().entry(kMilan, 0xA099).patch(AmdPatch(0x0A0011D5)).bytes());
  ASSERT_EQ(source.faults.size(), 1U);
  const Walked back = walked(packed_amd(source));
  EXPECT_TRUE(back.faults.empty());
  EXPECT_EQ(back.updates.at(0).table_cpus, std::vector<CpuSignature>{{kMilan}});
}

TEST(EncodeAmd, GivesACpuOfTwoPatchesTheEntryOfTheNewest) {
  const Walked source = walked(
      support::join({AmdBlob().entry(kFam10Six, 0x10A0).patch(fam10(0x010000DC, 0x10A0)).bytes(),
                     AmdBlob().entry(kFam10Six, 0x1041).patch(fam10(0x010000BF, 0x1041)).bytes()}));
  const auto containers = plan_amd(patches_for_targets(source));
  ASSERT_EQ(containers.size(), 1U);
  EXPECT_EQ(containers[0].table, (std::vector<AmdTableRow>{{{kFam10Six}, 0x10A0}}));
  EXPECT_EQ(loaded(packed_amd(source), kFam10Six), 0x010000DCU);
}

// Two sources may use one id for different CPUs: in one container each would get the other's patch.
TEST(EncodeAmd, KeepsPatchesOfOneIdForDifferentCpusApart) {
  const Walked source = walked(
      support::join({AmdBlob().entry(kFam10Zosma, 0x1041).patch(fam10(0x010000C7, 0x1041)).bytes(),
                     AmdBlob().entry(kFam10Six, 0x1041).patch(fam10(0x010000DC, 0x1041)).bytes()}));
  const Blob stream = packed_amd(source);
  EXPECT_EQ(loaded(stream, kFam10Zosma), 0x010000C7U);
  EXPECT_EQ(loaded(stream, kFam10Six), 0x010000DCU);
}

TEST(EncodeAmd, GivesNoRowToACpuThatWasNotAskedFor) {
  const Walked source = walked(AmdBlob()
                                   .entry(kFam10Zosma, 0x1041)
                                   .entry(kFam10Six, 0x1041)
                                   .patch(fam10(0x010000C7, 0x1041))
                                   .bytes());
  const AmdPatchFor only{&source.updates.at(0), {{kFam10Six}}};
  const auto containers = plan_amd({&only, 1});
  EXPECT_EQ(containers.at(0).table, (std::vector<AmdTableRow>{{{kFam10Six}, 0x1041}}));
}

TEST(EncodeAmd, OfNothingIsNothing) {
  EXPECT_TRUE(plan_amd({}).empty());
}

TEST(EncodeAmd, ClosesTheTableWithAZeroEntry) {
  const Blob table = encode_amd_table(std::vector<AmdTableRow>{{{kMilan}, 0xA011}});
  const Blob container = AmdBlob().entry(kMilan, 0xA011).bytes();
  EXPECT_EQ(table, container);
  EXPECT_EQ(table.size(), 12U + 32);
}

TEST(EncodeAmd, WritesTheSameBytesAsTheBuilder) {
  const Blob built = AmdBlob().zen(AmdPatch(0x0A0011D5)).zen(AmdPatch(0x0A0011DE)).bytes();
  EXPECT_EQ(packed_amd(walked(built)), built);
}

// A25: each family's CPU loads its own, whatever else lies in the stream.
TEST(EncodeAmd, ServesEveryFamilyFromOneStream) {
  const Blob stream = packed_amd(walked(mixed()));
  const struct {
    std::uint32_t cpuid, running, loads;
  } rows[] = {{kFam10Zosma, 0x01000083, 0x010000C7},
              {kMilan, 0x0A0011DB, 0x0A0011DE},
              {kMilanX, 0x0A001244, 0},
              {0x00B40F41, 0x0B404102, 0x0B404108}};
  for (const auto& rules :
       {support::KernelRules::linux_6_1(), support::KernelRules::linux_6_19()}) {
    for (const auto& row : rows) {
      EXPECT_EQ(loaded(stream, row.cpuid, row.running, rules), row.loads) << row.cpuid;
    }
  }
}

}  // namespace
}  // namespace kip::ucode
