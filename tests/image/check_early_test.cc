// The read-back: an archive that is not what was meant to be written does not get its name.
#include <gtest/gtest.h>

#include "cpio/writer.h"
#include "tests/image/packed.h"
#include "tests/support/kernel_amd.h"
#include "tests/support/kernel_intel.h"
#include "tests/support/newc_blob.h"

namespace kip::image {
namespace {

using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;
using support::join;
using support::kAmdPath;
using support::kIntelPath;
using support::NewcBlob;

using support::KernelRules;
using Lines = std::vector<std::string>;

const std::vector<ManifestCpu> kCpus = {{ucode::Vendor::kIntel, {{0x806f8}, 0x01}},
                                        {ucode::Vendor::kAmd, {{0x00a20f12}}}};

Blob intel(std::uint32_t revision) {
  return IntelBlob().signature(0x806f8).revision(revision).seed(revision).bytes();
}

class CheckEarly : public testing::Test {
 protected:
  void SetUp() override {
    packed_.tree().write("intel", IntelBlob().signature(0x806f8).body_size(208).bytes());
    packed_.tree().write("amd", AmdBlob().zen(AmdPatch(0x0a201210).size(256)).bytes());
    packed_.pack();
  }

  // With another Intel member in place of the one that was written.
  Blob with_member(const Blob& data) const {
    return NewcBlob()
        .file(kIntelPath, data, {.data_align = 16})
        .file(kAmdPath, packed_.member(kAmdPath), {.data_align = 16})
        .bytes();
  }

  Packed packed_;
};

TEST_F(CheckEarly, TakesWhatWasWritten) {
  EXPECT_EQ(error_of(packed_.check(packed_.image)), "");
}

TEST_F(CheckEarly, TakesTheSameMembersInAnotherArchive) {
  EXPECT_EQ(error_of(packed_.check(with_member(packed_.member(kIntelPath)))), "");
}

Blob flipped(Blob bytes, std::size_t at, int flip) {
  bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ flip);
  return bytes;
}

TEST_F(CheckEarly, SeesEveryFlippedByteOfTheUpdates) {
  const std::size_t amd_table = 12 + 2 * 16;  // header, one entry, the zero entry
  const support::Extent intel_data = *support::find_early(packed_.image, kIntelPath);
  const support::Extent amd_data = *support::find_early(packed_.image, kAmdPath);
  for (std::size_t i = 0; i < intel_data.size; ++i)
    ASSERT_FALSE(packed_.check(flipped(packed_.image, intel_data.offset + i, 0x10))) << i;
  for (std::size_t i = amd_table; i < amd_data.size; ++i)
    ASSERT_FALSE(packed_.check(flipped(packed_.image, amd_data.offset + i, 0x10))) << i;
}

// What a kernel would hand to the CPU, old kernels and new ones.
Lines handed_over(const Blob& image) {
  Lines lines;
  for (const KernelRules& rules : {KernelRules::linux_6_1(), KernelRules::linux_6_12_60()}) {
    if (const auto data = support::find_early(image, kIntelPath)) {
      const Blob member = part(image, data->offset, data->size);
      const auto pick = support::kernel_intel(member, 0x806f8, 0x01, 0, rules);
      if (pick.picked)
        lines.push_back(support::to_string(part(member, pick.picked->offset, pick.picked->size)));
    }
    if (const auto data = support::find_early(image, kAmdPath)) {
      const Blob member = part(image, data->offset, data->size);
      const auto pick = support::kernel_amd(member, 0x00a20f12, 0x0a201200, rules);
      if (pick.candidate) {
        lines.push_back(
            support::to_string(part(member, pick.candidate->offset, pick.candidate->size)));
      }
    }
  }
  return lines;
}

// Elsewhere a byte may change without harm (a time, an owner, a table's reserved field); never so
// that a kernel would hand other bytes to the CPU.
TEST_F(CheckEarly, SeesEveryFlippedByteThatAKernelWouldNotice) {
  const Lines expected = handed_over(packed_.image);
  ASSERT_EQ(expected.size(), 4u);
  std::size_t refused = 0;
  for (std::size_t at = 0; at < packed_.image.size(); ++at) {
    for (const int flip : {0x01, 0x02, 0x40, 0x80}) {
      const Blob changed = flipped(packed_.image, at, flip);
      if (packed_.check(changed, kCpus)) {
        ASSERT_EQ(handed_over(changed), expected) << at;
      } else {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 500u);
}

TEST_F(CheckEarly, SeesEveryByteThatIsCutOff) {
  const std::string_view text = as_text(packed_.image);
  const std::size_t trailer = text.find("TRAILER!!!");
  for (std::size_t size = 0; size < trailer + 10; ++size) {
    ASSERT_FALSE(packed_.check(Bytes(packed_.image).first(size)).has_value()) << size;
  }
}

TEST_F(CheckEarly, RefusesUpdatesThatWereNotWritten) {
  const Blob more = join({packed_.member(kIntelPath), intel(9)});
  EXPECT_EQ(error_of(packed_.check(with_member(more))),
            "archive does not hold what was written to it");
}

TEST_F(CheckEarly, RefusesAMemberWithResidue) {
  for (const Blob& rest : {support::zeros(4), support::zeros(48), support::noise(100, 1)}) {
    const Blob more = join({packed_.member(kIntelPath), rest});
    EXPECT_EQ(code_of(packed_.check(with_member(more))), Errc::kCorrupt);
  }
}

TEST_F(CheckEarly, RefusesAnEmptyMember) {
  EXPECT_EQ(error_of(packed_.check(with_member({}))), "member holds no update");
}

TEST_F(CheckEarly, RefusesDataThatIsNotAligned) {
  const Blob image = NewcBlob()
                         .directory("x")
                         .file(kIntelPath, packed_.member(kIntelPath))
                         .file(kAmdPath, packed_.member(kAmdPath), {.data_align = 16})
                         .bytes();
  ASSERT_NE(support::find_early(image, kIntelPath)->offset % 16, 0u);
  EXPECT_EQ(error_of(packed_.check(image)), "updates are not aligned");
}

TEST_F(CheckEarly, RefusesAMissingMember) {
  const Blob image =
      NewcBlob().file(kIntelPath, packed_.member(kIntelPath), {.data_align = 16}).bytes();
  EXPECT_EQ(code_of(packed_.check(image)), Errc::kCorrupt);
}

TEST_F(CheckEarly, RefusesAnArchiveWithoutTrailer) {
  const Blob image = NewcBlob()
                         .file(kIntelPath, packed_.member(kIntelPath), {.data_align = 16})
                         .file(kAmdPath, packed_.member(kAmdPath), {.data_align = 16})
                         .trailer(false)
                         .bytes();
  EXPECT_EQ(error_of(packed_.check(image)), "archive does not end in a trailer");
}

TEST_F(CheckEarly, RefusesAForeignFileInFrontThatTheKernelWouldTake) {
  const Blob image = NewcBlob()
                         .file(std::string(kIntelPath) + ".bak", intel(1), {.data_align = 16})
                         .raw(packed_.image)
                         .trailer(false)
                         .bytes();
  EXPECT_EQ(code_of(packed_.check(image)), Errc::kCorrupt);
}

TEST_F(CheckEarly, TakesTheCpusThatItServes) {
  EXPECT_EQ(error_of(packed_.check(packed_.image, kCpus)), "");
}

TEST_F(CheckEarly, NamesTheCpuThatWouldLoadNothing) {
  const std::vector<ManifestCpu> cpus = {{ucode::Vendor::kIntel, {{0x906ea}, 0x02}}};
  EXPECT_EQ(error_of(packed_.check(packed_.image, cpus)),
            "CPU 06-9e-0a would load nothing from it");
}

TEST_F(CheckEarly, NamesTheCpuWhosePlatformIsNotServed) {
  const std::vector<ManifestCpu> cpus = {{ucode::Vendor::kIntel, {{0x806f8}, 0x80}}};
  EXPECT_EQ(error_of(packed_.check(packed_.image, cpus)),
            "CPU 06-8f-08 would load nothing from it");
}

}  // namespace
}  // namespace kip::image
