#include <string>
#include <zstd.h>

#include "src/base/library.h"
#include "src/base/sink.h"
#include "src/codec/encoders.h"

namespace kip::codec {
namespace {

/// zstd's own default: 9 takes six times as long for a hundredth less (bench/README.md).
constexpr int kLevel = 3;

/// 2 MiB, as the level has it for a large input; by name, lest a window ever depend on the input.
constexpr int kWindowLog = 21;

struct Zstd {
  decltype(ZSTD_createCCtx)* create = nullptr;
  decltype(ZSTD_freeCCtx)* free = nullptr;
  decltype(ZSTD_CCtx_setParameter)* set = nullptr;
  decltype(ZSTD_compressStream2)* compress = nullptr;
  decltype(ZSTD_isError)* is_error = nullptr;
  decltype(ZSTD_getErrorName)* error_name = nullptr;

  Status load() {
    return bind_library("libzstd.so.1", {{"ZSTD_createCCtx", create},
                                         {"ZSTD_freeCCtx", free},
                                         {"ZSTD_CCtx_setParameter", set},
                                         {"ZSTD_compressStream2", compress},
                                         {"ZSTD_isError", is_error},
                                         {"ZSTD_getErrorName", error_name}});
  }
};

class ZstdEncoder : public Encoder {
 public:
  ZstdEncoder(const Zstd& zstd, ZSTD_CCtx* context, Sink& out)
      : zstd_(zstd), context_(context), out_(out), buffer_(kEncoded) {}
  ~ZstdEncoder() override { zstd_.free(context_); }

  Status begin(unsigned workers) {
    TRY(set(ZSTD_c_compressionLevel, kLevel));
    TRY(set(ZSTD_c_windowLog, kWindowLog));
    TRY(set(ZSTD_c_checksumFlag, 1));
    return set(ZSTD_c_nbWorkers, static_cast<int>(workers));
  }

  Status finish() override {
    ZSTD_inBuffer none{nullptr, 0, 0};
    std::size_t left = 1;
    while (left != 0) left = TRY(step(none, ZSTD_e_end));
    return {};
  }

 protected:
  Status do_write(Bytes bytes) override {
    ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
    while (in.pos < in.size) TRY(step(in, ZSTD_e_continue));
    return {};
  }

 private:
  Status set(ZSTD_cParameter parameter, int value) {
    return checked(zstd_.set(context_, parameter, value));
  }

  Status checked(std::size_t code) {
    if (zstd_.is_error(code) == 0) return {};
    return fail(Errc::kUnsupported, std::string("zstd: ") + zstd_.error_name(code));
  }

  Result<std::size_t> step(ZSTD_inBuffer& in, ZSTD_EndDirective directive) {
    ZSTD_outBuffer made{buffer_.data(), buffer_.size(), 0};
    const std::size_t left = zstd_.compress(context_, &made, &in, directive);
    TRY(checked(left));
    TRY(out_.write(Bytes(buffer_).first(made.pos)));
    return left;
  }

  Zstd zstd_;
  ZSTD_CCtx* context_;
  Sink& out_;
  std::vector<std::uint8_t> buffer_;
};

}  // namespace

Result<std::unique_ptr<Encoder>> encode_zstd(Sink& out, unsigned workers) {
  Zstd zstd;
  TRY(zstd.load());
  ZSTD_CCtx* const context = zstd.create();
  if (context == nullptr) return fail(Errc::kLimit, "zstd: out of memory");
  auto encoder = std::make_unique<ZstdEncoder>(zstd, context, out);
  TRY(encoder->begin(workers));
  return std::unique_ptr<Encoder>(std::move(encoder));
}

Result<std::string> zstd_version() {
  decltype(ZSTD_versionString)* version = nullptr;
  TRY(bind_library("libzstd.so.1", {{"ZSTD_versionString", version}}));
  return std::string(version());
}

}  // namespace kip::codec
