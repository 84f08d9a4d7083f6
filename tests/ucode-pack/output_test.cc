// Where the archive goes: into a FILE that appears whole or not at all, or to standard output.
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/intel_blob.h"
#include "tests/ucode-pack/archive.h"
#include "tests/ucode-pack/scene.h"

namespace kip::ucode_pack_test {
namespace {

namespace fs = std::filesystem;
using support::Blob;
using support::IntelBlob;

const std::vector<std::string> kPack = {"--cpu", "0xb06f2", "--firmware", "tree"};

std::vector<std::string> pack_to(const std::string& file,
                                 const std::vector<std::string>& more = {}) {
  std::vector<std::string> arguments = kPack;
  arguments.insert(arguments.end(), {"-o", file});
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

Blob update() {
  return IntelBlob().bytes();
}

// A scene for each program, with our update in its tree.
void in_each_scene(const std::function<void(const Scene&)>& body) {
  with_each_program([&](const std::string& program) {
    const Scene scene(program);
    scene.dir().write("tree/06-bf-02", update());
    body(scene);
  });
}

void expect_refused(const Scene& scene, const std::string& file,
                    const std::vector<std::string>& more, const std::string& line) {
  const auto before = support::names_in(scene.dir() / "out");
  const Told told = scene.run(pack_to(file, more));
  EXPECT_EQ(told.code, 4);
  EXPECT_EQ(told.complaints, std::vector{"error: " + line});
  EXPECT_EQ(told.out, "");
  EXPECT_EQ(support::names_in(scene.dir() / "out"), before);
}

TEST(Output, IntoAMissingDirectory) {
  in_each_scene([](const Scene& scene) {
    expect_refused(scene, "out/no/early.cpio", {},
                   "'out/no/early.cpio': No such file or directory");
    expect_refused(scene, "out/no/early.cpio", {"--force"},
                   "'out/no/early.cpio': No such file or directory");
  });
}

TEST(Output, OntoADirectory) {
  in_each_scene([](const Scene& scene) {
    const std::string line = "'out': exists and is not a regular file";
    expect_refused(scene, "out", {}, line);
    expect_refused(scene, "out", {"--force"}, line);
  });
}

TEST(Output, OntoADevice) {
  in_each_scene([](const Scene& scene) {
    const std::string line = "'/dev/full': exists and is not a regular file";
    expect_refused(scene, "/dev/full", {}, line);
    expect_refused(scene, "/dev/full", {"--force"}, line);
  });
}

TEST(Output, OntoAFifo) {
  in_each_scene([](const Scene& scene) {
    scene.dir().fifo("out/pipe");
    expect_refused(scene, "out/pipe", {"--force"}, "'out/pipe': exists and is not a regular file");
  });
}

TEST(Output, BelowAFile) {
  in_each_scene([](const Scene& scene) {
    scene.dir().write("out/file", std::string_view("x"));
    expect_refused(scene, "out/file/early.cpio", {"--force"},
                   "'out/file/early.cpio': Not a directory");
  });
}

TEST(Output, OntoAnExistingFileIsRefused) {
  in_each_scene([](const Scene& scene) {
    scene.dir().write("out/early.cpio", std::string_view("old"));
    expect_refused(scene, "out/early.cpio", {}, "'out/early.cpio': exists (--force replaces it)");
    EXPECT_EQ(support::to_string(support::read_file(scene.archive())), "old");
  });
}

TEST(Output, IsRefusedByADryRunToo) {
  in_each_scene([](const Scene& scene) {
    scene.dir().write("out/early.cpio", std::string_view("old"));
    const Told told = scene.run(pack_to("out/early.cpio", {"-n"}));
    EXPECT_EQ(told.code, 4);
    EXPECT_EQ(told.complaints,
              std::vector<std::string>{"error: 'out/early.cpio': exists (--force replaces it)"});
    EXPECT_EQ(scene.run(pack_to("out/early.cpio", {"-n", "--force"})).code, 0);
    EXPECT_EQ(scene.run(pack_to("missing/early.cpio", {"-n"})).code, 4);
    EXPECT_EQ(support::to_string(support::read_file(scene.archive())), "old");
  });
}

TEST(Output, OntoAnExistingFileByForce) {
  in_each_scene([](const Scene& scene) {
    scene.dir().write("out/early.cpio", std::string_view("old"));
    fs::create_hard_link(scene.archive(), scene.dir() / "kept");
    const Told told = scene.run(pack_to("out/early.cpio", {"--force"}));
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_TRUE(check_archive(scene.archive()).intel == update());
    EXPECT_EQ(support::names_in(scene.dir() / "out").size(), 1U);
    EXPECT_EQ(support::to_string(support::read_file(scene.dir() / "kept")), "old")
        << "the old file was written over, not replaced";
  });
}

TEST(Output, ThroughALinkToAFile) {
  in_each_scene([](const Scene& scene) {
    scene.dir().write("real/early.cpio", std::string_view("old"));
    scene.dir().link("out/early.cpio", "../real/early.cpio");
    expect_refused(scene, "out/early.cpio", {}, "'out/early.cpio': exists (--force replaces it)");
    const Told told = scene.run(pack_to("out/early.cpio", {"--force"}));
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_TRUE(fs::is_symlink(scene.archive()));
    EXPECT_FALSE(fs::is_symlink(scene.dir() / "real/early.cpio"));
    EXPECT_TRUE(check_archive(scene.dir() / "real/early.cpio").intel == update());
  });
}

TEST(Output, ThroughADanglingLink) {
  in_each_scene([](const Scene& scene) {
    scene.dir().link("out/early.cpio", "nowhere");
    const std::string line = "'out/early.cpio': No such file or directory";
    expect_refused(scene, "out/early.cpio", {}, line);
    expect_refused(scene, "out/early.cpio", {"--force"}, line);
  });
}

TEST(Output, HasThePermissionsOfAnyNewFile) {
  in_each_scene([](const Scene& scene) {
    const Told told = scene.shell("umask 027; exec \"$0\" \"$@\"", pack_to("out/early.cpio"));
    ASSERT_EQ(told.code, 0) << told.err;
    struct stat status {};
    ASSERT_EQ(::stat(scene.archive().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0640U);
  });
}

TEST(Output, IntoTheTreeItIsReadFrom) {
  in_each_scene([](const Scene& scene) {
    ASSERT_EQ(scene.run(pack_to("tree/early.cpio")).code, 0);
    const Blob first = support::read_file(scene.dir() / "tree/early.cpio");
    ASSERT_EQ(scene.run(pack_to("tree/early.cpio", {"--force"})).code, 0);
    EXPECT_TRUE(support::read_file(scene.dir() / "tree/early.cpio") == first);
  });
}

TEST(Output, ToStandardOutputIsTheSame) {
  in_each_scene([](const Scene& scene) {
    const Told told = scene.run(kPack);
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(told.complaints, std::vector<std::string>());
    scene.dir().write("stdout.cpio", told.out);
    EXPECT_TRUE(check_archive(scene.dir() / "stdout.cpio").intel == update());
    ASSERT_EQ(scene.run(pack_to("out/early.cpio")).code, 0);
    EXPECT_EQ(support::to_string(support::read_file(scene.archive())), told.out);
  });
}

TEST(Output, ToAFullDevice) {
  in_each_scene([](const Scene& scene) {
    const std::vector<std::string> reports[] = {
        kPack,
        {"list", "--firmware", "tree"},
        {"list", "--firmware", "tree", "--json"},
        {"verify", "tree", "--json"},
        {"host"},
        {"host", "--json"},
        {"--help"},
        {"--version"},
        {"--completion", "bash"},
        {"-n", "--json", "--cpu", "0xb06f2", "--firmware", "tree"},
        {"extract", "--json", "-n", "-d", "out", "tree"},
    };
    for (const auto& arguments : reports) {
      SCOPED_TRACE(fmt::format("{}", fmt::join(arguments, " ")));
      const Told full = scene.shell("exec \"$0\" \"$@\" >/dev/full", arguments);
      EXPECT_EQ(full.code, 4);
      EXPECT_EQ(full.complaints,
                std::vector<std::string>{"error: stdout: No space left on device"});
      const Told closed = scene.shell("exec \"$0\" \"$@\" >&-", arguments);
      EXPECT_EQ(closed.code, 4);
      EXPECT_EQ(closed.complaints, std::vector<std::string>{"error: stdout: Bad file descriptor"});
    }
  });
}

TEST(Output, VerifyToAFullDevice) {
  in_each_scene([](const Scene& scene) {
    scene.dir().write("tree/06-aa-00", std::string_view("broken"));
    const Told full = scene.shell("exec \"$0\" \"$@\" >/dev/full", {"verify", "tree"});
    EXPECT_EQ(full.code, 4);
    EXPECT_EQ(full.complaints, std::vector<std::string>{"error: stdout: No space left on device"});
  });
}

// What the caller closed must not become the archive.
TEST(Output, WithStandardDescriptorsClosed) {
  in_each_scene([](const Scene& scene) {
    scene.dir().write("tree/06-aa-00", std::string_view("something to warn of"));
    for (const char* const closed : {"<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"}) {
      SCOPED_TRACE(closed);
      const Told told = scene.shell(std::string("exec \"$0\" \"$@\" ") + closed,
                                    pack_to("out/early.cpio", {"-v"}));
      EXPECT_EQ(told.code, 0) << told.err;
      EXPECT_TRUE(check_archive(scene.archive()).intel == update());
      scene.remove_archive();
    }
  });
}

}  // namespace
}  // namespace kip::ucode_pack_test
