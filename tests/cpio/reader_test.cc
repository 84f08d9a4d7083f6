// Our reader beside the kernel's early search: whatever the image, the two agree on what the first
// member of a name is. Rows are numbered as in the catalogue of tests/support.
#include <gtest/gtest.h>
#include <ostream>

#include "cpio/reader.h"
#include "tests/base/must.h"
#include "tests/support/early_images.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/newc_blob.h"
#include "tests/support/run_program.h"

namespace kip::cpio {
namespace {

using support::Blob;
using support::HexCase;
using support::join;
using support::kAmdPath;
using support::kIntelPath;
using support::NewcBlob;
using support::text;
using support::zeros;

Blob gzip() {
  return join({Blob{0x1f, 0x8b, 8, 0}, support::noise(60, 1)});
}

// The early search, told with our reader: members of one archive after another, zero bytes between
// them in steps of 4; a member counts if its padding is there as well.
std::optional<support::Extent> find_with_reader(Bytes image, std::string_view path) {
  MemoryInput in(image);
  for (;;) {
    Reader reader(in);
    for (;;) {
      const auto member = reader.next();
      if (!member) return std::nullopt;
      if (!*member) break;
      if ((*member)->is_regular() && (*member)->name.starts_with(path)) {
        const support::Extent data{(*member)->data_offset, (*member)->size};
        const bool whole = align_up(data.offset + data.size, kPadding) <= image.size();
        return whole ? std::optional(data) : std::nullopt;
      }
    }
    const Bytes head = must(in.peek(4));
    if (head.size() < 4 || head[0] != 0) return std::nullopt;
    must(in.skip(4));
  }
}

class ReaderCatalogue : public testing::TestWithParam<support::EarlyImage> {};

TEST_P(ReaderCatalogue, AgreesWithTheKernelsSearch) {
  for (const std::string_view path : {kIntelPath, kAmdPath, std::string_view("kernel/other")}) {
    EXPECT_EQ(find_with_reader(GetParam().image, path), support::find_early(GetParam().image, path))
        << path;
  }
}

TEST_P(ReaderCatalogue, AgreesWithTheKernelsSearchCutOffAtEveryByte) {
  const Blob& image = GetParam().image;
  for (std::size_t size = 0; size < image.size(); ++size) {
    const Blob cut(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_EQ(find_with_reader(cut, kIntelPath), support::find_early(cut, kIntelPath)) << size;
  }
}

TEST_P(ReaderCatalogue, AgreesWithTheKernelsSearchForEveryFlippedByte) {
  const Blob& image = GetParam().image;
  for (std::size_t at = 0; at < image.size(); ++at) {
    for (const int flip : {0x01, 0x10, 0x80}) {
      Blob changed = image;
      changed[at] = static_cast<std::uint8_t>(changed[at] ^ flip);
      ASSERT_EQ(find_with_reader(changed, kIntelPath), support::find_early(changed, kIntelPath))
          << at;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, ReaderCatalogue, testing::ValuesIn(support::early_images()),
                         [](const auto& row) { return row.param.name; });

// What next() says of a member, and of what stands behind it.
struct EndRow {
  const char* name;
  Blob bytes;
  std::optional<Errc> code;
  std::string message;
  std::uint64_t offset;
};

void PrintTo(const EndRow& row, std::ostream* out) {
  *out << row.name;
}

std::vector<EndRow> end_rows() {
  const Blob one = NewcBlob().file("name", text("DATA")).trailer(false).bytes();  // 120 bytes
  const auto cut = [&](std::ptrdiff_t size) { return Blob(one.begin(), one.begin() + size); };
  const auto with = [](const support::NewcFields& fields) {
    return NewcBlob().file("name", text("DATA"), fields).trailer(false).bytes();
  };
  return {
      {"Whole", one, {}, "", 0},
      {"HeaderCut", cut(109), Errc::kTruncated, "archive member's header ends early", 0},
      {"NameMissing", cut(110), Errc::kTruncated, "archive member's name ends early", 0},
      {"NameCut", cut(114), Errc::kTruncated, "archive member's name ends early", 0},
      {"DataMissing", cut(116), Errc::kTruncated, "archive member ends early", 116},
      {"DataCut", cut(119), Errc::kTruncated, "archive member ends early", 119},
      {"LongNameCut", with({.namesize = 4097}), Errc::kTruncated,
       "archive member's name ends early", 0},
      {"BadField", with({.uid_text = "zzzzzzzz"}), Errc::kCorrupt,
       "archive member has a field that is no hexadecimal number", 0},
      {"HugeFile", with({.filesize = 0xffffffff}), Errc::kTruncated, "archive member ends early",
       120},
  };
}

class ReaderEnd : public testing::TestWithParam<EndRow> {};

TEST_P(ReaderEnd, SaysWhereAndWhy) {
  const EndRow& row = GetParam();
  MemoryInput in(row.bytes);
  Reader reader(in);
  auto member = reader.next();
  if (member && *member) member = reader.next();
  ASSERT_EQ(code_of(member), row.code);
  EXPECT_EQ(error_of(member), row.message);
  if (row.code) {
    EXPECT_EQ(member.error().offset, row.offset);
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, ReaderEnd, testing::ValuesIn(end_rows()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Reader, GivesAMembersFacts) {
  const Blob bytes = NewcBlob()
                         .directory("d")
                         .file("d/file", text("DATA"), {.mode = 0100600, .data_align = 16})
                         .bytes();
  MemoryInput in(bytes);
  Reader reader(in);
  EXPECT_TRUE(must(reader.next())->is_directory());
  const auto member = must(reader.next());
  ASSERT_TRUE(member);
  EXPECT_EQ(member->name, "d/file");
  EXPECT_EQ(member->mode, 0100600u);
  EXPECT_EQ(member->size, 4u);
  EXPECT_EQ(member->links, 1u);
  EXPECT_EQ(member->offset, 112u);
  EXPECT_EQ(member->data_offset, 240u);
  EXPECT_GT(member->name_size, 7u);
}

TEST(Reader, StandsAtTheDataOfTheMember) {
  const Blob bytes = NewcBlob().file("a", text("first")).file("b", text("second")).bytes();
  MemoryInput in(bytes);
  Reader reader(in);
  must(reader.next());
  std::array<std::uint8_t, 3> some{};
  must(in.read(some));
  EXPECT_EQ(as_text(some), "fir");
  EXPECT_EQ(must(reader.next())->name, "b");
  must(in.read(some));
  EXPECT_EQ(as_text(some), "sec");
}

// As the unpacker, which steps over such members.
TEST(Reader, GivesNoNameWhereItIsEmptyOrTooLong) {
  for (const std::uint32_t room : {0u, 4097u, 70000u}) {
    const Blob bytes =
        NewcBlob().file("a", text("first"), {.name_room = room}).file("b", text("second")).bytes();
    MemoryInput in(bytes);
    Reader reader(in);
    const auto member = must(reader.next());
    ASSERT_TRUE(member);
    EXPECT_EQ(member->name, "");
    EXPECT_EQ(member->name_size, room);
    EXPECT_TRUE(member->name_ends);
    std::array<std::uint8_t, 5> data{};
    must(in.read(data));
    EXPECT_EQ(as_text(data), "first");
    EXPECT_EQ(must(reader.next())->name, "b");
  }
}

TEST(Reader, SaysWhetherANameEndsInNul) {
  const Blob bytes =
      NewcBlob().file("name", {}, {.name_room = 4}).file("name", {}, {.name_room = 9}).bytes();
  MemoryInput in(bytes);
  Reader reader(in);
  EXPECT_FALSE(must(reader.next())->name_ends);
  EXPECT_TRUE(must(reader.next())->name_ends);
}

TEST(Reader, LeavesForeignBytesForTheNext) {
  const Blob bytes = join({NewcBlob().file("a", text("A")).bytes(), gzip()});
  MemoryInput in(bytes);
  Reader reader(in);
  must(reader.next());
  EXPECT_TRUE(must(reader.next())->is_trailer());
  EXPECT_FALSE(must(reader.next()));
  EXPECT_EQ(must(in.peek(2))[0], 0x1f);
}

TEST(Reader, ReadsWhatGnuCpioWrites) {
  const std::string list = "/dev/null\n/proc\n";
  const std::string archive =
      support::must_run({"cpio", "-o", "-H", "newc", "--quiet"}, {.input = list});
  MemoryInput in(as_bytes(archive));
  Reader reader(in);
  EXPECT_EQ(must(reader.next())->name, "/dev/null");
  EXPECT_TRUE(must(reader.next())->is_directory());
  EXPECT_TRUE(must(reader.next())->is_trailer());
  EXPECT_FALSE(must(reader.next()));
}

}  // namespace
}  // namespace kip::cpio
