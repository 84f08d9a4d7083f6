// What `initrd-pack cat` writes: the content that the root file system will have, byte for byte.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/initrd-pack/reading.h"
#include "tests/support/kernel_finder.h"

namespace kip::initrd_pack_test {
namespace {

using support::Blob;
using support::join;
using support::NewcBlob;
using support::text;
using testing::HasSubstr;

TEST(Cat, WritesTheFilesInTheOrderOfTheArguments) {
  const Reading at;
  at.dir().write("image", zstd(NewcBlob()
                                   .file("a", text("1"))
                                   .file("b", text("22"))
                                   .file("c", support::noise(300000, 1))
                                   .file("empty", {})
                                   .bytes()));
  EXPECT_EQ(at.run({"cat", "image", "b", "./a", "/b", "empty"}).out, "22122");
  const auto told = at.run({"cat", "image", "c"});
  EXPECT_EQ(told.out, support::to_string(support::noise(300000, 1)));
  EXPECT_EQ(told.err, "");
}

TEST(Cat, OfSeveralTheLastIsWritten) {
  const Reading at;
  const auto base = NewcBlob().file("etc/x", text("base\n")).file("etc/y", text("y\n")).bytes();
  at.dir().write("image",
                 join({NewcBlob().file("etc/x", text("front\n")).pad_to(512).bytes(), zstd(base)}));
  const auto told = at.run({"cat", "image", "etc/x"});
  EXPECT_EQ(told.out, "base\n");
  EXPECT_EQ(told.err,
            "initrd-pack: 'etc/x': there are 2, this is the last, in segment 2; --segment N reads "
            "those of segment 1\n");
  EXPECT_EQ(at.run({"cat", "--segment", "1", "image", "etc/x"}).out, "front\n");
}

TEST(Cat, EveryNameOfAHardLinkHasTheData) {
  const Reading at;
  support::must_run({"sh", "-c",
                     "mkdir t && cd t && echo data > a && ln a b && ln a c && "
                     "printf 'a\\nb\\nc\\n' | cpio -o -H newc --quiet > ../image"},
                    {.input = {}, .cwd = at.dir().path(), .env = {}});
  for (const char* const name : {"a", "b", "c"})
    EXPECT_EQ(at.run({"cat", "image", name}).out, "data\n") << name;
}

TEST(Cat, HardLinksDoNotReachBehindATrailer) {
  const Reading at;
  const auto first = NewcBlob().link("a", 5).link("b", 5, text("one")).bytes();
  const auto second = NewcBlob().link("c", 5).link("d", 5, text("two")).bytes();
  at.dir().write("image", zstd(join({first, second})));
  EXPECT_EQ(at.run({"cat", "image", "a", "c"}).out, "onetwo");
}

TEST(Cat, WhatIsWrittenThroughOneNameIsInTheOther) {
  const Reading at;
  at.dir().write("image", join({NewcBlob().link("a", 5).link("b", 5, text("one")).bytes(),
                                NewcBlob().file("a", text("new")).bytes()}));
  EXPECT_EQ(at.run({"cat", "image", "b"}).out, "new") << "kernels open what is there";
}

TEST(Cat, AParentThatIsALinkLeadsToItsDirectory) {
  const Reading at;
  at.dir().write("image", join({NewcBlob()
                                    .directory("usr")
                                    .directory("usr/lib")
                                    .symlink("lib", "usr/lib")
                                    .file("usr/lib/x", text("base"))
                                    .bytes(),
                                NewcBlob().file("lib/x", text("over")).bytes()}));
  EXPECT_EQ(at.run({"cat", "image", "usr/lib/x"}).out, "over");
  EXPECT_EQ(at.run({"cat", "image", "lib/x"}).out, "over");
}

TEST(Cat, LinksAndDirectoriesAreNamed) {
  const Reading at;
  at.dir().write("image", NewcBlob()
                              .directory("etc")
                              .symlink("link", "etc/target")
                              .file("null", {}, {.mode = 0020666})
                              .file("a", text("1"))
                              .bytes());
  const auto told = at.run({"cat", "image", "link", "etc", "null", "a"});
  EXPECT_EQ(told.exit_code, 4);
  EXPECT_EQ(told.out, "1");
  EXPECT_EQ(told.err,
            "initrd-pack: error: 'image': 'link': is a symbolic link to 'etc/target'\n"
            "initrd-pack: error: 'image': 'etc': is a directory\n"
            "initrd-pack: error: 'image': 'null': is no regular file\n");
}

TEST(Cat, AFileThatIsNotThereGivesThree) {
  const Reading at;
  at.dir().write("image", NewcBlob().file("a", text("1")).bytes());
  const auto told = at.run({"cat", "image", "b", "a"});
  EXPECT_EQ(told.exit_code, 3);
  EXPECT_EQ(told.out, "1");
  EXPECT_EQ(told.err, "initrd-pack: error: 'image': 'b': no such member\n");
}

TEST(Cat, EarlyMicrocodeIsReadThoughItHasNoDirectory) {
  const Reading at;
  at.dir().write("image", NewcBlob().file(support::kIntelPath, text("update")).bytes());
  EXPECT_EQ(at.run({"cat", "image", std::string(support::kIntelPath)}).out, "update");
}

Blob unpacked(const Reading& at, const std::vector<std::string>& arguments) {
  const auto told = at.run(arguments);
  EXPECT_EQ(told.exit_code, 0) << told.err;
  return text(told.out);
}

TEST(Cat, ASegmentIsWrittenAsItIsOrUnpacked) {
  const Reading at;
  const auto raw = NewcBlob().file("a", text("1")).bytes();
  const auto main = NewcBlob().file("init", text("22")).bytes();
  at.dir().write("image", join({NewcBlob().raw(raw).trailer(false).pad_to(512).bytes(), xz(main)}));
  EXPECT_EQ(unpacked(at, {"cat", "--segment", "1", "image"}), raw);
  EXPECT_EQ(unpacked(at, {"cat", "--segment", "2", "image"}), main);
}

TEST(Cat, WithoutAPathItIsAnImageThatUnpacksToTheSameFiles) {
  const Reading at;
  const auto odd = join({NewcBlob().file("odd", text("12345")).bytes(), support::zeros(3)});
  const auto early = NewcBlob().directory("kernel").file("kernel/x", text("u")).pad_to(512).bytes();
  const auto main =
      NewcBlob().file("init", text("22")).link("a", 3).link("b", 3, text("b")).bytes();
  at.dir().write("image", join({early, zstd(odd), support::zeros(8), xz(main)}));
  const Blob whole = unpacked(at, {"cat", "image"});
  const auto verdict = support::unpack_verdict(whole);
  EXPECT_EQ(verdict.error, "");
  EXPECT_EQ(verdict.compressed_at, std::nullopt);
  for (const char* const name : {"kernel", "kernel/x", "odd", "init", "a", "b"})
    EXPECT_NE(verdict.find(name), nullptr) << name;
  EXPECT_EQ(at.shell("\"$0\" cat image > plain && \"$0\" diff image plain").exit_code, 0);
}

TEST(Cat, FaultyImagesAreReadAsFarAsTheyGo) {
  const Reading at;
  at.dir().write("image", join({NewcBlob().file("a", text("1")).bytes(), text("no archive")}));
  const auto told = at.run({"cat", "image", "a"});
  EXPECT_EQ(told.exit_code, 1);
  EXPECT_EQ(told.out, "1");
  EXPECT_THAT(told.err, HasSubstr("warning: 'image': offset "));
}

TEST(Cat, AFullDiskIsAnError) {
  const Reading at;
  at.dir().write("image", NewcBlob().file("a", text("1")).bytes());
  EXPECT_EQ(at.shell("\"$0\" cat image a > /dev/full").err,
            "initrd-pack: error: stdout: No space left on device\n");
  EXPECT_EQ(at.shell("\"$0\" cat image > /dev/full").exit_code, 4);
}

TEST(Cat, ArchivesAreNotForATerminal) {
  if (!support::have_program("script")) GTEST_SKIP() << "no script(1)";
  const Reading at;
  at.dir().write("image", NewcBlob().file("a", text("1")).bytes());
  const auto told = at.shell("script -qec \"$0 cat image\" /dev/null < /dev/null");
  EXPECT_EQ(told.exit_code, 2);
  EXPECT_THAT(told.out, HasSubstr("not for a terminal"));
}

}  // namespace
}  // namespace kip::initrd_pack_test
