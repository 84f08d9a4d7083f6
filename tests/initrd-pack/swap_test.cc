// initrd-pack swap, from outside.
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/initrd-pack/desk.h"

namespace kip::initrd_pack_test {
namespace {

using image::dracut_early;
using image::intel;
using image::loads;
using image::part;
using support::join;
using support::kIntelPath;
using support::NewcBlob;
using Lines = std::vector<std::string>;

struct Owner {
  ino_t inode;
  mode_t mode;
  uid_t user;
  gid_t group;
  bool operator==(const Owner&) const = default;
};

Owner owner_of(const std::string& path) {
  struct stat status;
  EXPECT_EQ(::stat(path.c_str(), &status), 0);
  return {status.st_ino, status.st_mode, status.st_uid, status.st_gid};
}

Blob iucode_early(const Blob& microcode) {
  return NewcBlob()
      .directory("kernel")
      .directory("kernel/x86")
      .directory("kernel/x86/microcode")
      .directory("kernel/x86/microcode/.enuineIntel.align.0123456789abc")
      .file(kIntelPath, microcode)
      .pad_to(1024)
      .bytes();
}

// Images as they come, and what of each is no microcode.

struct Row {
  std::string name;
  Blob image, rest;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

std::vector<Row> rows() {
  const Blob main = compressed_files();
  const Blob old = join({intel(0x806f8, 0x10, 0x18), intel(0x906ea, 0x02, 9)});
  const Blob large = join({image::compressed_rest(), support::noise(1 << 20, 12)});
  const Blob table = image::member("kernel/firmware/acpi/ssdt.aml", support::noise(99, 8));
  return {
      {"NoEarlyPart", main, main},
      {"Dracut", join({dracut_early(old), main}), main},
      {"Iucode", join({iucode_early(old), main}), main},
      {"Own", join({image::own_early(old), main}), main},
      {"OwnInFrontOfDracut", join({image::own_early(old), dracut_early(old), main}), main},
      {"AcpiBehind", join({dracut_early(old), acpi_archive(), main}), join({acpi_archive(), main})},
      {"AcpiInTheSameArchive",
       join({image::directories(), image::member(kIntelPath, old), table, image::trailer(), main}),
       join({image::directories(), table, image::trailer(), main})},
      {"Large", large, large},
      {"LargeBehindDracut", join({dracut_early(old), large}), large},
      {"LargeBehindOwn", join({image::own_early(old), large}), large},
      {"Raw", join({dracut_early(old), files()}), files()},
      {"BrokenMicrocode", join({dracut_early(support::noise(3000, 4)), main}), main},
      {"DamagedBehind", join({dracut_early(old), image::compressed_rest()}),
       image::compressed_rest()}};
}

class InitrdPackSwap : public testing::TestWithParam<Row> {
 protected:
  void SetUp() override {
    path_ = desk_.write("image", GetParam().image);
    desk_.write("early", join({dracut_early(intel(0x806f8, 0x10, 0x20))}));
    desk_.write("firmware/06-8f-08", intel(0x806f8, 0x10, 0x20));
  }

  // Only the early part is another one; it is a multiple of 512. What is large begins where it did
  // within its page, or file systems could not share it.
  void expect_swapped(const Blob& image) const {
    const Blob& rest = GetParam().rest;
    ASSERT_GT(image.size(), rest.size());
    EXPECT_EQ((image.size() - rest.size()) % 512, 0u);
    if (rest.size() > 1 << 20) {
      EXPECT_EQ((image.size() - rest.size()) % 4096,
                (GetParam().image.size() - rest.size()) % 4096);
    }
    EXPECT_EQ(part(image, image.size() - rest.size(), rest.size()), rest);
    EXPECT_EQ(loads(image, kHost), 0x20u);
    EXPECT_EQ(loads(image, kOther), 0u);
  }

  Desk desk_;
  std::string path_;
};

INSTANTIATE_TEST_SUITE_P(Images, InitrdPackSwap, testing::ValuesIn(rows()),
                         [](const auto& row) { return row.param.name; });

TEST_P(InitrdPackSwap, TakesTheEarlyPartOfAFile) {
  const Said said = desk_.run({"swap", "image", "--early", "early"});
  EXPECT_EQ(said.complaints, Lines{});
  EXPECT_EQ(said.code, 0);
  expect_swapped(desk_.read("image"));
}

TEST_P(InitrdPackSwap, ChoosesForCpus) {
  const Said said = desk_.run({"swap", "image", "--cpu", "0x806f8", "--firmware", "firmware"});
  EXPECT_EQ(said.complaints, Lines{});
  EXPECT_EQ(said.code, 0);
  expect_swapped(desk_.read("image"));
}

TEST_P(InitrdPackSwap, Drops) {
  const Owner before = owner_of(path_);
  const Said said = desk_.run({"swap", "--drop", "image"});
  EXPECT_EQ(said.complaints, Lines{});
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(desk_.read("image"), GetParam().rest);
  const bool same = GetParam().image == GetParam().rest;
  EXPECT_EQ(owner_of(path_).inode == before.inode, same);
}

TEST_P(InitrdPackSwap, DropsWhatItPutInFront) {
  ASSERT_EQ(desk_.run({"swap", "image", "--cpu", "0x806f8", "--firmware", "firmware"}).code, 0);
  ASSERT_EQ(desk_.run({"swap", "--drop", "image"}).code, 0);
  EXPECT_EQ(desk_.read("image"), GetParam().rest);
}

TEST_P(InitrdPackSwap, DoesNothingTheSecondTime) {
  for (const Lines& way : {Lines{"--early", "early"},
                           Lines{"--cpu", "0x806f8", "--firmware", "firmware"}, Lines{"--drop"}}) {
    Lines words = {"swap", "image"};
    words.insert(words.end(), way.begin(), way.end());
    ASSERT_EQ(desk_.run(words).code, 0);
    const Owner once = owner_of(path_);
    const Blob image = desk_.read("image");
    const Said said = desk_.run(words);
    EXPECT_EQ(said.code, 0);
    EXPECT_EQ(owner_of(path_), once);
    EXPECT_EQ(desk_.read("image"), image);
    EXPECT_THAT(said.notes.back(), testing::HasSubstr("as it was; not touched"));
  }
}

TEST_P(InitrdPackSwap, WritesBesideWhenAskedTo) {
  ASSERT_EQ(desk_.run({"swap", "image", "--early", "early", "-o", "out"}).code, 0);
  EXPECT_EQ(desk_.read("image"), GetParam().image);
  expect_swapped(desk_.read("out"));
}

// The file.

class InitrdPackSwapFile : public testing::Test {
 protected:
  void SetUp() override {
    path_ = desk_.write("image", image_);
    desk_.write("early", dracut_early(intel(0x806f8, 0x10, 0x20)));
  }

  const Blob image_ = join({dracut_early(intel(0x806f8, 0x10, 0x18)), compressed_files()});
  Desk desk_;
  std::string path_;
};

TEST_F(InitrdPackSwapFile, KeepsItsMode) {
  for (const mode_t mode : {0600U, 0640U, 0444U}) {
    desk_.write("image", image_);
    ::chmod(path_.c_str(), mode);
    const Owner before = owner_of(path_);
    ASSERT_EQ(desk_.run({"swap", "image", "--early", "early"}).code, 0);
    EXPECT_NE(owner_of(path_).inode, before.inode);
    EXPECT_EQ(owner_of(path_).mode, before.mode);
    ::unlink(path_.c_str());
  }
}

TEST_F(InitrdPackSwapFile, KeepsItsOwner) {
  if (::chown(path_.c_str(), 4, 7) != 0) GTEST_SKIP() << "only root gives files away";
  ::chmod(path_.c_str(), 02640);
  const Owner before = owner_of(path_);
  ASSERT_EQ(desk_.run({"swap", "image", "--early", "early"}).code, 0);
  const Owner after = owner_of(path_);
  EXPECT_EQ(after.user, 4u);
  EXPECT_EQ(after.group, 7u);
  EXPECT_EQ(after.mode, before.mode);
}

TEST_F(InitrdPackSwapFile, IsFollowedThroughALink) {
  desk_.dir().link("link", "image");
  ASSERT_EQ(desk_.run({"swap", "link", "--early", "early"}).code, 0);
  EXPECT_EQ(loads(desk_.read("image"), kHost), 0x20u);
  struct stat status;
  ASSERT_EQ(::lstat((desk_.dir() / "link").c_str(), &status), 0);
  EXPECT_TRUE(S_ISLNK(status.st_mode));
}

TEST_F(InitrdPackSwapFile, KeepsTheOtherMembersOfTheEarlyPart) {
  desk_.write("early", join({acpi_archive(), dracut_early(intel(0x806f8, 0x10, 0x20))}));
  ASSERT_EQ(desk_.run({"swap", "image", "--early", "early"}).code, 0);
  const Blob rest = join({acpi_archive(), compressed_files()});
  const Blob image = desk_.read("image");
  EXPECT_EQ(part(image, image.size() - rest.size(), rest.size()), rest);
  ASSERT_EQ(desk_.run({"swap", "image", "--early", "early"}).code, 0);
  EXPECT_EQ(desk_.read("image"), image);
}

TEST_F(InitrdPackSwapFile, IsNotTouchedByADryRun) {
  const Owner before = owner_of(path_);
  const Said said = desk_.run({"swap", "-n", "image", "--early", "early"});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.notes.back(), testing::EndsWith("nothing written"));
  EXPECT_EQ(owner_of(path_), before);
  EXPECT_EQ(desk_.read("image"), image_);
}

TEST_F(InitrdPackSwapFile, IsReportedAsJson) {
  const Said said = desk_.run({"swap", "--json", "image", "--early", "early"});
  ASSERT_EQ(said.code, 0);
  const auto report = nlohmann::json::parse(said.out);
  EXPECT_EQ(report["report"], "swap");
  EXPECT_EQ(report["changed"], true);
  EXPECT_EQ(report["output"], "image");
  EXPECT_EQ(report["bytes"], desk_.read("image").size());
  EXPECT_EQ(nlohmann::json::parse(
                desk_.run({"swap", "--json", "image", "--early", "early"}).out)["changed"],
            false);
}

// What fails leaves the image as it is, and nothing beside it.

struct Failure {
  std::string name;
  Lines words;
  int code;
  std::string line;
};

void PrintTo(const Failure& row, std::ostream* out) {
  *out << row.name;
}

class InitrdPackSwapFails : public testing::TestWithParam<Failure> {};

INSTANTIATE_TEST_SUITE_P(
    Rows, InitrdPackSwapFails,
    testing::Values(
        Failure{
            "NoWay", {"image"}, 2, "error: swap needs one of --early FILE, --cpu SPEC and --drop"},
        Failure{"TwoWays",
                {"image", "--drop", "--early", "early"},
                2,
                "error: swap takes only one of --early FILE, --cpu SPEC and --drop"},
        Failure{"FirmwareWithoutCpu",
                {"image", "--drop", "--firmware", "firmware"},
                2,
                "error: --firmware and --kernel choose microcode for --cpu, and go with it only"},
        Failure{"Stdin", {"-", "--drop"}, 2, "error: '-': standard input is no image here"},
        Failure{"CpuWithoutMicrocode",
                {"image", "--cpu", "0x906ea", "--firmware", "firmware"},
                3,
                "error: 0x906ea: no microcode found for it"},
        Failure{"FirmwareThatIsMissing",
                {"image", "--cpu", "all", "--firmware", "none"},
                3,
                "error: no microcode found"},
        Failure{"EarlyWithoutMicrocode",
                {"image", "--early", "acpi"},
                3,
                "error: 'acpi': no microcode found in it"},
        Failure{"EarlyIsAnImage",
                {"early", "--early", "image"},
                4,
                "error: 'image': offset 0x800: is more than an early part: compressed data begins "
                "here"},
        Failure{"EarlyIsBroken", {"image", "--early", "broken"}, 4, "error: 'broken': offset "},
        Failure{"Missing", {"nothing", "--drop"}, 4, "error: 'nothing': No such file or directory"},
        Failure{"NothingLeft",
                {"early", "--drop"},
                4,
                "error: 'early': is an early part, nothing would be left"},
        Failure{"UnifiedImage", {"uki", "--drop"}, 4, "error: 'uki': is a unified kernel image"},
        Failure{"OutputIsThere",
                {"image", "--drop", "-o", "early"},
                4,
                "error: 'early': exists (--force replaces it)"}),
    [](const auto& row) { return row.param.name; });

TEST_P(InitrdPackSwapFails, WithOneLine) {
  const Desk desk;
  const Blob early = dracut_early(intel(0x806f8, 0x10, 0x20));
  Blob broken = early;
  broken[support::find_early(early, kIntelPath)->offset + 100] ^= 1;
  desk.write("image", join({early, compressed_files()}));
  desk.write("early", early);
  desk.write("broken", broken);
  desk.write("acpi", acpi_archive());
  desk.write("uki", support::text("MZ, and so on"));
  desk.write("firmware/06-8f-08", intel(0x806f8, 0x10, 0x20));
  std::filesystem::create_directory(desk.dir() / "none");
  const Lines names = desk.names();
  const Owner before = owner_of(desk.dir() / "image");
  Lines words = GetParam().words;
  words.insert(words.begin(), "swap");
  const Said said = desk.run(words);
  EXPECT_EQ(said.code, GetParam().code);
  ASSERT_EQ(said.complaints.size(), 1u);
  EXPECT_EQ(said.complaints.front().substr(0, GetParam().line.size()), GetParam().line)
      << said.complaints.front();
  EXPECT_EQ(desk.names(), names);
  EXPECT_EQ(owner_of(desk.dir() / "image"), before);
  EXPECT_EQ(desk.read("early"), early);
}

}  // namespace
}  // namespace kip::initrd_pack_test
