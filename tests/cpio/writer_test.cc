#include <gtest/gtest.h>
#include <ostream>
#include <sys/stat.h>
#include <unistd.h>

#include "cpio/reader.h"
#include "cpio/writer.h"
#include "src/base/sink.h"
#include "tests/base/must.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace kip::cpio {
namespace {

constexpr std::int64_t kTime = 1754006400;  // 2025-08-01

std::string_view as_view(const support::Blob& bytes) {
  return as_text(bytes);
}

void add_file(Writer& archive, std::string_view path, Bytes data, std::uint64_t alignment = 4) {
  must(archive.begin_file(path, data.size(), alignment));
  must(archive.write(data));
}

// Directories, an empty file, one of every remainder by 4, one aligned to 16.
support::Blob sample_archive() {
  MemorySink sink;
  Writer archive(sink, kTime);
  must(archive.directory("kernel"));
  must(archive.directory("kernel/x86", 0700));
  for (std::uint32_t size = 0; size < 6; ++size) {
    add_file(archive, "kernel/size-" + std::to_string(size), support::noise(size, size));
  }
  add_file(archive, "kernel/x86/aligned", support::noise(1000, 7), 16);
  must(archive.finish(512));
  return sink.bytes();
}

TEST(Writer, IsListedByGnuCpio) {
  const support::Blob bytes = sample_archive();
  const auto listed =
      support::run_program({"cpio", "-t", "--quiet"}, {.input = std::string(as_view(bytes))});
  EXPECT_EQ(listed.err, "");
  EXPECT_EQ(listed.out,
            "kernel\nkernel/x86\nkernel/size-0\nkernel/size-1\nkernel/size-2\nkernel/size-3\n"
            "kernel/size-4\nkernel/size-5\nkernel/x86/aligned\n");
}

TEST(Writer, IsUnpackedByGnuCpioWithEveryByte) {
  const support::TempDir directory;
  const support::Blob bytes = sample_archive();
  support::must_run({"cpio", "-i", "-d", "-m", "--quiet"},
                    {.input = std::string(as_view(bytes)), .cwd = directory.path()});
  for (std::uint32_t size = 0; size < 6; ++size) {
    EXPECT_EQ(support::read_file(directory / ("kernel/size-" + std::to_string(size))),
              support::noise(size, size));
  }
  EXPECT_EQ(support::read_file(directory / "kernel/x86/aligned"), support::noise(1000, 7));
  struct stat status {};
  ASSERT_EQ(::stat((directory / "kernel/x86").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
  ASSERT_EQ(::stat((directory / "kernel/size-5").c_str(), &status), 0);
  EXPECT_EQ(status.st_mtime, kTime);
  EXPECT_EQ(status.st_mode & 0777, 0644u);
}

TEST(Writer, IsUnpackedByTheKernelWithEveryByte) {
  const support::Blob bytes = sample_archive();
  const support::UnpackVerdict verdict = support::unpack_verdict(bytes);
  EXPECT_EQ(verdict.error, "");
  EXPECT_FALSE(verdict.ends_inside_member);
  EXPECT_EQ(verdict.files.size(), 9u);
  const support::UnpackedFile* const file = verdict.find("kernel/x86/aligned");
  ASSERT_NE(file, nullptr);
  const Bytes data = Bytes(bytes).subspan(file->data.offset, file->data.size);
  EXPECT_EQ(support::Blob(data.begin(), data.end()), support::noise(1000, 7));
}

TEST(Writer, IsReadBackByOurReader) {
  const support::Blob bytes = sample_archive();
  MemoryInput in(bytes);
  Reader reader(in);
  std::vector<std::string> names;
  while (const auto member = must(reader.next())) names.push_back(member->name);
  ASSERT_EQ(names.size(), 10u);
  EXPECT_EQ(names.front(), "kernel");
  EXPECT_EQ(names.back(), kTrailer);
}

TEST(Writer, WritesTheSameBytesTwice) {
  EXPECT_EQ(sample_archive(), sample_archive());
}

TEST(Writer, AlignsDataForEveryLengthOfPath) {
  for (const std::uint64_t alignment : {4u, 16u, 64u, 512u}) {
    for (std::size_t length = 1; length <= 80; ++length) {
      const std::string path(length, 'p');
      MemorySink sink;
      Writer archive(sink, kTime);
      must(archive.directory("d"));
      add_file(archive, path, support::text("DATA"), alignment);
      const std::uint64_t offset = archive.data_offset();
      must(archive.finish(4));
      ASSERT_EQ(offset % alignment, 0u) << length;
      ASSERT_EQ(support::find_early(sink.bytes(), path), (support::Extent{offset, 4})) << length;
      ASSERT_EQ(support::unpack_verdict(sink.bytes()).error, "") << length;
    }
  }
}

TEST(Writer, AlignsWithNoMoreThanTheAlignment) {
  for (std::size_t length = 1; length <= 80; ++length) {
    MemorySink sink;
    Writer archive(sink, kTime);
    add_file(archive, std::string(length, 'p'), support::text("DATA"), 16);
    EXPECT_LT(archive.data_offset(), kHeaderSize + length + 1 + 16);
  }
}

TEST(Writer, AddsNoNulsToNamesThatNeedNoAlignment) {
  MemorySink sink;
  Writer archive(sink, kTime);
  add_file(archive, "init", {}, 4);
  EXPECT_EQ(as_view(sink.bytes()).substr(94, 8), "00000005");
}

TEST(Writer, PadsTheWholeToTheMultipleAskedFor) {
  for (const std::uint64_t multiple : {4u, 16u, 512u, 1024u, 4096u}) {
    for (std::uint32_t size = 0; size < 40; ++size) {
      MemorySink sink;
      Writer archive(sink, kTime);
      add_file(archive, "file", support::noise(size * 13, 1));
      must(archive.finish(multiple));
      ASSERT_EQ(sink.bytes().size() % multiple, 0u);
    }
  }
}

TEST(Writer, CountsFromWhereTheArchiveBegins) {
  MemorySink sink;
  must(sink.write(support::zeros(512)));
  Writer archive(sink, kTime);
  add_file(archive, "file", support::text("DATA"), 16);
  const std::uint64_t offset = archive.data_offset();
  must(archive.finish(512));
  EXPECT_EQ(sink.bytes().size(), 1024u);
  EXPECT_EQ(support::find_early(sink.bytes(), "file"), (support::Extent{512 + offset, 4}));
}

TEST(Writer, ClosesWithAPlainTrailer) {
  MemorySink sink;
  Writer archive(sink, kTime);
  must(archive.finish(4));
  EXPECT_EQ(as_view(sink.bytes()), std::string("070701") + std::string(32, '0') + "00000001" +
                                       std::string(48, '0') + "0000000b" + "00000000" +
                                       std::string("TRAILER!!!\0\0\0\0", 14));
}

TEST(Writer, NumbersInodesFromOne) {
  MemorySink sink;
  Writer archive(sink, kTime);
  must(archive.directory("a"));
  const std::size_t second = sink.bytes().size();
  must(archive.directory("b"));
  EXPECT_EQ(as_view(sink.bytes()).substr(6, 8), "00000001");
  EXPECT_EQ(as_view(sink.bytes()).substr(second + 6, 8), "00000002");
}

TEST(Writer, RefusesMoreDataThanAnnounced) {
  MemorySink sink;
  Writer archive(sink, kTime);
  must(archive.begin_file("file", 4));
  must(archive.write(support::zeros(3)));
  EXPECT_EQ(code_of(archive.write(support::zeros(2))), Errc::kInvalid);
}

TEST(Writer, RefusesDataWithoutAMember) {
  MemorySink sink;
  Writer archive(sink, kTime);
  EXPECT_EQ(code_of(archive.write(support::zeros(1))), Errc::kInvalid);
}

TEST(Writer, RefusesTheNextMemberWhileDataIsMissing) {
  MemorySink sink;
  Writer archive(sink, kTime);
  must(archive.begin_file("file", 4));
  must(archive.write(support::zeros(3)));
  EXPECT_EQ(error_of(archive.directory("d")), "member lacks 1 bytes of the data it announced");
}

TEST(Writer, RefusesToFinishWhileDataIsMissing) {
  MemorySink sink;
  Writer archive(sink, kTime);
  must(archive.begin_file("file", 4));
  EXPECT_EQ(code_of(archive.finish(4)), Errc::kInvalid);
}

struct RefusalRow {
  const char* name;
  std::string path;
  std::uint64_t size;
  std::int64_t time;
  Errc code;
  const char* message;
};

void PrintTo(const RefusalRow& row, std::ostream* out) {
  *out << row.name;
}

const std::vector<RefusalRow> kRefusals = {
    {"FileOf4GiB", "f", std::uint64_t{1} << 32, kTime, Errc::kLimit,
     "file size 4294967296 does not fit a newc archive"},
    {"LargestFile", "f", UINT64_MAX, kTime, Errc::kLimit,
     "file size 18446744073709551615 does not fit a newc archive"},
    {"TimeBehind2106", "f", 0, std::int64_t{1} << 32, Errc::kLimit,
     "time 4294967296 does not fit a newc archive"},
    {"TimeBefore1970", "f", 0, -1, Errc::kLimit, "time -1 does not fit a newc archive"},
    {"EmptyName", "", 0, kTime, Errc::kInvalid, "a member's name is empty or holds NUL"},
    {"NulInTheName", std::string("a\0b", 3), 0, kTime, Errc::kInvalid,
     "a member's name is empty or holds NUL"},
    {"NameOver4095", std::string(4096, 'n'), 0, kTime, Errc::kLimit,
     "a member's name of 4096 bytes is too long"},
};

class WriterRefusal : public testing::TestWithParam<RefusalRow> {};

TEST_P(WriterRefusal, SaysWhatDoesNotFit) {
  const RefusalRow& row = GetParam();
  MemorySink sink;
  Writer archive(sink, row.time);
  const Status status = archive.begin_file(row.path, row.size);
  EXPECT_EQ(code_of(status), row.code);
  EXPECT_EQ(error_of(status), row.message);
}

TEST_P(WriterRefusal, WritesNothingOfIt) {
  MemorySink sink;
  Writer archive(sink, GetParam().time);
  EXPECT_FALSE(archive.begin_file(GetParam().path, GetParam().size).has_value());
  EXPECT_EQ(sink.written(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Rows, WriterRefusal, testing::ValuesIn(kRefusals),
                         [](const auto& row) { return std::string(row.param.name); });

// Links and data by way of a file.

TEST(Writer, LinksAreMadeByGnuCpioAsTheyWereMeant) {
  MemorySink sink;
  Writer archive(sink, kTime);
  must(archive.symlink("lib", "usr/lib"));
  must(archive.symlink("to-root", "/"));
  must(archive.finish(4));
  const support::TempDir directory;
  support::must_run({"cpio", "-i", "--quiet"},
                    {.input = std::string(as_view(sink.bytes())), .cwd = directory.path()});
  char target[16] = {};
  ASSERT_EQ(::readlink((directory / "lib").c_str(), target, sizeof target), 7);
  EXPECT_STREQ(target, "usr/lib");
  ASSERT_EQ(::readlink((directory / "to-root").c_str(), target, sizeof target), 1);
}

TEST(Writer, LinksAreMadeByTheKernel) {
  MemorySink sink;
  Writer archive(sink, kTime);
  must(archive.symlink("lib", "usr/lib"));
  must(archive.finish(4));
  const support::UnpackVerdict verdict = support::unpack_verdict(sink.bytes());
  ASSERT_NE(verdict.find("lib"), nullptr);
  EXPECT_EQ(verdict.find("lib")->mode, 0120777u);
  EXPECT_EQ(verdict.error, "");
}

struct LinkRefusal {
  const char* name;
  std::string target;
  Errc code;
  std::string message;
};

void PrintTo(const LinkRefusal& row, std::ostream* out) {
  *out << row.name;
}

const std::vector<LinkRefusal> kLinkRefusals = {
    {"Empty", "", Errc::kInvalid, "a link's target is empty or holds NUL"},
    {"Nul", std::string("a\0b", 3), Errc::kInvalid, "a link's target is empty or holds NUL"},
    {"Over4095", std::string(4096, 't'), Errc::kLimit, "a link's target of 4096 bytes is too long"},
};

class WriterLinkRefusal : public testing::TestWithParam<LinkRefusal> {};

TEST_P(WriterLinkRefusal, SaysWhatDoesNotFit) {
  MemorySink sink;
  Writer archive(sink, kTime);
  const Status status = archive.symlink("lib", GetParam().target);
  EXPECT_EQ(code_of(status), GetParam().code);
  EXPECT_EQ(error_of(status), GetParam().message);
  EXPECT_EQ(sink.written(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Rows, WriterLinkRefusal, testing::ValuesIn(kLinkRefusals),
                         [](const auto& row) { return std::string(row.param.name); });

class WriterFile : public testing::Test {
 protected:
  WriterFile() : file_(must(Root().open(directory_.write("data", data_), 0))) {}

  support::TempDir directory_;
  support::Blob data_ = support::noise(1001, 3);
  Fd file_;
};

TEST_F(WriterFile, IsTheSameAsItsBytes) {
  MemorySink by_file, by_bytes;
  Writer first(by_file, kTime), second(by_bytes, kTime);
  must(first.begin_file("f", 901));
  must(first.append(file_.get(), 100, 901));
  must(first.finish(4));
  add_file(second, "f", Bytes(data_).subspan(100));
  must(second.finish(4));
  EXPECT_EQ(by_file.bytes(), by_bytes.bytes());
}

TEST_F(WriterFile, ThatEndsFirstIsAnError) {
  MemorySink sink;
  Writer archive(sink, kTime);
  must(archive.begin_file("f", 1002));
  EXPECT_EQ(code_of(archive.append(file_.get(), 0, 1002)), Errc::kTruncated);
}

TEST_F(WriterFile, ThatIsMoreThanAnnouncedIsAnError) {
  MemorySink sink;
  Writer archive(sink, kTime);
  must(archive.begin_file("f", 1000));
  EXPECT_EQ(code_of(archive.append(file_.get(), 0, 1001)), Errc::kInvalid);
}

TEST(Writer, TakesTheLargestValuesThatFit) {
  MemorySink sink;
  Writer archive(sink, 0xffffffff);
  must(archive.begin_file(std::string(4095, 'n'), 0xffffffff));
  EXPECT_EQ(as_view(sink.bytes()).substr(46, 16), "ffffffffffffffff");
}

TEST(Writer, PassesTheSinksErrorOn) {
  class Full : public Sink {
   protected:
    Status do_write(Bytes) override { return fail(Errc::kSystem, "no space"); }
  };
  Full sink;
  Writer archive(sink, kTime);
  EXPECT_EQ(error_of(archive.directory("d")), "no space");
}

}  // namespace
}  // namespace kip::cpio
