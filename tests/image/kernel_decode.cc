#include <bzlib.h>
#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "tests/image/kernel_decode.h"

namespace kip::image {
namespace {

using support::Blob;
using support::DecodedStream;
using support::View;

constexpr std::size_t kStep = 1 << 20;

bool begins(View bytes, std::initializer_list<std::uint8_t> magic) {
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

std::optional<DecodedStream> gzip(View bytes) {
  z_stream stream = {};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  DecodedStream out;
  int code = Z_OK;
  while (code == Z_OK) {
    out.plain.resize(stream.total_out + kStep);
    stream.next_out = out.plain.data() + stream.total_out;
    stream.avail_out = kStep;
    code = inflate(&stream, Z_NO_FLUSH);
  }
  out.plain.resize(stream.total_out);
  out.used = stream.total_in;
  inflateEnd(&stream);
  return code == Z_STREAM_END ? std::optional(out) : std::nullopt;
}

std::optional<DecodedStream> lzma(View bytes, bool alone) {
  lzma_stream stream = LZMA_STREAM_INIT;
  if ((alone ? lzma_alone_decoder(&stream, UINT64_MAX)
             : lzma_stream_decoder(&stream, UINT64_MAX, 0)) != LZMA_OK)
    return std::nullopt;
  stream.next_in = bytes.data();
  stream.avail_in = bytes.size();
  DecodedStream out;
  lzma_ret code = LZMA_OK;
  while (code == LZMA_OK) {
    out.plain.resize(stream.total_out + kStep);
    stream.next_out = out.plain.data() + stream.total_out;
    stream.avail_out = kStep;
    code = lzma_code(&stream, LZMA_RUN);
  }
  out.plain.resize(stream.total_out);
  out.used = stream.total_in;
  lzma_end(&stream);
  return code == LZMA_STREAM_END ? std::optional(out) : std::nullopt;
}

std::optional<DecodedStream> bzip2(View bytes) {
  bz_stream stream = {};
  BZ2_bzDecompressInit(&stream, 0, 0);
  stream.next_in = reinterpret_cast<char*>(const_cast<std::uint8_t*>(bytes.data()));
  stream.avail_in = static_cast<unsigned>(bytes.size());
  DecodedStream out;
  int code = BZ_OK;
  while (code == BZ_OK) {
    const std::size_t at = stream.total_out_lo32;
    out.plain.resize(at + kStep);
    stream.next_out = reinterpret_cast<char*>(out.plain.data() + at);
    stream.avail_out = kStep;
    code = BZ2_bzDecompress(&stream);
  }
  out.plain.resize(stream.total_out_lo32);
  out.used = stream.total_in_lo32;
  BZ2_bzDecompressEnd(&stream);
  return code == BZ_STREAM_END ? std::optional(out) : std::nullopt;
}

std::optional<DecodedStream> zstd(View bytes) {
  ZSTD_DCtx* const context = ZSTD_createDCtx();
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  DecodedStream out;
  std::size_t size = 0, code = 1;
  while (code != 0 && ZSTD_isError(code) == 0) {
    out.plain.resize(size + kStep);
    ZSTD_outBuffer step{out.plain.data() + size, kStep, 0};
    const std::size_t before = in.pos;
    code = ZSTD_decompressStream(context, &step, &in);
    size += step.pos;
    if (step.pos == 0 && in.pos == before) break;  // cut off
  }
  ZSTD_freeDCtx(context);
  out.plain.resize(size);
  out.used = in.pos;
  return code == 0 ? std::optional(out) : std::nullopt;
}

// Chunks of at most 8 MiB behind their length; a length of 0 is the end, a magic is stepped over.
std::optional<DecodedStream> lz4(View bytes) {
  constexpr std::size_t kChunk = 8 << 20;
  constexpr std::uint32_t kMagic = 0x184c2102;
  DecodedStream out;
  out.used = 4;
  while (out.used + 4 <= bytes.size()) {
    const std::uint32_t length = support::get32(bytes, out.used);
    out.used += 4;
    if (length == 0) break;
    if (length == kMagic) continue;
    if (length > bytes.size() - out.used) return std::nullopt;
    const std::size_t at = out.plain.size();
    out.plain.resize(at + kChunk);
    const int size = LZ4_decompress_safe(reinterpret_cast<const char*>(bytes.data() + out.used),
                                         reinterpret_cast<char*>(out.plain.data() + at),
                                         static_cast<int>(length), kChunk);
    if (size < 0) return std::nullopt;
    out.plain.resize(at + static_cast<std::size_t>(size));
    out.used += length;
  }
  return out;
}

}  // namespace

std::optional<DecodedStream> decode_as_kernel(View bytes) {
  if (begins(bytes, {0x1f, 0x8b})) return gzip(bytes);
  if (begins(bytes, {0xfd, '7', 'z', 'X', 'Z', 0})) return lzma(bytes, false);
  if (begins(bytes, {0x5d, 0, 0})) return lzma(bytes, true);
  if (begins(bytes, {'B', 'Z', 'h'})) return bzip2(bytes);
  if (begins(bytes, {0x28, 0xb5, 0x2f, 0xfd})) return zstd(bytes);
  if (begins(bytes, {0x02, 0x21, 0x4c, 0x18})) return lz4(bytes);
  return std::nullopt;
}

}  // namespace kip::image
