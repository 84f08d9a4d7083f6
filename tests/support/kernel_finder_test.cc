// The catalogue of early archives, row by row: what the early search finds, and what the later
// unpacking makes of the same image. C31 is missing: with firmware built into the kernel, neither
// reader is asked.
#include <algorithm>
#include <gtest/gtest.h>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/kernel_intel.h"
#include "tests/support/newc_blob.h"

namespace kip::support {
namespace {

const std::string kDirectory = "kernel/x86/microcode";

// Short for kDirectory in verdicts.
std::string shorten(const std::string& name) {
  return name.starts_with(kDirectory + "/") ? "~" + name.substr(kDirectory.size()) : name;
}

std::string content(View image, Extent data) {
  const View bytes = image.subspan(data.offset, data.size);
  return std::string(bytes.begin(), bytes.end());
}

std::string found_in(View image, std::string_view path = kIntelPath) {
  const std::optional<Extent> data = find_early(image, path);
  return data ? "'" + content(image, *data) + "'" : "none";
}

// Regular files, then "!error", "@gz" where compressed data begins, "cut" inside a member.
std::string unpacked(View image, const UnpackRules& rules) {
  const UnpackVerdict verdict = unpack_verdict(image, rules);
  std::string out;
  for (const UnpackedFile& file : verdict.files) {
    if ((file.mode & 0170000) == 0100000) {
      out += shorten(file.name) + "='" + content(image, file.data) + "' ";
    }
  }
  if (!verdict.error.empty()) out += "!" + verdict.error + " ";
  if (verdict.compressed_at) out += "@gz ";
  if (verdict.ends_inside_member) out += "cut ";
  if (!out.empty()) out.pop_back();
  return out;
}

struct Row {
  std::string name;
  Blob image;
  std::string found;
  std::string unpacked;
  UnpackRules rules = {};
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

NewcBlob directories() {
  return NewcBlob().directory("kernel").directory("kernel/x86").directory(kDirectory);
}

Blob early(const std::string& data = "REAL", const NewcFields& fields = {}) {
  return directories().file(kIntelPath, text(data), fields).bytes();
}

Blob gzip() {
  return join({Blob{0x1F, 0x8B, 8, 0}, noise(60, 1)});
}

const std::string kReal = "~/GenuineIntel.bin='REAL'";

std::vector<Row> order_rows() {
  const Blob init = NewcBlob().file("init", text("MAIN")).bytes();
  const Blob padded = directories().file(kIntelPath, text("REAL")).pad_to(512).bytes();
  const Blob no_trailer = directories().file(kIntelPath, text("REAL")).trailer(false).bytes();
  return {
      {"C01_CompressedFirst", join({gzip(), early()}), "none", "@gz"},
      {"C02_PaddedThenCompressed", join({padded, gzip()}), "'REAL'", kReal + " @gz"},
      {"C03_PlainArchiveFirst", join({init, early()}), "'REAL'", "init='MAIN' " + kReal},
      {"C04_TwoBytesBetween", join({init, zeros(2), early()}), "none",
       "init='MAIN' !broken padding"},
      {"C05_LeadingZeros", join({zeros(8), early()}), "'REAL'", kReal},
      {"C32_TwoEarlyArchives", join({early("THEIRS"), early("OURS")}), "'THEIRS'",
       "~/GenuineIntel.bin='OURS'"},
      {"C33_OnlyAHeader", Blob(View(no_trailer).first(110).begin(), View(no_trailer).begin() + 110),
       "none", "cut"},
      {"C35_OneZeroThenCompressed", join({early(), zeros(1), gzip()}), "'REAL'",
       kReal + " !broken padding"},
      {"C35_ThreeZerosThenCompressed", join({early(), zeros(3), gzip()}), "'REAL'",
       kReal + " !broken padding"},
      {"C36_TrailerThenCompressed", join({early(), gzip()}), "'REAL'", kReal + " @gz"},
      {"C37_TwoCompressedSegments", join({gzip(), zeros(3), gzip()}), "none", "@gz"},
      {"C38_NoTrailerThenCompressed", join({no_trailer, gzip()}), "'REAL'", kReal + " @gz"},
  };
}

std::vector<Row> name_rows() {
  const std::string path(kIntelPath);
  const auto named = [](const std::string& name) {
    return directories().file(name, text("REAL")).bytes();
  };
  const auto two = [&](const std::string& first, const std::string& second) {
    return directories().file(path, text(first)).file(path, text(second)).bytes();
  };
  return {
      {"C09_DotSlash", named("./" + path), "none", kReal},
      {"C10_LeadingSlash", named("/" + path), "none", kReal},
      {"C11_LongerNameFirst",
       directories().file(path + ".bak", text("BACKUP")).file(path, text("REAL")).bytes(),
       "'BACKUP'", "~/GenuineIntel.bin.bak='BACKUP' " + kReal},
      {"C12_DirectoryFirst", directories().directory(path).file(path, text("REAL")).bytes(),
       "'REAL'", kReal},
      {"C12_SymlinkFirst",
       directories().symlink(path, "elsewhere").file(path, text("REAL")).bytes(), "'REAL'", kReal},
      {"C13_FirstOfTwoHardLinks",
       directories().link(path, 9).link(kDirectory + "/other", 9, text("REAL")).bytes(), "''",
       kReal + " ~/other='REAL'"},
      {"C14_SamePathTwice", two("FIRST", "LAST"), "'FIRST'", "~/GenuineIntel.bin='LAST'"},
      {"C15_EmptyThenFull", two("", "REAL"), "''", kReal},
      {"C16_NoDirectories", NewcBlob().file(path, text("REAL")).bytes(), "'REAL'", ""},
      {"C29_BothVendors",
       directories().file(kAmdPath, text("AMD")).file(path, text("REAL")).bytes(), "'REAL'",
       "~/AuthenticAMD.bin='AMD' " + kReal},
      {"C30_UnusableContentFirst", two("JUNK", "REAL"), "'JUNK'", kReal},
  };
}

std::vector<Row> field_rows() {
  const UnpackRules before_5_19{.checksums = false};
  const UnpackRules before_6_13{.name_must_end = false};
  const auto cased = [](HexCase hex) { return early("REAL", {.mtime = 0xABCDEF01, .hex = hex}); };
  const Blob summed = early("REAL", {.magic = "070702"});
  const Blob badly_summed = early("REAL", {.magic = "070702", .check = 1});
  const Blob unended = early("REAL", {.name_room = static_cast<std::uint32_t>(kIntelPath.size())});
  const Blob nameless = NewcBlob()
                            .file("", {}, {.name_room = 0})
                            .raw(directories().trailer(false).bytes())
                            .file(kIntelPath, text("REAL"))
                            .bytes();
  return {
      {"C06_GoodChecksum", summed, "'REAL'", kReal},
      {"C06_GoodChecksumBefore5_19", summed, "'REAL'", "!no cpio magic", before_5_19},
      {"C07_BadChecksum", badly_summed, "'REAL'", kReal + " !bad data checksum"},
      {"C08_Odc", NewcBlob().file("a", {}, {.magic = "070707"}).raw(early()).bytes(), "none",
       "!incorrect cpio method used: use -H newc option"},
      {"C19_NameFilledWithNuls", early("REAL", {.name_room = 50}), "'REAL'", kReal},
      {"C20_NameWithoutNul", unended, "'REAL'", "!malformed archive"},
      {"C20_NameWithoutNulBefore6_13", unended, "'REAL'", kReal, before_6_13},
      {"C21_NamesizeZero", nameless, "'REAL'", kReal},
      {"C25_UpperCase", cased(HexCase::kUpper), "'REAL'", kReal},
      {"C25_LowerCase", cased(HexCase::kLower), "'REAL'", kReal},
      {"C25_MixedCase", cased(HexCase::kMixed), "'REAL'", kReal},
      {"C26_NonHexUid", early("REAL", {.uid_text = "0000000g"}), "none", kReal},
      {"C27_ModeZero", early("REAL", {.mode = 0}), "none", ""},
      {"C27_ModeWithoutType", early("REAL", {.mode = 0644}), "none", ""},
      {"C28_SetuidMode", early("REAL", {.mode = 0104755}), "'REAL'", kReal},
      {"C34_NonZeroPadding", early("REAL?", {.pad_byte = 0xFF}), "'REAL?'",
       "~/GenuineIntel.bin='REAL?'"},
  };
}

// Where an image runs out inside a member, the kernel has no message: the state machine waits for
// bytes that do not come, and what was created stays. (The catalogue says "error" for C22.)
std::vector<Row> size_rows() {
  const auto last = [](const std::string& data, const NewcFields& fields) {
    return directories().file(kIntelPath, text(data), fields).trailer(false).bytes();
  };
  return {
      {"C17_NoTrailer", last("REAL", {}), "'REAL'", kReal},
      {"C18_NoTrailerAndNoFinalPadding", last("REAL?", {.pad_data = false}), "none",
       "~/GenuineIntel.bin='REAL?'"},
      {"C22_NamesizeBeyondTheEnd", last("REAL", {.namesize = 4000}), "none", "cut"},
      {"C22_NamesizeAbovePathMax", last("REAL", {.namesize = 5000}), "none", "cut"},
      {"C23_FilesizeBeyondTheEnd", last("REAL", {.filesize = 100}), "none", kReal + " cut"},
      {"C24_FilesizeLargest", last("REAL", {.filesize = 0xFFFFFFFF}), "none", kReal + " cut"},
      {"C24_NamesizeLargest", last("REAL", {.namesize = 0xFFFFFFFF}), "none", "cut"},
  };
}

class EarlyCatalogue : public testing::TestWithParam<Row> {};

TEST_P(EarlyCatalogue, FinderAgrees) {
  EXPECT_EQ(found_in(GetParam().image), GetParam().found);
}

TEST_P(EarlyCatalogue, UnpackerAgrees) {
  EXPECT_EQ(unpacked(GetParam().image, GetParam().rules), GetParam().unpacked);
}

std::vector<Row> all_rows() {
  std::vector<Row> all;
  for (const std::vector<Row>& rows : {order_rows(), name_rows(), field_rows(), size_rows()}) {
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Rows, EarlyCatalogue, testing::ValuesIn(all_rows()),
                         [](const auto& row) { return row.param.name; });

TEST(FindEarly, NamesizeFiftyPutsTheDataAt160) {
  const Blob image = NewcBlob().file(kIntelPath, text("DATA"), {.name_room = 50}).bytes();
  EXPECT_EQ(find_early(image, kIntelPath), (Extent{160, 4}));
}

TEST(FindEarly, FindsEachVendorsOwn) {
  const Blob image = NewcBlob().file(kIntelPath, text("I")).file(kAmdPath, text("A")).bytes();
  EXPECT_EQ(found_in(image, kAmdPath), "'A'");
  EXPECT_EQ(found_in(image, kIntelPath), "'I'");
}

TEST(FindEarly, ProperPrefixOfABareArchiveHidesTheMember) {
  const Blob image = NewcBlob().file(kIntelPath, text("DATA")).trailer(false).bytes();
  for (std::size_t size = 0; size < image.size(); ++size) {
    const Blob cut(image.begin(), image.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_EQ(found_in(cut), "none") << size;
  }
}

TEST(UnpackVerdict, TrailerClearsTheHardLinkTable) {
  const Blob image = join(
      {NewcBlob().link("a", 9, text("A")).bytes(), NewcBlob().link("b", 9, text("B")).bytes()});
  EXPECT_EQ(unpacked(image, {}), "a='A' b='B'");
}

TEST(UnpackVerdict, ForeignBytesAreAnError) {
  EXPECT_EQ(unpacked(join({early(), text("JUNK")}), {}),
            kReal + " !invalid magic at start of compressed archive");
}

}  // namespace
}  // namespace kip::support
