// The catalogue of AMD containers, row by row: what a source with such bytes gives us, and in which
// words we refuse the rest. Rows that ask for a choice or an order are in select_amd_test.cc and
// encode_test.cc, rows about the kernel's answer in loader_test.cc; the digest list (A35 to A44) is
// not of this room.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/amd_blob.h"
#include "tests/ucode/walked.h"
#include "ucode/amd.h"

namespace kip::ucode {
namespace {

using namespace support;  // NOLINT: the builders' vocabulary is that of the rows

constexpr std::uint32_t kMilan = 0x00A00F11;
constexpr std::uint32_t kFam10 = 0x00100F43;

struct Row {
  std::string name;
  Blob stream;
  std::vector<std::string> events;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

AmdPatch milan(std::uint32_t low_byte) {
  return AmdPatch(0x0A001100 | low_byte);
}

AmdPatch milan_b2() {
  return AmdPatch(0x0A001238);
}

// 572 bytes: 12 + 32 of table, 8 of section header (the patch begins at 52), 512 + 8 to the next.
Blob d5() {
  return AmdBlob().zen(milan(0xD5)).bytes();
}

AmdPatch fam10() {
  return AmdPatch(0x010000C8).equivalence(0x1043).size(960).data_checksum();
}

Blob cut(Blob bytes, std::size_t count) {
  bytes.resize(bytes.size() - count);
  return bytes;
}

std::vector<Row> stream_rows() {
  const Blob two = AmdBlob().zen(milan(0xD3)).zen(milan(0xD5)).bytes();
  const std::string trailing =
      "amd-trailing: no section and no container begins here, the rest is left out";
  return {
      {"A00_OnePatch", d5(), {"0xa0011d5 at 52"}},
      {"A01_TextInFront", join({text("AMD microcode\n"), d5()}), {"0 " + trailing}},
      {"A02_MagicOnly", cut(d5(), 564 - 4), {"0 amd-truncated: container header ends early"}},
      {"A02_ElevenBytes", cut(d5(), 564 - 11), {"0 amd-truncated: container header ends early"}},
      {"A02_TwelveBytes", cut(d5(), 564 - 12), {"0 amd-truncated: equivalence table ends early"}},
      {"A03_ZerosBetween",
       join({d5(), zeros(4), AmdBlob().zen(milan_b2()).bytes()}),
       {"0xa0011d5 at 52",
        "564 amd-gap: 4 zero bytes that belong to no container; Linux reads nothing behind them",
        "0xa001238 at 620"}},
      {"A03_ZerosBehind",
       join({d5(), zeros(12)}),
       {"0xa0011d5 at 52",
        "564 amd-gap: 12 zero bytes that belong to no container; Linux reads nothing behind them"}},
      {"A04_JunkBehind", join({d5(), noise(5, 1)}), {"0xa0011d5 at 52", "564 " + trailing}},
      {"A04_JunkOfASectionsSizeBehind",
       join({d5(), text("another!")}),
       {"0xa0011d5 at 52", "564 amd-section: section of type 0x746f6e61, the rest is left out"}},
      {"A05_LastSectionTruncated",
       cut(two, 1),
       {"0xa0011d3 at 52", "572 amd-truncated: patch of 512 bytes ends after 511"}},
      {"A05_LastHeaderTruncated",
       cut(two, 512 - 63),
       {"0xa0011d3 at 52", "572 amd-truncated: patch of 512 bytes ends after 63"}},
      {"A05_LastSectionHeaderTruncated", cut(two, 512 + 1), {"0xa0011d3 at 52", "564 " + trailing}},
      {"A23_TwoContainers",
       join({AmdBlob().zen(milan(0xD3)).bytes(), d5()}),
       {"0xa0011d3 at 52", "0xa0011d5 at 616"}},
  };
}

std::vector<Row> section_rows() {
  const auto two = [] { return AmdBlob().zen(milan_b2()).zen(milan(0xD5)); };
  return {
      {"A06_SectionTypeTwo",
       two().raw_section_type(1, 2).bytes(),
       {"0xa001238 at 68", "580 amd-section: section of type 0x2, the rest is left out"}},
      {"A07_SectionSizeZero",
       two().raw_section_size(0, 0).bytes(),
       {"60 amd-section: patch of 0 bytes, the rest is left out"}},
      {"A07_SectionOf63Bytes",
       two().raw_section_size(0, 63).bytes(),
       {"60 amd-section: patch of 63 bytes, the rest is left out"}},
      {"A08_SectionSizeLargest",
       two().raw_section_size(1, 0xFFFFFFFF).bytes(),
       {"0xa001238 at 68", "580 amd-section: patch of 4294967295 bytes, the rest is left out"}},
      {"A08_SectionOverOurLimit",
       two().raw_section_size(1, 1024 * 1024 + 1).bytes(),
       {"0xa001238 at 68", "580 amd-section: patch of 1048577 bytes, the rest is left out"}},
      {"A08_SectionAtOurLimit",
       two().raw_section_size(1, 1024 * 1024).bytes(),
       {"0xa001238 at 68", "588 amd-truncated: patch of 1048576 bytes ends after 512"}},
  };
}

std::vector<Row> table_rows() {
  const auto table_of = [](std::uint32_t length, const char* rest) {
    return fmt::format("0 amd-table: equivalence table of {} bytes{}", length, rest);
  };
  const Blob lent = AmdBlob().entry(kMilan, 0xA012).patch(milan_b2().equivalence(0xA012)).bytes();
  return {
      {"A09_TableTypeOne",
       AmdBlob().zen(milan(0xD5)).table_type(1).bytes(),
       {"0 amd-table: container begins with section type 1, not with its table"}},
      {"A10_TableOfNoBytes",
       AmdBlob().patch(milan(0xD5)).terminator(false).bytes(),
       {table_of(0, "; kernels before 6.12 stop here"),
        "20 amd-oddity: patch 0x0a0011d5 is for CPU 0x00a00f11, which the table lacks: kernels "
        "before 6.12 do not find it",
        "0xa0011d5 at 20"}},
      {"A11_TableBeyondTheEnd",
       AmdBlob().zen(milan(0xD5)).raw_table_length(0x1000).bytes(),
       {"0 amd-truncated: equivalence table ends early"}},
      {"A11_TableOverOurLimit",
       AmdBlob().zen(milan(0xD5)).raw_table_length(0xFFFFFFFF).bytes(),
       {table_of(0xFFFFFFFF, " is over 65536")}},
      {"A12_UnevenTable",
       AmdBlob().zen(milan(0xD5)).table_tail(zeros(4)).bytes(),
       {"0 amd-table-size: equivalence table of 36 bytes is no multiple of 16", "0xa0011d5 at 56"}},
      {"A13_NoTerminator",
       AmdBlob().zen(milan(0xD5)).terminator(false).bytes(),
       {"0xa0011d5 at 36"}},
      {"A14_ZeroEntryFirst", AmdBlob().entry(0, 0).zen(milan(0xD5)).bytes(), {"0xa0011d5 at 68"}},
      {"A15_SameEntryTwice",
       AmdBlob().entry(kMilan, 0xA011).entry(kMilan, 0xA011).patch(milan(0xD5)).bytes(),
       {"0xa0011d5 at 68"}},
      {"A16_TwoIdsForOneCpu",
       AmdBlob().zen(milan(0xD5)).entry(kMilan, 0xA099).bytes(),
       {"0 amd-table: equivalence table has CPU 0x00a00f11 with different ids, the first counts",
        "0xa0011d5 at 68"}},
      {"A17_CpuMissing",
       AmdBlob().entry(0x00A00F12, 0xA012).patch(milan(0xD5)).bytes(),
       {"52 amd-oddity: patch 0x0a0011d5 is for CPU 0x00a00f11, which the table lacks: kernels "
        "before 6.12 do not find it",
        "0xa0011d5 at 52"}},
      {"A18_IdsDisagree",
       AmdBlob().entry(kMilan, 0xA099).patch(milan(0xD5)).bytes(),
       {"52 amd-oddity: patch 0x0a0011d5 is for CPU 0x00a00f11, which the table lacks: kernels "
        "before 6.12 do not find it",
        "0xa0011d5 at 52"}},
      {"A19_TableLendsAPatch",
       lent,
       {"52 amd-oddity: patch 0x0a001238 is for CPU 0x00a00f12, but the table gives it to "
        "0x00a00f11",
        "0xa001238 at 52"}},
      {"A20_ReservedNibble",
       AmdBlob().zen(AmdPatch(0x0A0111D5)).bytes(),
       {"52 amd-oddity: patch 0x0a0111d5 has reserved bits set", "0xa0111d5 at 52"}},
  };
}

std::vector<Row> patch_rows() {
  const AmdPatch odd = AmdPatch(0x0700010F).equivalence(0x7001).size(3458);
  const auto old = [](std::uint16_t id, std::uint32_t cpu, std::uint32_t size) {
    return AmdBlob().entry(cpu, id).patch(AmdPatch(0x01000001).equivalence(id).size(size)).bytes();
  };
  return {
      {"A24_ChipsetPatchFirst",
       AmdBlob().zen(milan_b2().nb_dev(1)).zen(milan(0xD5)).bytes(),
       {"68 amd-patch: patch 0x0a001238 is for one chipset, which Linux refuses",
        "0xa0011d5 at 588"}},
      {"A24_SouthBridgeToo",
       AmdBlob().zen(milan(0xD5).sb_dev(1)).bytes(),
       {"52 amd-patch: patch 0x0a0011d5 is for one chipset, which Linux refuses"}},
      {"A25_Family10hOverItsLimit",
       old(0x1043, kFam10, 2049),
       {"52 amd-patch: patch 0x01000001 of 2049 bytes is over the 2048 of family 10h"}},
      {"A25_Family10hAtItsLimit", old(0x1043, kFam10, 2048), {"0x1000001 at 52"}},
      {"A25_Family14hOverItsLimit",
       old(0x5010, 0x00500F10, 1825),
       {"52 amd-patch: patch 0x01000001 of 1825 bytes is over the 1824 of family 14h"}},
      {"A25_Family13hTakesNone",
       old(0x4001, 0x00400F01, 64),
       {"52 amd-patch: patch 0x01000001 of 64 bytes is over the 0 of family 13h"}},
      {"A27_OddSizeThenAnother",
       AmdBlob().entry(0x00700F01, 0x7001).patch(odd).patch(odd).bytes(),
       {"0x700010f at 52", "0x700010f at 3518"}},
      {"A28_LargePatch",
       AmdBlob().zen(AmdPatch(0x0B404108).size(14368)).bytes(),
       {"0xb404108 at 52"}},
      {"A47_MinimumBaseOfAnotherCpu",
       AmdBlob().zen(milan(0xDE).min_base(0x0A001242)).bytes(),
       {"52 amd-oddity: patch 0x0a0011de states minimum base 0x0a001242, of another CPU",
        "0xa0011de at 52"}},
      {"A48_ChecksumFieldWrong",
       AmdBlob().entry(kFam10, 0x1043).patch(fam10().flip_bit(96)).bytes(),
       {"52 amd-data: patch 0x010000c8 has data that sum up to 0x3545c4c4, not to 0x3545c4c5: "
        "damaged?",
        "0x10000c8 at 52"}},
      {"A49_Hygon",
       AmdBlob().zen(AmdPatch(0x09000100)).zen(milan(0xD5)).bytes(),
       {"68 amd-patch: patch 0x09000100 is for Hygon's family 18h, which Linux has no loader for",
        "0xa0011d5 at 588"}},
      {"A50_FamilyOfIdsDisagrees",
       AmdBlob().zen(milan(0xD5).equivalence(0x8011)).bytes(),
       {"52 amd-patch: patch 0x0a0011d5 names another family than its equivalence id 0x8011"}},
      {"A50_CpuOfAnotherFamilyHasTheId",
       AmdBlob().entry(0x00700F01, 0x1043).patch(fam10()).bytes(),
       {"52 amd-patch: patch 0x010000c8: no CPU of the table has its equivalence id 0x1043"}},
      {"A50_NoCpuHasTheId",
       AmdBlob().entry(kFam10, 0x1041).patch(fam10()).bytes(),
       {"52 amd-patch: patch 0x010000c8: no CPU of the table has its equivalence id 0x1043"}},
  };
}

std::vector<Row> all_rows() {
  std::vector<Row> all;
  for (const auto& rows : {stream_rows(), section_rows(), table_rows(), patch_rows()})
    all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

class AmdSource : public testing::TestWithParam<Row> {};

TEST_P(AmdSource, GivesWhatTheCatalogueSays) {
  EXPECT_EQ(walked(StreamKind::kAmd, GetParam().stream).events, GetParam().events);
}

TEST_P(AmdSource, GivesTheSameByHeadersAlone) {
  auto expected = GetParam().events;
  std::erase_if(expected, [](const std::string& event) {  // sums take the data
    return event.find(kRuleAmdData) != std::string::npos;
  });
  EXPECT_EQ(walked(StreamKind::kAmd, GetParam().stream, Depth::kHeaders).events, expected);
}

INSTANTIATE_TEST_SUITE_P(Rows, AmdSource, testing::ValuesIn(all_rows()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace kip::ucode
