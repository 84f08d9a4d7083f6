#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/library.h"
#include "src/base/sink.h"
#include "tests/base/must.h"
#include "tests/support/temp_dir.h"

namespace kip {
namespace {

// A root with a file inside, and a file of the same name outside it.
class RootBelow : public testing::Test {
 protected:
  void SetUp() override {
    directory_.write("root/etc/name", "inside");
    directory_.write("name", "outside");
    directory_.write("etc/name", "outside");
    root_ = must(Root::at(directory_ / "root"));
  }

  std::string text_of(const std::string& path) const {
    const auto bytes = read_file(root_, path, 100);
    return bytes ? std::string(as_text(*bytes)) : bytes.error().what;
  }

  support::TempDir directory_;
  Root root_;
};

TEST_F(RootBelow, BeginsAbsolutePathsInside) {
  EXPECT_EQ(text_of("/etc/name"), "inside");
}

TEST_F(RootBelow, BeginsRelativePathsInside) {
  EXPECT_EQ(text_of("etc/name"), "inside");
}

TEST_F(RootBelow, KeepsDotDotInside) {
  EXPECT_EQ(text_of("/../../etc/../../etc/name"), "inside");
}

TEST_F(RootBelow, KeepsAbsoluteLinksInside) {
  directory_.link("root/link", "/etc/name");
  EXPECT_EQ(text_of("/link"), "inside");
}

TEST_F(RootBelow, KeepsClimbingLinksInside) {
  directory_.link("root/etc/link", "../../../etc/name");
  EXPECT_EQ(text_of("/etc/link"), "inside");
}

TEST_F(RootBelow, KeepsLinksToDirectoriesInside) {
  directory_.link("root/lib", directory_ / "etc");
  EXPECT_EQ(text_of("/lib/name"), "No such file or directory");
}

TEST_F(RootBelow, FollowsNoMagicLink) {
  const Fd outside = must(Root().open(directory_ / "name", O_RDONLY));
  const Root proc = must(Root::at("/proc"));
  const auto opened = proc.open("/self/fd/" + std::to_string(outside.get()), O_RDONLY);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().system_errno, ELOOP);
}

TEST_F(RootBelow, OpensNamesOfADirectoryInside) {
  directory_.link("root/etc/away", "/../../name");
  directory_.write("root/name", "the root's");
  const Fd etc = must(root_.open("/etc", O_RDONLY | O_DIRECTORY));
  const Fd file = must(root_.open_in(etc.get(), "/etc", "away", O_RDONLY));
  FileInput in(file.get());
  EXPECT_EQ(as_text(must(read_rest(in, 100))), "the root's");
}

TEST_F(RootBelow, IsNotTheHost) {
  EXPECT_FALSE(root_.is_host());
  EXPECT_TRUE(Root().is_host());
}

TEST(Root, NeedsADirectory) {
  const support::TempDir directory;
  EXPECT_EQ(error_of(Root::at(directory.write("file", ""))), "Not a directory");
  EXPECT_EQ(error_of(Root::at(directory / "missing")), "No such file or directory");
}

TEST(Root, OpensSoThatChildrenDoNotInherit) {
  const Fd file = must(Root().open("/dev/null", O_RDONLY));
  EXPECT_NE(::fcntl(file.get(), F_GETFD) & FD_CLOEXEC, 0);
}

TEST(HostRoot, OpensNamesOfAnOpenDirectory) {
  const support::TempDir directory;
  directory.write("sub/name", "text");
  const Fd sub = must(Root().open(directory / "sub", O_RDONLY | O_DIRECTORY));
  EXPECT_TRUE(must(Root().open_in(sub.get(), "not looked at", "name", O_RDONLY)));
}

TEST(Fd, ClosesItself) {
  int number;
  {
    const Fd file = must(Root().open("/dev/null", O_RDONLY));
    number = file.get();
  }
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
}

TEST(Fd, ClosesOnceWhenMoved) {
  Fd first = must(Root().open("/dev/null", O_RDONLY));
  const int number = first.get();
  const Fd second = std::move(first);
  EXPECT_EQ(second.get(), number);
  EXPECT_NE(::fcntl(number, F_GETFD), -1);
}

TEST(ReadFile, RefusesMoreThanTheLimit) {
  const support::TempDir directory;
  const std::string path = directory.write("file", "12345");
  EXPECT_EQ(code_of(read_file(Root(), path, 4)), Errc::kLimit);
  EXPECT_EQ(must(read_file(Root(), path, 5)).size(), 5u);
}

TEST(ReadFile, DoesNotWaitForAFifo) {
  const support::TempDir directory;
  EXPECT_FALSE(read_file(Root(), directory.fifo("pipe"), 100).has_value());
}

TEST(DescriptorSink, CountsAndWritesEverything) {
  const support::TempDir directory;
  const std::string path = directory.write("file", "");
  const Fd file = must(Root().open(path, O_WRONLY));
  DescriptorSink sink(file.get());
  must(sink.write(as_bytes("one ")));
  must(sink.write(as_bytes("two")));
  EXPECT_EQ(sink.written(), 7u);
  EXPECT_EQ(support::to_string(support::read_file(path)), "one two");
}

TEST(DescriptorSink, ReportsAFullDisk) {
  const Fd full = must(Root().open("/dev/full", O_WRONLY));
  DescriptorSink sink(full.get());
  const Status status = sink.write(as_bytes("text"));
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().system_errno, ENOSPC);
  EXPECT_EQ(sink.written(), 0u);
}

TEST(BindLibrary, NamesTheLibraryThatIsMissing) {
  const Status status = bind_library("libkip-no-such-thing.so.0", {});
  EXPECT_EQ(code_of(status), Errc::kUnsupported);
  EXPECT_EQ(error_of(status), "needs libkip-no-such-thing.so.0, which is not installed");
}

TEST(BindLibrary, NamesTheSymbolThatIsMissing) {
  decltype(strlen)* length = nullptr;
  decltype(strlen)* other = nullptr;
  EXPECT_EQ(
      error_of(bind_library("libc.so.6", {{"strlen", length}, {"kip_no_such_function", other}})),
      "libc.so.6 lacks kip_no_such_function");
  EXPECT_EQ(length("four"), 4u);
  EXPECT_EQ(other, nullptr);
}

}  // namespace
}  // namespace kip
