// Legacy lz4, whose chunks go on until something else is in their place: where a stream ends, what
// is taken for one more chunk, and what is not.
#include <algorithm>
#include <gtest/gtest.h>
#include <lz4.h>

#include "tests/base/must.h"
#include "tests/codec/compress.h"

namespace kip::codec {
namespace {

using support::Blob;
using support::join;
using support::noise;
using support::text;
using support::View;
using support::zeros;

const Blob kMagic = {0x02, 0x21, 0x4c, 0x18};
constexpr std::size_t kPlainChunk = 8 << 20;

Blob word(std::uint32_t value) {
  Blob bytes;
  support::append32(bytes, value);
  return bytes;
}

// A chunk with its length, made by the library.
Blob chunk(View plain) {
  Blob data(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(plain.size()))));
  const int size = LZ4_compress_default(
      reinterpret_cast<const char*>(plain.data()), reinterpret_cast<char*>(data.data()),
      static_cast<int>(plain.size()), static_cast<int>(data.size()));
  data.resize(static_cast<std::size_t>(size));
  return join({word(static_cast<std::uint32_t>(size)), data});
}

struct Decoded {
  Blob plain;
  std::optional<Error> error;
  std::uint64_t consumed = 0;
  bool failed_behind = false;
};

// Reads in pieces, until there is no more or an error.
Decoded read_all(View compressed, std::size_t piece = 1000) {
  MemoryInput in(compressed);
  Decoders decoders;
  const auto decoder = must(decoders.open(Method::kLz4Legacy, in, Extent::kOneStream));
  Decoded decoded;
  Blob some(piece);
  for (;;) {
    const auto count = decoder->read(some);
    if (!count) decoded.error = count.error();
    if (!count || *count == 0) break;
    decoded.plain.insert(decoded.plain.end(), some.begin(),
                         some.begin() + static_cast<std::ptrdiff_t>(*count));
  }
  decoded.consumed = decoder->consumed();
  decoded.failed_behind = decoder->failed_behind();
  return decoded;
}

Blob first_stream() {
  return join({kMagic, chunk(text("first chunk, ")), chunk(text("second chunk"))});
}
constexpr const char* kFirstPlain = "first chunk, second chunk";

struct Row {
  const char* name;
  Blob behind;                     // first_stream()
  const char* further = "";        // what is decoded besides kFirstPlain
  std::size_t further_bytes = 0;   // how many of the bytes behind belong to the stream
  std::optional<Errc> error = {};  // with failed_behind()
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class Lz4Behind : public testing::TestWithParam<Row> {};

TEST_P(Lz4Behind, EndsWhereLinuxEndsIt) {
  const Row& row = GetParam();
  const Blob first = first_stream();
  for (const std::size_t piece : {1u, 1000u, 100000u}) {
    const Decoded decoded = read_all(join({first, row.behind}), piece);
    EXPECT_EQ(decoded.plain, text(kFirstPlain + std::string(row.further))) << piece;
    EXPECT_EQ(decoded.consumed, first.size() + row.further_bytes) << piece;
    EXPECT_EQ(decoded.failed_behind, row.error.has_value()) << piece;
    ASSERT_EQ(decoded.error.has_value(), row.error.has_value()) << piece;
    if (!row.error) continue;
    EXPECT_EQ(decoded.error->code, *row.error) << piece;
    EXPECT_EQ(decoded.error->offset, decoded.consumed) << piece;
    EXPECT_EQ(decoded.error->what,
              "bytes behind the lz4 (legacy) data are read as the length of one more chunk");
  }
}

std::vector<Row> rows() {
  const Blob zst = compress(Method::kZstd, text("zst"));
  const Blob other = join({kMagic, chunk(text(" and more"))});
  return {
      {"Nothing", {}},
      {"OneZero", zeros(1)},
      {"ThreeZeros", zeros(3)},
      {"ThreeBytes", text("abc")},
      {"FourZeros", zeros(4)},
      {"ManyZeros", zeros(70000)},
      {"FourZerosThenZst", join({zeros(4), zst})},
      {"FourZerosThenLz4", join({zeros(4), other})},
      {"FiveZerosThenArchive", join({zeros(5), text("07070100000000")})},
      {"SecondMagic", kMagic, "", 4},
      {"SecondMagicThrice", join({kMagic, kMagic, kMagic}), "", 12},
      {"SecondStream", other, " and more", other.size()},
      {"SecondStreamThenZeros", join({other, zeros(9)}), " and more", other.size()},
      {"AChunkWithNothingInIt", join({word(1), zeros(1)}), "", 5},
      {"ZstDirectly", zst, "", 0, Errc::kCorrupt},
      {"OneZeroThenZst", join({zeros(1), zst}), "", 0, Errc::kCorrupt},
      {"TwoZerosThenLz4", join({zeros(2), other}), "", 0, Errc::kCorrupt},
      {"ThreeZerosThenLz4", join({zeros(3), other}), "", 0, Errc::kCorrupt},
      {"Archive", text("07070100000000"), "", 0, Errc::kCorrupt},
      {"SecondStreamThenZst", join({other, zst}), " and more", other.size(), Errc::kCorrupt},
      {"LengthOneOverTheBound", word(LZ4_COMPRESSBOUND(kPlainChunk) + 1), "", 0, Errc::kCorrupt},
      {"LengthOfTheBound", word(LZ4_COMPRESSBOUND(kPlainChunk)), "", 0, Errc::kTruncated},
      {"LengthBeyondTheRest", join({word(101), noise(100, 1)}), "", 0, Errc::kTruncated},
      {"GzipOfFewBytes", compress(Method::kGzip, text("gz")), "", 0, Errc::kTruncated},
      // Read as a length, its magic is one that fits.
      {"GzipOfManyBytes", compress(Method::kGzip, noise(900000, 1)), "", 0, Errc::kCorrupt},
  };
}

INSTANTIATE_TEST_SUITE_P(Rows, Lz4Behind, testing::ValuesIn(rows()),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Lz4, TellsADamagedChunkFromBytesBehind) {
  const Blob first = first_stream();
  const Decoded decoded = read_all(join({first, word(100), Blob(100, 0xff), zeros(4)}));
  EXPECT_EQ(decoded.consumed, first.size());
  EXPECT_FALSE(decoded.failed_behind);
  ASSERT_TRUE(decoded.error);
  EXPECT_EQ(decoded.error->code, Errc::kCorrupt);
  EXPECT_EQ(decoded.error->what, "lz4 data is corrupt");
}

TEST(Lz4, MayBeEmpty) {
  for (const Blob& empty : {kMagic, join({kMagic, kMagic}), compress(Method::kLz4Legacy, {})}) {
    const Decoded decoded = read_all(join({empty, zeros(8)}));
    EXPECT_EQ(decoded.plain, Blob{});
    EXPECT_FALSE(decoded.error);
    EXPECT_EQ(decoded.consumed, empty.size());
  }
}

TEST(Lz4, WantsItsMagic) {
  for (std::size_t size = 0; size < kMagic.size(); ++size) {
    const Decoded decoded = read_all(View(kMagic).first(size));
    ASSERT_TRUE(decoded.error) << size;
    EXPECT_EQ(decoded.error->code, Errc::kTruncated) << size;
    EXPECT_FALSE(decoded.failed_behind) << size;
  }
  EXPECT_EQ(read_all(zeros(8)).error->code, Errc::kCorrupt);
  EXPECT_EQ(read_all(text("no magic")).error->code, Errc::kCorrupt);
}

TEST(Lz4, GivesWholeChunksWhereverItIsCut) {
  const Blob chunk_one = chunk(noise(300, 1));
  const Blob whole = join({kMagic, chunk_one, chunk(noise(300, 2))});
  const std::size_t one = kMagic.size() + chunk_one.size();
  for (std::size_t size = kMagic.size(); size < whole.size(); ++size) {
    const Decoded decoded = read_all(View(whole).first(size));
    const std::size_t sound = size < one ? kMagic.size() : one;
    ASSERT_EQ(decoded.consumed, sound) << size;
    ASSERT_EQ(decoded.plain, size < one ? Blob{} : noise(300, 1)) << size;
    // Fewer than four bytes are no length.
    ASSERT_EQ(decoded.error.has_value(), size - sound >= 4) << size;
  }
}

TEST(Lz4, ReadsChunksOfTheLargestSize) {
  Blob plain = zeros(2 * kPlainChunk + 1000);
  const Blob some = noise(100000, 1);
  std::copy(some.begin(), some.end(), plain.begin() + kPlainChunk - 50000);
  const Blob packed = compress(Method::kLz4Legacy, plain);
  const Decoded decoded = read_all(packed, 1 << 20);
  EXPECT_TRUE(decoded.plain == plain);
  EXPECT_EQ(decoded.consumed, packed.size());
}

TEST(Lz4, ReadsAChunkThatDoesNotShrink) {
  const Blob plain = noise(kPlainChunk, 1);
  EXPECT_TRUE(read_all(join({kMagic, chunk(plain)}), 1 << 20).plain == plain);
}

TEST(Lz4, RefusesAChunkThatUnpacksToMore) {
  const Decoded decoded = read_all(join({kMagic, chunk(zeros(kPlainChunk + 1))}));
  ASSERT_TRUE(decoded.error);
  EXPECT_EQ(decoded.error->what, "lz4 data is corrupt");
}

// A file is read as a whole, and what does not belong to it is an error at once.
TEST(Lz4, RefusesBytesBehindAFile) {
  for (const Blob& rest : {text("x"), text("JUNK"), join({zeros(4), text("x")})}) {
    const Blob first = first_stream();
    const Blob all = join({first, rest});
    MemoryInput in(all);
    Decoders decoders;
    const auto decoder = must(decoders.open(Method::kLz4Legacy, in, Extent::kWhole));
    const auto result = read_rest(*decoder, 1 << 20);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, Errc::kCorrupt);
    EXPECT_EQ(result.error().offset, first.size() + (rest[0] == 0 ? 4 : 0));
    EXPECT_TRUE(decoder->failed_behind());
  }
}

}  // namespace
}  // namespace kip::codec
