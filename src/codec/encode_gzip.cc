#include <algorithm>
#include <zlib.h>

#include "src/base/library.h"
#include "src/base/sink.h"
#include "src/codec/encoders.h"

namespace kip::codec {
namespace {

constexpr int kLevel = 6;         // gzip's own default
constexpr int kWindow = 15 + 16;  // 32 KiB; a gzip header, which zlib leaves without name and time
constexpr int kMemory = 8;        // zlib's default

struct Zlib {
  decltype(deflateInit2_)* init = nullptr;
  decltype(deflate)* deflate_some = nullptr;
  decltype(deflateEnd)* end = nullptr;

  Status load() {
    return bind_library("libz.so.1",
                        {{"deflateInit2_", init}, {"deflate", deflate_some}, {"deflateEnd", end}});
  }
};

class GzipEncoder : public Encoder {
 public:
  GzipEncoder(const Zlib& zlib, Sink& out) : zlib_(zlib), out_(out), buffer_(kEncoded) {}
  ~GzipEncoder() override {
    if (ready_) zlib_.end(&stream_);
  }

  Status begin() {
    if (zlib_.init(&stream_, kLevel, Z_DEFLATED, kWindow, kMemory, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
                   sizeof stream_) != Z_OK)
      return fail(Errc::kLimit, "gzip: out of memory");
    ready_ = true;
    return {};
  }

  Status finish() override {
    stream_.avail_in = 0;
    for (;;) {
      if (TRY(step(Z_FINISH)) == Z_STREAM_END) return {};
    }
  }

 protected:
  Status do_write(Bytes bytes) override {
    // zlib counts in 32 bits.
    while (!bytes.empty()) {
      const Bytes piece = bytes.first(std::min<std::size_t>(bytes.size(), 1 << 30));
      stream_.next_in = const_cast<Bytef*>(piece.data());
      stream_.avail_in = static_cast<uInt>(piece.size());
      while (stream_.avail_in != 0) TRY(step(Z_NO_FLUSH));
      bytes = bytes.subspan(piece.size());
    }
    return {};
  }

 private:
  Result<int> step(int flush) {
    stream_.next_out = buffer_.data();
    stream_.avail_out = static_cast<uInt>(buffer_.size());
    const int code = zlib_.deflate_some(&stream_, flush);
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
      return fail(Errc::kInvalid, "gzip: the stream has ended");
    TRY(out_.write(Bytes(buffer_).first(buffer_.size() - stream_.avail_out)));
    return code;
  }

  Zlib zlib_;
  Sink& out_;
  std::vector<std::uint8_t> buffer_;
  z_stream stream_ = {};
  bool ready_ = false;
};

}  // namespace

Result<std::unique_ptr<Encoder>> encode_gzip(Sink& out) {
  Zlib zlib;
  TRY(zlib.load());
  auto encoder = std::make_unique<GzipEncoder>(zlib, out);
  TRY(encoder->begin());
  return std::unique_ptr<Encoder>(std::move(encoder));
}

}  // namespace kip::codec
