// What a file is, by its first bytes alone.
#include <gtest/gtest.h>
#include <optional>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "ucode/walk.h"

namespace kip::ucode {
namespace {

using namespace support;  // NOLINT: the builders' vocabulary is that of the rows

struct Row {
  const char* name;
  Blob head;
  std::optional<StreamKind> kind;
};

Blob first(std::size_t count, const Blob& bytes) {
  return {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count)};
}

TEST(Recognise, KnowsIntelUpdatesAndWhatIsLeftOfThem) {
  const Blob good = IntelBlob().bytes();
  const auto intel = StreamKind::kIntel;
  const Row rows[] = {
      {"I01 empty", {}, std::nullopt},
      {"update", good, intel},
      {"header alone", first(48, good), intel},
      {"I02 24 bytes of it", first(24, good), intel},
      {"I02 20 bytes of it", first(20, good), std::nullopt},
      {"I02 25 bytes of it", first(25, good), std::nullopt},
      {"I07 old form", IntelBlob().old_form().bytes(), intel},
      {"I09 sizes that contradict", IntelBlob().stored_sizes(976, 0).bytes(), intel},
      {"I13 odd size", IntelBlob().body_size(978).bytes(), intel},
      {"I14 In-Field Scan", IntelBlob().header_version(2).bytes(), intel},
      {"I15 loader revision 2", IntelBlob().loader_revision(2).bytes(), intel},
      {"I37 date zero", IntelBlob().date(0).bytes(), intel},
      {"platform flags of nine bits", IntelBlob().platform_flags(0x100).bytes(), intel},
      {"family 5", IntelBlob().signature(0x543).bytes(), intel},
      {"two signs missing", IntelBlob().date(0).loader_revision(7).bytes(), std::nullopt},
  };
  for (const Row& row : rows) EXPECT_EQ(recognise(row.head), row.kind) << row.name;
}

TEST(Recognise, LeavesForeignFilesAlone) {
  const Row rows[] = {
      {"I16 header version 0", IntelBlob().header_version(0).bytes(), std::nullopt},
      {"I45 header version 3", IntelBlob().header_version(3).bytes(), std::nullopt},
      {"I16 ELF", join({text("\177ELF\2\1\1"), zeros(57)}), std::nullopt},
      {"I16 README", text("Intel microcode data files. See the release notes."), std::nullopt},
      {"01 00 00 00 and zeros", join({Blob{1, 0, 0, 0}, zeros(60)}), std::nullopt},
      {"01 00 00 00 and noise", join({Blob{1, 0, 0, 0}, noise(60, 1)}), std::nullopt},
      {"I39 xz", join({Blob{0xFD, '7', 'z', 'X', 'Z', 0}, noise(100, 1)}), std::nullopt},
      {"zeros", zeros(512), std::nullopt},
  };
  for (const Row& row : rows) EXPECT_EQ(recognise(row.head), row.kind) << row.name;
}

TEST(Recognise, KnowsContainersByTheirMagic) {
  const Blob container = AmdBlob().zen(AmdPatch()).bytes();
  const Row rows[] = {
      {"I42 container", container, StreamKind::kAmd},
      {"A02 magic alone", first(4, container), StreamKind::kAmd},
      {"A02 three bytes", first(3, container), std::nullopt},
      {"A01 text in front", join({text("AMD microcode\n"), container}), std::nullopt},
      {"A09 table type 1", AmdBlob().zen(AmdPatch()).table_type(1).bytes(), StreamKind::kAmd},
  };
  for (const Row& row : rows) EXPECT_EQ(recognise(row.head), row.kind) << row.name;
}

TEST(Recognise, KnowsTheTextForm) {
  const Blob good = IntelBlob().bytes();
  const auto kind = StreamKind::kIntelText;
  const Row rows[] = {
      {"heading first", text(to_dat_text(good, "heading")), kind},
      {"no heading", text(to_dat_text(good)), kind},
      {"double slash", text("// heading\n" + to_dat_text(good)), kind},
      {"blank lines first", text("\r\n \t" + to_dat_text(good)), kind},
      {"a path", text("/usr/lib/firmware\n"), std::nullopt},
      {"a hexadecimal number", text("0xdeadbeef\n"), std::nullopt},
  };
  for (const Row& row : rows) EXPECT_EQ(recognise(row.head), row.kind) << row.name;
}

}  // namespace
}  // namespace kip::ucode
