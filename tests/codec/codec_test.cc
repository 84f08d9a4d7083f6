#include <gtest/gtest.h>
#include <lzma.h>
#include <ostream>

#include "tests/base/must.h"
#include "tests/codec/compress.h"

namespace kip::codec {
namespace {

using support::Blob;
using support::join;
using support::noise;
using support::text;
using support::zeros;

constexpr std::uint64_t kNoLimit = 64 << 20;

Result<Blob> decode(Method method, Bytes compressed, Extent extent = Extent::kWhole) {
  Decoders decoders;
  MemoryInput in(compressed);
  const auto plain = TRY(decoders.open(method, in, extent));
  return read_rest(*plain, kNoLimit);
}

class EveryMethod : public testing::TestWithParam<Method> {};
class MethodsWithAnEnd : public EveryMethod {};  // all but legacy lz4: tests/codec/lz4_test.cc
class MethodsWithASum : public EveryMethod {};

TEST_P(EveryMethod, GivesBackWhatTheToolPacked) {
  const std::vector<Blob> plains = {{}, text("x"), noise(511, 1), noise(300000, 2), zeros(1 << 20)};
  for (const Blob& plain : plains) {
    EXPECT_EQ(must(decode(GetParam(), compress(GetParam(), plain))), plain) << plain.size();
  }
}

TEST_P(EveryMethod, IsDetectedInWhatTheToolPacked) {
  EXPECT_EQ(detect(Bytes(compress(GetParam(), text("x"))).first(8)), GetParam());
}

TEST_P(EveryMethod, ReadsStreamsBehindEachOther) {
  const Blob first = noise(70000, 1);
  const Blob second = noise(5, 2);
  const Blob both = join({compress(GetParam(), first), compress(GetParam(), second)});
  EXPECT_EQ(must(decode(GetParam(), both)), join({first, second}));
}

TEST_P(EveryMethod, ReadsEmptyStreamsBetweenOthers) {
  const Blob empty = compress(GetParam(), {});
  const Blob all = join({empty, empty, compress(GetParam(), text("text")), empty});
  EXPECT_EQ(must(decode(GetParam(), all)), text("text"));
}

// A second stream whose first bytes lie on both sides of the decoder's buffer: its size is the
// decoder's business, so padding moves the stream over every block boundary that may be one.
TEST_P(EveryMethod, ReadsASecondStreamWhereverItBegins) {
  const Blob first = compress(GetParam(), text("first "));
  const Blob second = compress(GetParam(), text("second"));
  for (const std::size_t block : {4096u, 16384u, 32768u, 65536u, 131072u}) {
    for (std::size_t at = block - 16; at <= block + 1; ++at) {
      const Blob all = join({first, zeros(at - first.size()), second});
      ASSERT_EQ(must(decode(GetParam(), all)), text("first second")) << at;
    }
  }
}

TEST_P(EveryMethod, TakesZeroPaddingForNothing) {
  const Blob part = compress(GetParam(), text("part"));
  EXPECT_EQ(must(decode(GetParam(), join({part, zeros(8), part, zeros(100000)}))),
            text("partpart"));
}

TEST_P(EveryMethod, RefusesBytesBehindTheData) {
  for (const Blob& rest : {text("x"), text("JUNK AND MORE"), zeros(4), noise(100000, 1)}) {
    const bool padding = rest == zeros(4);
    const Blob all = join({compress(GetParam(), text("text")), rest});
    EXPECT_EQ(code_of(decode(GetParam(), all)),
              padding ? std::nullopt : std::optional(Errc::kCorrupt));
  }
}

TEST_P(MethodsWithAnEnd, SaysWhereTheBytesBehindTheDataBegin) {
  const Blob part = compress(GetParam(), text("text"));
  const auto result = decode(GetParam(), join({part, text("JUNK")}));
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().offset, part.size());
  EXPECT_EQ(result.error().what,
            std::string("bytes behind the ") + method_name(GetParam()) + " data");
}

TEST_P(EveryMethod, RefusesAnotherMethodBehindItself) {
  const Method other = GetParam() == Method::kXz ? Method::kGzip : Method::kXz;
  const Blob all = join({compress(GetParam(), text("a")), compress(other, text("b"))});
  EXPECT_EQ(code_of(decode(GetParam(), all)), Errc::kCorrupt);
}

TEST_P(MethodsWithAnEnd, MissesEveryByteThatIsCutOff) {
  const Blob whole = compress(GetParam(), noise(300, 1));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Blob cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    ASSERT_EQ(code_of(decode(GetParam(), cut)), Errc::kTruncated) << size;
  }
}

TEST_P(EveryMethod, MissesTheEndOfALongStream) {
  const Blob whole = compress(GetParam(), noise(300000, 1));
  for (const std::size_t missing : {1u, 4u, 9u, 100u, 65536u, 200000u}) {
    const Blob cut(whole.begin(), whole.end() - static_cast<std::ptrdiff_t>(missing));
    ASSERT_EQ(code_of(decode(GetParam(), cut)), Errc::kTruncated) << missing;
  }
}

TEST_P(MethodsWithAnEnd, MissesTheEndOfASecondStream) {
  const Blob part = compress(GetParam(), text("text"));
  for (std::size_t size = 8; size < part.size(); ++size) {
    const Blob all = join({part, support::View(part).first(size)});
    ASSERT_EQ(code_of(decode(GetParam(), all)), Errc::kTruncated) << size;
  }
}

TEST_P(MethodsWithASum, SeesEveryFlippedByteOfItsBody) {
  const Blob plain = noise(300, 1);
  Blob whole = compress(GetParam(), plain);
  for (std::size_t at = 12; at < whole.size(); ++at) {
    Blob changed = whole;
    changed[at] = static_cast<std::uint8_t>(changed[at] ^ 0x40);
    const auto result = decode(GetParam(), changed);
    ASSERT_TRUE(!result || *result == plain) << at;
  }
}

TEST_P(MethodsWithAnEnd, EndsWithItsOwnStreamWhereOneIsAskedFor) {
  const Blob part = compress(GetParam(), noise(70000, 1));
  const Blob all = join({part, part});
  EXPECT_EQ(must(decode(GetParam(), all, Extent::kOneStream)), noise(70000, 1));
}

TEST_P(MethodsWithAnEnd, CountsTheBytesOfItsOneStream) {
  for (const std::size_t size : {0u, 1u, 1000u, 70000u, 300000u}) {
    const Blob part = compress(GetParam(), noise(size, 1));
    for (const Blob& behind : {Blob{}, text("J"), text("JUNK"), zeros(1), zeros(100000),
                               noise(100000, 3), part, compress(Method::kZstd, text("another")),
                               compress(Method::kLz4Legacy, text("another"))}) {
      const Blob all = join({part, behind});
      MemoryInput in(all);
      Decoders decoders;
      const auto plain = must(decoders.open(GetParam(), in, Extent::kOneStream));
      EXPECT_EQ(must(plain->skip(UINT64_MAX)), size);
      EXPECT_EQ(plain->consumed(), part.size());
      EXPECT_FALSE(plain->failed_behind());
    }
  }
}

TEST_P(EveryMethod, SkipsAsItReads) {
  const Blob plain = noise(100000, 1);
  const Blob whole = compress(GetParam(), plain);
  MemoryInput in(whole);
  Decoders decoders;
  const auto input = must(decoders.open(GetParam(), in, Extent::kWhole));
  EXPECT_EQ(must(input->skip(60000)), 60000u);
  Blob some(100);
  must(input->read(some));
  EXPECT_EQ(some, Blob(plain.begin() + 60000, plain.begin() + 60100));
}

TEST_P(EveryMethod, DecodesOneInsideAnother) {
  const Blob inner = compress(GetParam(), noise(5000, 1));
  const Blob outer = compress(GetParam(), inner);
  Decoders decoders;
  MemoryInput in(outer);
  const auto first = must(decoders.open(GetParam(), in, Extent::kWhole));
  must(first->peek(512));
  const auto second = must(decoders.open(GetParam(), *first, Extent::kWhole));
  EXPECT_EQ(must(read_rest(*second, kNoLimit)), noise(5000, 1));
}

TEST_P(EveryMethod, DecodesTwoSideBySide) {
  const Blob a = compress(GetParam(), noise(100000, 1));
  const Blob b = compress(GetParam(), noise(100000, 2));
  MemoryInput in_a(a);
  MemoryInput in_b(b);
  Decoders decoders;
  const auto plain_a = must(decoders.open(GetParam(), in_a, Extent::kWhole));
  must(plain_a->peek(10));
  const auto plain_b = must(decoders.open(GetParam(), in_b, Extent::kWhole));
  must(plain_b->peek(10));
  EXPECT_EQ(must(read_rest(*plain_a, kNoLimit)), noise(100000, 1));
  EXPECT_EQ(must(read_rest(*plain_b, kNoLimit)), noise(100000, 2));
}

TEST_P(EveryMethod, StartsAfreshBehindABrokenStream) {
  const Blob whole = compress(GetParam(), noise(5000, 1));
  Decoders decoders;
  {
    MemoryInput in(Bytes(whole).first(200));
    const auto broken = must(decoders.open(GetParam(), in, Extent::kWhole));
    EXPECT_FALSE(read_rest(*broken, kNoLimit).has_value());
  }
  MemoryInput in(whole);
  const auto sound = must(decoders.open(GetParam(), in, Extent::kWhole));
  EXPECT_EQ(must(read_rest(*sound, kNoLimit)), noise(5000, 1));
}

TEST_P(EveryMethod, PassesTheInputsErrorOn) {
  class Broken : public Input {
   protected:
    Result<std::size_t> do_read(MutableBytes) override { return fail(Errc::kSystem, "EIO"); }
    Result<std::uint64_t> do_skip(std::uint64_t) override { return fail(Errc::kSystem, "EIO"); }
  };
  Broken in;
  Decoders decoders;
  const auto plain = must(decoders.open(GetParam(), in, Extent::kWhole));
  EXPECT_EQ(code_of(plain->peek(1)), Errc::kSystem);
}

const auto kName = [](const auto& row) { return name_of(row.param); };
INSTANTIATE_TEST_SUITE_P(Methods, EveryMethod,
                         testing::Values(Method::kXz, Method::kZstd, Method::kGzip, Method::kBzip2,
                                         Method::kLzma, Method::kLz4Legacy),
                         kName);
INSTANTIATE_TEST_SUITE_P(Methods, MethodsWithAnEnd,
                         testing::Values(Method::kXz, Method::kZstd, Method::kGzip, Method::kBzip2,
                                         Method::kLzma),
                         kName);
INSTANTIATE_TEST_SUITE_P(Methods, MethodsWithASum,
                         testing::Values(Method::kXz, Method::kZstd, Method::kGzip, Method::kBzip2),
                         kName);

TEST(Xz, StaysBelowTheMemoryLimit) {
  const Blob plain = text("small");
  const Blob largest = run_through({"xz", "-c", "-9e"}, plain);
  EXPECT_EQ(must(decode(Method::kXz, largest)), plain);
}

TEST(Xz, RefusesADictionaryOverTheMemoryLimit) {
  const Blob huge = run_through({"xz", "-c", "--lzma2=dict=256MiB"}, text("small"));
  EXPECT_EQ(code_of(decode(Method::kXz, huge)), Errc::kLimit);
}

TEST(Xz, ReadsEveryCheck) {
  for (const char* const check : {"none", "crc32", "crc64", "sha256"}) {
    const Blob packed = run_through({"xz", "-c", std::string("--check=") + check}, text("text"));
    EXPECT_EQ(must(decode(Method::kXz, packed)), text("text")) << check;
  }
}

// A frame with a window of 2^`log` bytes and an empty block (RFC 8878, "Frame_Header").
Blob zstd_window(unsigned log) {
  return {0x28, 0xb5, 0x2f, 0xfd, 0, static_cast<std::uint8_t>((log - 10) << 3), 1, 0, 0};
}

TEST(Zstd, TakesAWindowOfTheMemoryLimit) {
  EXPECT_EQ(must(decode(Method::kZstd, zstd_window(27))), Blob{});
}

TEST(Zstd, RefusesAWindowOverTheMemoryLimit) {
  EXPECT_EQ(error_of(decode(Method::kZstd, zstd_window(28))),
            "zstd data: Frame requires too much memory for decoding");
}

TEST(Zstd, StepsOverSkippableFrames) {
  const Blob part = compress(Method::kZstd, text("text"));
  const Blob skippable = {0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c'};
  EXPECT_EQ(must(decode(Method::kZstd, join({part, skippable, part}))), text("texttext"));
}

TEST(Gzip, ReadsNamesAndTimesInTheHeader) {
  const support::TempDir directory;
  const std::string path = directory.write("name", "text");
  const std::string packed = support::must_run({"gzip", "-c", "-N", path});
  EXPECT_EQ(must(decode(Method::kGzip, as_bytes(packed))), text("text"));
}

TEST(Bzip2, RefusesABlockSizeThatIsNone) {
  for (const char* const head : {"BZh0", "BZhx", "BZh9 and no block"})
    EXPECT_EQ(code_of(decode(Method::kBzip2, text(head + std::string(64, 'x')))), Errc::kCorrupt);
}

// The header of .lzma: properties, dictionary size, and how long the data is.
Blob lzma_header(std::uint32_t dictionary, std::uint64_t size) {
  Blob header = {0x5d};
  support::append32(header, dictionary);
  support::append32(header, static_cast<std::uint32_t>(size));
  support::append32(header, static_cast<std::uint32_t>(size >> 32));
  return header;
}

// LZMA data without an end mark: its length is in the header, as the LZMA SDK's own tool writes it.
Blob lzma_of_known_size(Bytes plain) {
  lzma_options_lzma options;
  lzma_lzma_preset(&options, LZMA_PRESET_DEFAULT);
  options.ext_flags = 0;
  lzma_set_ext_size(options, plain.size());
  const lzma_filter filters[] = {{LZMA_FILTER_LZMA1EXT, &options}, {LZMA_VLI_UNKNOWN, nullptr}};
  Blob data(plain.size() * 2 + 1000);
  std::size_t size = 0;
  if (lzma_raw_buffer_encode(filters, nullptr, plain.data(), plain.size(), data.data(), &size,
                             data.size()) != LZMA_OK)
    throw std::runtime_error("liblzma does not encode");
  data.resize(size);
  return join({lzma_header(options.dict_size, plain.size()), data});
}

TEST(Lzma, EndsWhereItsHeaderSays) {
  for (const std::size_t size : {1u, 1000u, 300000u}) {
    const Blob part = lzma_of_known_size(noise(size, 1));
    EXPECT_EQ(must(decode(Method::kLzma, part)), noise(size, 1));
    for (const Blob& behind : {Blob{}, zeros(7), text("JUNK"), part}) {
      const Blob all = join({part, behind});
      MemoryInput in(all);
      Decoders decoders;
      const auto plain = must(decoders.open(Method::kLzma, in, Extent::kOneStream));
      EXPECT_EQ(must(read_rest(*plain, kNoLimit)), noise(size, 1));
      EXPECT_EQ(plain->consumed(), part.size());
    }
  }
}

TEST(Lzma, StaysBelowTheMemoryLimit) {
  const Blob largest = run_through({"xz", "-c", "--format=lzma", "-9e"}, text("small"));
  EXPECT_EQ(must(decode(Method::kLzma, largest)), text("small"));
}

TEST(Lzma, RefusesADictionaryOverTheMemoryLimit) {
  const Blob huge =
      run_through({"xz", "-c", "--format=lzma", "--lzma1=dict=256MiB"}, text("small"));
  EXPECT_EQ(code_of(decode(Method::kLzma, huge)), Errc::kLimit);
}

// Three bytes are hardly a magic: firmware may begin with them.
TEST(Lzma, RefusesWhatOnlyBeginsLikeIt) {
  for (const std::uint32_t seed : {1u, 2u, 3u}) {
    const auto result = decode(Method::kLzma, join({Blob{0x5d, 0, 0}, noise(100000, seed)}));
    EXPECT_FALSE(result.has_value()) << seed;
  }
  EXPECT_EQ(code_of(decode(Method::kLzma, join({lzma_header(1 << 16, 5), text("1 and so on")}))),
            Errc::kCorrupt);
}

TEST(Decoders, RefuseLzo) {
  const auto result = decode(Method::kLzo, noise(100, 1));
  EXPECT_EQ(code_of(result), Errc::kUnsupported);
  EXPECT_EQ(error_of(result), "lzo is not decoded");
}

struct DetectRow {
  const char* name;
  std::string_view head;
  std::optional<Method> method;
};

void PrintTo(const DetectRow& row, std::ostream* out) {
  *out << row.name;
}

using std::string_view_literals::operator""sv;

const std::vector<DetectRow> kDetectRows = {
    {"Gzip", "\x1f\x8b\x08\x00"sv, Method::kGzip},
    {"OldGzip", "\x1f\x9e\x08\x00"sv, Method::kGzip},
    {"Bzip2", "BZh9"sv, Method::kBzip2},
    {"Lzma", "\x5d\x00\x00\x80"sv, Method::kLzma},
    {"Xz",
     "\xfd"
     "7zXZ\x00"sv,
     Method::kXz},
    {"Lzo", "\x89LZO"sv, Method::kLzo},
    {"Lz4Legacy", "\x02\x21\x4c\x18"sv, Method::kLz4Legacy},
    {"Zstd", "\x28\xb5\x2f\xfd"sv, Method::kZstd},
    {"Empty", ""sv, std::nullopt},
    {"OneByteOfGzip", "\x1f"sv, std::nullopt},
    {"FiveBytesOfXz",
     "\xfd"
     "7zXZ"sv,
     std::nullopt},
    {"XzWithoutItsNul",
     "\xfd"
     "7zXZ1"sv,
     std::nullopt},
    {"Lz4Frame", "\x04\x22\x4d\x18"sv, std::nullopt},
    {"UnixCompress", "\x1f\x9d"sv, std::nullopt},
    {"Newc", "070701"sv, std::nullopt},
    {"Zeros", "\0\0\0\0\0\0\0\0"sv, std::nullopt},
    {"IntelUpdate", "\x01\x00\x00\x00\x2b\x00\x00\x00"sv, std::nullopt},
    {"AmdContainer", "DMA\0\0\0\0\0"sv, std::nullopt},
};

class Detect : public testing::TestWithParam<DetectRow> {};

TEST_P(Detect, GoesByTheMagic) {
  EXPECT_EQ(detect(as_bytes(GetParam().head)), GetParam().method);
}

INSTANTIATE_TEST_SUITE_P(Rows, Detect, testing::ValuesIn(kDetectRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(MethodOfSuffix, KnowsThoseThatFirmwareComesIn) {
  EXPECT_EQ(method_of_suffix("06-8f-08.xz"), Method::kXz);
  EXPECT_EQ(method_of_suffix("06-8f-08.zst"), Method::kZstd);
  EXPECT_EQ(method_of_suffix("06-8f-08.gz"), Method::kGzip);
  EXPECT_EQ(method_of_suffix("06-8f-08"), std::nullopt);
  EXPECT_EQ(method_of_suffix("06-8f-08.bz2"), std::nullopt);
}

}  // namespace
}  // namespace kip::codec
