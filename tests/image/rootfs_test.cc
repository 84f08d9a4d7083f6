// The root file system as kernels make it of members, one after the other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/base/sink.h"
#include "src/image/paths.h"
#include "src/image/rootfs.h"
#include "src/image/wanted.h"
#include "tests/base/must.h"
#include "tests/support/newc_blob.h"

namespace kip::image {
namespace {

using support::NewcBlob;
using support::text;

class Unpacked {
 public:
  explicit Unpacked(support::Blob image) : image_(std::move(image)), index_(0) {
    must(segments::walk(source(), {}, index_));
  }

  /// The content of a path; "none" if it is none.
  std::string content(std::string_view path) {
    const auto* const name = index_.files().find(path);
    if (name == nullptr) return "none";
    const Inode& inode = index_.files().inode(*name);
    if (inode.type() != cpio::kModeRegular) return "no file";
    if (inode.size == 0) return "";
    MemorySink sink;
    must(copy_contents(source(), {inode.content}, sink));
    return std::string(as_text(sink.bytes()));
  }

  const Inode& inode(std::string_view path) {
    return index_.files().inode(*index_.files().find(path));
  }

 private:
  segments::Source source() {
    return [this](std::uint64_t offset) -> Result<std::unique_ptr<Input>> {
      return std::make_unique<MemoryInput>(Bytes(image_).subspan(offset));
    };
  }

  support::Blob image_;
  FileIndex index_;
};

TEST(RootFs, ALinksDataMayComeWithAnyOfItsNames) {
  for (const int with : {0, 1, 2}) {
    NewcBlob archive;
    for (int i = 0; i < 3; ++i)
      archive.link(std::string(1, static_cast<char>('a' + i)), 9, text(i == with ? "data" : ""),
                   {.nlink = 3});
    Unpacked files(archive.bytes());
    for (const char* const name : {"a", "b", "c"})
      EXPECT_EQ(files.content(name), "data") << name << with;
  }
}

TEST(RootFs, LinksOfOtherDevicesAreOthers) {
  Unpacked files(NewcBlob()
                     .link("a", 9, text("1"), {.devmajor = 8, .devminor = 1})
                     .link("b", 9, text("2"), {.devmajor = 8, .devminor = 2})
                     .bytes());
  EXPECT_EQ(files.content("a"), "1");
  EXPECT_EQ(files.content("b"), "2");
}

TEST(RootFs, ALinkThatIsReplacedByAFileStaysTheSameFile) {
  Unpacked files(NewcBlob().link("a", 9).link("b", 9, text("1")).file("b", {}).bytes());
  EXPECT_EQ(files.content("a"), "");
}

TEST(RootFs, AnotherTypeBreaksTheTieOfALink) {
  Unpacked files(NewcBlob()
                     .link("a", 9)
                     .link("b", 9, text("1"))
                     .symlink("b", "x")
                     .file("b", text("2"))
                     .bytes());
  EXPECT_EQ(files.content("a"), "1");
  EXPECT_EQ(files.content("b"), "2");
}

TEST(RootFs, ADirectoryWithFilesIsNotReplaced) {
  const auto base = NewcBlob().directory("d").file("d/f", text("1")).trailer(false).bytes();
  Unpacked linked(NewcBlob().raw(base).symlink("d", "e").bytes());
  EXPECT_EQ(linked.inode("d").type(), cpio::kModeDirectory);
  Unpacked file(NewcBlob().raw(base).file("d", text("2")).bytes());
  EXPECT_EQ(file.inode("d").type(), cpio::kModeDirectory);
  Unpacked empty(NewcBlob().directory("d").symlink("d", "e").bytes());
  EXPECT_EQ(empty.inode("d").type(), cpio::kModeSymlink);
}

TEST(RootFs, ADirectoryInPlaceOfALinkEndsIt) {
  Unpacked files(NewcBlob()
                     .directory("usr")
                     .symlink("lib", "usr")
                     .file("lib/a", text("1"))
                     .directory("lib")
                     .file("lib/b", text("2"))
                     .bytes());
  EXPECT_EQ(files.content("usr/a"), "1");
  EXPECT_EQ(files.content("lib/a"), "none");
  EXPECT_EQ(files.content("lib/b"), "2");
}

TEST(RootFs, LinksOfParentsAreFollowedAbsoluteRelativeAndThroughOthers) {
  Unpacked files(NewcBlob()
                     .directory("usr")
                     .directory("usr/lib")
                     .symlink("lib", "/usr/lib")
                     .symlink("usr/lib64", "../lib")
                     .file("usr/lib64/a", text("1"))
                     .bytes());
  EXPECT_EQ(files.content("usr/lib/a"), "1");
  EXPECT_EQ(files.content("lib/a"), "1");
}

TEST(RootFs, LinksInACircleEndSomewhere) {
  Unpacked files(NewcBlob().symlink("a", "b").symlink("b", "a").file("a/x", text("1")).bytes());
  EXPECT_EQ(files.content("a/x"), "1");
}

TEST(RootFs, ADirectorySaidAgainHasTheNewMode) {
  Unpacked files(NewcBlob().directory("d").directory("d", {.mode = 040700}).bytes());
  EXPECT_EQ(files.inode("d").mode, 040700u);
}

TEST(PlainPath, MeansThePathFromTheRoot) {
  for (const auto& [name, plain] :
       std::vector<std::pair<const char*, const char*>>{{"./a", "a"},
                                                        {"/a/", "a"},
                                                        {".", ""},
                                                        {"/", ""},
                                                        {"a//b", "a/b"},
                                                        {"a/./b", "a/b"},
                                                        {"a/../b", "b"},
                                                        {"../../a", "a"},
                                                        {"...", "..."}})
    EXPECT_EQ(plain_path(name), plain) << name;
}

}  // namespace
}  // namespace kip::image
