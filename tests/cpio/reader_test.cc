// Our reader beside the kernel's early search: whatever the image, the two agree on what the first
// member of a name is. Rows are numbered as in the catalogue of tests/support.
#include <gtest/gtest.h>
#include <ostream>

#include "cpio/reader.h"
#include "tests/base/must.h"
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

struct Row {
  std::string name;
  Blob image;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

NewcBlob directories() {
  return NewcBlob().directory("kernel").directory("kernel/x86").directory("kernel/x86/microcode");
}

Blob early(const std::string& data = "REAL", const support::NewcFields& fields = {}) {
  return directories().file(kIntelPath, text(data), fields).bytes();
}

Blob gzip() {
  return join({Blob{0x1f, 0x8b, 8, 0}, support::noise(60, 1)});
}

std::vector<Row> order_rows() {
  const Blob init = NewcBlob().file("init", text("MAIN")).bytes();
  const Blob padded = directories().file(kIntelPath, text("REAL")).pad_to(512).bytes();
  const Blob no_trailer = directories().file(kIntelPath, text("REAL")).trailer(false).bytes();
  return {
      {"C01_CompressedFirst", join({gzip(), early()})},
      {"C02_PaddedThenCompressed", join({padded, gzip()})},
      {"C03_PlainArchiveFirst", join({init, early()})},
      {"C03_PlainArchiveFirstWithZerosBetween", join({init, zeros(64), early()})},
      {"C04_TwoBytesBetween", join({init, zeros(2), early()})},
      {"C05_LeadingZeros", join({zeros(8), early()})},
      {"C32_TwoEarlyArchives", join({early("THEIRS"), early("OURS")})},
      {"C33_OnlyAHeader", Blob(no_trailer.begin(), no_trailer.begin() + 110)},
      {"C33_Nothing", {}},
      {"C35_OneZeroThenCompressed", join({early(), zeros(1), gzip()})},
      {"C36_TrailerThenCompressed", join({early(), gzip()})},
      {"C37_TwoCompressedSegments", join({gzip(), zeros(3), gzip()})},
      {"C38_NoTrailerThenCompressed", join({no_trailer, gzip()})},
  };
}

std::vector<Row> name_rows() {
  const std::string path(kIntelPath);
  const auto named = [](const std::string& name) {
    return directories().file(name, text("REAL")).bytes();
  };
  return {
      {"C09_DotSlash", named("./" + path)},
      {"C10_LeadingSlash", named("/" + path)},
      {"C11_LongerNameFirst",
       directories().file(path + ".bak", text("BACKUP")).file(path, text("REAL")).bytes()},
      {"C12_DirectoryFirst", directories().directory(path).file(path, text("REAL")).bytes()},
      {"C12_SymlinkFirst", directories().symlink(path, "x").file(path, text("REAL")).bytes()},
      {"C13_FirstOfTwoHardLinks",
       directories().link(path, 9).link("kernel/other", 9, text("REAL")).bytes()},
      {"C14_SamePathTwice", directories().file(path, text("A")).file(path, text("B")).bytes()},
      {"C15_EmptyThenFull", directories().file(path, {}).file(path, text("REAL")).bytes()},
      {"C16_NoDirectories", NewcBlob().file(path, text("REAL")).bytes()},
      {"C29_BothVendors",
       directories().file(kAmdPath, text("AMD")).file(path, text("REAL")).bytes()},
      {"C30_UnusableContentFirst",
       directories().file(path, text("JUNK")).file(path, text("REAL")).bytes()},
  };
}

std::vector<Row> field_rows() {
  const auto cased = [](HexCase hex) { return early("REAL", {.mtime = 0xabcdef01, .hex = hex}); };
  return {
      {"C06_GoodChecksum", early("REAL", {.magic = "070702"})},
      {"C07_BadChecksum", early("REAL", {.magic = "070702", .check = 1})},
      {"C08_Odc", NewcBlob().file("a", {}, {.magic = "070707"}).raw(early()).bytes()},
      {"C19_NameFilledWithNuls", early("REAL", {.name_room = 50})},
      {"C20_NameWithoutNul",
       early("REAL", {.name_room = static_cast<std::uint32_t>(kIntelPath.size())})},
      {"C21_NamesizeZero", NewcBlob()
                               .file("", {}, {.name_room = 0})
                               .raw(directories().trailer(false).bytes())
                               .file(kIntelPath, text("REAL"))
                               .bytes()},
      {"C25_UpperCase", cased(HexCase::kUpper)},
      {"C25_LowerCase", cased(HexCase::kLower)},
      {"C25_MixedCase", cased(HexCase::kMixed)},
      {"C26_NonHexUid", early("REAL", {.uid_text = "0000000g"})},
      {"C26_SpaceInUid", early("REAL", {.uid_text = "       0"})},
      {"C26_SignInUid", early("REAL", {.uid_text = "+0000000"})},
      {"C26_MinusInUid", early("REAL", {.uid_text = "-0000000"})},
      {"C26_PrefixInUid", early("REAL", {.uid_text = "0x000000"})},
      {"C27_ModeZero", early("REAL", {.mode = 0})},
      {"C27_ModeWithoutType", early("REAL", {.mode = 0644})},
      {"C27_ModeSocket", early("REAL", {.mode = 0140644})},
      {"C28_SetuidMode", early("REAL", {.mode = 0104755})},
      {"C34_NonZeroPadding", early("REAL?", {.pad_byte = 0xff})},
  };
}

std::vector<Row> size_rows() {
  const auto last = [](const std::string& data, const support::NewcFields& fields) {
    return directories().file(kIntelPath, text(data), fields).trailer(false).bytes();
  };
  return {
      {"C17_NoTrailer", last("REAL", {})},
      {"C18_NoTrailerAndNoFinalPadding", last("REAL?", {.pad_data = false})},
      {"C22_NamesizeBeyondTheEnd", last("REAL", {.namesize = 4000})},
      {"C22_NamesizeAbovePathMax", last("REAL", {.namesize = 5000})},
      {"C23_FilesizeBeyondTheEnd", last("REAL", {.filesize = 100})},
      {"C23_FilesizeOneBeyondTheEnd", last("REAL", {.filesize = 5})},
      {"C24_FilesizeLargest", last("REAL", {.filesize = 0xffffffff})},
      {"C24_NamesizeLargest", last("REAL", {.namesize = 0xffffffff})},
  };
}

std::vector<Row> all_rows() {
  std::vector<Row> all;
  for (const std::vector<Row>& rows : {order_rows(), name_rows(), field_rows(), size_rows()}) {
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

class ReaderCatalogue : public testing::TestWithParam<Row> {};

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

INSTANTIATE_TEST_SUITE_P(Rows, ReaderCatalogue, testing::ValuesIn(all_rows()),
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
      {"LongName", with({.namesize = 4097}), Errc::kLimit, "archive member's name is too long", 0},
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
