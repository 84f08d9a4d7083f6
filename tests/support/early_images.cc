#include "tests/support/early_images.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/newc_blob.h"

namespace kip::support {
namespace {

NewcBlob directories() {
  return NewcBlob().directory("kernel").directory("kernel/x86").directory("kernel/x86/microcode");
}

Blob early(const std::string& data = "REAL", const NewcFields& fields = {}) {
  return directories().file(kIntelPath, text(data), fields).bytes();
}

Blob gzip() {
  return join({Blob{0x1f, 0x8b, 8, 0}, support::noise(60, 1)});
}

std::vector<EarlyImage> order_rows() {
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
      {"C05_ManyLeadingZeros", join({zeros(520), early()})},
      {"C32_TwoEarlyArchives", join({early("THEIRS"), early("OURS")})},
      {"C33_OnlyAHeader", Blob(no_trailer.begin(), no_trailer.begin() + 110)},
      {"C33_Nothing", {}},
      {"C35_OneZeroThenCompressed", join({early(), zeros(1), gzip()})},
      {"C36_TrailerThenCompressed", join({early(), gzip()})},
      {"C37_TwoCompressedSegments", join({gzip(), zeros(3), gzip()})},
      {"C38_NoTrailerThenCompressed", join({no_trailer, gzip()})},
  };
}

std::vector<EarlyImage> name_rows() {
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

std::vector<EarlyImage> field_rows() {
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

std::vector<EarlyImage> size_rows() {
  const auto last = [](const std::string& data, const NewcFields& fields) {
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

}  // namespace

std::vector<EarlyImage> early_images() {
  std::vector<EarlyImage> all;
  for (const std::vector<EarlyImage>& rows :
       {order_rows(), name_rows(), field_rows(), size_rows()}) {
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

void PrintTo(const EarlyImage& row, std::ostream* out) {
  *out << row.name;
}

}  // namespace kip::support
