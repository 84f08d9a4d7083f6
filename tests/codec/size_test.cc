// How long decoded data is, without decoding it; and what skipping to its end then costs.
#include <fcntl.h>
#include <gtest/gtest.h>

#include "src/base/file.h"
#include "src/codec/size.h"
#include "tests/base/must.h"
#include "tests/codec/compress.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace kip::codec {
namespace {

using support::Blob;
using support::join;
using support::noise;
using support::zeros;

std::optional<std::uint64_t> size_of(Method method, const Blob& file) {
  const support::TempDir directory;
  const Fd open = must(Root().open(directory.write("file", file), O_RDONLY));
  return decoded_size(method, open.get());
}

// With the size in the header, which zstd leaves out when it reads from a pipe.
Blob with_size(Method method, const Blob& plain) {
  if (method == Method::kXz) return compress(method, plain);
  const support::TempDir directory;
  const std::string path = directory.write("plain", plain);
  support::must_run({"zstd", "-q", path, "-o", path + ".zst"});
  return support::read_file(path + ".zst");
}

std::optional<std::uint64_t> frame_end(const Blob& file, std::uint64_t offset) {
  const support::TempDir directory;
  const Fd open = must(Root().open(directory.write("file", file), O_RDONLY));
  return zstd_frame_end(open.get(), offset);
}

TEST(ZstdFrameEnd, IsWhereTheNextThingBegins) {
  for (const Blob& plain :
       {Blob(), noise(1, 1), noise(70000, 1), noise(600000, 2), zeros(1 << 20)}) {
    for (const Blob& frame : {compress(Method::kZstd, plain), with_size(Method::kZstd, plain)}) {
      EXPECT_EQ(frame_end(frame, 0), frame.size());
      const Blob file = join({noise(5, 3), frame, frame, zeros(7)});
      EXPECT_EQ(frame_end(file, 5), 5 + frame.size());
      EXPECT_EQ(frame_end(file, 5 + frame.size()), 5 + 2 * frame.size());
    }
  }
}

TEST(ZstdFrameEnd, IsUnknownOfAFrameThatIsCutOff) {
  const Blob whole = compress(Method::kZstd, noise(3000, 1));
  for (std::size_t size = 0; size < whole.size(); ++size)
    ASSERT_EQ(frame_end(Blob(whole.begin(), whole.begin() + static_cast<long>(size)), 0),
              std::nullopt)
        << size;
}

TEST(ZstdFrameEnd, IsUnknownWhereNoFrameBegins) {
  EXPECT_EQ(frame_end(noise(3000, 1), 0), std::nullopt);
  EXPECT_EQ(frame_end(compress(Method::kZstd, noise(300, 1)), 1), std::nullopt);
  EXPECT_EQ(frame_end(Blob(), 0), std::nullopt);
}

class DecodedSize : public testing::TestWithParam<Method> {};

TEST_P(DecodedSize, IsThatOfTheData) {
  for (const Blob& plain : {noise(1, 1), noise(255, 1), noise(256, 1), noise(70000, 1),
                            noise(600000, 2), zeros(1 << 20)})
    EXPECT_EQ(size_of(GetParam(), with_size(GetParam(), plain)), plain.size());
}

TEST_P(DecodedSize, IsUnknownOfSeveralStreams) {
  const Blob one = with_size(GetParam(), noise(70000, 1));
  EXPECT_EQ(size_of(GetParam(), join({one, one})), std::nullopt);
}

TEST_P(DecodedSize, IsUnknownWithSomethingBehind) {
  const Blob one = with_size(GetParam(), noise(70000, 1));
  EXPECT_EQ(size_of(GetParam(), join({one, zeros(4)})), std::nullopt);
}

TEST_P(DecodedSize, IsUnknownWhereverTheFileIsCut) {
  const Blob whole = with_size(GetParam(), noise(3000, 1));
  for (std::size_t size = 0; size < whole.size(); ++size)
    ASSERT_EQ(size_of(GetParam(), Blob(whole.begin(), whole.begin() + static_cast<long>(size))),
              std::nullopt)
        << size;
}

TEST_P(DecodedSize, LetsTheEndBeReachedOverDamage) {
  const Blob plain = noise(600000, 1);
  Blob damaged = with_size(GetParam(), plain);
  std::fill(damaged.begin() + 300000, damaged.begin() + 400000, 0);
  Decoders decoders;
  MemoryInput in(damaged);
  const auto decoder = must(decoders.open(GetParam(), in, Extent::kWhole));
  decoder->set_decoded_size(plain.size());
  EXPECT_EQ(must(decoder->peek(48)).size(), 48u);
  EXPECT_EQ(must(decoder->skip(plain.size() + 1)), plain.size());
  EXPECT_TRUE(must(decoder->peek(1)).empty());
}

TEST_P(DecodedSize, DecodesUpToWhatIsReadNext) {
  const Blob plain = noise(600000, 1);
  const Blob packed = with_size(GetParam(), plain);
  Decoders decoders;
  MemoryInput in(packed);
  const auto decoder = must(decoders.open(GetParam(), in, Extent::kWhole));
  decoder->set_decoded_size(plain.size());
  EXPECT_EQ(must(decoder->skip(599000)), 599000u);
  EXPECT_EQ(must(read_rest(*decoder, 1 << 20)), Blob(plain.begin() + 599000, plain.end()));
}

INSTANTIATE_TEST_SUITE_P(Methods, DecodedSize, testing::Values(Method::kXz, Method::kZstd),
                         [](const auto& row) { return std::string(method_name(row.param)); });

TEST(DecodedSize, IsUnknownOfAFrameThatDoesNotSay) {
  EXPECT_EQ(size_of(Method::kZstd, support::text(support::must_run(
                                       {"sh", "-c", "head -c 70000 /dev/urandom | zstd -q -c"}))),
            std::nullopt);
}

TEST(DecodedSize, IsUnknownOfGzip) {
  EXPECT_EQ(size_of(Method::kGzip, compress(Method::kGzip, noise(100, 1))), std::nullopt);
}

}  // namespace
}  // namespace kip::codec
