// Whether an image serves a CPU as a merged part would, by what is known of the kernel.
#include <gtest/gtest.h>
#include <ostream>

#include "src/image/covered.h"
#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "ucode/walk.h"

namespace kip::image {
namespace {

using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;
using support::join;
using ucode::Vendor;

struct Row {
  std::string name;
  Blob image, merged;
  ManifestCpu cpu;
  std::string kernel;  // empty: not known
  bool same;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

const ManifestCpu kIntelCpu{Vendor::kIntel, {{0x806f8}, 0x10}};
const ManifestCpu kIntelCpuWithoutPlatform{Vendor::kIntel, {{0x806f8}, 0}};
const ManifestCpu kMilan{Vendor::kAmd, {{0x00a00f11}}};      // cutoff 0x0a0011da
const ManifestCpu kBulldozer{Vendor::kAmd, {{0x00600f12}}};  // by the table on every kernel

Blob intel(std::uint32_t revision, std::uint32_t flags = 0x10) {
  return IntelBlob().signature(0x806f8).platform_flags(flags).revision(revision).bytes();
}

constexpr std::uint32_t kOld = 0x0a0011d5, kFixed = 0x0a0011de;

Blob milan(std::initializer_list<std::uint32_t> revisions) {
  AmdBlob blob;
  for (const std::uint32_t revision : revisions) blob.zen(AmdPatch(revision));
  return blob.bytes();
}

// Milan's patches under a table that knows another CPU only.
Blob milan_unlisted(std::uint32_t revision) {
  return AmdBlob().entry(0x00a00f12, 0xa012).patch(AmdPatch(revision)).bytes();
}

Blob bulldozer(std::uint32_t revision) {
  return AmdBlob().entry(0x00600f12, 0x6012).patch(AmdPatch(revision).equivalence(0x6012)).bytes();
}

std::vector<Row> intel_rows() {
  const Blob other = IntelBlob().signature(0x906ea).platform_flags(0x10).bytes();
  const Blob debug = intel(0x80000005);
  return {
      {"IntelEqual", intel(5), intel(5), kIntelCpu, "", true},
      {"IntelOlder", intel(4), intel(5), kIntelCpu, "", false},
      {"IntelNewerThanIsWanted", intel(6), intel(5), kIntelCpu, "", false},
      {"IntelOlderBesideEqual", join({intel(4), intel(5)}), intel(5), kIntelCpu, "", true},
      {"IntelOlderBehindEqual", join({intel(5), intel(4)}), intel(5), kIntelCpu, "", true},
      {"IntelDebugBeside", join({intel(5), debug}), intel(5), kIntelCpu, "", false},
      {"IntelOtherCpusBeside", join({other, intel(5)}), intel(5), kIntelCpu, "", true},
      {"IntelOtherCpusOnly", other, intel(5), kIntelCpu, "", false},
      {"IntelOtherPlatform", intel(5, 0x20), intel(5), kIntelCpu, "", false},
      {"IntelMorePlatforms", intel(5, 0xff), intel(5), kIntelCpu, "", true},
      {"IntelNothingInTheImage", {}, intel(5), kIntelCpu, "", false},
      {"IntelNothingInTheMerged", intel(5), {}, kIntelCpu, "", false},
      {"IntelNothingInEither", {}, {}, kIntelCpu, "", true},
      {"IntelNothingForItInEither", other, other, kIntelCpu, "", true},
      {"IntelWithoutPlatform", intel(5, 0), intel(5, 0), kIntelCpuWithoutPlatform, "", true},
      {"IntelFlags0Before71", intel(5, 0), intel(5), kIntelCpu, "7.0.3", false},
      {"IntelFlags0From71On", intel(5, 0), intel(5), kIntelCpu, "7.1.0", true},
      {"IntelFlags0KernelNotKnown", intel(5, 0), intel(5), kIntelCpu, "", false},
      {"IntelNewerFlags0Before71", join({intel(5), intel(6, 0)}), intel(5), kIntelCpu, "7.0.3",
       true},
      {"IntelNewerFlags0From71On", join({intel(5), intel(6, 0)}), intel(5), kIntelCpu, "7.1.0",
       false},
  };
}

std::vector<Row> amd_rows() {
  const Blob pair = milan({kOld, kFixed});
  const Blob descending = milan({kFixed, kOld});
  return {
      {"AmdEqual", pair, pair, kMilan, "", true},
      {"AmdOlder", milan({0x0a0011d0}), milan({kOld}), kMilan, "", false},
      {"AmdOldClassOlder", milan({0x0a0011d0, kFixed}), pair, kMilan, "6.19.0", false},
      {"AmdFixedOnlyWhereKernelsDoNotChoose", milan({kFixed}), pair, kMilan, "6.12.60", true},
      {"AmdFixedOnlyWhereKernelsChoose", milan({kFixed}), pair, kMilan, "6.19.0", false},
      {"AmdFixedOnlyWhereABranchChooses", milan({kFixed}), pair, kMilan, "6.12.64", false},
      {"AmdFixedOnlyKernelNotKnown", milan({kFixed}), pair, kMilan, "", false},
      {"AmdFixedOnlyKernelOfAVendor", milan({kFixed}), pair, kMilan, "6.1.0-56-amd64", false},
      {"AmdOldOnlyWhereKernelsDoNotChoose", milan({kOld}), pair, kMilan, "6.12.60", false},
      {"AmdOldOnlyWhereKernelsChoose", milan({kOld}), pair, kMilan, "6.19.0", false},
      {"AmdPairWhereKernelsChoose", pair, pair, kMilan, "6.19.0", true},
      // Revision 0, which a BIOS may leave, is of no class.
      {"AmdDescendingWhereKernelsChoose", descending, pair, kMilan, "6.19.0", false},
      {"AmdDescendingWhereTheLastCounts", descending, pair, kMilan, "6.12.60", false},
      {"AmdTableLacksItByTable", milan_unlisted(kFixed), milan({kFixed}), kMilan, "6.6.80", false},
      {"AmdTableLacksItById", milan_unlisted(kFixed), milan({kFixed}), kMilan, "6.12.60", true},
      {"AmdTableLacksItKernelNotKnown", milan_unlisted(kFixed), milan({kFixed}), kMilan, "", false},
      {"AmdSecondContainer", join({milan({kOld}), milan({kFixed})}), pair, kMilan, "6.12.60",
       false},
      {"AmdOtherCpusInFront", join({bulldozer(0x0600063e), milan({kFixed})}), milan({kFixed}),
       kMilan, "6.12.60", true},
      {"AmdByTableEqual", bulldozer(0x0600063e), bulldozer(0x0600063e), kBulldozer, "", true},
      {"AmdByTableOlder", bulldozer(0x0600063d), bulldozer(0x0600063e), kBulldozer, "", false},
      {"AmdNothingInTheImage", {}, pair, kMilan, "", false},
      {"AmdNothingInEither", {}, {}, kMilan, "", true},
      {"AmdNothingForItInEither", bulldozer(0x0600063e), bulldozer(0x0600063d), kMilan, "", true},
  };
}

std::vector<ucode::Update> updates_of(const Blob& stream, Vendor vendor) {
  class Updates : public ucode::UpdateSink {
   public:
    void update(const ucode::Update& update, Bytes) override { updates.push_back(update); }
    void fault(const Finding&, const ucode::Update*) override {}
    std::vector<ucode::Update> updates;
  } found;
  MemoryInput in(stream);
  const auto kind = vendor == Vendor::kIntel ? ucode::StreamKind::kIntel : ucode::StreamKind::kAmd;
  EXPECT_TRUE(ucode::walk(kind, ucode::Depth::kChecked, in, found));
  return found.updates;
}

class Covered : public testing::TestWithParam<Row> {};

INSTANTIATE_TEST_SUITE_P(Intel, Covered, testing::ValuesIn(intel_rows()),
                         [](const auto& row) { return row.param.name; });
INSTANTIATE_TEST_SUITE_P(Amd, Covered, testing::ValuesIn(amd_rows()),
                         [](const auto& row) { return row.param.name; });

TEST_P(Covered, IsSaidIfTheLoaderTakesTheSame) {
  const Row& row = GetParam();
  const auto kernel = ucode::KernelVersion::parse(row.kernel);
  ASSERT_EQ(kernel.has_value(), !row.kernel.empty());
  EXPECT_EQ(takes_the_same(updates_of(row.image, row.cpu.vendor),
                           updates_of(row.merged, row.cpu.vendor), row.cpu, kernel),
            row.same);
}

}  // namespace
}  // namespace kip::image
