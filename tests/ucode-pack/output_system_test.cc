// Output that needs more of the system: a file system that is full, a directory that may not be
// written to, a terminal, and the time in the archive.
#include <cstdlib>
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

bool may_mount() {
  return support::run_program({"unshare", "-m", "true"}).ok();
}

// 64 KiB of room and an update of 96 KiB.
TEST(FullFileSystem, KeepsTheOldFileAndLeavesNothing) {
  if (!may_mount()) GTEST_SKIP() << "NOT RUN: a mount needs root";
  const std::string command =
      "mount -t tmpfs -o size=64k tmpfs out && printf old >out/old || exit 99\n"
      "\"$0\" \"$@\"; code=$?\n"
      "ls -A out >listing; cat out/old >kept; exit $code";
  with_each_program([&](const std::string& program) {
    const Scene scene(program);
    scene.dir().write("tree/06-bf-02", IntelBlob().body_size(96 * 1024).bytes());
    for (const auto& arguments : {pack_to("out/new"), pack_to("out/old", {"--force"})}) {
      const Told told =
          scene.shell("exec unshare -m sh -c '" + command + "' \"$0\" \"$@\"", arguments);
      EXPECT_EQ(told.code, 4) << told.err;
      EXPECT_EQ(told.complaints,
                std::vector<std::string>{"error: '" + arguments[5] + "': No space left on device"});
      EXPECT_EQ(support::to_string(support::read_file(scene.dir() / "listing")), "old\n");
      EXPECT_EQ(support::to_string(support::read_file(scene.dir() / "kept")), "old");
    }
  });
}

// As in the chroot of somebody who builds images.
TEST(WithoutProc, WritesAllTheSame) {
  if (!may_mount()) GTEST_SKIP() << "NOT RUN: a mount needs root";
  with_each_program([&](const std::string& program) {
    if (is_instrumented(program)) return;  // the sanitizers themselves want /proc
    const Scene scene(program);
    scene.dir().write("tree/06-bf-02", IntelBlob().bytes());
    scene.dir().directory("out");
    const std::string command = "mount -t tmpfs tmpfs /proc && exec \"$0\" \"$@\"";
    for (const auto& more : {std::vector<std::string>{}, {"--force"}}) {
      const Told told = scene.shell("exec unshare -m sh -c '" + command + "' \"$0\" \"$@\"",
                                    pack_to("out/early.cpio", more));
      EXPECT_EQ(told.code, 0) << told.err;
      EXPECT_EQ(support::names_in(scene.dir() / "out"), std::vector<std::string>{"early.cpio"});
    }
  });
}

TEST(ClosedDirectory, IsAnError) {
  with_each_program([&](const std::string& program) {
    const Scene scene(program);
    const std::string copy = scene.dir() / "ucode-pack";
    std::filesystem::copy_file(program, copy);
    scene.dir().write("tree/06-bf-02", IntelBlob().bytes());
    scene.dir().write("out/early.cpio", std::string_view("old"));
    ::chmod(scene.dir().path().c_str(), 0755);
    ::chmod((scene.dir() / "out").c_str(), 0555);
    std::vector<std::string> argv;
    if (::geteuid() == 0) argv = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"};
    argv.push_back(copy);
    const auto arguments = pack_to("out/early.cpio", {"--force"});
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    const auto result =
        support::run_program(argv, {.input = {}, .cwd = scene.dir().path(), .env = {}});
    EXPECT_EQ(result.exit_code, 4);
    EXPECT_EQ(result.err, "ucode-pack: error: 'out/early.cpio': Permission denied\n");
    EXPECT_EQ(support::to_string(support::read_file(scene.archive())), "old");
    EXPECT_EQ(support::names_in(scene.dir() / "out").size(), 1U);
  });
}

class Terminal {
 public:
  Terminal() : main_(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)) {
    if (main_ < 0 || ::grantpt(main_) != 0 || ::unlockpt(main_) != 0) return;
    char name[128];
    if (::ptsname_r(main_, name, sizeof name) == 0) name_ = name;
    // Held open, or what was written is gone with the last writer.
    held_ = ::open(name_.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC);
  }
  ~Terminal() {
    ::close(held_);
    ::close(main_);
  }
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

  // What was written so far.
  [[nodiscard]] std::string text() const {
    ::fcntl(main_, F_SETFL, O_NONBLOCK);
    std::string all;
    char block[4096];
    for (ssize_t count = 0; (count = ::read(main_, block, sizeof block)) > 0;)
      all.append(block, static_cast<std::size_t>(count));
    return all;
  }

 private:
  int main_;
  int held_ = -1;
  std::string name_;
};

TEST(TerminalAsOutput, IsRefusedTheArchive) {
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    scene.dir().write("tree/06-bf-02", IntelBlob().bytes());
    const Terminal terminal;
    const Told told = scene.shell("exec \"$0\" \"$@\" >" + terminal.name(), kPack);
    EXPECT_EQ(told.code, 2);
    EXPECT_EQ(told.complaints,
              std::vector<std::string>{
                  "error: the archive is not written to a terminal; -o FILE names a file"});
    EXPECT_EQ(terminal.text(), "");
    // Nothing but the archive is refused.
    std::vector<std::string> dry = kPack;
    dry.emplace_back("-n");
    EXPECT_EQ(scene.shell("exec \"$0\" \"$@\" >" + terminal.name(), dry).code, 0);
    EXPECT_EQ(scene.shell("exec \"$0\" \"$@\" >" + terminal.name(), pack_to("out/a")).code, 0);
    const Told list =
        scene.shell("exec \"$0\" \"$@\" >" + terminal.name(), {"list", "--firmware", "tree"});
    EXPECT_EQ(list.code, 0);
    EXPECT_NE(terminal.text().find("0x000b06f2"), std::string::npos);
  });
}

TEST(TerminalForMessages, IsColouredUnlessNoColor) {
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    const Terminal terminal;
    const std::string to_terminal = "\"$0\" \"$@\" 2>" + terminal.name();
    EXPECT_EQ(scene.shell(to_terminal, {"--cpu", "nonsense", "-n"}).code, 2);
    EXPECT_NE(terminal.text().find("ucode-pack: \033[31merror:\033[0m 'nonsense'"),
              std::string::npos);
    EXPECT_EQ(scene.shell("NO_COLOR=1 " + to_terminal, {"--cpu", "nonsense", "-n"}).code, 2);
    EXPECT_EQ(terminal.text().find('\033'), std::string::npos);
  });
}

// The time of the first member, eight hexadecimal digits behind the magic and five fields.
std::uint32_t archive_time(const Scene& scene) {
  const std::string archive = support::to_string(support::read_file(scene.archive()));
  return static_cast<std::uint32_t>(std::stoul(archive.substr(6 + 5 * 8, 8), nullptr, 16));
}

TEST(ArchiveTime, IsTheNewestUpdatesDateOrSourceDateEpoch) {
  struct Epoch {
    const char* value;  // null: not set
    std::uint32_t expected;
    const char* warning;
  };
  constexpr std::uint32_t k2025Nov11 = 1762819200;
  const std::string no_number = "warning: SOURCE_DATE_EPOCH is no number, ignoring it";
  with_each_program([&](const std::string& program) {
    const Scene scene(program);
    scene.dir().write("tree/06-bf-02", IntelBlob().date(0x11112025).bytes());
    scene.dir().write("tree/06-8f-08",
                      IntelBlob().signature(0x806F8).date(0x01012001).seed(2).bytes());
    for (const Epoch& epoch : {Epoch{nullptr, k2025Nov11, ""},
                               {"", k2025Nov11, ""},
                               {"0", 0, ""},
                               {"1", 1, ""},
                               {"4294967295", 0xFFFFFFFF, ""},
                               {"yesterday", k2025Nov11, no_number.c_str()},
                               {"12 ", k2025Nov11, no_number.c_str()},
                               {"0x10", k2025Nov11, no_number.c_str()},
                               {"99999999999999999999", k2025Nov11, no_number.c_str()}}) {
      SCOPED_TRACE(epoch.value == nullptr ? "unset" : epoch.value);
      support::RunOptions options;
      if (epoch.value != nullptr) options.env.emplace_back("SOURCE_DATE_EPOCH", epoch.value);
      std::vector<std::string> arguments = pack_to("out/early.cpio", {"--cpu", "0x806f8"});
      const Told told = scene.run(arguments, options);
      ASSERT_EQ(told.code, 0) << told.err;
      EXPECT_EQ(told.complaints, *epoch.warning == '\0' ? std::vector<std::string>()
                                                        : std::vector<std::string>{epoch.warning});
      check_archive(scene.archive());
      EXPECT_EQ(archive_time(scene), epoch.expected);
      scene.remove_archive();
    }
  });
}

TEST(ArchiveTime, ThatDoesNotFitIsAnError) {
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    scene.dir().write("tree/06-bf-02", IntelBlob().bytes());
    for (const std::string epoch : {"8589934592", "4294967296", "-1"}) {
      SCOPED_TRACE(epoch);
      support::RunOptions options;
      options.env.emplace_back("SOURCE_DATE_EPOCH", epoch);
      const Told told = scene.run(pack_to("out/early.cpio"), options);
      EXPECT_EQ(told.code, 4);
      EXPECT_EQ(told.complaints, std::vector{"error: 'out/early.cpio': time " + epoch +
                                             " does not fit a newc archive"});
      EXPECT_TRUE(support::names_in(scene.dir() / "out").empty());
    }
  });
}

TEST(ArchiveTime, OfADateThatIsNoneIsZero) {
  with_each_program([](const std::string& program) {
    const Scene scene(program);
    scene.dir().write("tree/06-bf-02", IntelBlob().date(0).bytes());
    const Told told = scene.run(pack_to("out/early.cpio"));
    ASSERT_EQ(told.code, 0) << told.err;
    EXPECT_TRUE(check_archive(scene.archive()).intel == IntelBlob().date(0).bytes());
    EXPECT_EQ(archive_time(scene), 0U);
  });
}

}  // namespace
}  // namespace kip::ucode_pack_test
