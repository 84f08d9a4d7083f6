// What a CPU gets from an image, by kernel: held against the re-tellings of kernels of each kind.
#include <gtest/gtest.h>

#include "tests/checks/crooked.h"
#include "tests/support/kernel_amd.h"
#include "tests/support/kernel_intel.h"

namespace kip::checks {
namespace {

using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;
using support::kAmdPath;
using support::KernelRules;
using support::NewcBlob;
using ucode::Vendor;

std::vector<Served> served(const Blob& image, const ucode::LoaderCpu& cpu,
                           const char* kernel = nullptr) {
  const Looked looked = look_at(image);
  return serve(looked.inventory, looked.searches, cpu,
               kernel == nullptr ? std::nullopt : ucode::KernelVersion::parse(kernel));
}

Blob amd_image(const Blob& data) {
  return NewcBlob().file(kAmdPath, data).bytes();
}

TEST(Serve, GivesTheNewestForThePlatform) {
  const Blob stream =
      support::join({IntelBlob().revision(0x39).bytes(), IntelBlob().revision(0x3A).bytes(),
                     IntelBlob().revision(0x50).platform_flags(0x80).bytes()});
  const Blob image = early(stream);
  for (const std::uint32_t platform : {0x02U, 0x80U, 0x10U}) {
    const auto all = served(image, {Vendor::kIntel, {kIntelCpu}, platform, 0});
    ASSERT_EQ(all.size(), 1U);
    const auto theirs = support::kernel_intel(stream, kIntelCpu, platform, 0);
    ASSERT_EQ(all[0].update.has_value(), theirs.picked.has_value()) << platform;
    if (theirs.picked) {
      EXPECT_EQ(all[0].update->revision, theirs.picked->revision);
    }
    EXPECT_EQ(all[0].kernels, "");
  }
  const auto nothing = served(image, {Vendor::kIntel, {kIntelCpu}, 0x10, 0});
  EXPECT_EQ(nothing[0].why, "0x00000050 is for other platforms");
}

// Flags 0 in an update match every CPU from 7.1 on.
TEST(Serve, TellsKernelsApartThatChooseDifferently) {
  const Blob stream = IntelBlob().platform_flags(0).bytes();
  const ucode::LoaderCpu cpu{Vendor::kIntel, {kIntelCpu}, 0x02, 0};
  const auto all = served(early(stream), cpu);
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].kernels, "before 7.1");
  EXPECT_FALSE(all[0].update.has_value());
  EXPECT_FALSE(support::kernel_intel(stream, kIntelCpu, 0x02, 0).picked.has_value());
  EXPECT_EQ(all[1].kernels, "7.1 and later");
  EXPECT_TRUE(all[1].update.has_value());
  EXPECT_TRUE(support::kernel_intel(stream, kIntelCpu, 0x02, 0, KernelRules::linux_7_1())
                  .picked.has_value());
  EXPECT_EQ(served(early(stream), cpu, "6.12.60").size(), 1U);
  EXPECT_TRUE(served(early(stream), cpu, "7.1.2")[0].update.has_value());
}

// A Zen patch that no table names is found by its id, from 6.12 on. Those that ask for digests do not have this one.
TEST(Serve, KnowsWhenTheTableDecides) {
  const Blob stream = AmdBlob().entry(0x00A00F11, 0xA011).patch(AmdPatch(0x0A201205)).bytes();
  const std::uint32_t lowest = support::zen_lowest_revision(kAmdCpu);
  const ucode::LoaderCpu cpu{Vendor::kAmd, {kAmdCpu}, 0, lowest};
  const auto all = served(amd_image(stream), cpu);
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].kernels, "before 6.6.81, 6.7 to 6.11.y");
  EXPECT_FALSE(all[0].update.has_value());
  EXPECT_FALSE(
      support::kernel_amd(stream, kAmdCpu, lowest, KernelRules::linux_6_1()).candidate.has_value());
  EXPECT_EQ(all[1].kernels, "6.6.81 to 6.6.y, 6.12.18 to 6.12.y, 6.13.6 and later");
  EXPECT_FALSE(all[1].update.has_value());
  EXPECT_NE(all[1].why.find("No sha256 digest"), all[1].why.npos);
  EXPECT_EQ(support::kernel_amd(stream, kAmdCpu, lowest).outcome, support::AmdOutcome::kUnlisted);
  EXPECT_EQ(all[2].kernels, "6.12 to 6.12.17, 6.13 to 6.13.5");
  EXPECT_EQ(all[2].update->revision, 0x0A201205U);
  KernelRules undigested;
  undigested.sha = false;
  EXPECT_TRUE(support::kernel_amd(stream, kAmdCpu, lowest, undigested).loaded());
}

TEST(Serve, SaysWhyThereIsNothing) {
  const ucode::LoaderCpu cpu{Vendor::kIntel, {kIntelCpu}, kIntelPlatform, 0};
  const auto why = [&](const Blob& image) { return served(image, cpu)[0].why; };
  EXPECT_EQ(why(main_archive()), "no microcode of its vendor is in the image");
  EXPECT_EQ(why(early(IntelBlob().signature(0x50654).bytes())), "no update is for this CPU");
  EXPECT_EQ(why(early(support::join({intel(), support::zeros(4)}))),
            "the file that the loader takes is void");
  EXPECT_EQ(why(NewcBlob().file(support::kIntelPath, {}).bytes()),
            "the file that the loader takes is empty");
  EXPECT_EQ(why(support::join({support::zeros(2), early(intel())})),
            "its microcode is where the loader does not find it");
}

}  // namespace
}  // namespace kip::checks
