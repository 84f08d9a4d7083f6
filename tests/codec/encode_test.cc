// What we compress: read back by our decoders and the command line tools, and to the taste of kernels.
#include <gtest/gtest.h>
#include <ostream>

#include "src/base/sink.h"
#include "src/codec/encode.h"
#include "src/codec/kernel_fit.h"
#include "tests/base/must.h"
#include "tests/codec/compress.h"

namespace kip::codec {
namespace {

using support::Blob;

// Compressible, and of several of xz's blocks and zstd's jobs.
Blob large() {
  Blob plain;
  const Blob some = support::noise(300'000, 1);
  for (std::uint32_t i = 0; plain.size() < 20'000'000; ++i) {
    support::append(plain, some);
    support::append(plain, support::noise(50'000, i));
    support::append(plain, support::zeros(150'000));
  }
  return plain;
}

Blob encode(Method method, Bytes plain, unsigned workers = 1, std::size_t piece = 100'000) {
  MemorySink sink;
  const auto encoder = must(make_encoder(method, sink, {workers}));
  while (!plain.empty()) {
    const std::size_t size = std::min(plain.size(), piece);
    must(encoder->write(plain.first(size)));
    plain = plain.subspan(size);
  }
  must(encoder->finish());
  return sink.bytes();
}

std::vector<std::string> tool(Method method) {
  if (method == Method::kZstd) return {"zstd", "-d", "-c", "-q"};
  return {method == Method::kXz ? "xz" : "gzip", "-d", "-c"};
}

class Encode : public testing::TestWithParam<Method> {};

TEST_P(Encode, IsReadByTheTools) {
  for (const Blob& plain : {Blob{}, support::noise(1, 1), support::noise(70'000, 2), large()})
    EXPECT_TRUE(run_through(tool(GetParam()), encode(GetParam(), plain)) == plain) << plain.size();
}

TEST_P(Encode, IsOneStreamToItsLastByte) {
  const Blob plain = large();
  const Blob stream = encode(GetParam(), plain);
  MemoryInput in(stream);
  Decoders decoders;
  const auto decoder = must(decoders.open(GetParam(), in, Extent::kOneStream));
  EXPECT_TRUE(must(read_rest(*decoder, UINT32_MAX)) == plain);
  EXPECT_EQ(decoder->consumed(), stream.size());
}

TEST_P(Encode, IsFitForKernels) {
  for (const Blob& plain : {Blob{}, support::noise(70'000, 2), large()}) {
    const Blob stream = encode(GetParam(), plain);
    ASSERT_EQ(detect(stream), GetParam());
    EXPECT_EQ(unfit_for_kernel(GetParam(), stream), std::nullopt);
  }
}

TEST_P(Encode, HasTheSameBytesWithEveryNumberOfWorkers) {
  const Blob plain = large();
  const Blob one = encode(GetParam(), plain, 1);
  EXPECT_TRUE(encode(GetParam(), plain, 2) == one);
  EXPECT_TRUE(encode(GetParam(), plain, 4) == one);
  EXPECT_TRUE(encode(GetParam(), plain, 0) == one);
}

TEST_P(Encode, HasTheSameBytesWithEverySizeOfWrites) {
  const Blob plain = support::join({support::noise(5'000, 2), support::zeros(90'000)});
  const Blob one = encode(GetParam(), plain, 1, plain.size());
  EXPECT_TRUE(encode(GetParam(), plain, 1, 1'000) == one);
  EXPECT_TRUE(encode(GetParam(), plain, 1, 77) == one);
}

TEST_P(Encode, Compresses) {
  const Blob plain = large();
  EXPECT_LT(encode(GetParam(), plain).size(), plain.size() * 3 / 4);
}

TEST_P(Encode, PassesTheSinksErrorOn) {
  class Full : public Sink {
   protected:
    Status do_write(Bytes) override { return fail(Errc::kSystem, "no space"); }
  };
  Full sink;
  const auto encoder = must(make_encoder(GetParam(), sink));
  Status status = encoder->write(support::noise(1'000'000, 1));
  if (status) status = encoder->finish();
  EXPECT_EQ(error_of(status), "no space");
}

INSTANTIATE_TEST_SUITE_P(Methods, Encode,
                         testing::Values(Method::kZstd, Method::kXz, Method::kGzip),
                         [](const auto& row) { return name_of(row.param); });

// As kernels have no memory for more (lib/decompress_unxz.c), and as packers of initrds ask for it.
TEST(EncodeXz, HasADictionaryOf1MiB) {
  const support::TempDir directory;
  const std::string file = directory.write("x.xz", encode(Method::kXz, large()));
  const std::string said = support::must_run({"xz", "--list", "-vv", "--robot", file});
  EXPECT_NE(said.find("--lzma2=dict=1MiB"), std::string::npos) << said;
  EXPECT_EQ(said.find("dict=8MiB"), std::string::npos) << said;
}

TEST(EncodeZstd, HasAWindowOf2MiBAndAChecksum) {
  const support::TempDir directory;
  const std::string file = directory.write("x.zst", encode(Method::kZstd, large()));
  const std::string said = support::must_run({"zstd", "-l", "-v", file});
  EXPECT_NE(said.find("Window Size: 2.00 MiB"), std::string::npos) << said;
  EXPECT_NE(said.find("XXH64"), std::string::npos) << said;
  EXPECT_NE(said.find("# Zstandard Frames: 1\n"), std::string::npos) << said;
}

TEST(EncodeGzip, HasNoTimeAndNoName) {
  const Blob stream = encode(Method::kGzip, support::text("text"));
  EXPECT_EQ(Blob(stream.begin() + 3, stream.begin() + 8), Blob(5));
}

TEST(MakeEncoder, RefusesWhatIsOnlyDecoded) {
  for (const Method method : {Method::kBzip2, Method::kLzma, Method::kLz4Legacy, Method::kLzo}) {
    MemorySink sink;
    EXPECT_FALSE(can_encode(method));
    EXPECT_EQ(code_of(make_encoder(method, sink)), Errc::kUnsupported);
  }
}

}  // namespace
}  // namespace kip::codec
