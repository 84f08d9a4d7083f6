#include <gtest/gtest.h>

#include "src/base/sink.h"
#include "tests/image/packed.h"
#include "tests/support/kernel_amd.h"
#include "tests/support/kernel_intel.h"
#include "tests/support/run_program.h"

namespace kip::image {
namespace {

using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;
using support::join;
using support::kAmdPath;
using support::KernelRules;
using support::kIntelPath;

Blob intel(std::uint32_t signature, std::uint32_t flags, std::uint32_t revision,
           std::uint32_t body = 976) {
  return IntelBlob()
      .signature(signature)
      .platform_flags(flags)
      .revision(revision)
      .body_size(body)
      .seed(signature ^ revision)
      .bytes();
}

// Old and new of one CPU, overlapping platforms, further signatures, one odd size, two families of
// AMD and two patches of one CPU.
void fill(const support::TempDir& tree, const std::string& prefix = "") {
  tree.write(prefix + "a", intel(0x806f8, 0x87, 0x10));
  tree.write(prefix + "b", intel(0x806f8, 0x87, 0x20, 2000));
  tree.write(prefix + "c", join({intel(0x906ea, 0x22, 0x5), intel(0x906ea, 0x02, 0x9)}));
  tree.write(
      prefix + "d",
      IntelBlob().signature(0xb06f2).revision(0x3a).extended({{0xb06f5, 7}, {0x90675, 7}}).bytes());
  tree.write(prefix + "e",
             AmdBlob().zen(AmdPatch(0x0a201210)).zen(AmdPatch(0x0a201205).size(640)).bytes());
  tree.write(prefix + "f", AmdBlob().zen(AmdPatch(0x08701034).size(3200)).bytes());
}

class Early : public testing::Test {
 protected:
  void SetUp() override {
    fill(packed_.tree());
    packed_.pack();
  }

  Packed packed_;
};

TEST_F(Early, IsFoundByTheKernelForBothVendors) {
  EXPECT_TRUE(support::find_early(packed_.image, kIntelPath));
  EXPECT_TRUE(support::find_early(packed_.image, kAmdPath));
}

TEST_F(Early, HasItsUpdatesAlignedTo16) {
  EXPECT_EQ(support::find_early(packed_.image, kIntelPath)->offset % 16, 0u);
  EXPECT_EQ(support::find_early(packed_.image, kAmdPath)->offset % 16, 0u);
}

TEST_F(Early, IsAMultipleOf512) {
  EXPECT_EQ(packed_.image.size() % 512, 0u);
}

TEST_F(Early, PassesItsOwnCheck) {
  EXPECT_EQ(error_of(packed_.check(packed_.image)), "");
}

TEST_F(Early, UnpacksWithoutErrorIntoTheKernelsRoot) {
  const support::UnpackVerdict verdict = support::unpack_verdict(packed_.image);
  EXPECT_EQ(verdict.error, "");
  EXPECT_FALSE(verdict.ends_inside_member);
  EXPECT_NE(verdict.find(kIntelPath), nullptr);
  EXPECT_NE(verdict.find(kAmdPath), nullptr);
}

TEST_F(Early, LeavesAnImageBehindItAlone) {
  const Blob whole = join({packed_.image, Blob{0x1f, 0x8b, 8, 0}, support::noise(100, 1)});
  const support::UnpackVerdict verdict = support::unpack_verdict(whole);
  EXPECT_EQ(verdict.error, "");
  EXPECT_EQ(verdict.compressed_at, packed_.image.size());
}

TEST_F(Early, IsUnpackedByGnuCpioToTheSameBytes) {
  const support::TempDir directory;
  support::must_run({"cpio", "-i", "-d", "--quiet"},
                    {.input = support::to_string(packed_.image), .cwd = directory.path()});
  for (const std::string_view path : {kIntelPath, kAmdPath})
    EXPECT_EQ(support::read_file(directory / path), packed_.member(path));
}

TEST_F(Early, HoldsNothingBesidesTheUpdates) {
  std::size_t size = 0;
  for (const WrittenUpdate& it : packed_.written.updates) {
    const bool is_intel =
        packed_.catalog().entries[it.entry].update.vendor == ucode::Vendor::kIntel;
    size += is_intel ? it.size : 0;
  }
  EXPECT_EQ(packed_.member(kIntelPath).size(), size);
}

TEST_F(Early, GivesEveryIntelCpuTheUpdateChosenForIt) {
  const Blob member = packed_.member(kIntelPath);
  std::size_t asked = 0;
  for (std::size_t i = 0; i < packed_.queries().size(); ++i) {
    const ucode::Selector& cpu = packed_.queries()[i].selector;
    if (cpu.vendor != ucode::Vendor::kIntel) continue;
    for (std::uint32_t platform = 1; platform <= 0x80; platform <<= 1) {
      // The newest chosen update for that CPU and platform, by what the updates say of themselves.
      std::optional<std::uint32_t> expected;
      for (const WrittenUpdate& it : packed_.written.updates) {
        for (const auto& target : packed_.catalog().entries[it.entry].update.targets) {
          if (target.signature.value == cpu.signature && (target.platform_flags & platform) != 0)
            expected = std::max(expected.value_or(0), it.revision);
        }
      }
      for (const KernelRules& rules :
           {KernelRules::linux_6_1(), KernelRules::linux_6_12_60(), KernelRules::linux_7_1()}) {
        const auto pick = support::kernel_intel(member, cpu.signature, platform, 0, rules);
        ASSERT_EQ(pick.fault, support::IntelFault::kNone);
        ASSERT_EQ(pick.picked ? std::optional(pick.picked->revision) : std::nullopt, expected);
        asked += expected ? 1 : 0;
      }
    }
  }
  EXPECT_GT(asked, 30u);
}

TEST_F(Early, GivesOverlappingPlatformsTheNewestOfEach) {
  const Blob member = packed_.member(kIntelPath);
  EXPECT_EQ(support::kernel_intel(member, 0x906ea, 0x02, 0).picked->revision, 0x9u);
  EXPECT_EQ(support::kernel_intel(member, 0x906ea, 0x20, 0).picked->revision, 0x5u);
}

TEST_F(Early, LeavesTheOlderUpdateOut) {
  for (const WrittenUpdate& it : packed_.written.updates) EXPECT_NE(it.revision, 0x10u);
}

TEST_F(Early, GivesEveryAmdCpuThePatchChosenForIt) {
  const Blob member = packed_.member(kAmdPath);
  for (const std::uint32_t newest : {0x0a201210u, 0x08701034u}) {
    const std::uint32_t cpu = support::zen_cpuid(newest);
    for (const KernelRules& rules :
         {KernelRules::linux_6_1(), KernelRules::linux_6_12_60(), KernelRules::linux_7_1()}) {
      const auto pick = support::kernel_amd(member, cpu, newest - 1, rules);
      ASSERT_TRUE(pick.candidate);
      EXPECT_EQ(pick.candidate->revision, newest);
    }
  }
}

TEST_F(Early, GivesTheCpuTheVendorsOwnBytes) {
  const auto intel_pick = support::kernel_intel(packed_.member(kIntelPath), 0x806f8, 0x80, 0);
  EXPECT_EQ(part(packed_.member(kIntelPath), intel_pick.picked->offset, intel_pick.picked->size),
            intel(0x806f8, 0x87, 0x20, 2000));
  const auto amd_pick = support::kernel_amd(packed_.member(kAmdPath), 0x00870f10, 0x08701000);
  EXPECT_EQ(part(packed_.member(kAmdPath), amd_pick.candidate->offset, amd_pick.candidate->size),
            AmdPatch(0x08701034).size(3200).bytes());
}

TEST_F(Early, IsTheSameAgain) {
  MemorySink again;
  ASSERT_TRUE(packed_.write(again).has_value());
  EXPECT_EQ(again.bytes(), packed_.image);
}

TEST_F(Early, CarriesTheTimeItWasGiven) {
  const std::string_view header = as_text(packed_.image).substr(0, 110);
  EXPECT_EQ(header.substr(46, 8), "688c0380");
}

TEST(WriteEarly, DoesNotDependOnTheOrderOfTheFiles) {
  Packed forward;
  fill(forward.tree());
  forward.pack();
  Packed backward;
  // The same files under names that sort the other way round.
  for (const std::string& name : support::names_in(forward.tree().path())) {
    const std::string mirrored(1, static_cast<char>('a' + 'z' - name[0]));
    backward.tree().write(mirrored, support::read_file(forward.tree() / name));
  }
  backward.pack();
  ASSERT_NE(backward.catalog().entries[0].update.revision,
            forward.catalog().entries[0].update.revision);
  EXPECT_EQ(forward.image, backward.image);
}

TEST(WriteEarly, WritesCopiesOfOneUpdateOnce) {
  Packed packed;
  packed.tree().write("a", intel(0x806f8, 0x87, 0x10));
  packed.tree().write("b", intel(0x806f8, 0x87, 0x10));
  packed.pack();
  EXPECT_EQ(packed.written.updates.size(), 1u);
  EXPECT_EQ(packed.member(kIntelPath), intel(0x806f8, 0x87, 0x10));
}

TEST(WriteEarly, WritesNoMemberForAVendorWithoutUpdates) {
  Packed packed;
  packed.tree().write("a", intel(0x806f8, 0x87, 0x10));
  packed.pack();
  EXPECT_FALSE(support::find_early(packed.image, kAmdPath));
}

TEST(WriteEarly, TakesASoundCopyInPlaceOfABrokenOne) {
  Packed packed;
  packed.tree().write("a", IntelBlob().signature(0x806f8).flip_bit(8 * 500).bytes());
  packed.tree().write("b", IntelBlob().signature(0x806f8).bytes());
  packed.pack();
  ASSERT_EQ(packed.written.findings.size(), 1u);
  EXPECT_EQ(packed.written.findings[0].rule, "update-broken");
  EXPECT_EQ(packed.written.findings[0].place, packed.tree() / "a");
  ASSERT_EQ(packed.written.updates.size(), 1u);
  EXPECT_EQ(packed.written.updates[0].entry, 1u);
  EXPECT_EQ(packed.member(kIntelPath), IntelBlob().signature(0x806f8).bytes());
}

TEST(WriteEarly, NamesTheUpdateWhoseCopiesAreAllBroken) {
  Packed packed;
  packed.tree().write("a", IntelBlob().signature(0x806f8).flip_bit(8 * 500).bytes());
  packed.tree().write("b", IntelBlob().signature(0x806f8).flip_bit(8 * 600).bytes());
  packed.scan();
  packed.choose_all();
  MemorySink sink;
  const EarlyResult result = packed.write(sink);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().entry, 0u);
  EXPECT_EQ(result.error().error.code, Errc::kCorrupt);
}

TEST(WriteEarly, DoesNotBlameAnUpdateForAFullDisk) {
  class Full : public Sink {
   protected:
    Status do_write(Bytes) override { return fail(Errc::kSystem, "no space"); }
  };
  Packed packed;
  packed.tree().write("a", intel(0x806f8, 0x87, 0x10));
  packed.scan();
  packed.choose_all();
  Full sink;
  const EarlyResult result = packed.write(sink);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().entry, std::nullopt);
  EXPECT_EQ(result.error().error.what, "no space");
}

}  // namespace
}  // namespace kip::image
