// The catalogue of Intel streams, row by row: what the kernel picks from the member. I28, I41 and
// I44 are missing: they ask a tool, not the kernel.
#include <cstdio>
#include <gtest/gtest.h>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/support/kernel_intel.h"

namespace kip::support {
namespace {

struct Row {
  std::string name;
  Blob member;
  std::string verdict;  // "revision at offset", "nothing", "void: fault at offset"
  std::uint32_t signature = 0x000B06F2;
  std::uint32_t platform_flags = 1;
  std::uint32_t current = 0x10;
  KernelRules rules = {};
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

std::string verdict_of(const Row& row) {
  const IntelPick pick =
      kernel_intel(row.member, row.signature, row.platform_flags, row.current, row.rules);
  if (pick.fault != IntelFault::kNone) {
    EXPECT_FALSE(pick.picked);
    return "void: " + std::string(to_string(pick.fault)) + " at " +
           std::to_string(pick.fault_offset);
  }
  if (!pick.picked) return "nothing";
  char revision[16];
  std::snprintf(revision, sizeof revision, "%x", static_cast<unsigned>(pick.picked->revision));
  return revision + std::string(" at ") + std::to_string(pick.picked->offset);
}

// Revision 3A, 1024 bytes, fits the rows' CPU.
Blob good() {
  return IntelBlob().bytes();
}

Blob readme() {
  return text("Intel microcode data files. See the release notes for details.\n");
}

std::vector<Row> length_rows() {
  const Blob next = IntelBlob().revision(0x3B).bytes();
  const Blob foreign = IntelBlob().signature(0x906EA).break_main_sum().bytes();
  Blob truncated = join({good(), next});
  truncated.pop_back();
  return {
      {"I01_Empty", {}, "nothing"},
      {"I02_FortySevenBytes", noise(47, 1), "void: residue at 0"},
      {"I03_FourZerosBehind", join({good(), zeros(4)}), "void: residue at 1024"},
      {"I04_KibibyteOfZerosBehind", join({good(), zeros(1024)}), "void: beyond the end at 1024"},
      {"I05_BitFlippedInForeignUpdate", join({good(), foreign}), "void: main sum at 1024"},
      {"I06_LastByteMissing", truncated, "void: beyond the end at 1024"},
      {"I07_OldForm", IntelBlob().old_form().bytes(), "3a at 0"},
      {"I08_DataSizeZeroIgnoresTotal",
       join({IntelBlob().body_size(2000).stored_sizes(0, 4096).bytes(), next}), "3b at 2048"},
      {"I09_TotalSizeZero", IntelBlob().stored_sizes(976, 0).bytes(), "void: total size 0 at 0"},
      {"I10_DataBeyondTotal", IntelBlob().stored_sizes(977, 1024).bytes(),
       "void: data larger than total at 0"},
      {"I11_DataSizeWraps", IntelBlob().stored_sizes(0xFFFFFFF0, 1024).bytes(),
       "void: data larger than total at 0"},
      {"I12_TotalNoMultipleOf1024", IntelBlob().signature(0x106C0).body_size(5120).bytes(),
       "3a at 0", 0x106C0},
      {"I13_TotalNoMultipleOfFour", join({IntelBlob().body_size(978).bytes(), next}), "3b at 1026"},
      {"I39_Xz", join({Blob{0xFD, '7', 'z', 'X', 'Z', 0}, noise(200, 1)}),
       "void: beyond the end at 0"},
      {"I40_DatText", text(to_dat_text(good(), "sig 0xb06f2")), "void: beyond the end at 0"},
      {"I42_AmdContainer", AmdBlob().zen(AmdPatch()).bytes(), "void: beyond the end at 0"},
  };
}

std::vector<Row> header_rows() {
  const auto behind_good = [](const IntelBlob& blob) { return join({good(), blob.bytes()}); };
  const std::string header_fault = "void: header version or loader revision at 1024";
  return {
      {"I14_FieldScanImage", behind_good(IntelBlob().header_version(2)), header_fault},
      {"I15_LoaderRevisionTwo", behind_good(IntelBlob().loader_revision(2)), header_fault},
      {"I16_HeaderTypeZero", behind_good(IntelBlob().header_version(0)), header_fault},
      {"I16_Text", readme(), "void: beyond the end at 0"},
      {"I36_MinRevisionAboveCurrent", IntelBlob().min_revision(0x39).bytes(), "3a at 0"},
      {"I37_DateZero", IntelBlob().date(0).bytes(), "3a at 0"},
      {"I37_DateNotBcd", IntelBlob().date(0xFFFFFFFF).bytes(), "3a at 0"},
      {"I38_MetadataLargerThanData", IntelBlob().metadata_size(977).bytes(), "3a at 0"},
      {"I45_HeaderTypeThree", behind_good(IntelBlob().header_version(3)), header_fault},
  };
}

std::vector<Row> extended_rows() {
  const auto three = IntelBlob().extended({{0xB06F2, 7}, {0xB06F5, 7}, {0xB06F6, 7}});
  const auto copy = [&] { return IntelBlob(three); };
  return {
      {"I17_TableOf16Bytes", IntelBlob().extended({}).ext_size_pad(-4).bytes(),
       "void: extended table size at 0"},
      {"I18_CountTwoRoomForThree", copy().ext_count(2).bytes(), "void: extended table size at 0"},
      {"I19_TableSum", copy().break_ext_table_sum().bytes(), "void: extended table sum at 0"},
      {"I20_EntrySum", copy().break_ext_entry_sum(1).bytes(), "void: extended entry sum at 0"},
      {"I21_CountZero", IntelBlob().extended({}).bytes(), "3a at 0"},
      {"I22_MainSumWithTable", copy().main_sum_over_everything().bytes(),
       "void: extended table sum at 0"},
      {"I23_SignatureOnlyInTable",
       IntelBlob().signature(0x90672).extended({{0x90672, 7}, {0xB06F6, 7}}).bytes(), "3a at 0",
       0xB06F6},
      {"I24_HeaderIsASibling", IntelBlob().signature(0x806F8).extended({{0x806F7, 0x87}}).bytes(),
       "3a at 0", 0x806F7},
      {"I24_TableFlagsDecide", IntelBlob().signature(0x806F8).extended({{0x806F7, 0x10}}).bytes(),
       "nothing", 0x806F7},
  };
}

std::vector<Row> choice_rows() {
  const auto f4a = [](std::uint32_t revision, std::uint32_t mask) {
    return IntelBlob().signature(0xF4A).platform_flags(mask).revision(revision).bytes();
  };
  const Blob overlapping = join({f4a(4, 0x5C), f4a(2, 0x5D)});
  const Blob disjoint = join({IntelBlob().platform_flags(0x10).revision(0x2C).bytes(), good()});
  const Blob any_platform =
      IntelBlob().signature(0x1632).platform_flags(0).revision(2).old_form().bytes();
  const Blob debug = IntelBlob().revision(0x8000001A).bytes();
  const Blob production = IntelBlob().revision(0x1A).bytes();
  const KernelRules linux_7_1 = KernelRules::linux_7_1();
  return {
      {"I25_SameRevisionTwice", join({good(), IntelBlob().seed(2).bytes()}), "3a at 0"},
      {"I26_OverlappingFlagsBit0", overlapping, "2 at 1024", 0xF4A, 0x01, 0},
      {"I26_OverlappingFlagsBit2", overlapping, "4 at 0", 0xF4A, 0x04, 0},
      {"I27_DisjointFlagsFirst", disjoint, "2c at 0", 0xB06F2, 0x10},
      {"I27_DisjointFlagsSecond", disjoint, "3a at 1024", 0xB06F2, 0x01},
      {"I29_FlagsZero", any_platform, "nothing", 0x1632, 0x01, 0},
      {"I29_FlagsZeroSince7_1", any_platform, "2 at 0", 0x1632, 0x01, 0, linux_7_1},
      {"I29_FlagsZeroOnBoth", any_platform, "2 at 0", 0x1632, 0, 0},
      {"I29_FlagsZeroOnBothSince7_1", any_platform, "2 at 0", 0x1632, 0, 0, linux_7_1},
      {"I30_SameAsCurrent", good(), "nothing", 0xB06F2, 1, 0x3A},
      {"I31_OlderThanCurrent", good(), "nothing", 0xB06F2, 1, 0x3B},
      {"I32_DebugBeatsProduction", join({debug, production}), "8000001a at 0"},
      {"I33_CurrentIsDebug", good(), "nothing", 0xB06F2, 1, 0x80000001},
      {"I34_RevisionZero", IntelBlob().revision(0).bytes(), "nothing", 0xB06F2, 1, 0},
      {"I35_TypeBitsDiffer", any_platform, "nothing", 0x0632, 0, 0},
      {"I43_WithCaveats",
       IntelBlob().signature(0x406F1).platform_flags(0xEF).revision(0x0B000040).bytes(),
       "b000040 at 0", 0x406F1, 1, 0x0B000021},
  };
}

class IntelCatalogue : public testing::TestWithParam<Row> {};

TEST_P(IntelCatalogue, KernelAgrees) {
  EXPECT_EQ(verdict_of(GetParam()), GetParam().verdict);
}

std::vector<Row> all_rows() {
  std::vector<Row> all;
  for (const std::vector<Row>& rows :
       {length_rows(), header_rows(), extended_rows(), choice_rows()}) {
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Rows, IntelCatalogue, testing::ValuesIn(all_rows()),
                         [](const auto& row) { return row.param.name; });

TEST(KernelIntel, OrderDoesNotMatterSinceTheRework) {
  const Blob newer = IntelBlob().revision(0x3B).bytes();
  EXPECT_EQ(verdict_of({"", join({good(), newer}), ""}), "3b at 1024");
  EXPECT_EQ(verdict_of({"", join({newer, good()}), ""}), "3b at 0");
}

TEST(KernelIntel, OldKernelHoldsACandidateAgainstTheLastPicksHeader) {
  const Blob sibling = IntelBlob().signature(0x90672).extended({{0xB06F2, 7}}).bytes();
  const Blob newer = IntelBlob().revision(0x3B).bytes();
  Row row{"", join({sibling, newer}), ""};
  EXPECT_EQ(verdict_of(row), "3b at " + std::to_string(sibling.size()));
  row.rules = KernelRules::linux_6_1();
  EXPECT_EQ(verdict_of(row), "3a at 0");
}

TEST(KernelIntel, EveryProperPrefixIsVoid) {
  const Blob whole = good();
  for (std::size_t size = 1; size < whole.size(); ++size) {
    const View prefix = View(whole).first(size);
    ASSERT_NE(kernel_intel(prefix, 0xB06F2, 1, 0).fault, IntelFault::kNone) << size;
  }
}

}  // namespace
}  // namespace kip::support
