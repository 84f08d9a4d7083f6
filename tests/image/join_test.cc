// Joining as a file: what is written, what stays, what is an error. Who is served: join_union_test.
#include <gtest/gtest.h>
#include <ostream>

#include "src/base/atomic_file.h"
#include "tests/image/joined.h"

namespace kip::image {
namespace {

using support::Blob;
using support::join;
using support::kAmdPath;
using support::kIntelPath;
using support::NewcBlob;
using support::View;
using support::zeros;
using ucode::Vendor;

const ManifestCpu kHost{Vendor::kIntel, {{0x806f8}, 0x10}};
const ManifestCpu kOther{Vendor::kIntel, {{0x906ea}, 0x02}};
const ManifestCpu kHostAmd{Vendor::kAmd, {{0x00a20f12}}};

const Blob kFiles = NewcBlob().file("init", support::noise(700, 5)).pad_to(512).bytes();

class JoinFile : public testing::Test {
 protected:
  void SetUp() override { joining_.set_early({intel(0x806f8, 0x10, 0x20)}, {kHost}); }

  std::string error(const std::string& path) { return error_of(joining_.join_path(path)); }
  bool nothing_was_written() const { return !support::exists(joining_.directory() / "out"); }
  EarlyManifest manifest(View image) const {
    const auto extent = *support::find_early(image, kManifestPath);
    return *parse_manifest(support::to_string(image.subspan(extent.offset, extent.size)));
  }

  Joining joining_;
};

TEST_F(JoinFile, PutsTheEarlyPartInFrontOfTheImage) {
  const Blob joined = joining_.join(compressed_rest());
  ASSERT_TRUE(joining_.joined);
  EXPECT_EQ(part(joined, joining_.early_size, joined.size() - joining_.early_size),
            compressed_rest());
}

TEST_F(JoinFile, HasTheImageAtAMultipleOf512) {
  joining_.join(compressed_rest());
  EXPECT_GT(joining_.early_size, 0u);
  EXPECT_EQ(joining_.early_size % 512, 0u);
}

TEST_F(JoinFile, KeepsOtherMembersOfAnEarlyArchive) {
  const Blob acpi = member("acpi", support::noise(300, 3));
  const Blob image =
      join({acpi, member(kIntelPath, intel(0x806f8, 0x10, 0x18)), trailer(), compressed_rest()});
  const Blob joined = joining_.join(image);
  EXPECT_EQ(part(joined, joining_.early_size, joined.size() - joining_.early_size),
            join({acpi, trailer(), compressed_rest()}));
}

TEST_F(JoinFile, HasUpdatesAlignedTo16) {
  joining_.set_early({intel(0x806f8, 0x10, 0x20), zen({0x0a201210})}, {kHost, kHostAmd});
  const Blob joined = joining_.join(join({dracut_early(intel(0x906ea, 2, 9)), compressed_rest()}));
  EXPECT_EQ(support::find_early(joined, kIntelPath)->offset % 16, 0u);
  EXPECT_EQ(support::find_early(joined, kAmdPath)->offset % 16, 0u);
}

TEST_F(JoinFile, SaysWhomItServesAndWhatTheImageHad) {
  const Blob joined = joining_.join(
      join({dracut_early(join({intel(0x806f8, 0x10, 0x18), intel(0x906ea, 0x02, 9)})), kFiles}));
  const EarlyManifest expected{{kHost}, {{Vendor::kIntel, 0x20, false}, {Vendor::kIntel, 9, true}}};
  EXPECT_EQ(manifest(joined), expected);
}

TEST_F(JoinFile, SaysOfAnUpdateOfBothThatTheImageHadIt) {
  joining_.set_early({intel(0x806f8, 0x10, 0x20), intel(0x906ea, 0x02, 9)}, {kHost, kOther});
  const Blob joined = joining_.join(join({dracut_early(intel(0x906ea, 0x02, 9)), kFiles}));
  EXPECT_EQ(manifest(joined).updates[1], (ManifestUpdate{Vendor::kIntel, 9, true}));
}

TEST_F(JoinFile, WritesTheEarlyPartAloneWithoutAnImage) {
  EXPECT_TRUE(must(joining_.join_path("", at_time(kTime))));
  EXPECT_EQ(support::read_file(joining_.directory() / "out"), joining_.early);
}

TEST_F(JoinFile, ReplacesTheImageItself) {
  const std::string path = joining_.directory().write("out", compressed_rest());
  EXPECT_TRUE(must(joining_.join_path(path)));
  EXPECT_EQ(support::read_file(path), joining_.join(compressed_rest()));
}

TEST_F(JoinFile, WritesNothingWhereTheImageServes) {
  joining_.join(join({dracut_early(intel(0x806f8, 0x10, 0x20)), compressed_rest()}));
  EXPECT_TRUE(nothing_was_written());
}

TEST_F(JoinFile, CarriesTheTimeItWasGiven) {
  const Blob joined = joining_.join(kFiles, at_time(0x12345678));
  EXPECT_EQ(as_text(joined).substr(46, 8), "12345678");
}

TEST_F(JoinFile, CarriesTheNewestDateOtherwise) {
  const Blob newer = support::IntelBlob().signature(0x906ea).date(0x01022026).bytes();
  const Blob joined = joining_.join(join({dracut_early(newer), kFiles}));
  EXPECT_EQ(as_text(joined).substr(46, 8), "69570a80");  // 2026-01-02
}

TEST_F(JoinFile, LeavesOutTheVendorThatWasNotWanted) {
  joining_.set_early({intel(0x806f8, 0x10, 0x20), zen({0x0a201210})}, {kHost, kHostAmd});
  const Blob joined = joining_.join(kFiles, for_vendor(Vendor::kAmd));
  EXPECT_EQ(loads(joined, kHostAmd), 0x0a201210u);
  EXPECT_FALSE(support::find_early(joined, kIntelPath));
  EXPECT_EQ(manifest(joined).cpus, std::vector{kHostAmd});
}

TEST_F(JoinFile, KeepsTheImagesUpdatesOfTheVendorThatWasNotWanted) {
  joining_.set_early({intel(0x806f8, 0x10, 0x20), zen({0x0a201210})}, {kHost, kHostAmd});
  const Blob joined = joining_.join(join({dracut_early(intel(0x906ea, 0x02, 9)), kFiles}),
                                    for_vendor(Vendor::kAmd));
  EXPECT_EQ(loads(joined, kOther), 9u);
  EXPECT_EQ(loads(joined, kHost), 0u);
}

TEST_F(JoinFile, HasNothingToDoWithoutAWantedVendor) {
  EXPECT_EQ(joining_.join(kFiles, for_vendor(Vendor::kAmd)), kFiles);
}

// What is joined again.

struct Base {
  std::string name;
  Blob image;
};

void PrintTo(const Base& row, std::ostream* out) {
  *out << row.name;
}

class JoinAgain : public testing::TestWithParam<Base> {
 protected:
  void SetUp() override {
    joining_.set_early({intel(0x806f8, 0x10, 0x20), zen({0x0a201210})}, {kHost, kHostAmd});
  }

  Joining joining_;
};

INSTANTIATE_TEST_SUITE_P(
    Bases, JoinAgain,
    testing::Values(
        Base{"NoBytes", {}}, Base{"Compressed", compressed_rest()}, Base{"Files", kFiles},
        Base{"ZerosInFront", join({zeros(512), kFiles})},
        Base{"FewZerosInFront", join({zeros(4), kFiles})},
        Base{"OlderMicrocode", join({dracut_early(intel(0x806f8, 0x10, 0x18)), compressed_rest()})},
        Base{"NewerMicrocode", join({dracut_early(intel(0x806f8, 0x10, 0x28)), compressed_rest()})},
        Base{"OthersMicrocode",
             join({dracut_early(intel(0x906ea, 0x02, 9), zen({0x0a0011d5, 0x0a0011de})), kFiles})},
        Base{"SameUpdate", join({dracut_early(intel(0x806f8, 0x10, 0x20)), kFiles})},
        Base{"SameRevisionOtherBytes", join({dracut_early(support::IntelBlob()
                                                              .signature(0x806f8)
                                                              .platform_flags(0x10)
                                                              .revision(0x20)
                                                              .bytes()),
                                             kFiles})},
        Base{"HardLinked",
             NewcBlob().raw(directories()).link(kIntelPath, 7, intel(0x906ea, 2, 9)).bytes()},
        Base{"LongerName", NewcBlob()
                               .raw(directories())
                               .file(std::string(kIntelPath) + ".bak", intel(0x906ea, 2, 9))
                               .bytes()},
        Base{"OwnMarkAmongOthersFiles", NewcBlob()
                                            .raw(directories())
                                            .file(kIntelPath, intel(0x906ea, 2, 9))
                                            .directory("kip")
                                            .file(kManifestPath, support::text("kip early 1\n"))
                                            .file("kip/notes", kFiles)
                                            .bytes()}),
    [](const auto& row) { return row.param.name; });

TEST_P(JoinAgain, IsTheSameAgain) {
  const Blob once = joining_.join(GetParam().image);
  EXPECT_EQ(joining_.join(once), once);
}

TEST_P(JoinAgain, StripsTheSameAgain) {
  const Blob once = joining_.join(GetParam().image, stripping());
  EXPECT_EQ(joining_.join(once, stripping()), once);
}

TEST_P(JoinAgain, ServesAnotherMachineWithoutWhatWasForTheFirst) {
  const Blob once = joining_.join(GetParam().image);
  joining_.set_early({intel(0xb06f2, 0x04, 0x3a)}, {{Vendor::kIntel, {{0xb06f2}, 0x04}}});
  const Blob twice = joining_.join(once);
  EXPECT_EQ(loads(twice, {Vendor::kIntel, {{0xb06f2}, 0x04}}), 0x3au);
  EXPECT_EQ(loads(twice, kHostAmd), loads(GetParam().image, kHostAmd));
}

TEST_P(JoinAgain, KeepsWhatTheImageHadForOthers) {
  const Blob once = joining_.join(GetParam().image);
  joining_.set_early({intel(0xb06f2, 0x04, 0x3a)}, {{Vendor::kIntel, {{0xb06f2}, 0x04}}});
  const Blob twice = joining_.join(once);
  for (const ManifestCpu& cpu : {kOther, ManifestCpu{Vendor::kAmd, {{0x00a00f11}}}})
    EXPECT_EQ(loads(twice, cpu), loads(GetParam().image, cpu)) << cpu.target.signature.name();
}

// Errors: nothing is written.

TEST_F(JoinFile, RefusesAnImageThatIsMissing) {
  EXPECT_EQ(error(joining_.directory() / "missing"), "No such file or directory");
  EXPECT_TRUE(nothing_was_written());
}

TEST_F(JoinFile, RefusesAnImageThatIsAFifo) {
  EXPECT_EQ(error(joining_.directory().fifo("fifo")), "is not a regular file");
  EXPECT_TRUE(nothing_was_written());
}

TEST_F(JoinFile, RefusesAnImageThatIsADirectory) {
  EXPECT_EQ(error(joining_.directory().directory("directory")), "is not a regular file");
  EXPECT_TRUE(nothing_was_written());
}

TEST_F(JoinFile, RefusesAnImageThatIsADevice) {
  EXPECT_EQ(error("/dev/null"), "is not a regular file");
  EXPECT_TRUE(nothing_was_written());
}

TEST_F(JoinFile, RefusesAnImageThatKernelsWouldNotReadBehindAnEarlyPart) {
  const Blob image = join({zeros(2), compressed_rest()});
  EXPECT_EQ(error(joining_.directory().write("image", image)),
            "begins with zero bytes that are no multiple of 4; behind an early part, kernels would "
            "stop at them");
  EXPECT_TRUE(nothing_was_written());
}

TEST_F(JoinFile, RefusesAnEarlyPartThatIsNotOurs) {
  for (const Blob& other : {Blob{}, compressed_rest(), dracut_early(intel(0x806f8, 0x10, 0x20)),
                            own_early(intel(0x806f8, 0x10, 0x20), "kip early 2\n")}) {
    joining_.set_early_file(other);
    const auto result = joining_.join_path("");
    EXPECT_EQ(code_of(result), Errc::kCorrupt);
    EXPECT_EQ(error_of(result), "is no early part of kip");
  }
}

TEST_F(JoinFile, RefusesAnEarlyPartThatIsDamaged) {
  Blob damaged = joining_.early;
  damaged[support::find_early(damaged, kIntelPath)->offset + 500] ^= 1;
  joining_.set_early_file(damaged);
  const std::string image = joining_.directory().write("image", compressed_rest());
  EXPECT_EQ(code_of(joining_.join_path(image)), Errc::kCorrupt);
  EXPECT_TRUE(nothing_was_written());
}

TEST_F(JoinFile, RefusesAnImageThatShrankMeanwhile) {
  const std::string path = joining_.directory().write("image", kFiles);
  const Join join = must(plan_join(Root(), joining_.directory() / "early", path, {}));
  joining_.directory().write("image", compressed_rest());
  AtomicFile out =
      must(AtomicFile::create(joining_.directory() / "out", AtomicFile::Existing::kReplace));
  EXPECT_EQ(error_of(write_join(Root(), join, {}, out)), "changed while it was being read");
}

}  // namespace
}  // namespace kip::image
