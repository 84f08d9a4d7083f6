// What has to stand between two files in an image, and what comes of files joined so.
#include <gtest/gtest.h>
#include <ostream>

#include "src/base/sink.h"
#include "src/image/pieces.h"
#include "src/segments/walk.h"
#include "tests/base/must.h"
#include "tests/codec/compress.h"
#include "tests/image/base_image.h"
#include "tests/support/temp_dir.h"

namespace kip::image {
namespace {

using codec::Method;
using support::Blob;
using support::join;
using support::NewcBlob;
using support::zeros;

Piece piece(std::uint64_t size, End end, std::uint64_t zeros_behind, bool raw) {
  return {"", size, 0644, {{0, size}}, raw, end, zeros_behind};
}

struct Row {
  std::string name;
  std::uint64_t size;  // of the first, without zeros behind it
  End end;
  std::uint64_t zeros_behind;
  bool raw_next;
  std::uint64_t padding;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class PiecePadding : public testing::TestWithParam<Row> {};

INSTANTIATE_TEST_SUITE_P(
    Rows, PiecePadding,
    testing::Values(Row{"RawEvenThenCompressed", 8, End::kRaw, 0, false, 0},
                    Row{"RawOddThenCompressed", 9, End::kRaw, 0, false, 3},
                    Row{"RawOddThenRaw", 10, End::kRaw, 0, true, 2},
                    Row{"CompressedOddThenCompressed", 9, End::kOther, 0, false, 0},
                    Row{"CompressedOddThenRaw", 9, End::kOther, 0, true, 3},
                    Row{"CompressedEvenThenRaw", 8, End::kOther, 0, true, 0},
                    Row{"CompressedAndZerosThenCompressed", 8, End::kOther, 3, false, 0},
                    Row{"Lz4ThenCompressed", 9, End::kLz4, 0, false, 4},
                    Row{"Lz4AndOneZeroThenCompressed", 8, End::kLz4, 1, false, 3},
                    Row{"Lz4AndThreeZerosThenCompressed", 8, End::kLz4, 3, false, 1},
                    Row{"Lz4AndFourZerosThenCompressed", 9, End::kLz4, 4, false, 0},
                    Row{"Lz4AndManyZerosThenCompressed", 8, End::kLz4, 509, false, 0},
                    Row{"Lz4EvenThenRaw", 8, End::kLz4, 0, true, 4},
                    Row{"Lz4OddThenRaw", 9, End::kLz4, 0, true, 7},
                    Row{"Lz4AndOneZeroThenRaw", 7, End::kLz4, 1, true, 4}),
    [](const auto& row) { return row.param.name; });

TEST_P(PiecePadding, IsWhatKernelsNeed) {
  const Row& row = GetParam();
  const Piece pieces[] = {piece(row.size + row.zeros_behind, row.end, row.zeros_behind, false),
                          piece(100, End::kOther, 0, row.raw_next)};
  const Placement placement = place(pieces, 512);
  EXPECT_EQ(placement.pieces[0].padding, 0u);
  EXPECT_EQ(placement.pieces[1].padding, row.padding);
  EXPECT_EQ(placement.pieces[1].offset, 512 + row.size + row.zeros_behind + row.padding);
  EXPECT_EQ(placement.size, placement.pieces[1].offset + 100);
}

TEST(PiecePlacement, LooksThroughAPieceThatNothingIsLeftOf) {
  Piece nothing = piece(512, End::kRaw, 0, true);
  nothing.kept.clear();
  const Piece pieces[] = {piece(9, End::kLz4, 0, false), nothing, piece(5, End::kOther, 0, false)};
  EXPECT_EQ(place(pieces, 0).pieces[2].offset, 13u);
}

TEST(PiecePlacement, EndsARawArchiveAtAMultipleOf4) {
  const Piece pieces[] = {piece(9, End::kRaw, 0, true)};
  EXPECT_EQ(place(pieces, 0).size, 12u);
}

// What files look like.

Blob archive(std::string_view name, std::size_t size) {
  return NewcBlob().file(name, support::noise(size, 3)).bytes();
}

class PieceShape : public testing::Test {
 protected:
  Shape shape(const Blob& bytes, Depth depth = Depth::kWhole) {
    const std::string path = directory_.write("file", bytes);
    return must(read_shape(must(open_regular(Root(), path)).file.get(), depth));
  }

  support::TempDir directory_;
};

TEST_F(PieceShape, OfAnArchive) {
  const Shape it = shape(join({archive("a", 5), zeros(3)}));
  EXPECT_TRUE(it.raw);
  EXPECT_EQ(it.end, End::kRaw);
  EXPECT_FALSE(it.compressed || it.fault || it.late_microcode);
}

TEST_F(PieceShape, OfZeros) {
  const Shape it = shape(zeros(6));
  EXPECT_FALSE(it.raw);
  EXPECT_EQ(it.end, End::kRaw);
}

TEST_F(PieceShape, OfCompressedData) {
  const Shape it = shape(codec::compress(Method::kGzip, archive("a", 5)));
  EXPECT_FALSE(it.raw || it.fault);
  EXPECT_EQ(it.end, End::kOther);
  EXPECT_EQ(it.compressed, 0u);
}

TEST_F(PieceShape, OfAnArchiveBehindCompressedData) {
  Blob bytes = codec::compress(Method::kZstd, archive("a", 5));
  bytes.resize((bytes.size() + 3) / 4 * 4);
  const std::uint64_t offset = bytes.size();
  const Blob image =
      join({bytes, directories(), member(support::kIntelPath, zeros(48)), trailer()});
  const Shape it = shape(image);
  EXPECT_TRUE(it.raw);
  EXPECT_EQ(it.end, End::kRaw);
  EXPECT_EQ(it.late_microcode, offset + directories().size());
}

TEST_F(PieceShape, OfWhatIsNotLookedAt) {
  const Blob image = join({archive("a", 5), compressed_rest()});
  const Shape it = shape(image, Depth::kFront);
  EXPECT_TRUE(it.raw);
  EXPECT_EQ(it.end, End::kOther);
  EXPECT_EQ(it.compressed, archive("a", 5).size());
  EXPECT_FALSE(it.fault);
}

TEST_F(PieceShape, OfDamagedData) {
  EXPECT_TRUE(shape(compressed_rest()).fault);
}

// Every end in front of every begin, in sizes of every remainder.

class Names : public segments::Visitor {
 public:
  Status member(const segments::Segment& segment, const cpio::Member& member, Input&) override {
    if (segment.reached && !member.is_trailer()) names.push_back(member.name);
    return {};
  }
  Status segment(const segments::Segment&) override { return {}; }
  void fault(const Finding& finding) override { faults += to_line(finding); }

  std::vector<std::string> names;
  std::string faults;
};

Blob packed(std::optional<Method> method, const Blob& bytes) {
  if (method == Method::kXz) return codec::run_through({"xz", "-c", "--check=crc32"}, bytes);
  return method ? codec::compress(*method, bytes) : bytes;
}

class PieceJoin : public testing::TestWithParam<std::optional<Method>> {
 protected:
  Blob write(const Blob& first, const Blob& second) {
    std::vector<Piece> pieces;
    for (const auto& [name, bytes] : {std::pair{"first", &first}, std::pair{"second", &second}}) {
      const std::string path = directory_.write(name, *bytes);
      const Opened file = must(open_regular(Root(), path));
      const Shape shape = must(read_shape(file.file.get(), Depth::kWhole));
      pieces.push_back(piece_of(path, file, {{0, file.size}}, shape));
    }
    MemorySink sink;
    must(write_pieces(Root(), pieces, sink));
    return sink.bytes();
  }

 private:
  support::TempDir directory_;
};

INSTANTIATE_TEST_SUITE_P(Ends, PieceJoin,
                         testing::Values(std::nullopt, Method::kGzip, Method::kXz, Method::kZstd,
                                         Method::kBzip2, Method::kLzma, Method::kLz4Legacy),
                         [](const auto& row) {
                           return row.param ? codec::name_of(*row.param) : std::string("Raw");
                         });

TEST_P(PieceJoin, ReachesBoth) {
  for (const std::optional<Method> next :
       {std::optional<Method>(), std::optional(Method::kGzip), std::optional(Method::kZstd),
        std::optional(Method::kLz4Legacy)}) {
    for (std::size_t more = 0; more < 4; ++more) {
      Blob first = packed(GetParam(), archive("a", 40 + more));
      if (!GetParam()) first.resize(first.size() + more);
      const Blob image = write(first, packed(next, archive("b", 50)));
      Names found;
      const segments::Source source = [&](std::uint64_t offset) -> Result<std::unique_ptr<Input>> {
        return std::make_unique<MemoryInput>(Bytes(image).subspan(offset));
      };
      must(segments::walk(source, {}, found));
      EXPECT_EQ(found.faults, "");
      EXPECT_EQ(found.names, (std::vector<std::string>{"a", "b"}));
      if (GetParam() || next) continue;
      const auto verdict = support::unpack_verdict(image);
      EXPECT_EQ(verdict.error, "");
      EXPECT_TRUE(verdict.find("a") && verdict.find("b"));
    }
  }
}

}  // namespace
}  // namespace kip::image
