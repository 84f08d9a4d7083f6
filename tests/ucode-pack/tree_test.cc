// Trees with things in them that are no firmware: what cannot be read is said in one line and
// stepped over, nothing hangs, and the rest is served.
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/ucode-pack/cases.h"

namespace kip::ucode_pack_test {
namespace {

using support::Blob;
using support::IntelBlob;
using support::TempDir;

constexpr std::uint64_t kGiB = 1024ULL * 1024 * 1024;

Blob update() {
  return IntelBlob().bytes();
}

// A row whose tree holds our update in `tree/06-bf-02` beside whatever `make` puts there; `whys`
// are warnings of pack and faults of verify.
Case beside_ours(std::string name, const std::function<void(const TempDir&)>& make,
                 const std::vector<std::string>& whys = {}) {
  Case row{std::move(name),
           [make](const TempDir& dir) {
             dir.write("tree/06-bf-02", update());
             make(dir);
           },
           {"--cpu", "0xb06f2"},
           0,
           {},
           update(),
           {},
           {}};
  for (const std::string& why : whys) {
    row.complaints.push_back("warning: " + why);
    row.faults.push_back(why);
  }
  return row;
}

std::vector<Case> kinds() {
  return {
      beside_ours("FIFO", [](const TempDir& dir) { dir.fifo("tree/06-aa-00"); },
                  {"'tree/06-aa-00': not a regular file, skipping"}),
      beside_ours("Link to a FIFO",
                  [](const TempDir& dir) {
                    dir.fifo("pipe");
                    dir.link("tree/06-aa-00", "../pipe");
                  },
                  {"'tree/06-aa-00': not a regular file, skipping"}),
      beside_ours("Socket", [](const TempDir& dir) { dir.socket("tree/s"); },
                  {"'tree/s': not a regular file, skipping"}),
      beside_ours("Link to a device",
                  [](const TempDir& dir) { dir.link("tree/06-aa-00", "/dev/zero"); },
                  {"'tree/06-aa-00': not a regular file, skipping"}),
      beside_ours("Dangling link", [](const TempDir& dir) { dir.link("tree/06-aa-00", "nowhere"); },
                  {"'tree/06-aa-00': dangling symbolic link, skipping"}),
      beside_ours("Link to itself",
                  [](const TempDir& dir) { dir.link("tree/06-aa-00", "06-aa-00"); },
                  {"'tree/06-aa-00': Too many levels of symbolic links, skipping"}),
      beside_ours("Link to the directory above",
                  [](const TempDir& dir) { dir.link("tree/deep/up", ".."); },
                  {"'tree/deep/up': leads back to a directory above it, skipping"}),
      beside_ours("Link to a file",
                  [](const TempDir& dir) { dir.link("tree/06-aa-00", "06-bf-02"); }),
      beside_ours("Link to a directory",
                  [](const TempDir& dir) {
                    dir.write("elsewhere/06-bf-02", update());
                    dir.link("tree/link", "../elsewhere");
                  }),
      beside_ours("Sixty-five directories in each other",
                  [](const TempDir& dir) {
                    std::string path = "tree";
                    for (int level = 0; level < 65; ++level) path += "/d";
                    dir.write(path + "/06-bf-02", update());
                  },
                  {[] {
                    std::string path = "tree";
                    for (int level = 0; level < 64; ++level) path += "/d";
                    return "'" + path + "': too many directories inside each other, skipping";
                  }()}),
      beside_ours(
          "Names with a newline and an escape",
          [](const TempDir& dir) { dir.write("tree/06-aa\n\x1b[31m", std::string_view("?")); }),
      beside_ours(
          "A broken file with a newline in its name",
          [](const TempDir& dir) { dir.write("tree/microcode_amd\n.bin", std::string_view("?")); },
          {"'tree/microcode_amd\\x0a.bin': offset 0x0: 1 bytes are no whole header"}),
      beside_ours("A broken file with invalid UTF-8 in its name",
                  [](const TempDir& dir) {
                    dir.write("tree/microcode_amd\xff\xc3.bin", std::string_view("?"));
                  },
                  {"'tree/microcode_amd\\xff\\xc3.bin': offset 0x0: 1 bytes are no whole header"}),
      beside_ours("Empty directories", [](const TempDir& dir) { dir.directory("tree/a/b/c"); }),
      beside_ours("Foreign files",
                  [](const TempDir& dir) {
                    dir.write("tree/LICENSE", std::string_view("/* a licence\n"));
                    dir.write("tree/a.bin", support::noise(4096, 5));
                    dir.write("tree/empty", std::string_view());
                    dir.write("tree/ones.fw", std::string_view("\1\0\0\0\2\0\0\0", 8));
                  }),
  };
}

std::vector<Case> large() {
  return {
      beside_ours("4 GiB of zeros",
                  [](const TempDir& dir) { dir.sparse("tree/blob.bin", 4 * kGiB); }),
      beside_ours(
          "4 GiB of zeros by a microcode name",
          [](const TempDir& dir) { dir.sparse("tree/06-aa-00", 4 * kGiB); },
          {"'tree/06-aa-00': offset 0x0: not microcode, it begins with 00 00 00 00 00 00 00 "
           "00"}),
      beside_ours(
          "An update and 4 GiB of zeros",
          [](const TempDir& dir) {
            dir.sparse("tree/06-aa-00", 4 * kGiB, IntelBlob().signature(0x506E3).bytes());
          },
          {"'tree/06-aa-00': offset 0x400: a long run of zero bytes, the rest is left out"}),
      beside_ours(
          "A container and 4 GiB of zeros",
          [](const TempDir& dir) {
            dir.sparse("tree/microcode_amd.bin", 4 * kGiB,
                       support::AmdBlob().zen(support::AmdPatch(0x0A0011D4)).bytes());
          },
          {"'tree/microcode_amd.bin': offset 0x234: no section and no container begins here, "
           "the rest is left out"}),
      beside_ours(
          "Zeros in front of an archive 4 GiB away",
          [](const TempDir& dir) { dir.sparse("tree/initrd", 4 * kGiB, support::zeros(4)); }),
      beside_ours("3,000 foreign files",
                  [](const TempDir& dir) {
                    for (int i = 0; i < 3000; ++i) {
                      dir.write(fmt::format("tree/many/{:04}.fw", i), std::string_view("firmware"));
                    }
                  }),
      beside_ours("3,000 files of a foreign CPU",
                  [](const TempDir& dir) {
                    const Blob foreign = IntelBlob().signature(0x506E3).bytes();
                    for (int i = 0; i < 3000; ++i) {
                      dir.write(fmt::format("tree/many/{:04}", i), foreign);
                    }
                  }),
  };
}

class TreeCases : public testing::TestWithParam<Case> {};

TEST_P(TreeCases, SaysOneLineAndServesTheRest) {
  with_each_program([](const std::string& program) { run_case(GetParam(), program); });
}

INSTANTIATE_TEST_SUITE_P(Kinds, TreeCases, testing::ValuesIn(kinds()), case_name);
INSTANTIATE_TEST_SUITE_P(Large, TreeCases, testing::ValuesIn(large()), case_name);

// Named by the user, so that it is an error and not only a warning.
TEST(NamedPath, ThatCannotBeReadFails) {
  struct Named {
    const char* path;
    const char* line;
  };
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    scene.dir().write("tree/06-bf-02", update());
    scene.dir().fifo("pipe");
    scene.dir().link("dangling", "nowhere");
    scene.dir().link("loop", "loop");
    for (const Named& named :
         {Named{"missing", "error: 'missing': No such file or directory"},
          Named{"pipe", "error: 'pipe': neither a regular file nor a directory"},
          Named{"dangling", "error: 'dangling': No such file or directory"},
          Named{"loop", "error: 'loop': Too many levels of symbolic links"},
          Named{"tree/06-bf-02/x", "error: 'tree/06-bf-02/x': Not a directory"},
          Named{"", "error: '': No such file or directory"}}) {
      SCOPED_TRACE(named.path);
      const Told told = scene.pack({"--cpu", "0xb06f2", "--firmware", named.path});
      EXPECT_EQ(told.code, 4);
      EXPECT_EQ(told.complaints, std::vector<std::string>{named.line});
      EXPECT_TRUE(support::names_in(scene.dir() / "out").empty());
      for (const char* const verb : {"verify", "list"}) {
        SCOPED_TRACE(verb);
        const bool list = verb == std::string("list");
        const Told other = list ? scene.run({verb, "--firmware", named.path, "--firmware", "tree"})
                                : scene.run({verb, named.path, "tree"});
        EXPECT_EQ(other.code, 4);
        EXPECT_EQ(other.complaints, std::vector<std::string>{named.line});
      }
    }
  });
}

// Root may read everything, so this one asks as nobody.
TEST(UnreadableFile, IsSaidAndTheRestServed) {
  const std::string how =
      ::geteuid() == 0 ? "exec setpriv --reuid=65534 --regid=65534 --clear-groups \"$0\" \"$@\""
                       : "exec \"$0\" \"$@\"";
  with_each_program([&](const std::string& program) {
    const Scene scene(program);
    const std::string copy = scene.dir() / "ucode-pack";  // build trees may be closed to others
    std::filesystem::copy_file(program, copy);
    ::chmod(scene.dir().path().c_str(), 0755);
    ::chmod((scene.dir() / "out").c_str(), 0777);
    scene.dir().write("tree/06-bf-02", update());
    ::chmod(scene.dir().write("tree/06-aa-00", std::string_view("secret")).c_str(), 0);
    ::chmod(scene.dir().directory("tree/closed").c_str(), 0);
    const std::string by_root = "cd " + scene.dir().path() + " && ";
    const std::string command = by_root + how;
    const auto run = [&](const std::vector<std::string>& arguments) {
      std::vector<std::string> argv = {"sh", "-c", command, copy};
      argv.insert(argv.end(), arguments.begin(), arguments.end());
      return support::run_program(argv);
    };
    const std::string warned =
        "'tree/06-aa-00': Permission denied, skipping\n"
        "'tree/closed': Permission denied, skipping\n";
    const auto verified = run({"verify", "-q", "tree"});
    EXPECT_EQ(verified.exit_code, 4) << verified.err;
    EXPECT_EQ(verified.out, warned);
    const auto packed = run({"--cpu", "0xb06f2", "--firmware", "tree", "-o", "out/early.cpio"});
    EXPECT_EQ(packed.exit_code, 0) << packed.err;
    EXPECT_EQ(
        packed.err.find("ucode-pack: warning: 'tree/06-aa-00': Permission denied, skipping\n"), 0U)
        << packed.err;
    EXPECT_TRUE(check_archive(scene.archive()).intel == update());
  });
}

}  // namespace
}  // namespace kip::ucode_pack_test
