#include <cstddef>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "src/base/atomic_file.h"
#include "src/base/file.h"
#include "tests/base/must.h"
#include "tests/support/blob.h"
#include "tests/support/temp_dir.h"

namespace kip {
namespace {

using Existing = AtomicFile::Existing;
using Names = std::vector<std::string>;

std::string text_of(const std::string& path) {
  return support::to_string(support::read_file(path));
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

Status write_file(const std::string& path, std::string_view text, Existing existing,
                  mode_t mode = 0644) {
  AtomicFile file = TRY(AtomicFile::create(path, existing, mode));
  TRY(file.write(as_bytes(text)));
  return file.commit();
}

TEST(AtomicFileCheck, RefusesWhatCreateWouldRefuse) {
  const support::TempDir directory;
  const std::string file = directory.write("file", std::string_view("old"));
  EXPECT_FALSE(AtomicFile::check(file, Existing::kRefuse));
  EXPECT_TRUE(AtomicFile::check(file, Existing::kReplace));
  EXPECT_TRUE(AtomicFile::check(directory / "new", Existing::kRefuse));
  EXPECT_FALSE(AtomicFile::check(directory / "missing/new", Existing::kReplace));
  EXPECT_FALSE(AtomicFile::check(file + "/new", Existing::kReplace));
  EXPECT_FALSE(AtomicFile::check(directory.path(), Existing::kReplace));
  EXPECT_EQ(support::names_in(directory.path()), Names{"file"});
}

class Umask {
 public:
  explicit Umask(mode_t mask) : before_(::umask(mask)) {}
  ~Umask() { ::umask(before_); }
  Umask(const Umask&) = delete;
  Umask& operator=(const Umask&) = delete;

 private:
  mode_t before_;
};

// From here on this process cannot make unnamed files, as on vfat and some network file systems.
bool forbid_unnamed_files() {
  constexpr unsigned kUnnamed = O_TMPFILE & ~O_DIRECTORY;
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, kUnnamed, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EOPNOTSUPP),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog program{std::size(rules), rules};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

// Runs `body` in a child that cannot make unnamed files; its failed expectations fail this test.
template <class Body>
void where_nothing_is_unnamed(Body body) {
  EXPECT_EXIT(
      {
        if (!forbid_unnamed_files()) ::_exit(3);
        body();
        ::_exit(testing::Test::HasFailure() ? 1 : 0);
      },
      testing::ExitedWithCode(0), "");
}

enum class Ground { kUnnamedFiles, kNamedFilesOnly };

class AtomicFileOn : public testing::TestWithParam<Ground> {
 protected:
  template <class Body>
  void here(Body body) {
    if (GetParam() == Ground::kUnnamedFiles) {
      body();
    } else {
      where_nothing_is_unnamed(body);
    }
  }

  support::TempDir directory_;
};

TEST_P(AtomicFileOn, AppearsWholeWhenCommitted) {
  here([&] {
    AtomicFile file = must(AtomicFile::create(directory_ / "new", Existing::kRefuse));
    must(file.write(as_bytes("te")));
    must(file.write(as_bytes("xt")));
    EXPECT_FALSE(support::exists(directory_ / "new"));
    must(file.commit());
  });
  EXPECT_EQ(text_of(directory_ / "new"), "text");
  EXPECT_EQ(support::names_in(directory_.path()), Names{"new"});
}

TEST_P(AtomicFileOn, LeavesNothingWhenNotCommitted) {
  here([&] {
    AtomicFile file = must(AtomicFile::create(directory_ / "new", Existing::kReplace));
    must(file.write(as_bytes("text")));
  });
  EXPECT_EQ(support::names_in(directory_.path()), Names{});
}

TEST_P(AtomicFileOn, LeavesNothingWhenMovedAndNotCommitted) {
  here([&] {
    AtomicFile first = must(AtomicFile::create(directory_ / "new", Existing::kReplace));
    const AtomicFile second = std::move(first);
  });
  EXPECT_EQ(support::names_in(directory_.path()), Names{});
}

TEST_P(AtomicFileOn, RefusesAnExistingFile) {
  const std::string path = directory_.write("old", "old");
  here([&] {
    EXPECT_EQ(error_of(write_file(path, "new", Existing::kRefuse)), "exists (--force replaces it)");
  });
  EXPECT_EQ(text_of(path), "old");
}

TEST_P(AtomicFileOn, RefusesAFileThatCameMeanwhile) {
  here([&] {
    AtomicFile file = must(AtomicFile::create(directory_ / "new", Existing::kRefuse));
    directory_.write("new", "somebody else's");
    EXPECT_EQ(error_of(file.commit()), "File exists");
  });
  EXPECT_EQ(text_of(directory_ / "new"), "somebody else's");
  EXPECT_EQ(support::names_in(directory_.path()), Names{"new"});
}

TEST_P(AtomicFileOn, ReplacesAnExistingFile) {
  const std::string path = directory_.write("old", "a longer old text");
  here([&] { must(write_file(path, "new", Existing::kReplace)); });
  EXPECT_EQ(text_of(path), "new");
  EXPECT_EQ(support::names_in(directory_.path()), Names{"old"});
}

TEST_P(AtomicFileOn, KeepsTheOldFileUntilCommitted) {
  const std::string path = directory_.write("old", "old");
  here([&] {
    AtomicFile file = must(AtomicFile::create(path, Existing::kReplace));
    must(file.write(as_bytes("new")));
    EXPECT_EQ(text_of(path), "old");
  });
  EXPECT_EQ(text_of(path), "old");
}

TEST_P(AtomicFileOn, KeepsASymbolicLinkAndReplacesItsTarget) {
  directory_.write("there/target", "old");
  directory_.link("link", "there/target");
  here([&] { must(write_file(directory_ / "link", "new", Existing::kReplace)); });
  EXPECT_EQ(text_of(directory_ / "there/target"), "new");
  EXPECT_EQ(support::names_in(directory_.path()), (Names{"link", "there"}));
  EXPECT_EQ(support::names_in(directory_ / "there"), Names{"target"});
  struct stat status {};
  ASSERT_EQ(::lstat((directory_ / "link").c_str(), &status), 0);
  EXPECT_TRUE(S_ISLNK(status.st_mode));
}

TEST_P(AtomicFileOn, GivesThePermissionsThatUmaskLeaves) {
  here([&] {
    const Umask umask(027);
    must(write_file(directory_ / "wide", "", Existing::kRefuse, 0666));
    must(write_file(directory_ / "narrow", "", Existing::kRefuse, 0600));
  });
  EXPECT_EQ(mode_of(directory_ / "wide"), 0640u);
  EXPECT_EQ(mode_of(directory_ / "narrow"), 0600u);
}

TEST_P(AtomicFileOn, CanBeReadBackBeforeItIsCommitted) {
  here([&] {
    AtomicFile file = must(AtomicFile::create(directory_ / "new", Existing::kRefuse));
    must(file.write(as_bytes("text")));
    FileInput in(file.descriptor());
    EXPECT_EQ(as_text(must(read_rest(in, 100))), "text");
  });
}

INSTANTIATE_TEST_SUITE_P(Grounds, AtomicFileOn,
                         testing::Values(Ground::kUnnamedFiles, Ground::kNamedFilesOnly),
                         [](const auto& row) {
                           return row.param == Ground::kUnnamedFiles ? "UnnamedFiles"
                                                                     : "NamedFilesOnly";
                         });

// Part of another file behind what was written, wherever in its page either of them stands.

struct AppendRow {
  std::string name;
  std::size_t before, offset, size;  // bytes
};

void PrintTo(const AppendRow& row, std::ostream* out) {
  *out << row.name;
}

class AtomicFileAppend : public testing::TestWithParam<AppendRow> {};

INSTANTIATE_TEST_SUITE_P(Places, AtomicFileAppend,
                         testing::Values(AppendRow{"Nothing", 100, 50, 0},
                                         AppendRow{"WithinAPage", 100, 50, 7},
                                         AppendRow{"UpToAPage", 4000, 4000, 96},
                                         AppendRow{"AsFarIntoAPage", 5120, 1024, 700'000 - 1024},
                                         AppendRow{"FartherIntoAPage", 512, 1024, 600'000},
                                         AppendRow{"AtPages", 8192, 4096, 300'000},
                                         AppendRow{"AtTheStart", 0, 0, 700'000}),
                         [](const auto& row) { return row.param.name; });

TEST_P(AtomicFileAppend, CopiesThatPart) {
  const AppendRow& row = GetParam();
  const support::TempDir directory;
  const auto other = support::noise(700'000, 3);
  directory.write("other", other);
  const Fd source(::open((directory / "other").c_str(), O_RDONLY | O_CLOEXEC));
  AtomicFile file = must(AtomicFile::create(directory / "new", Existing::kRefuse));
  must(file.write_zeros(row.before));
  must(file.append(source.get(), row.offset, row.size));
  must(file.write(as_bytes("behind")));
  EXPECT_EQ(file.written(), row.before + row.size + 6);
  must(file.commit());
  support::Blob expected(row.before);
  support::append(expected, support::View(other).subspan(row.offset, row.size));
  support::append(expected, support::text("behind"));
  EXPECT_EQ(support::read_file(directory / "new"), expected);
}

TEST(AtomicFile, SaysThatAFileEndsBeforeThePart) {
  const support::TempDir directory;
  directory.write("other", support::noise(5000, 3));
  const Fd source(::open((directory / "other").c_str(), O_RDONLY | O_CLOEXEC));
  AtomicFile file = must(AtomicFile::create(directory / "new", Existing::kRefuse));
  const Status status = file.append(source.get(), 0, 5001);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, Errc::kTruncated);
}

struct RefusalRow {
  std::string name;
  std::string path;
  std::string message;
};

TEST(AtomicFile, RefusesWhatIsNoRegularFileEvenWithForce) {
  const support::TempDir directory;
  directory.directory("directory");
  const std::string kind = "exists and is not a regular file";
  const std::vector<RefusalRow> rows = {
      {"directory", directory / "directory", kind},
      {"device", "/dev/null", kind},
      {"fifo", directory.fifo("fifo"), kind},
      {"socket", directory.socket("socket"), kind},
      {"link to a directory", directory.link("to-directory", "directory"), kind},
      {"link to a device", directory.link("to-device", "/dev/null"), kind},
      {"dangling link", directory.link("dangling", "nowhere"), "No such file or directory"},
      {"link loop", directory.link("loop", "loop"), "Too many levels of symbolic links"},
      {"missing directory", directory / "missing/file", "No such file or directory"},
      {"file as directory", directory.write("file", "") + "/inside", "Not a directory"},
  };
  const Names before = support::names_in(directory.path());
  for (const RefusalRow& row : rows) {
    EXPECT_EQ(error_of(AtomicFile::create(row.path, Existing::kReplace)), row.message) << row.name;
  }
  EXPECT_EQ(support::names_in(directory.path()), before);
}

TEST(AtomicFile, TakesANameWithoutDirectory) {
  const support::TempDir directory;
  std::string before(4096, '\0');
  ASSERT_NE(::getcwd(before.data(), before.size()), nullptr);
  ASSERT_EQ(::chdir(directory.path().c_str()), 0);
  const Status status = write_file("plain", "text", Existing::kRefuse);
  ASSERT_EQ(::chdir(before.c_str()), 0);
  EXPECT_EQ(error_of(status), "");
  EXPECT_EQ(text_of(directory / "plain"), "text");
}

TEST(AtomicFile, FallsBackToAHiddenNameWhereNothingIsUnnamed) {
  const support::TempDir directory;
  where_nothing_is_unnamed([&] {
    const AtomicFile file = must(AtomicFile::create(directory / "new", Existing::kRefuse));
    const Names names = support::names_in(directory.path());
    ASSERT_EQ(names.size(), 1u);
    EXPECT_TRUE(names[0].starts_with(".kip-")) << names[0];
  });
}

TEST(AtomicFile, PassesOverHiddenNamesInUse) {
  const support::TempDir directory;
  directory.write(".kip-" + std::to_string(::getpid()) + "-0", "in use");
  directory.write("old", "old");
  must(write_file(directory / "old", "new", Existing::kReplace));
  EXPECT_EQ(text_of(directory / "old"), "new");
  EXPECT_EQ(support::names_in(directory.path()).size(), 2u);
}

TEST(AtomicFile, RemovesWhatKilledProcessesLeft) {
  const support::TempDir dir;
  const std::string alive = ".kip-" + std::to_string(::getpid()) + "-0";
  for (const std::string& name : {std::string(".kip-999999999-0"), std::string(".kip-aB3dE6"),
                                  alive, std::string(".kip-notes"), std::string("initrd")})
    dir.write(name, "x");
  AtomicFile::remove_leftovers(dir.path());
  EXPECT_EQ(support::names_in(dir.path()), (Names{alive, ".kip-notes", "initrd"}));
  AtomicFile::remove_leftovers(dir / "nowhere");
}

}  // namespace
}  // namespace kip
