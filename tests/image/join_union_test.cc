// Who is served by an image before and after an early part was joined with it.
#include <gtest/gtest.h>
#include <ostream>

#include "tests/codec/compress.h"
#include "tests/image/joined.h"

namespace kip::image {
namespace {

using support::Blob;
using support::join;
using support::kAmdPath;
using support::KernelRules;
using support::kIntelPath;
using support::NewcBlob;
using support::zeros;
using ucode::Vendor;

const ManifestCpu kHost{Vendor::kIntel, {{0x806f8}, 0x10}};
const ManifestCpu kHostAmd{Vendor::kAmd, {{0x00a20f12}}};

const ManifestCpu kCpus[] = {
    kHost,
    {Vendor::kIntel, {{0x806f8}, 0x01}},
    {Vendor::kIntel, {{0x906ea}, 0x02}},
    {Vendor::kIntel, {{0x906ea}, 0x20}},
    {Vendor::kIntel, {{0xb06f2}, 0x04}},
    {Vendor::kIntel, {{0xb06f5}, 0x04}},
    {Vendor::kIntel, {{0x00632}, 0x00}},
    kHostAmd,
    {Vendor::kAmd, {{0x00870f10}}},
    {Vendor::kAmd, {{0x00a00f11}}},
    {Vendor::kAmd, {{0x00600f12}}},
};

Blob two_signatures(std::uint32_t revision) {
  return support::IntelBlob()
      .signature(0xb06f2)
      .revision(revision)
      .extended({{0xb06f5, 7}})
      .bytes();
}

Blob bulldozer(std::uint32_t revision) {
  return support::AmdBlob()
      .entry(0x00600f12, 0x6012)
      .patch(support::AmdPatch(revision).equivalence(0x6012))
      .bytes();
}

struct Row {
  std::string name;
  Blob image;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

// The host's are 0x20 and 0x0a201210.
std::vector<Row> rows() {
  const Blob rest = compressed_rest();
  const Blob others = join({intel(0x806f8, 0x87, 0x18), intel(0x906ea, 0x22, 5),
                            intel(0x906ea, 0x02, 9), two_signatures(0x3a), intel(0x00632, 0, 7)});
  const Blob backup = NewcBlob()
                          .raw(directories())
                          .file(std::string(kIntelPath) + ".bak", others)
                          .pad_to(512)
                          .bytes();
  const Blob acpi = NewcBlob()
                        .raw(directories())
                        .directory("kernel/firmware")
                        .file("kernel/firmware/x.aml", support::noise(99, 3))
                        .file(kIntelPath, others)
                        .bytes();
  const Blob linked = NewcBlob().raw(directories()).link(kIntelPath, 7, others).pad_to(512).bytes();
  const Blob pair = join({zen({0x0a0011d5, 0x0a0011de, 0x08701034}), bulldozer(0x0600063e)});
  return {
      {"NoMicrocode", rest},
      {"UncompressedNoMicrocode", NewcBlob().file("init", rest).bytes()},
      {"HostsOlder", join({dracut_early(intel(0x806f8, 0x10, 0x18)), rest})},
      {"HostsNewer", join({dracut_early(intel(0x806f8, 0x10, 0x28)), rest})},
      {"HostsOnMorePlatforms", join({dracut_early(intel(0x806f8, 0xff, 0x20)), rest})},
      {"OtherPlatformsOfTheHost", join({dracut_early(intel(0x806f8, 0x01, 0x28)), rest})},
      {"OtherMachines", join({dracut_early(others), rest})},
      {"OtherMachinesAndZerosInFront", join({zeros(4096), dracut_early(others), rest})},
      {"OtherMachinesAndAcpiTables", join({acpi, rest})},
      {"OtherMachinesHardLinked", join({linked, rest})},
      {"OtherMachinesUnderALongerName", join({backup, rest})},
      {"BothVendors", join({dracut_early(others, pair), rest})},
      {"BothVendorsInTwoParts", join({dracut_early({}, pair), dracut_early(others), rest})},
      {"OtherVendor", join({dracut_early({}, pair), rest})},
      {"AmdInTwoContainers",
       join({dracut_early({}, join({bulldozer(0x0600063e), zen({0x0a201205})})), rest})},
      {"AmdPatchesDescending", join({dracut_early({}, zen({0x0a201213, 0x0a201205})), rest})},
  };
}

class Union : public testing::TestWithParam<Row> {
 protected:
  void SetUp() override {
    joining_.set_early({intel(0x806f8, 0x10, 0x20), zen({0x0a201210})}, {kHost, kHostAmd});
  }
  const Blob& image() const { return GetParam().image; }

  Joining joining_;
};

INSTANTIATE_TEST_SUITE_P(Rows, Union, testing::ValuesIn(rows()),
                         [](const auto& row) { return row.param.name; });

TEST_P(Union, ServesEveryCpuAtLeastAsWellAsTheImage) {
  const Blob joined = joining_.join(image());
  for (const KernelRules& rules :
       {KernelRules::linux_6_1(), KernelRules::linux_6_12_60(), KernelRules::linux_7_1()}) {
    for (const ManifestCpu& cpu : kCpus)
      EXPECT_GE(loads(joined, cpu, rules), loads(image(), cpu, rules))
          << cpu.target.signature.name();
  }
}

TEST_P(Union, ServesTheHostAtLeastAsWellAsTheEarlyPart) {
  const Blob joined = joining_.join(image());
  EXPECT_GE(loads(joined, kHost), 0x20u);
  EXPECT_GE(loads(joined, kHostAmd), 0x0a201210u);
}

TEST_P(Union, IsFoundInOneMemberOfEachVendor) {
  const Blob joined = joining_.join(image());
  for (const std::string_view path : {kIntelPath, kAmdPath}) {
    const auto member = support::find_early(joined, path);
    ASSERT_TRUE(member);
    EXPECT_LT(member->offset, joining_.early_size);
    EXPECT_EQ(member->offset % 16, 0u);
  }
}

TEST_P(Union, LeavesTheCompressedRestAlone) {
  const Blob joined = joining_.join(image());
  const auto before = support::unpack_verdict(image()), after = support::unpack_verdict(joined);
  EXPECT_EQ(after.error, "");
  if (!before.compressed_at) return;
  ASSERT_TRUE(after.compressed_at);
  EXPECT_EQ(part(joined, *after.compressed_at, joined.size() - *after.compressed_at),
            compressed_rest());
}

class JoinMicrocode : public testing::Test {
 protected:
  void SetUp() override { joining_.set_early({intel(0x806f8, 0x10, 0x20)}, {kHost}); }

  Joining joining_;
};

const ManifestCpu kOther{Vendor::kIntel, {{0x906ea}, 0x02}};

Blob with_microcode(const Blob& stream) {
  return join({dracut_early(stream), compressed_rest()});
}

TEST_F(JoinMicrocode, LeavesAnImageAloneThatServesTheHost) {
  joining_.join(with_microcode(join({intel(0x806f8, 0x10, 0x20), intel(0x906ea, 0x02, 9)})));
  EXPECT_FALSE(joining_.joined);
}

TEST_F(JoinMicrocode, LeavesAnImageAloneThatServesTheHostBetter) {
  joining_.join(with_microcode(intel(0x806f8, 0x10, 0x21)));
  EXPECT_FALSE(joining_.joined);
}

TEST_F(JoinMicrocode, JoinsWhereTheImagesStreamIsBroken) {
  const Blob image =
      with_microcode(join({intel(0x806f8, 0x10, 0x20), intel(0x906ea, 0x02, 9), zeros(16)}));
  ASSERT_EQ(loads(image, kHost), 0u);
  EXPECT_EQ(loads(joining_.join(image), kHost), 0x20u);
}

TEST_F(JoinMicrocode, KeepsWhatIsSoundInABrokenStream) {
  const Blob broken =
      support::IntelBlob().signature(0x806f8).revision(0x30).break_main_sum().bytes();
  const Blob joined = joining_.join(with_microcode(join({broken, intel(0x906ea, 0x02, 9)})));
  EXPECT_EQ(loads(joined, kHost), 0x20u);
  EXPECT_EQ(loads(joined, kOther), 9u);
}

TEST_F(JoinMicrocode, JoinsWhereTheImageHasItsUpdateAsText) {
  const Blob as_text = support::text(support::to_dat_text(intel(0x806f8, 0x10, 0x20), "06-8f-08"));
  EXPECT_EQ(loads(joining_.join(with_microcode(as_text)), kHost), 0x20u);
}

TEST_F(JoinMicrocode, JoinsWhereTheImageEndsInsideTheMember) {
  Blob image = dracut_early(support::join({intel(0x806f8, 0x10, 0x20)}));
  image.resize(support::find_early(image, kIntelPath)->offset + 1000);
  ASSERT_EQ(loads(image, kHost), 0u);
  EXPECT_EQ(loads(joining_.join(image), kHost), 0x20u);
}

TEST_F(JoinMicrocode, JoinsWhereTheImageEndsInsideTheMembersPadding) {
  joining_.set_early({zen({0x0a201210})}, {kHostAmd});
  const Blob odd = support::AmdBlob().zen(support::AmdPatch(0x0a201210).size(513)).bytes();
  const Blob image = NewcBlob().file(kAmdPath, odd, {.pad_data = false}).trailer(false).bytes();
  ASSERT_EQ(loads(image, kHostAmd), 0u);
  EXPECT_EQ(loads(joining_.join(image), kHostAmd), 0x0a201210u);
}

TEST_F(JoinMicrocode, DoesNotTakeWhatTheKernelDidNotFind) {
  const Blob stale = intel(0x906ea, 0x02, 9);
  const Blob old = intel(0x806f8, 0x10, 0x18);
  const Blob empty_first =
      NewcBlob().file(kIntelPath, {}).file(kIntelPath, stale).pad_to(512).bytes();
  const Blob elsewhere = NewcBlob().file("usr/GenuineIntel.bin", stale).pad_to(512).bytes();
  const Blob compressed = codec::compress(
      codec::Method::kZstd, NewcBlob().raw(directories()).file(kIntelPath, stale).bytes());
  for (const Blob& image :
       {join({dracut_early(old), dracut_early(stale), compressed_rest()}),
        join({empty_first, compressed_rest()}), join({elsewhere, compressed_rest()}), compressed}) {
    const Blob joined = joining_.join(image);
    EXPECT_EQ(loads(joined, kHost), 0x20u);
    EXPECT_EQ(loads(joined, kOther), 0u);
  }
}

TEST_F(JoinMicrocode, StripsTheImagesOwn) {
  const Blob joined = joining_.join(
      with_microcode(join({intel(0x806f8, 0x10, 0x18), intel(0x906ea, 0x02, 9)})), stripping());
  EXPECT_EQ(loads(joined, kHost), 0x20u);
  EXPECT_EQ(loads(joined, kOther), 0u);
}

TEST_F(JoinMicrocode, KeepsWhatIsNewerForTheHostThoughItStrips) {
  const Blob joined = joining_.join(with_microcode(intel(0x806f8, 0x10, 0x28)), stripping());
  EXPECT_EQ(loads(joined, kHost), 0x28u);
}

TEST_F(JoinMicrocode, DropsTheImagesUpdateThatIsHeld) {
  const Blob joined =
      joining_.join(with_microcode(intel(0x806f8, 0x10, 0x28)), holding("0x806f8,,eq:0x28"));
  EXPECT_EQ(loads(joined, kHost), 0x20u);
}

TEST_F(JoinMicrocode, DropsTheImagesUpdateThatIsPinnedAway) {
  const Blob joined =
      joining_.join(with_microcode(intel(0x806f8, 0x10, 0x28)), pinning("0x806f8,,lt:0x21"));
  EXPECT_EQ(loads(joined, kHost), 0x20u);
}

TEST_F(JoinMicrocode, DropsTheUpdateHeldForAnotherMachine) {
  const Blob joined =
      joining_.join(with_microcode(join({intel(0x806f8, 0x10, 0x18), intel(0x906ea, 0x02, 9)})),
                    holding("0x906ea"));
  EXPECT_EQ(loads(joined, kHost), 0x20u);
  EXPECT_EQ(loads(joined, kOther), 0u);
}

TEST_F(JoinMicrocode, DoesNotDropTheHostsUpdateForAHoldOnItsSibling) {
  const ManifestCpu host{Vendor::kIntel, {{0xb06f2}, 0x04}};
  joining_.set_early({two_signatures(0x3a)}, {host});
  EXPECT_EQ(loads(joining_.join(compressed_rest(), holding("0xb06f5")), host), 0x3au);
}

TEST_F(JoinMicrocode, DoesNotDropTheHostsUpdateForAPinOnItsSibling) {
  const ManifestCpu host{Vendor::kIntel, {{0xb06f2}, 0x04}};
  joining_.set_early({two_signatures(0x3a)}, {host});
  EXPECT_EQ(loads(joining_.join(compressed_rest(), pinning("0xb06f5,,lt:0x30")), host), 0x3au);
}

TEST_F(JoinMicrocode, TakesWhatStandsBehindAPartOfOurs) {
  const Blob image = join({joining_.early, with_microcode(intel(0x906ea, 0x02, 9))});
  EXPECT_EQ(loads(joining_.join(image), kOther), 9u);
}

TEST_F(JoinMicrocode, KeepsBothEntrySignClasses) {
  const ManifestCpu milan{Vendor::kAmd, {{0x00a00f11}}};
  joining_.set_early({zen({0x0a0011de})}, {milan});
  const Blob joined = joining_.join(join({dracut_early({}, zen({0x0a0011d5})), compressed_rest()}));
  auto rules = KernelRules::linux_6_19();
  rules.sha = false;
  const auto of = [&](std::uint32_t running) {
    return support::kernel_amd(found(joined, kAmdPath), 0x00a00f11, running, rules).candidate;
  };
  EXPECT_EQ(of(0x0a001100)->revision, 0x0a0011d5u);
  EXPECT_EQ(of(0x0a0011db)->revision, 0x0a0011deu);
}

TEST_F(JoinMicrocode, GivesACpuTheVendorsOwnBytes) {
  const Blob joined = joining_.join(with_microcode(intel(0x906ea, 0x02, 9)));
  const Blob stream = part(found(joined, kIntelPath), 0, found(joined, kIntelPath).size());
  const auto pick = support::kernel_intel(stream, 0x906ea, 0x02, 0);
  EXPECT_EQ(part(stream, pick.picked->offset, pick.picked->size), intel(0x906ea, 0x02, 9));
}

}  // namespace
}  // namespace kip::image
