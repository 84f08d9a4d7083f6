// What a walk says that goes on behind faults.
#include <gtest/gtest.h>
#include <ostream>

#include "tests/segments/log.h"

namespace kip::segments {
namespace {

using codec::Method;
using support::Blob;
using support::join;
using support::NewcBlob;
using support::text;
using support::zeros;

constexpr Options kBeyond{.beyond_faults = true};

// Without the members.
Lines outline(const Log& log) {
  Lines lines;
  for (const std::string& line : log.lines) {
    if (line.find(" in ") == std::string::npos) lines.push_back(line);
  }
  return lines;
}

struct Row {
  std::string name;
  Blob image;
  Lines lines;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

const Blob kA = archive("a");  // 240 bytes
const Blob kGzip = packed(Method::kGzip, archive("b"));
const Blob kCrc64 = codec::run_through({"xz", "-c", "--check=crc64"}, archive("c"));

std::vector<Row> goes_on_rows() {
  const auto g = kGzip.size(), x = kCrc64.size();
  const Blob junk = packed(Method::kGzip, join({kA, text("JUNK"), zeros(3000)}));
  const Blob unpadded =
      packed(Method::kZstd,
             NewcBlob().file("f", text("12345"), {.pad_data = false}).trailer(false).bytes());
  const auto u = unpadded.size();
  return {
      {"MisalignedArchives",
       join({kA, zeros(2), kA, kA, zeros(2), kGzip}),
       {"archive 0+240", "padding 240+2", "segment-misaligned at 242", "archive 242+240 lost",
        "archive 482+240 lost", "padding 722+2 lost", "segment-misaligned at 724",
        fmt::format("compressed 724+{} lost", g)}},
      {"MisalignedCompressedData",
       join({kA, zeros(1), kGzip, kGzip}),
       {"archive 0+240", "padding 240+1", "segment-misaligned at 241",
        fmt::format("compressed 241+{} lost", g),
        fmt::format("compressed {}+{} lost", 241 + g, g)}},
      {"MisalignedJunk",
       join({kA, zeros(1), text("JUNK")}),
       {"archive 0+240", "padding 240+1", "segment-misaligned at 241", "unknown 241+0 lost",
        "segment-unknown at 241"}},
      {"NotForKernels",
       join({kA, kCrc64, kGzip}),
       {"archive 0+240", "segment-not-for-kernels at 240", fmt::format("compressed 240+{} lost", x),
        fmt::format("compressed {}+{} lost", 240 + x, g)}},
      {"JunkInsideAStream",
       join({junk, kGzip}),
       {fmt::format("compressed 0+{}", junk.size()), "segment-compressed at 0",
        fmt::format("compressed {}+{} lost", junk.size(), g)}},
      {"NoPaddingInsideAStream",
       join({unpadded, kGzip}),
       {fmt::format("compressed 0+{}", u), "segment-compressed at 0",
        fmt::format("compressed {}+{} lost", u, g)}},
      {"NoPaddingInsideAStreamBeforeOneOfTheSameMethod",
       join({unpadded, packed(Method::kZstd, kA)}),
       {fmt::format("compressed 0+{}", u), "segment-compressed at 0",
        fmt::format("compressed {}+{} lost", u, packed(Method::kZstd, kA).size())}},
      {"LongRunOfZeros",
       join({kA, zeros(2 << 20), kA}),
       {"archive 0+240", "padding 240+2097152", "archive 2097392+240"}},
  };
}

// Where nothing tells what comes next.
std::vector<Row> ends_rows() {
  const Blob bad = NewcBlob().file("n", {}, {.uid_text = "zzzzzzzz"}).bytes();
  const Blob noise = packed(Method::kGzip, NewcBlob().file("n", support::noise(3000, 1)).bytes());
  Blob damaged = noise;
  damaged[damaged.size() - 5] ^= 1;
  return {
      {"BadField",
       join({NewcBlob().file("f", {}).trailer(false).bytes(), bad}),
       {"archive 0+112", "archive at 112"}},
      {"CutInsideData", Blob(kA.begin(), kA.begin() + 114), {"archive 0+114", "archive at 114"}},
      {"NothingButTheLastPaddingMissing",
       NewcBlob().file("f", text("12345"), {.pad_data = false}).trailer(false).bytes(),
       {"archive 0+117"}},
      {"Damaged", join({damaged, kA}), {"compressed 0+0", "segment-compressed at 0"}},
      {"CutOff",
       Blob(noise.begin(), noise.end() - 9),
       {"compressed 0+0", "segment-compressed at 0"}},
      {"Lzo",
       join({kA, text("\x89LZO")}),
       {"archive 0+240", "compressed 240+0", "segment-method at 240"}},
      {"Junk", text("JUNK"), {"unknown 0+0 lost", "segment-unknown at 0"}},
  };
}

// The unpacker begins in a state of its own: the first byte is that of a header.
std::vector<Row> start_rows() {
  const Blob empty = packed(Method::kGzip, {});
  const Blob zeros_first = packed(Method::kGzip, join({zeros(8), kA}));
  const auto line = [](std::size_t offset, const Blob& piece) {
    return fmt::format("compressed {}+{}", offset, piece.size());
  };
  return {
      {"EmptyStreamFirst", empty, {line(0, empty), "segment-compressed at 0"}},
      {"EmptyStreamBehindZeros",
       join({zeros(4), empty}),
       {"padding 0+4", line(4, empty), "segment-compressed at 4"}},
      {"EmptyStreamLater", join({kA, empty}), {"archive 0+240", line(240, empty)}},
      {"ZerosInFrontInTheFirstStream",
       zeros_first,
       {line(0, zeros_first), "segment-compressed at 0"}},
      {"ZerosInFrontInALaterStream",
       join({kA, zeros_first}),
       {"archive 0+240", line(240, zeros_first)}},
  };
}

std::vector<Row> all_rows() {
  std::vector<Row> all;
  for (const std::vector<Row>& rows : {goes_on_rows(), ends_rows(), start_rows()})
    all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

class WalkBeyond : public testing::TestWithParam<Row> {};

TEST_P(WalkBeyond, ListsWhatIsPlainToSee) {
  EXPECT_EQ(outline(walked(GetParam().image, kBeyond)), GetParam().lines);
}

TEST_P(WalkBeyond, EndsAtTheFirstFaultUnlessTold) {
  const Log all = walked(GetParam().image, kBeyond), first = walked(GetParam().image);
  EXPECT_LE(first.faults.size(), 1u);
  EXPECT_LE(first.segments.size(), all.segments.size());
  if (all.faults.empty() || first.faults.empty()) return;
  EXPECT_EQ(first.faults[0], all.faults[0]);
}

INSTANTIATE_TEST_SUITE_P(Rows, WalkBeyond, testing::ValuesIn(all_rows()),
                         [](const auto& row) { return row.param.name; });

TEST(WalkBeyond, SaysHowMuchASegmentUnpacksTo) {
  const Log log =
      walked(join({kA, packed(Method::kZstd, join({archive("b"), zeros(272)}))}), kBeyond);
  ASSERT_EQ(log.segments.size(), 2u);
  EXPECT_EQ(log.segments[0].plain_size, 240u);
  EXPECT_EQ(log.segments[1].plain_size, 512u);
}

TEST(WalkBeyond, NamesAFormatThatNoKernelReads) {
  const Log lz4 = walked(join({kA, codec::run_through({"lz4", "-q", "-c", "-"}, kA)}), kBeyond);
  ASSERT_EQ(lz4.faults.size(), 1u);
  EXPECT_EQ(lz4.faults[0].rule, kRuleUnknown);
  EXPECT_NE(lz4.faults[0].text.find("lz4 frame"), std::string::npos);
}

// As parallel compressors write it: the archive is cut wherever a frame is full.
TEST(WalkBeyond, TellsAnArchiveOverSeveralStreams) {
  const Blob whole = NewcBlob().file("f", support::noise(9000, 1)).bytes();
  for (const std::ptrdiff_t cut : {3, 50, 112, 5000, 9116, 9180}) {
    const Blob first = packed(Method::kZstd, Blob(whole.begin(), whole.begin() + cut));
    const Blob second = packed(Method::kZstd, Blob(whole.begin() + cut, whole.end()));
    const Blob image = join({first, second, zeros(4), kGzip});
    const std::size_t behind = first.size() + second.size();
    EXPECT_EQ(outline(walked(image, kBeyond)),
              (Lines{fmt::format("compressed 0+{}", first.size()), "segment-split at 0",
                     fmt::format("compressed {}+{} lost", first.size(), second.size()),
                     fmt::format("padding {}+4 lost", behind),
                     fmt::format("compressed {}+{} lost", behind + 4, kGzip.size())}))
        << cut;
  }
  EXPECT_EQ(walked(codec::run_through({"zstd", "-c", "-q"}, whole), kBeyond).faults.size(), 0u);
}

// Of legacy lz4, with this many zeros behind it.
TEST(WalkBeyond, WantsFourZerosBehindLz4) {
  const Blob lz4 =
      packed(Method::kLz4Legacy, NewcBlob().file("f", support::noise(9000, 1)).bytes());
  for (const Method next : {Method::kGzip, Method::kZstd, Method::kXz, Method::kBzip2}) {
    const Blob behind = packed(next, kA);
    for (std::size_t gap = 0; gap < 9; ++gap) {
      const Log log = walked(join({lz4, zeros(gap), behind}), kBeyond);
      EXPECT_EQ(log.files.size(), 4u) << gap;
      const bool tail = gap < 4;
      ASSERT_EQ(log.faults.size(), tail ? 1u : 0u) << gap << " " << codec::method_name(next);
      EXPECT_EQ(log.segments.back().reached, !tail);
      EXPECT_EQ(log.segments.front().size, lz4.size());
      if (!tail) continue;
      EXPECT_EQ(log.faults[0].rule, kRuleLz4Tail);
      EXPECT_EQ(log.faults[0].offset, lz4.size());
    }
  }
}

TEST(WalkBeyond, TakesLz4BehindLz4AndAtTheEnd) {
  const Blob lz4 = packed(Method::kLz4Legacy, kA);
  EXPECT_TRUE(walked(join({lz4, lz4}), kBeyond).faults.empty());
  EXPECT_EQ(walked(join({lz4, lz4}), kBeyond).files.size(), 4u);
  for (std::size_t gap = 0; gap < 9; ++gap)
    EXPECT_TRUE(walked(join({lz4, zeros(gap)}), kBeyond).faults.empty()) << gap;
  EXPECT_TRUE(walked(join({lz4, zeros(8), kA}), kBeyond).faults.size() == (lz4.size() % 4 != 0));
}

TEST(WalkBeyond, TellsLz4ThatIsCutOff) {
  const Blob lz4 =
      packed(Method::kLz4Legacy, NewcBlob().file("f", support::noise(9000, 1)).bytes());
  const Log log = walked(Blob(lz4.begin(), lz4.end() - 10), kBeyond);
  ASSERT_EQ(log.faults.size(), 1u);
  EXPECT_EQ(log.faults[0].rule, kRuleCompressed);
}

}  // namespace
}  // namespace kip::segments
