#include <lzma.h>
#include <string>

#include "src/base/library.h"
#include "src/base/sink.h"
#include "src/codec/encoders.h"

namespace kip::codec {
namespace {

constexpr std::uint32_t kPreset = 6;  // xz's own default
constexpr std::uint32_t kDictionary = 1 << 20;

/// Plain bytes of a block: what one thread works on. By name, since the default may change with the library.
constexpr std::uint64_t kBlock = 8 << 20;

struct Lzma {
  decltype(lzma_lzma_preset)* preset = nullptr;
  decltype(lzma_stream_encoder_mt)* encoder = nullptr;
  decltype(lzma_code)* code = nullptr;
  decltype(lzma_end)* end = nullptr;

  Status load() {
    return bind_library("liblzma.so.5", {{"lzma_lzma_preset", preset},
                                         {"lzma_stream_encoder_mt", encoder},
                                         {"lzma_code", code},
                                         {"lzma_end", end}});
  }
};

class XzEncoder : public Encoder {
 public:
  XzEncoder(const Lzma& lzma, Sink& out) : lzma_(lzma), out_(out), buffer_(kEncoded) {}
  ~XzEncoder() override { lzma_.end(&stream_); }

  Status begin(unsigned workers) {
    if (lzma_.preset(&options_, kPreset) != 0)
      return fail(Errc::kUnsupported, "xz: no such preset");
    options_.dict_size = kDictionary;
    lzma_mt threads = {};
    threads.threads = workers;
    threads.block_size = kBlock;
    threads.check = LZMA_CHECK_CRC32;
    threads.filters = filters_;
    const lzma_ret code = lzma_.encoder(&stream_, &threads);
    if (code == LZMA_OK) return {};
    return fail(code == LZMA_MEM_ERROR ? Errc::kLimit : Errc::kUnsupported,
                "xz: cannot begin a stream, code " + std::to_string(code));
  }

  Status finish() override {
    stream_.avail_in = 0;
    for (;;) {
      if (TRY(step(LZMA_FINISH))) return {};
    }
  }

 protected:
  Status do_write(Bytes bytes) override {
    stream_.next_in = bytes.data();
    stream_.avail_in = bytes.size();
    while (stream_.avail_in != 0) TRY(step(LZMA_RUN));
    return {};
  }

 private:
  /// Whether the stream ended.
  Result<bool> step(lzma_action action) {
    stream_.next_out = buffer_.data();
    stream_.avail_out = buffer_.size();
    const lzma_ret code = lzma_.code(&stream_, action);
    if (code != LZMA_OK && code != LZMA_STREAM_END)
      return fail(Errc::kLimit, "xz: code " + std::to_string(code));
    TRY(out_.write(Bytes(buffer_).first(buffer_.size() - stream_.avail_out)));
    return code == LZMA_STREAM_END;
  }

  Lzma lzma_;
  Sink& out_;
  std::vector<std::uint8_t> buffer_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
  lzma_options_lzma options_ = {};
  lzma_filter filters_[2] = {{LZMA_FILTER_LZMA2, &options_}, {LZMA_VLI_UNKNOWN, nullptr}};
};

}  // namespace

Result<std::unique_ptr<Encoder>> encode_xz(Sink& out, unsigned workers) {
  Lzma lzma;
  TRY(lzma.load());
  auto encoder = std::make_unique<XzEncoder>(lzma, out);
  TRY(encoder->begin(workers));
  return std::unique_ptr<Encoder>(std::move(encoder));
}

}  // namespace kip::codec
