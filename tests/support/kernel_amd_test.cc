// The catalogue of AMD containers, row by row: which patch the kernel takes, and why not. A28 and
// A29 are missing: kernels up to 4.19, and the saved copy's size, are not modelled. A34, A44 and
// A46 (two patches for one CPU) are in kernel_amd_dual_test.cc.
#include <cstdio>
#include <gtest/gtest.h>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/amd_blob.h"
#include "tests/support/kernel_amd.h"

namespace kip::support {
namespace {

constexpr std::uint32_t kMilan = 0x00A00F11;  // cutoff 0x0A0011DA; d1, d3, d5 are listed
constexpr std::uint32_t kFam10 = 0x00100F43;

struct Row {
  std::string name;
  Blob member;
  std::string verdict;  // outcome, and the candidate's revision
  KernelRules rules = {};
  std::uint32_t cpuid = kMilan;
  std::uint32_t current = 0x0A0011CE;
  bool digest_agrees = true;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

std::string describe(const AmdPick& pick) {
  std::string out(to_string(pick.outcome));
  char revision[16];
  if (pick.candidate) {
    std::snprintf(revision, sizeof revision, " %x",
                  static_cast<unsigned>(pick.candidate->revision));
    out += revision;
  }
  return out;
}

std::string verdict_of(const Row& row) {
  const DigestCheck digest = [&](std::uint32_t, View) { return row.digest_agrees; };
  return describe(kernel_amd(row.member, row.cpuid, row.current, row.rules, digest));
}

AmdPatch milan(std::uint32_t low_byte) {
  return AmdPatch(0x0A001100 | low_byte);
}
AmdPatch fam10() {
  return AmdPatch(0x010000C8).equivalence(0x1043).size(960).data_checksum();
}

Blob one(const AmdPatch& patch) {
  return AmdBlob().zen(patch).bytes();
}
Blob other_cpu() {
  return one(AmdPatch(0x0A001238));
}

const KernelRules kOld = KernelRules::linux_6_1();
const KernelRules kNew = KernelRules::linux_6_19();

KernelRules with(void (*change)(KernelRules&)) {
  KernelRules rules;
  change(rules);
  return rules;
}

std::vector<Row> structure_rows() {
  const Blob d5 = one(milan(0xD5));
  const Blob readme = text("AMD microcode: see the licence.\n");
  Blob truncated = AmdBlob().zen(milan(0xD3)).zen(milan(0xD5)).bytes();
  truncated.pop_back();
  const Blob truncated_alone(d5.begin(), d5.end() - 1);
  const auto both = [] { return AmdBlob().zen(AmdPatch(0x0A001238)).zen(milan(0xD5)); };
  return {
      {"A00_OnePatch", d5, "loaded a0011d5"},
      {"A00_OnePatchByTable", d5, "loaded a0011d5", kOld},
      {"A01_TextInFront", join({readme, d5}), "no match"},
      {"A02_TwelveBytes", Blob(d5.begin(), d5.begin() + 12), "no match"},
      {"A03_ZerosBetween", join({other_cpu(), zeros(4), d5}), "no match"},
      {"A03_NothingBetween", join({other_cpu(), d5}), "loaded a0011d5"},
      {"A04_JunkBehind", join({d5, noise(33, 1)}), "loaded a0011d5"},
      {"A05_LastTruncated", truncated, "loaded a0011d3"},
      {"A05_MatchTruncated", truncated_alone, "no match"},
      {"A06_SectionTypeTwo", both().raw_section_type(0, 2).bytes(), "no match"},
      {"A07_SectionOf32Bytes", AmdBlob().zen(milan(0xD5).size(32)).bytes(), "no match"},
      {"A07_SectionSizeZero", both().raw_section_size(0, 0).bytes(), "no match"},
      {"A08_SectionSizeLargest", both().raw_section_size(1, 0xFFFFFFFF).bytes(), "no match"},
      {"A23_SecondContainerNewer", join({one(milan(0xD3)), d5}), "loaded a0011d3"},
      {"A24_ChipsetPatchFirst",
       AmdBlob().zen(AmdPatch(0x0A001238).nb_dev(1)).zen(milan(0xD5)).bytes(), "no match"},
      {"A24_SouthBridgeToo", AmdBlob().zen(AmdPatch(0x0A001238).sb_dev(1)).zen(milan(0xD5)).bytes(),
       "no match"},
  };
}

std::vector<Row> table_rows() {
  const Blob type_one = AmdBlob().zen(milan(0xD5)).table_type(1).bytes();
  const Blob no_table = AmdBlob().patch(milan(0xD5)).terminator(false).bytes();
  const Blob long_table = AmdBlob().zen(milan(0xD5)).raw_table_length(1U << 20).bytes();
  const Blob uneven = AmdBlob().zen(milan(0xD5)).table_tail(zeros(4)).bytes();
  const Blob zero_entry = AmdBlob().entry(0, 0).zen(milan(0xD5)).bytes();
  const Blob two_ids = AmdBlob().entry(kMilan, 0xA099).zen(milan(0xD5)).bytes();
  const Blob missing = AmdBlob().entry(0x00A00F12, 0xA012).patch(milan(0xD5)).bytes();
  const Blob foreign_id = AmdBlob().entry(kMilan, 0xA099).patch(milan(0xD5)).bytes();
  const Blob lent =
      AmdBlob().entry(kMilan, 0xA012).patch(AmdPatch(0x0A001238).equivalence(0xA012)).bytes();
  return {
      {"A09_TableTypeOneByTable", type_one, "no match", kOld},
      {"A09_TableTypeOneById", type_one, "loaded a0011d5"},
      {"A10_NoTableByTable", no_table, "no match", kOld},
      {"A10_NoTableById", no_table, "loaded a0011d5"},
      {"A11_TableBeyondTheEndByTable", long_table, "no match", kOld},
      {"A11_TableBeyondTheEndById", long_table, "undefined"},
      {"A12_UnevenTable", uneven, "loaded a0011d5", kOld},
      {"A13_NoTerminator", AmdBlob().zen(milan(0xD5)).terminator(false).bytes(), "loaded a0011d5",
       kOld},
      {"A14_ZeroEntryFirst", zero_entry, "loaded a0011d5", kOld},
      {"A15_SameEntryTwice", AmdBlob().entry(kMilan, 0xA011).zen(milan(0xD5)).bytes(),
       "loaded a0011d5", kOld},
      {"A16_TwoIdsForOneCpu", two_ids, "no match", kOld},
      {"A17_CpuMissingByTable", missing, "no match", kOld},
      {"A17_CpuMissingById", missing, "loaded a0011d5"},
      {"A18_IdsDisagreeByTable", foreign_id, "no match", kOld},
      {"A18_IdsDisagreeById", foreign_id, "loaded a0011d5"},
      {"A19_TableLendsAPatchByTable", lent, "loaded a001238", kOld},
      {"A19_TableLendsAPatchById", lent, "no match"},
      {"A20_ReservedNibble",
       one(AmdPatch(0x0A0111D5)),
       "no digest a0111d5",
       {},
       kMilan,
       0x0A0111CE},
      {"A50_FamilyOfIdsDisagree", AmdBlob().zen(milan(0xD5).equivalence(0x8011)).bytes(),
       "no match"},
  };
}

std::vector<Row> family_rows() {
  const AmdPatch big = AmdPatch(0x08301072).size(3200);
  const Blob zen_first = AmdBlob().zen(big).entry(kFam10, 0x1043).patch(fam10()).bytes();
  const Blob zen_last = AmdBlob().entry(kFam10, 0x1043).patch(fam10()).zen(milan(0xD5)).bytes();
  const AmdPatch odd = AmdPatch(0x0700010F).equivalence(0x7001).size(3458);
  const Blob fam16 = AmdBlob().entry(0x00700F01, 0x7001).patch(odd).patch(odd).bytes();
  const Blob wrong_sum = AmdBlob().entry(kFam10, 0x1043).patch(fam10().flip_bit(96)).bytes();
  const Blob ten = AmdBlob().entry(kFam10, 0x1043).patch(fam10()).bytes();
  return {
      {"A25_BigPatchStopsFamily10h", zen_first, "no match", {}, kFam10, 0x01000086},
      {"A25_AscendingFamiliesServeIt", zen_last, "loaded 10000c8", {}, kFam10, 0x01000086},
      {"A26_Family10hInFrontOfZen", zen_last, "loaded a0011d5"},
      {"A27_OddSizeThenAnother", fam16, "loaded 700010f", {}, 0x00700F01, 0x07000106},
      {"A32_FinalLevel", ten, "loader off", {}, kFam10, 0x0100009F},
      {"A48_ChecksumFieldWrong", wrong_sum, "loaded 10000c8", {}, kFam10, 0x01000086},
      {"A49_Hygon", one(AmdPatch(0x09000100)), "loader off", {}, 0x00900F01, 0},
  };
}

std::vector<Row> choice_rows() {
  const Blob de = one(milan(0xDE));
  const KernelRules same_skipped = with([](KernelRules& r) { r.same_rev = false; });
  const KernelRules check_off = with([](KernelRules& r) { r.sha_check_off = true; });
  KernelRules select_off_check = kNew;
  select_off_check.sha_check_off = true;
  return {
      {"A21_Ascending", AmdBlob().zen(milan(0xD1)).zen(milan(0xD5)).bytes(), "loaded a0011d5"},
      {"A22_Descending", AmdBlob().zen(milan(0xD5)).zen(milan(0xD1)).bytes(), "loaded a0011d1"},
      {"A30_SameRevision", de, "loaded a0011de", {}, kMilan, 0x0A0011DE},
      {"A30_SameRevisionBefore6_1", de, "not newer a0011de", same_skipped, kMilan, 0x0A0011DE},
      {"A31_Older", de, "not newer a0011de", {}, kMilan, 0x0A0011DF},
      {"A33_OnlyNewClassWithoutSha", de, "loaded a0011de", kOld},
      {"A33_OnlyNewClassWithSha", de, "no digest a0011de"},
      {"A33_OnlyNewClassWithSelect", de, "no match", kNew},
      {"A43_CheckSwitchedOff", de, "loaded a0011de", check_off},
      {"A43_CheckSwitchedOffFilterStays", de, "no match", select_off_check},
      {"A45_MinBaseAboveCurrent",
       one(milan(0xDE).min_base(0x0A0011DD)),
       "loaded a0011de",
       {},
       kMilan,
       0x0A0011DB},
      {"A47_MinBaseOfAnotherCpu",
       one(milan(0xDE).min_base(0x0A001242)),
       "loaded a0011de",
       {},
       kMilan,
       0x0A0011DB},
  };
}

std::vector<Row> digest_rows() {
  const KernelRules first_list = with([](KernelRules& r) { r.sha_tsa = false; });
  const KernelRules no_zen5 = with([](KernelRules& r) { r.sha_zen5 = false; });
  const KernelRules old_naples = with([](KernelRules& r) { r.naples = false; });
  const KernelRules known = with([](KernelRules& r) { r.known_gen = true; });
  const KernelRules halo = with([](KernelRules& r) { r.known_gen = r.strix_halo = true; });
  const Blob d5 = one(milan(0xD5));
  const Blob naples = one(AmdPatch(0x08001278));
  const Blob strix = one(AmdPatch(0x0B700037));
  return {
      {"A35_DigestDiffers", d5, "digest mismatch a0011d5", {}, kMilan, 0x0A0011CE, false},
      {"A37_DigestNotAskedAboveCutoff",
       one(milan(0xDE)),
       "loaded a0011de",
       {},
       kMilan,
       0x0A0011DB,
       false},
      {"A38_NoRow", one(AmdPatch(0x08108109)), "no digest 8108109", {}, 0x00810F81, 0x08108102},
      {"A39_TsaIdBeforeTsa", one(milan(0xD7)), "no digest a0011d7", first_list},
      {"A39_TsaId", one(milan(0xD7)), "loaded a0011d7"},
      {"A40_NaplesOldCutoff", naples, "loaded 8001278", old_naples, 0x00800F12, 0x08001270},
      {"A40_Naples", naples, "no digest 8001278", {}, 0x00800F12, 0x08001270},
      {"A41_Zen5", one(AmdPatch(0x0B002161)), "no digest b002161", {}, 0x00B00F21, 0x0B002140},
      {"A41_Zen5BeforeItIsAsked", one(AmdPatch(0x0B002161)), "loaded b002161", no_zen5, 0x00B00F21,
       0x0B002140},
      {"A41_Zen5Fixed", one(AmdPatch(0x0B002161)), "loaded b002161", {}, 0x00B00F21, 0x0B002147},
      {"A42_StrixHaloNotKnown", strix, "loaded b700037", known, 0x00B70F00, 0x0B700020},
      {"A42_StrixHalo", strix, "no digest b700037", halo, 0x00B70F00, 0x0B700020},
  };
}

class AmdCatalogue : public testing::TestWithParam<Row> {};

TEST_P(AmdCatalogue, KernelAgrees) {
  EXPECT_EQ(verdict_of(GetParam()), GetParam().verdict);
}

std::vector<Row> all_rows() {
  std::vector<Row> all;
  for (const std::vector<Row>& rows :
       {structure_rows(), table_rows(), family_rows(), choice_rows(), digest_rows()}) {
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Rows, AmdCatalogue, testing::ValuesIn(all_rows()),
                         [](const auto& row) { return row.param.name; });

// A36: a pad inside the section belongs to what is hashed.
TEST(KernelAmd, DigestCoversExactlyTheSection) {
  const Blob patch = milan(0xD5).bytes();
  const Blob member = one(milan(0xD5));
  Blob hashed;
  const DigestCheck digest = [&](std::uint32_t id, View bytes) {
    EXPECT_EQ(id, 0x0A0011D5U);
    hashed.assign(bytes.begin(), bytes.end());
    return true;
  };
  EXPECT_TRUE(kernel_amd(member, kMilan, 0x0A0011CE, {}, digest).loaded());
  EXPECT_EQ(hashed, patch);
}

}  // namespace
}  // namespace kip::support
