// What `initrd-pack ls` prints: held against GNU cpio's own listing, then rule by rule.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/initrd-pack/reading.h"
#include "tests/support/pe_blob.h"

namespace kip::initrd_pack_test {
namespace {

using support::join;
using support::NewcBlob;
using support::text;
using testing::HasSubstr;

constexpr const char* kMakeTree = R"sh(
mkdir -p tree/etc/deep tree/dev && cd tree
echo one > etc/a; ln etc/a etc/b; ln etc/a etc/deep/c
ln -s ../target etc/link; mkfifo dev/pipe; : > empty
printf x > "$(printf 'new\nline')"; printf y > "$(printf 'gr\303\274n')"; printf z > "$(printf 'by\377te')"
mknod dev/null c 1 3 2>/dev/null; mknod dev/loop0 b 7 0 2>/dev/null
find . -print0 | LC_ALL=C sort -z | cpio -0 -o -H "$1" --quiet > ../made.cpio
)sh";

// An archive as cpio makes it of a tree with everything that a tree may have.
void make_archive(const support::TempDir& dir, const std::string& format) {
  support::must_run({"sh", "-c", kMakeTree, "sh", format},
                    {.input = {}, .cwd = dir.path(), .env = {}});
}

class LsOfCpio : public testing::TestWithParam<std::string> {};

TEST_P(LsOfCpio, PrintsTheNamesThatCpioPrints) {
  const Reading at;
  make_archive(at.dir(), GetParam());
  const auto ours = at.run({"ls", "made.cpio"});
  const auto theirs = at.shell("cpio -t --quiet < made.cpio");
  EXPECT_EQ(ours.out, theirs.out);
  EXPECT_THAT(ours.out, HasSubstr("new\nline\n"));
  EXPECT_THAT(ours.out, HasSubstr("by\377te\n"));
}

TEST_P(LsOfCpio, PrintsTheModesLinksAndOwnersThatCpioPrints) {
  const Reading at;
  make_archive(at.dir(), GetParam());
  const auto ours = at.shell("\"$0\" ls -l made.cpio | awk '/^ *[0-9]/ { print $2, $3, $4, $5 }'");
  const auto theirs = at.shell(
      "cpio -tvn --quiet < made.cpio | awk '/^[-dlcbp][-r][-w]/ { print $1, $2, $3, $4 }'");
  EXPECT_EQ(ours.out, theirs.out);
  EXPECT_THAT(ours.out, HasSubstr("prw-"));
}

INSTANTIATE_TEST_SUITE_P(Formats, LsOfCpio, testing::Values("newc", "crc"),
                         [](const auto& format) { return format.param; });

support::Blob small() {
  return NewcBlob()
      .directory("etc")
      .file("etc/fstab", text("root\n"), {.uid = 7, .gid = 8, .mtime = 1755174600})
      .symlink("bin", "usr/bin")
      .file("dev/null", {}, {.mode = 0020666, .rdevmajor = 1, .rdevminor = 3})
      .bytes();
}

TEST(Ls, NamesAreAsTheyAreStored) {
  const Reading at;
  at.dir().write("image", NewcBlob().directory(".").file("./a", {}).file("/b", {}).bytes());
  EXPECT_EQ(at.run({"ls", "image"}).out, ".\n./a\n/b\n");
}

TEST(Ls, EverySegmentIsListedInOrderWithoutTrailers) {
  const Reading at;
  const auto two = join({NewcBlob().file("c", {}).bytes(), NewcBlob().file("d", {}).bytes()});
  at.dir().write("image",
                 join({NewcBlob().file("a", {}).pad_to(512).bytes(),
                       NewcBlob().file("b", {}).pad_to(512).bytes(), zstd(two), xz(small())}));
  const auto told = at.run({"ls", "image"});
  EXPECT_EQ(told.out, "a\nb\nc\nd\netc\netc/fstab\nbin\ndev/null\n");
  EXPECT_EQ(told.exit_code, 0) << told.err;
  EXPECT_EQ(at.run({"ls", "--segment", "3", "image"}).out, "c\nd\n") << "padding has no number";
}

TEST(Ls, ALongLineHasSegmentModeLinksOwnerSizeTimeAndTarget) {
  const Reading at;
  at.dir().write("image", small());
  EXPECT_EQ(at.run({"ls", "-l", "image"}).out,
            " 1 drwxr-xr-x   2     0     0         0 1970-01-01T00:00:00Z etc\n"
            " 1 -rw-r--r--   1     7     8         5 2025-08-14T12:30:00Z etc/fstab\n"
            " 1 lrwxrwxrwx   1     0     0         7 1970-01-01T00:00:00Z bin -> usr/bin\n"
            " 1 crw-rw-rw-   1     0     0      1, 3 1970-01-01T00:00:00Z dev/null\n");
}

TEST(Ls, SpecialBitsOfAModeAreLetters) {
  const Reading at;
  at.dir().write("image", NewcBlob()
                              .file("a", {}, {.mode = 0104755})
                              .file("b", {}, {.mode = 0102644})
                              .directory("t", {.mode = 041777})
                              .bytes());
  const auto told = at.shell("\"$0\" ls -l image | cut -c4-13");
  EXPECT_EQ(told.out, "-rwsr-xr-x\n-rw-r-Sr--\ndrwxrwxrwt\n");
}

TEST(Ls, APathIsAFileOrAllBelowADirectory) {
  const Reading at;
  at.dir().write(
      "image", NewcBlob().file("./a/b", {}).file("a/c", {}).file("ab", {}).file("/d", {}).bytes());
  EXPECT_EQ(at.run({"ls", "image", "a"}).out, "./a/b\na/c\n");
  EXPECT_EQ(at.run({"ls", "image", "/a/", "./d"}).out, "./a/b\na/c\n/d\n");
  EXPECT_EQ(at.run({"ls", "image", "."}).out, "./a/b\na/c\nab\n/d\n");
}

TEST(Ls, APathThatIsNotThereIsNamed) {
  const Reading at;
  at.dir().write("image", small());
  const auto told = at.run({"ls", "image", "etc", "nowhere"});
  EXPECT_EQ(told.exit_code, 3);
  EXPECT_EQ(told.out, "etc\netc/fstab\n");
  EXPECT_EQ(told.err, "initrd-pack: error: 'image': no member 'nowhere'\n");
}

TEST(Ls, ASegmentThatIsNotThereIsSaidWithTheirNumber) {
  const Reading at;
  at.dir().write("image", small());
  const auto told = at.run({"ls", "--segment", "2", "image"});
  EXPECT_EQ(told.exit_code, 3);
  EXPECT_EQ(told.err, "initrd-pack: error: 'image': no segment 2, the image has 1 segment\n");
  EXPECT_EQ(at.run({"ls", "--segment", "0", "image"}).exit_code, 2);
  EXPECT_EQ(at.run({"ls", "--segment", "x", "image"}).exit_code, 2);
}

TEST(Ls, AFaultyImageIsListedAsFarAsItGoesAndGivesOne) {
  const Reading at;
  at.dir().write("image", join({NewcBlob().file("a", {}).bytes(), text("no archive at all")}));
  const auto told = at.run({"ls", "image"});
  EXPECT_EQ(told.exit_code, 1);
  EXPECT_EQ(told.out, "a\n");
  EXPECT_THAT(told.err, HasSubstr("warning: 'image': offset "));
}

TEST(Ls, OfAUnifiedImageWhatTheKernelGetsIsListedInItsOrder) {
  const Reading at;
  const auto main = zstd(NewcBlob().file("init", text("x")).bytes());
  const auto early = NewcBlob().file("kernel/x", {}).bytes();
  support::PeBlob unified;
  unified.section(".linux", support::noise(3000, 1)).section(".initrd", main);
  at.dir().write("uki", unified.section(".ucode", early).bytes());
  const auto told = at.run({"ls", "uki"});
  EXPECT_EQ(told.exit_code, 0) << told.err;
  EXPECT_EQ(told.out, "kernel/x\ninit\n");
  EXPECT_EQ(at.run({"cat", "uki", "init"}).out, "x");
}

TEST(Ls, AFaultOfAUnifiedImageHasItsPlaceInTheFile) {
  const Reading at;
  const auto bytes = support::PeBlob().section(".initrd", text("no archive")).bytes();
  at.dir().write("uki", bytes);
  const auto place = support::to_string(bytes).find("no archive");
  EXPECT_THAT(at.run({"ls", "uki"}).err,
              HasSubstr(fmt::format("'uki (.initrd)': offset {:#x}: ", place)));
}

TEST(Ls, JsonHasEveryFieldOfAMember) {
  const Reading at;
  at.dir().write("image", small());
  const auto told = at.run({"ls", "--json", "image"});
  const auto json = nlohmann::json::parse(told.out);
  EXPECT_EQ(json["report"], "ls");
  EXPECT_TRUE(json["findings"].empty());
  ASSERT_EQ(json["members"].size(), 4u);
  const auto& file = json["members"][1];
  EXPECT_EQ(file["name"], "etc/fstab");
  EXPECT_EQ(file["segment"], 1);
  EXPECT_EQ(file["type"], "file");
  EXPECT_EQ(file["mode"], "0644");
  EXPECT_EQ(file["uid"], 7);
  EXPECT_EQ(file["mtime"], 1755174600);
  EXPECT_EQ(file["size"], 5);
  EXPECT_EQ(json["members"][2]["target"], "usr/bin");
  EXPECT_EQ(json["members"][3]["special"], nlohmann::json({1, 3}));
}

TEST(Ls, JsonOfAnImageWithoutMembersIsJson) {
  const Reading at;
  at.dir().write("image", NewcBlob().bytes());
  const auto told = at.run({"ls", "--json", "image"});
  EXPECT_TRUE(nlohmann::json::parse(told.out)["members"].empty());
}

TEST(Ls, JsonTellsTheBytesOfANameThatIsNoText) {
  const Reading at;
  at.dir().write("image", NewcBlob().file("a\xff", {}).bytes());
  const auto json = nlohmann::json::parse(at.run({"ls", "--json", "image"}).out);
  EXPECT_EQ(json["members"][0]["name_hex"], "61ff");
}

TEST(Ls, AFullDiskIsAnError) {
  const Reading at;
  at.dir().write("image", small());
  const auto told = at.shell("\"$0\" ls image > /dev/full");
  EXPECT_EQ(told.exit_code, 4);
  EXPECT_EQ(told.err, "initrd-pack: error: stdout: No space left on device\n");
}

TEST(Ls, WhatIsNoFileIsAnError) {
  const Reading at;
  EXPECT_EQ(at.run({"ls", "missing"}).exit_code, 4);
  EXPECT_EQ(at.run({"ls", "."}).err, "initrd-pack: error: '.': is not a regular file\n");
}

}  // namespace
}  // namespace kip::initrd_pack_test
