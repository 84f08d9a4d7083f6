#include <fmt/format.h>
#include <gtest/gtest.h>
#include <ostream>

#include "tests/segments/log.h"
#include "tests/support/kernel_finder.h"

namespace kip::segments {
namespace {

using codec::Method;
using support::Blob;
using support::join;
using support::NewcBlob;
using support::text;
using support::zeros;

TEST(Walk, SaysNothingOfNothing) {
  EXPECT_EQ(walked({}).lines, Lines{});
}

TEST(Walk, GivesAnArchivesMembersAndItsExtent) {
  EXPECT_EQ(walked(archive("name")).lines,
            (Lines{"name in 0 at 116: DATA", "TRAILER!!! in 0 at 244: ", "archive 0+244"}));
}

TEST(Walk, GivesAnArchiveWithoutTrailer) {
  EXPECT_EQ(walked(NewcBlob().file("name", text("DATA")).trailer(false).bytes()).lines,
            (Lines{"name in 0 at 116: DATA", "archive 0+120"}));
}

TEST(Walk, TellsTwoArchivesApart) {
  EXPECT_EQ(walked(join({archive("a"), archive("b")})).lines,
            (Lines{"a in 0 at 112: DATA", "TRAILER!!! in 0 at 240: ", "archive 0+240",
                   "b in 240 at 352: DATA", "TRAILER!!! in 240 at 480: ", "archive 240+240"}));
}

class WalkMethod : public testing::TestWithParam<Method> {};

TEST_P(WalkMethod, GoesThroughRawPaddingCompressedAndRaw) {
  const Blob main = packed(GetParam(), join({archive("main"), zeros(268)}));
  const std::size_t behind = 512 + main.size();
  const std::size_t gap = 4 - behind % 4;
  const Blob image =
      join({archive("early"), zeros(268), main, zeros(gap), archive("last"), zeros(12)});
  const std::size_t last = behind + gap;
  EXPECT_EQ(walked(image).lines,
            (Lines{"early in 0 at 116: DATA", "TRAILER!!! in 0 at 244: ", "archive 0+244",
                   "padding 244+268", "main in 512 at 116: DATA",
                   "TRAILER!!! in 512 at 244: ", fmt::format("compressed 512+{}", main.size()),
                   fmt::format("padding {}+{}", behind, gap),
                   fmt::format("last in {} at {}: DATA", last, last + 116),
                   fmt::format("TRAILER!!! in {} at {}: ", last, last + 244),
                   fmt::format("archive {}+244", last), fmt::format("padding {}+12", last + 244)}));
}

TEST_P(WalkMethod, NamesTheMethod) {
  const Log log = walked(packed(GetParam(), archive("main")));
  ASSERT_EQ(log.segments.size(), 1u);
  EXPECT_EQ(log.segments[0].method, GetParam());
}

TEST_P(WalkMethod, StopsInFrontOfCompressedDataWhenAsked) {
  const Blob main = packed(GetParam(), archive("main"));
  EXPECT_EQ(walked(join({archive("a"), main, archive("b")}), {.decompress = false}).lines,
            (Lines{"a in 0 at 112: DATA", "TRAILER!!! in 0 at 240: ", "archive 0+240",
                   "compressed 240+0"}));
}

TEST_P(WalkMethod, TakesCompressedSegmentsWithOddZerosBetween) {
  const Blob part = packed(GetParam(), archive("part"));
  for (std::size_t gap = 0; gap < 5; ++gap) {
    const Log log = walked(join({part, zeros(gap), part}));
    EXPECT_TRUE(log.faults.empty()) << gap;
    EXPECT_EQ(log.files.size(), 4u) << gap;
  }
}

TEST_P(WalkMethod, TakesTwoArchivesInOneStream) {
  const Log log = walked(packed(GetParam(), join({archive("a"), zeros(8), archive("b")})));
  EXPECT_TRUE(log.faults.empty());
  ASSERT_EQ(log.files.size(), 4u);
  EXPECT_EQ(log.files[2].name, "b");
}

TEST_P(WalkMethod, SaysThatTheStreamIsCutOff) {
  const Blob part = packed(GetParam(), NewcBlob().file("n", support::noise(3000, 1)).bytes());
  const Blob cut(part.begin(), part.end() - 9);
  const Log log = walked(join({archive("a"), cut}));
  ASSERT_EQ(log.faults.size(), 1u);
  EXPECT_EQ(log.faults[0].rule, "segment-compressed");
  EXPECT_EQ(log.faults[0].offset, 240u);
}

TEST_P(WalkMethod, SaysThatTheStreamHoldsNoArchive) {
  const Log log = walked(packed(GetParam(), text("no archive at all")));
  ASSERT_EQ(log.faults.size(), 1u);
  EXPECT_EQ(log.faults[0].text, "no archive begins at 0x0 of the decompressed data");
}

TEST_P(WalkMethod, SaysWhereAnArchiveInsideTheStreamIsBrokenAndEnds) {
  const Blob bad = NewcBlob().file("n", text("DATA"), {.uid_text = "zzzzzzzz"}).bytes();
  const Blob part = packed(GetParam(), join({archive("a"), bad}));
  const Log log = walked(join({part, archive("b")}));
  EXPECT_EQ(log.lines,
            (Lines{"a in 0 at 112: DATA", "TRAILER!!! in 0 at 240: ", "segment-compressed at 0"}));
}

INSTANTIATE_TEST_SUITE_P(Methods, WalkMethod,
                         testing::Values(Method::kXz, Method::kZstd, Method::kGzip, Method::kBzip2,
                                         Method::kLzma),
                         [](const auto& row) { return codec::name_of(row.param); });

struct FaultRow {
  const char* name;
  Blob image;
  std::string rule;
  std::uint64_t offset;
};

void PrintTo(const FaultRow& row, std::ostream* out) {
  *out << row.name;
}

std::vector<FaultRow> fault_rows() {
  const Blob a = archive("a");  // 240 bytes
  const Blob gzip = packed(Method::kGzip, archive("b"));
  const Blob bad = NewcBlob().file("n", {}, {.uid_text = "zzzzzzzz"}).bytes();
  return {
      {"JunkAtTheStart", text("JUNK"), "segment-unknown", 0},
      {"JunkBehindAnArchive", join({a, text("JUNK")}), "segment-unknown", 240},
      {"JunkBehindPadding", join({a, zeros(16), text("JUNK")}), "segment-unknown", 256},
      {"JunkBehindCompressedData", join({gzip, text("JUNK")}), "segment-unknown", gzip.size()},
      {"ArchiveAtAnOddPlace", join({zeros(2), a}), "segment-misaligned", 2},
      {"TwoBytesBetweenArchives", join({a, zeros(2), a}), "segment-misaligned", 242},
      {"CompressedDataOneByteBehindAnArchive", join({a, zeros(1), gzip}), "segment-misaligned",
       241},
      {"CompressedDataThreeBytesBehindAnArchive", join({a, zeros(3), gzip}), "segment-misaligned",
       243},
      {"Odc", text("070707 and so on"), "segment-unknown", 0},
      {"BadField", join({a, bad}), "archive", 240},
      {"CutInsideData", Blob(a.begin(), a.begin() + 114), "archive", 114},
      {"CutInsideAHeader", join({a, Bytes(a).first(50)}), "archive", 240},
      {"MethodThatIsNotDecoded", join({a, text("\x89LZO, and so on")}), "segment-method", 240},
      {"LongRunOfZeros", join({a, zeros(2 << 20), a}), "segment-padding", 240},
  };
}

class WalkFault : public testing::TestWithParam<FaultRow> {};

TEST_P(WalkFault, IsSaidOnceAndEndsTheWalk) {
  const Log log = walked(GetParam().image);
  ASSERT_EQ(log.faults.size(), 1u);
  EXPECT_EQ(log.faults[0].rule, GetParam().rule);
  EXPECT_EQ(log.faults[0].offset, GetParam().offset);
  EXPECT_TRUE(log.lines.back().starts_with(GetParam().rule));
}

TEST_P(WalkFault, ShowsNoMemberTwice) {
  const Log log = walked(GetParam().image);
  for (std::size_t i = 0; i < log.files.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(log.files[i].offset, log.files[j].offset);
  }
}

INSTANTIATE_TEST_SUITE_P(Rows, WalkFault, testing::ValuesIn(fault_rows()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Walk, ShowsNoMemberTwiceWhereTheSecondArchiveBreaksInItsMiddle) {
  const Blob bad =
      NewcBlob().file("b", text("DATA")).file("c", {}, {.uid_text = "zzzzzzzz"}).bytes();
  const Log log = walked(join({archive("a"), bad}));
  EXPECT_EQ(log.files.size(), 3u);
  EXPECT_EQ(log.faults.size(), 1u);
}

// Every image of up to four of these pieces: the kernel and we see the same files in it, stop at
// the same compressed data, and stumble over the same images.
TEST(Walk, AgreesWithTheKernelsUnpacker) {
  const std::vector<Blob> pieces = {archive("one"),
                                    archive("second"),
                                    NewcBlob().file("open", text("12345")).trailer(false).bytes(),
                                    zeros(1),
                                    zeros(2),
                                    zeros(4),
                                    join({Blob{0x1f, 0x8b, 8, 0}, support::noise(20, 1)}),
                                    text("JUNK")};
  const std::size_t count = pieces.size();
  for (std::size_t code = 0; code < count * count * count * count; ++code) {
    const Blob image =
        join({pieces[code % count], pieces[code / count % count],
              pieces[code / count / count % count], pieces[code / count / count / count]});
    const Log log = walked(image, {.decompress = false});
    const support::UnpackVerdict verdict = support::unpack_verdict(image);
    ASSERT_EQ(!log.faults.empty(), !verdict.error.empty() || verdict.ends_inside_member)
        << code << " " << verdict.error;
    std::optional<std::size_t> compressed_at;
    for (const Segment& segment : log.segments) {
      if (segment.kind == Segment::Kind::kCompressed) compressed_at = segment.offset;
    }
    ASSERT_EQ(compressed_at, verdict.compressed_at) << code;
    // A later file of the same name takes the earlier one's place.
    for (const support::UnpackedFile& file : verdict.files) {
      const auto last = std::find_if(log.files.rbegin(), log.files.rend(),
                                     [&](const Log::File& it) { return it.name == file.name; });
      ASSERT_NE(last, log.files.rend()) << code;
      ASSERT_EQ(last->offset, file.data.offset) << code;
      ASSERT_EQ(last->size, file.data.size) << code;
    }
  }
}

TEST(Walk, StepsOverDataThatNobodyReads) {
  class Idle : public Log {
   public:
    Status member(const Segment&, const cpio::Member& member, Input&) override {
      files.push_back({member.name, member.data_offset, member.size});
      return {};
    }
  };
  const Blob image = NewcBlob().file("a", support::noise(5000, 1)).file("b", {}).bytes();
  Idle log;
  const Source source = [&](std::uint64_t offset) -> Result<std::unique_ptr<Input>> {
    return std::make_unique<MemoryInput>(Bytes(image).subspan(offset));
  };
  must(walk(source, {}, log));
  EXPECT_EQ(log.files.size(), 3u);
}

TEST(Walk, PassesTheVisitorsErrorOn) {
  class Full : public Log {
   public:
    Status segment(const Segment&) override { return fail(Errc::kSystem, "no space"); }
  };
  const Blob image = archive("a");
  Full log;
  const Source source = [&](std::uint64_t offset) -> Result<std::unique_ptr<Input>> {
    return std::make_unique<MemoryInput>(Bytes(image).subspan(offset));
  };
  EXPECT_EQ(error_of(walk(source, {}, log)), "no space");
}

}  // namespace
}  // namespace kip::segments
