// The catalogue of Intel streams, row by row: what a source with such bytes gives us, and in which
// words we refuse the rest. Rows that ask for a choice are in select_intel_test.cc; I39 (compressed
// files), I40 (what is written) and I43 (names of directories) are of other rooms.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <ostream>
#include <string>
#include <vector>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/ucode/walked.h"

namespace kip::ucode {
namespace {

using namespace support;  // NOLINT: the builders' vocabulary is that of the rows

struct Row {
  std::string name;
  Blob stream;
  std::vector<std::string> events;
  StreamKind kind = StreamKind::kIntel;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

// Revision 3A, 1024 bytes.
Blob good() {
  return IntelBlob().bytes();
}

Blob next() {
  return IntelBlob().revision(0x3B).bytes();
}

Blob without_last_byte(Blob bytes) {
  bytes.pop_back();
  return bytes;
}

std::vector<Row> length_rows() {
  const Blob foreign = IntelBlob().signature(0x906EA).break_main_sum().bytes();
  return {
      {"I01_Empty", {}, {}},
      {"I02_OneByte", Blob{1}, {"0 intel-truncated: 1 bytes are no whole header"}},
      {"I02_FortySevenBytes", noise(47, 1), {"0 intel-truncated: 47 bytes are no whole header"}},
      {"I02_FortySevenZeros",
       zeros(47),
       {"0 intel-residue: 47 zero bytes that belong to no update"}},
      {"I03_FourZerosBehind",
       join({good(), zeros(4)}),
       {"0x3a at 0", "1024 intel-residue: 4 zero bytes that belong to no update"}},
      {"I04_KibibyteOfZerosBehind",
       join({good(), zeros(1024)}),
       {"0x3a at 0", "1024 intel-residue: 1024 zero bytes that belong to no update"}},
      {"I04_ZerosBetween",
       join({good(), zeros(1024), next()}),
       {"0x3a at 0", "1024 intel-residue: 1024 zero bytes that belong to no update",
        "0x3b at 2048"}},
      {"I04_HoleTooLongToRead",
       join({good(), zeros(65536), next()}),
       {"0x3a at 0", "1024 intel-residue: a long run of zero bytes, the rest is left out"}},
      {"I04_ZerosInFront",
       join({zeros(16), good()}),
       {"0 intel-residue: 16 zero bytes that belong to no update", "0x3a at 16"}},
      {"I05_BitFlippedInForeignUpdate",
       join({good(), foreign, next()}),
       {"0x3a at 0", "1024 intel-checks: checksum is wrong", "0x3b at 2048"}},
      {"I06_LastByteMissing",
       without_last_byte(join({good(), next()})),
       {"0x3a at 0", "1024 intel-truncated: update of 1024 bytes ends after 1023"}},
      {"I06_AFewBytesBehind",
       join({good(), noise(47, 1)}),
       {"0x3a at 0", "1024 intel-residue: 47 bytes are no whole header"}},
      {"I06_JunkBehind",
       join({good(), noise(100, 1)}),
       {"0x3a at 0", "1024 intel-residue: no update begins here, the rest is left out"}},
      {"I07_OldForm", IntelBlob().old_form().bytes(), {"0x3a at 0"}},
      {"I08_DataSizeZeroIgnoresTotal",
       join({IntelBlob().body_size(2000).stored_sizes(0, 4096).bytes(), next()}),
       {"0x3a at 0", "0x3b at 2048"}},
      {"I12_TotalNoMultipleOf1024",
       join({IntelBlob().signature(0x106C0).body_size(5120).bytes(), next()}),
       {"0x3a at 0", "0x3b at 5168"}},
      {"I13_TotalNoMultipleOfFour",
       join({IntelBlob().body_size(978).bytes(), next()}),
       {"0x3a at 0", "0x3b at 1026"}},
      {"I42_AmdContainerReadAsIntel",
       AmdBlob().zen(AmdPatch()).bytes(),
       {"0 intel-kind: header version 4279620"}},
  };
}

std::vector<Row> size_rows() {
  return {
      {"I09_TotalSizeZero",
       IntelBlob().stored_sizes(976, 0).bytes(),
       {"0 intel-sizes: data size 976 does not fit total size 0, the rest is left out"}},
      {"I09_TotalSizeZeroBehindAnother",
       join({good(), IntelBlob().stored_sizes(976, 0).bytes()}),
       {"0x3a at 0",
        "1024 intel-sizes: data size 976 does not fit total size 0, the rest is left out"}},
      {"I10_DataBeyondTotal",
       IntelBlob().stored_sizes(977, 1024).bytes(),
       {"0 intel-sizes: data size 977 does not fit total size 1024, the rest is left out"}},
      {"I11_DataSizeWraps",
       IntelBlob().stored_sizes(0xFFFFFFF0, 1024).bytes(),
       {"0 intel-sizes: data size 4294967280 does not fit total size 1024, the rest is left out"}},
      {"I11_BothSizesLargest",
       IntelBlob().stored_sizes(0xFFFFFFFF, 0xFFFFFFFF).bytes(),
       {"0 intel-sizes: data size 4294967295 does not fit total size 4294967295, the rest is left "
        "out"}},
      {"I11_OverOurLimit",
       IntelBlob().stored_sizes(976, 16 * 1024 * 1024 + 1).bytes(),
       {"0 intel-sizes: total size 16777217 is over 16777216, the rest is left out"}},
      {"I11_AtOurLimit",
       IntelBlob().stored_sizes(976, 16 * 1024 * 1024).bytes(),
       {"0 intel-truncated: update of 16777216 bytes ends after 1024"}},
  };
}

std::vector<Row> kind_rows() {
  const auto between = [](const IntelBlob& odd) { return join({good(), odd.bytes(), next()}); };
  return {
      {"I14_FieldScanImage",
       between(IntelBlob().header_version(2)),
       {"0x3a at 0", "1024 intel-ifs: In-Field Scan image, not microcode", "0x3b at 2048"}},
      {"I14_FieldScanImageFirst",
       join({IntelBlob().header_version(2).bytes(), next()}),
       {"0 intel-ifs: In-Field Scan image, not microcode", "0x3b at 1024"}},
      {"I15_LoaderRevisionTwo",
       between(IntelBlob().loader_revision(2)),
       {"0x3a at 0", "1024 intel-kind: loader revision 2", "0x3b at 2048"}},
      {"I16_HeaderVersionZero",
       between(IntelBlob().header_version(0)),
       {"0x3a at 0", "1024 intel-residue: 4 zero bytes that belong to no update",
        "1028 intel-residue: no update begins here, the rest is left out"}},
      {"I16_TextReadAsIntel",
       text("Intel microcode data files. See the release notes for details.\n"),
       {"0 intel-sizes: total size 543516788 is over 16777216, the rest is left out"}},
      {"I36_MinimumRevision", IntelBlob().min_revision(0x39).bytes(), {"0x3a at 0"}},
      {"I37_DateZero", IntelBlob().date(0).bytes(), {"0x3a at 0"}},
      {"I37_DateNotBcd", IntelBlob().date(0xFFFFFFFF).bytes(), {"0x3a at 0"}},
      {"I38_MetadataLargerThanData", IntelBlob().metadata_size(977).bytes(), {"0x3a at 0"}},
      {"I45_HeaderVersionThreeFirst",
       join({IntelBlob().header_version(3).bytes(), next()}),
       {"0 intel-kind: header version 3", "0x3b at 1024"}},
      {"I45_HeaderVersionThreeBehind",
       between(IntelBlob().header_version(3)),
       {"0x3a at 0", "1024 intel-residue: no update begins here, the rest is left out"}},
  };
}

std::vector<Row> extended_rows() {
  const auto three = IntelBlob().extended({{0xB06F2, 7}, {0xB06F5, 7}, {0xB06F6, 7}});
  // Each in front of a good one: what is broken can be stepped over.
  const auto refused = [](const IntelBlob& broken, const std::string& text) {
    const Blob bytes = broken.bytes();
    return Row{"",
               join({bytes, next()}),
               {"0 intel-checks: " + text, "0x3b at " + std::to_string(bytes.size())}};
  };
  const auto named = [](const char* name, Row row) { return row.name = name, row; };
  const auto copy = [&] { return IntelBlob(three); };
  return {
      named("I17_TableOf16Bytes",
            refused(IntelBlob().extended({}).ext_size_pad(-4),
                    "extended signature table of 16 bytes is shorter than its header")),
      named("I18_CountTwoRoomForThree",
            refused(copy().ext_count(2),
                    "extended signature table of 56 bytes does not hold 2 entries")),
      named("I18_CountFourRoomForThree",
            refused(copy().ext_count(4),
                    "extended signature table of 56 bytes does not hold 4 entries")),
      // 12 times this count is 36 in 32 bits.
      named("I18_CountThatWraps",
            refused(copy().ext_count(0x40000003),
                    "extended signature table of 56 bytes does not hold 1073741827 entries")),
      named("I18_RestOfAnEntry",
            refused(copy().ext_size_pad(4),
                    "extended signature table of 60 bytes does not hold 3 entries")),
      named("I19_TableSum",
            refused(copy().break_ext_table_sum(), "extended signature table checksum is wrong")),
      named("I20_EntrySum", refused(copy().break_ext_entry_sum(1),
                                    "checksum of extended signature 0x000b06f5 is wrong")),
      {"I21_CountZero", IntelBlob().extended({}).bytes(), {"0x3a at 0"}},
      named("I22_MainSumWithTable", refused(copy().main_sum_over_everything(),
                                            "extended signature table checksum is wrong")),
      {"I23_ThreeSignatures", three.bytes(), {"0x3a at 0"}},
  };
}

std::vector<Row> text_rows() {
  const std::string dat = to_dat_text(good(), "a heading");
  std::string carriage;
  for (const char c : dat) carriage += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const std::string last_comma_missing = dat.substr(0, dat.rfind(','));
  std::string nul = dat;
  nul[100] = '\0';
  const std::string half = dat.substr(0, dat.size() / 2);
  const auto kind = StreamKind::kIntelText;
  return {
      {"I40_Text", text(dat), {"0x3a at 0"}, kind},
      {"I41_CommentBetween",
       text(dat + "/ another\n\n" + to_dat_text(next())),
       {"0x3a at 0", "0x3b at 1024"},
       kind},
      {"I41_CarriageReturns", text(carriage), {"0x3a at 0"}, kind},
      {"I41_LastCommaMissing", text(last_comma_missing), {"0x3a at 0"}, kind},
      {"I41_NulByte", text(nul), {"100 intel-text: NUL byte in text"}, kind},
      {"I41_NotHexadecimal",
       text(dat + "0x00000001, zzz\n"),
       {fmt::format("{} intel-text: neither a hexadecimal dword nor a comment", dat.size() + 12)},
       kind},
      {"I41_EndsInsideAnUpdate",
       text(half.substr(0, half.rfind('\n') + 1)),
       {"0 intel-truncated: update of 1024 bytes ends after 496"},
       kind},
  };
}

std::vector<Row> all_rows() {
  std::vector<Row> all;
  for (const auto& rows : {length_rows(), size_rows(), kind_rows(), extended_rows(), text_rows()})
    all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

class IntelSource : public testing::TestWithParam<Row> {};

TEST_P(IntelSource, GivesWhatTheCatalogueSays) {
  EXPECT_EQ(walked(GetParam().kind, GetParam().stream).events, GetParam().events);
}

INSTANTIATE_TEST_SUITE_P(Rows, IntelSource, testing::ValuesIn(all_rows()),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace kip::ucode
