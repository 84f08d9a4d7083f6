// The builders: good bytes by default, and each fault alone. The re-tellings of the kernel have
// their own tables: kernel_finder_test.cc, kernel_intel_test.cc, kernel_amd_test.cc,
// kernel_amd_dual_test.cc.
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>

#include "tests/support/amd_blob.h"
#include "tests/support/blob.h"
#include "tests/support/intel_blob.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/kernel_intel.h"
#include "tests/support/newc_blob.h"

namespace kip::support {
namespace {

constexpr std::uint32_t kSignature = 0x000B06F2;

IntelFault fault_of(const IntelBlob& blob) {
  return kernel_intel(blob.bytes(), kSignature, 1, 0).fault;
}

TEST(Blob, Sum32LeavesOutAPartialWord) {
  EXPECT_EQ(sum32(Blob{1, 0, 0, 0, 2, 0, 0, 0x80, 0xFF}), 0x80000003U);
}

TEST(Blob, NoiseRepeatsForItsSeed) {
  EXPECT_EQ(noise(1000, 7), noise(1000, 7));
  EXPECT_NE(noise(1000, 7), noise(1000, 8));
}

TEST(Blob, LoadBeyondTheEndThrows) {
  EXPECT_THROW(get32(Blob(5), 2), std::out_of_range);
}

TEST(IntelBlobBuilder, DefaultIsOneKibibyteWithSumZero) {
  const Blob update = IntelBlob().bytes();
  EXPECT_EQ(update.size(), 1024U);
  EXPECT_EQ(sum32(update), 0U);
}

TEST(IntelBlobBuilder, FieldsLieWhereTheHeaderSays) {
  const Blob update = IntelBlob()
                          .signature(0x806F8)
                          .platform_flags(0x87)
                          .revision(0x2B000650)
                          .date(0x05122021)
                          .metadata_size(20)
                          .min_revision(0x2B000041)
                          .bytes();
  EXPECT_EQ(get32(update, 0x00), 1U);
  EXPECT_EQ(get32(update, 0x04), 0x2B000650U);
  EXPECT_EQ(get32(update, 0x08), 0x05122021U);
  EXPECT_EQ(get32(update, 0x0C), 0x806F8U);
  EXPECT_EQ(get32(update, 0x14), 1U);
  EXPECT_EQ(get32(update, 0x18), 0x87U);
  EXPECT_EQ(get32(update, 0x1C), 976U);
  EXPECT_EQ(get32(update, 0x20), 1024U);
  EXPECT_EQ(get32(update, 0x24), 20U);
  EXPECT_EQ(get32(update, 0x28), 0x2B000041U);
}

TEST(IntelBlobBuilder, OldFormStoresZerosAndHolds2048) {
  const Blob update = IntelBlob().old_form().bytes();
  EXPECT_EQ(update.size(), 2048U);
  EXPECT_EQ(get32(update, 0x1C), 0U);
  EXPECT_EQ(get32(update, 0x20), 0U);
  EXPECT_EQ(sum32(update), 0U);
}

TEST(IntelBlobBuilder, ExtendedEntryChecksumIsTheHeadersWithItsFieldsExchanged) {
  const Blob with_table = IntelBlob().extended({{0xB06F6, 0x02}}).bytes();
  ASSERT_EQ(with_table.size(), 1024U + 20U + 12U);
  Blob exchanged = with_table;
  put32(exchanged, 0x0C, 0xB06F6);
  put32(exchanged, 0x18, 0x02);
  put32(exchanged, 0x10, get32(with_table, 1024 + 20 + 8));
  EXPECT_EQ(sum32(View(exchanged).first(1024)), 0U);
  EXPECT_EQ(sum32(View(with_table).subspan(1024)), 0U);
}

TEST(IntelBlobBuilder, EveryFlippedBitIsRefused) {
  const std::size_t bits = IntelBlob().body_size(208).bytes().size() * 8;
  for (std::size_t bit = 0; bit < bits; ++bit) {
    ASSERT_NE(fault_of(IntelBlob().body_size(208).flip_bit(bit)), IntelFault::kNone) << bit;
  }
}

TEST(IntelBlobBuilder, EachFaultIsTheOnlyOne) {
  const auto two = IntelBlob().extended({{kSignature, 1}, {0xB06F6, 1}});
  const auto copy = [&] { return IntelBlob(two); };
  EXPECT_EQ(fault_of(two), IntelFault::kNone);
  EXPECT_EQ(fault_of(copy().break_main_sum()), IntelFault::kMainSum);
  EXPECT_EQ(fault_of(IntelBlob().body_size(0).old_form().break_main_sum()), IntelFault::kMainSum);
  EXPECT_EQ(fault_of(copy().break_ext_table_sum()), IntelFault::kExtTableSum);
  EXPECT_EQ(fault_of(copy().break_ext_entry_sum(1)), IntelFault::kExtEntrySum);
  EXPECT_EQ(fault_of(copy().ext_count(1)), IntelFault::kExtSize);
  EXPECT_EQ(fault_of(copy().ext_size_pad(4)), IntelFault::kExtSize);
  EXPECT_EQ(fault_of(copy().main_sum_over_everything()), IntelFault::kExtTableSum);
  EXPECT_EQ(fault_of(IntelBlob().stored_sizes(972, 1024)), IntelFault::kExtSize);
}

TEST(IntelBlobBuilder, SumOverEverythingIsZeroAndSumOverTheMainPartIsNot) {
  const Blob update = IntelBlob().extended({{kSignature, 1}}).main_sum_over_everything().bytes();
  EXPECT_EQ(sum32(update), 0U);
  EXPECT_NE(sum32(View(update).first(1024)), 0U);
}

TEST(IntelBlobBuilder, TableFaultWithoutATableIsAMistakeOfTheTest) {
  EXPECT_THROW((void)IntelBlob().break_ext_table_sum().bytes(), std::logic_error);
}

TEST(ToDatText, WritesFourWordsALine) {
  const Blob words = {1, 0, 0, 0, 0x3A, 0, 0, 0, 0x25, 0x20, 0x11, 0x11, 4, 3, 2, 1, 5, 0, 0, 0};
  EXPECT_EQ(to_dat_text(words, "a heading"),
            "/* a heading */\n"
            "0x00000001, 0x0000003a, 0x11112025, 0x01020304,\n"
            "0x00000005,\n");
}

TEST(ZenIds, PatchIdNamesItsCpu) {
  EXPECT_EQ(zen_cpuid(0x0A0011D5), 0x00A00F11U);
  EXPECT_EQ(zen_cpuid(0x0B404108), 0x00B40F41U);
  EXPECT_EQ(zen_lowest_revision(0x00A00F11), 0x0A001100U);
  EXPECT_EQ(zen_equivalence(0x00A00F11), 0xA011U);
  EXPECT_EQ(zen_equivalence(0x00870F10), 0x8710U);
}

TEST(AmdBlobBuilder, LaysOutTableTerminatorAndSections) {
  const Blob container =
      AmdBlob().zen(AmdPatch(0x0A0011D5).size(128)).zen(AmdPatch(0x0A0011DE).size(130)).bytes();
  EXPECT_EQ(get32(container, 0), 0x00414D44U);
  EXPECT_EQ(get32(container, 4), 0U);
  EXPECT_EQ(get32(container, 8), 32U) << "one entry for both patches, and the terminator";
  EXPECT_EQ(get32(container, 12), 0x00A00F11U);
  EXPECT_EQ(get16(container, 24), 0xA011U);
  EXPECT_EQ(get32(container, 44), 1U);
  EXPECT_EQ(get32(container, 48), 128U);
  EXPECT_EQ(get32(container, 52 + 4), 0x0A0011D5U);
  EXPECT_EQ(get32(container, 52 + 128), 1U);
  EXPECT_EQ(container.size(), 52U + 128 + 8 + 130);
}

TEST(AmdBlobBuilder, PatchFieldsLieWhereTheHeaderSays) {
  const Blob patch =
      AmdPatch(0x0A0011DE).date(0x07082025).min_base(0x0A0011D9).nb_dev(5).sb_dev(6).bytes();
  EXPECT_EQ(patch.size(), 512U);
  EXPECT_EQ(get32(patch, 0x00), 0x07082025U);
  EXPECT_EQ(get32(patch, 0x04), 0x0A0011DEU);
  EXPECT_EQ(get32(patch, 0x0C), 0x0A0011D9U);
  EXPECT_EQ(get32(patch, 0x10), 5U);
  EXPECT_EQ(get32(patch, 0x14), 6U);
  EXPECT_EQ(get16(patch, 0x18), 0xA011U);
}

TEST(AmdBlobBuilder, DataChecksumIsTheSumBehindTheHeader) {
  const Blob patch = AmdPatch(0x010000C8).equivalence(0x1043).size(960).data_checksum().bytes();
  EXPECT_EQ(get32(patch, 0x0C), sum32(View(patch).subspan(64)));
}

TEST(NewcBlobBuilder, HeaderIsTextInTheOrderOfTheFormat) {
  const Blob archive = NewcBlob()
                           .file("a", text("xyz"), {.uid = 1, .gid = 2, .mtime = 0xABC})
                           .trailer(false)
                           .bytes();
  EXPECT_EQ(std::string(archive.begin(), archive.end()),
            std::string("07070100000001000081a400000001000000020000000100000abc00000003"
                        "000000000000000000000000000000000000000200000000a\0xyz\0",
                        116));
}

TEST(NewcBlobBuilder, PadToFillsBehindTheTrailer) {
  EXPECT_EQ(NewcBlob().file("a", text("x")).pad_to(512).bytes().size(), 512U);
}

TEST(NewcBlobBuilder, DataAlignGrowsTheName) {
  const Blob archive = NewcBlob().file(kIntelPath, text("DATA"), {.data_align = 16}).bytes();
  EXPECT_EQ(find_early(archive, kIntelPath), (Extent{160, 4}));
}

}  // namespace
}  // namespace kip::support
