// One update, whole: its facts, and that nothing that is not exactly one sound update passes.
#include <gtest/gtest.h>
#include <string>

#include "tests/support/intel_blob.h"
#include "tests/ucode/walked.h"
#include "ucode/checksum.h"
#include "ucode/intel.h"

namespace kip::ucode {
namespace {

using support::Blob;
using support::IntelBlob;
using support::View;

IntelBlob three_targets() {
  return IntelBlob().extended({{0xB06F2, 7}, {0xB06F5, 7}, {0xB06F6, 0x80}});
}

TEST(IntelParse, GivesEveryFactOfTheHeader) {
  const Blob bytes = IntelBlob()
                         .signature(0x806F8)
                         .platform_flags(0x87)
                         .revision(0x2B000650)
                         .date(0x05122021)
                         .min_revision(0x2B000041)
                         .bytes();
  const auto update = parse_intel(bytes);
  ASSERT_TRUE(update);
  EXPECT_EQ(update->vendor, Vendor::kIntel);
  EXPECT_EQ(update->offset, 0U);
  EXPECT_EQ(update->size, 1024U);
  EXPECT_EQ(update->data_size, 976U);
  EXPECT_EQ(update->revision, 0x2B000650U);
  EXPECT_EQ(update->date, 0x05122021U);
  EXPECT_EQ(update->minimum_revision, 0x2B000041U);
  EXPECT_EQ(update->checksum, support::get32(bytes, 0x10));
  EXPECT_EQ(update->targets, (std::vector<Target>{{CpuSignature{0x806F8}, 0x87}}));
}

TEST(IntelParse, GivesTheTableBehindTheHeadersOwnTarget) {
  const auto update = parse_intel(three_targets().bytes());
  ASSERT_TRUE(update);
  const std::vector<Target> wanted = {{CpuSignature{0xB06F2}, 7},
                                      {CpuSignature{0xB06F2}, 7},
                                      {CpuSignature{0xB06F5}, 7},
                                      {CpuSignature{0xB06F6}, 0x80}};
  EXPECT_EQ(update->targets, wanted);
}

TEST(IntelParse, TakesTheOldFormAs2000BytesOfData) {
  const auto update = parse_intel(IntelBlob().old_form().bytes());
  ASSERT_TRUE(update);
  EXPECT_EQ(update->size, 2048U);
  EXPECT_EQ(update->data_size, 2000U);
}

TEST(IntelParse, TakesAnUpdateWithHardlyAnyData) {
  const auto update = parse_intel(IntelBlob().body_size(4).bytes());
  ASSERT_TRUE(update);
  EXPECT_EQ(update->size, 52U);
}

struct Refusal {
  const char* name;
  Blob bytes;
  Errc code;
  const char* message;
};

TEST(IntelParse, RefusesInTheseWords) {
  Blob longer = IntelBlob().bytes();
  longer.push_back(0);
  const Refusal rows[] = {
      {"nothing", {}, Errc::kTruncated, "ends early"},
      {"one byte more", longer, Errc::kInvalid, "more bytes than one update"},
      {"sum", IntelBlob().break_main_sum().bytes(), Errc::kCorrupt, "checksum is wrong"},
      {"sum, old form", IntelBlob().old_form().break_main_sum().bytes(), Errc::kCorrupt,
       "checksum is wrong"},
      {"sizes", IntelBlob().stored_sizes(977, 1024).bytes(), Errc::kCorrupt,
       "data size 977 does not fit total size 1024"},
      {"too large", IntelBlob().stored_sizes(976, 0x01000001).bytes(), Errc::kLimit,
       "total size 16777217 is over 16777216"},
      {"header version 0", IntelBlob().header_version(0).bytes(), Errc::kUnsupported,
       "header version 0"},
      {"In-Field Scan", IntelBlob().header_version(2).bytes(), Errc::kUnsupported,
       "In-Field Scan image, not microcode"},
      {"loader revision", IntelBlob().loader_revision(0).bytes(), Errc::kUnsupported,
       "loader revision 0"},
      {"table sum", three_targets().break_ext_table_sum().bytes(), Errc::kCorrupt,
       "extended signature table checksum is wrong"},
      {"first entry's sum", three_targets().break_ext_entry_sum(0).bytes(), Errc::kCorrupt,
       "checksum of extended signature 0x000b06f2 is wrong"},
      {"last entry's sum", three_targets().break_ext_entry_sum(2).bytes(), Errc::kCorrupt,
       "checksum of extended signature 0x000b06f6 is wrong"},
      {"count", three_targets().ext_count(0).bytes(), Errc::kCorrupt,
       "extended signature table of 56 bytes does not hold 0 entries"},
      {"four bytes too many", IntelBlob().stored_sizes(972, 1024).bytes(), Errc::kCorrupt,
       "extended signature table of 4 bytes is shorter than its header"},
  };
  for (const Refusal& row : rows) {
    const auto update = parse_intel(row.bytes);
    ASSERT_FALSE(update) << row.name;
    EXPECT_EQ(update.error().what, row.message) << row.name;
    EXPECT_EQ(update.error().code, row.code) << row.name;
  }
}

TEST(IntelParse, RefusesEveryProperPrefixAsTruncated) {
  for (const Blob& whole : {three_targets().bytes(), IntelBlob().old_form().bytes()}) {
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Blob prefix(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const auto update = parse_intel(prefix);
      ASSERT_FALSE(update) << size;
      ASSERT_EQ(update.error().code, Errc::kTruncated) << size;
    }
  }
}

TEST(IntelParse, RefusesEveryFlippedBit) {
  const Blob good = IntelBlob().bytes();
  ASSERT_EQ(good.size(), 1024U);
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    ASSERT_FALSE(parse_intel(IntelBlob().flip_bit(bit).bytes())) << bit;
  }
}

// The three reserved words of the table are under its sum, too.
TEST(IntelParse, RefusesEveryFlippedBitOfTheTable) {
  const std::size_t all = three_targets().bytes().size() * 8;
  for (std::size_t bit = std::size_t{1024} * 8; bit < all; ++bit) {
    ASSERT_FALSE(parse_intel(three_targets().flip_bit(bit).bytes())) << bit;
  }
}

TEST(IntelWalk, ReportsEveryProperPrefix) {
  const Blob whole = three_targets().bytes();
  for (const Depth depth : {Depth::kHeaders, Depth::kWhole}) {
    for (std::size_t size = 1; size < whole.size(); ++size) {
      const Walked seen = walked(StreamKind::kIntel, View(whole).first(size), depth);
      ASSERT_TRUE(seen.updates.empty()) << size;
      ASSERT_EQ(seen.faults.size(), 1U) << size;
      ASSERT_EQ(seen.faults[0].rule, "intel-truncated") << size;
      ASSERT_EQ(seen.faults[0].severity, Severity::kWarning);
    }
  }
}

TEST(IntelWalk, SaysWhatATruncatedUpdateClaimsToBe) {
  Blob bytes = IntelBlob().revision(0x3C).bytes();
  bytes.pop_back();
  const Walked seen = walked(StreamKind::kIntel, bytes);
  EXPECT_EQ(seen.suspects.at(0).revision, 0x3CU);
  EXPECT_EQ(seen.suspects.at(0).targets.at(0).signature.value, 0xB06F2U);
}

TEST(IntelWalk, SaysWhereABrokenUpdateLies) {
  const Blob bytes = support::join({IntelBlob().bytes(), IntelBlob().break_main_sum().bytes()});
  const Walked seen = walked(StreamKind::kIntel, bytes);
  EXPECT_EQ(seen.suspects.at(0).offset, 1024U);
}

TEST(IntelWalk, HasNoSuspectWhereTheHeaderIsNoUpdates) {
  const Walked seen = walked(StreamKind::kIntel, IntelBlob().header_version(2).bytes());
  EXPECT_TRUE(seen.suspects.at(0).targets.empty());
}

TEST(IntelWalk, HandsOutTheBytesOfEachUpdate) {
  const Blob first = IntelBlob().bytes();
  const Blob second = three_targets().revision(0x3B).bytes();
  const Walked seen = walked(StreamKind::kIntel, support::join({first, second}));
  EXPECT_EQ(seen.wholes, (std::vector<Blob>{first, second}));
}

TEST(IntelWalk, FindsTheSameFactsByHeadersAlone) {
  const Blob stream = support::join({three_targets().bytes(), IntelBlob().old_form().bytes()});
  const Walked whole = walked(StreamKind::kIntel, stream);
  const Walked headers = walked(StreamKind::kIntel, stream, Depth::kHeaders);
  EXPECT_EQ(headers.events, whole.events);
  ASSERT_EQ(headers.updates.size(), 2U);
  EXPECT_EQ(headers.updates[0].targets, whole.updates[0].targets);
  EXPECT_TRUE(headers.wholes[0].empty());
}

// By headers alone nobody looks at sums, but a table's size is looked at.
TEST(IntelWalk, ReportsATableOfWrongSizeByHeadersAlone) {
  const Blob bytes = three_targets().ext_count(2).bytes();
  EXPECT_EQ(walked(StreamKind::kIntel, bytes, Depth::kHeaders).events,
            std::vector<std::string>{
                "0 intel-checks: extended signature table of 56 bytes does not hold 2 entries"});
}

TEST(IntelDebugRevision, IsOneWithItsHighestBitSet) {
  EXPECT_TRUE(is_debug_revision(0x80000000));
  EXPECT_FALSE(is_debug_revision(0x7FFFFFFF));
}

TEST(Sum32, AgreesWithAPlainLoopAtEveryLength) {
  const Blob bytes = support::noise(400, 3);
  for (std::size_t size = 0; size <= bytes.size(); ++size) {
    const View part = View(bytes).first(size);
    ASSERT_EQ(ucode::sum32(part), support::sum32(part)) << size;
  }
}

}  // namespace
}  // namespace kip::ucode
