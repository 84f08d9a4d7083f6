#include <string>
#include <zstd.h>

#include "src/base/library.h"
#include "src/codec/context.h"

namespace kip::codec {
namespace {

KIP_DLOPEN_NOTE(kNote, "zstd", "reads files compressed with zstd", "libzstd.so.1");

struct Zstd {
  decltype(ZSTD_createDCtx)* create = nullptr;
  decltype(ZSTD_freeDCtx)* free = nullptr;
  decltype(ZSTD_DCtx_reset)* reset = nullptr;
  decltype(ZSTD_decompressStream)* decompress = nullptr;
  decltype(ZSTD_isError)* is_error = nullptr;
  decltype(ZSTD_getErrorName)* error_name = nullptr;

  Status load() {
    return bind_library("libzstd.so.1", {{"ZSTD_createDCtx", create},
                                         {"ZSTD_freeDCtx", free},
                                         {"ZSTD_DCtx_reset", reset},
                                         {"ZSTD_decompressStream", decompress},
                                         {"ZSTD_isError", is_error},
                                         {"ZSTD_getErrorName", error_name}});
  }
};

class ZstdContext : public Context {
 public:
  ZstdContext(const Zstd& zstd, ZSTD_DCtx* context) : zstd_(zstd), context_(context) {}
  ~ZstdContext() override { zstd_.free(context_); }
  ZstdContext(const ZstdContext&) = delete;
  ZstdContext& operator=(const ZstdContext&) = delete;

  Status begin() override {
    zstd_.reset(context_, ZSTD_reset_session_only);
    return {};
  }

  Result<Step> step(Bytes in, MutableBytes out) override {
    ZSTD_inBuffer input{in.data(), in.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    const std::size_t code = zstd_.decompress(context_, &output, &input);
    if (zstd_.is_error(code) != 0) {
      return fail(Errc::kCorrupt, std::string("zstd data: ") + zstd_.error_name(code));
    }
    if (in.empty() && output.pos == 0 && code != 0)
      return fail(Errc::kTruncated, "zstd data ends early");
    return Step{input.pos, output.pos, code == 0};
  }

 private:
  Zstd zstd_;
  ZSTD_DCtx* context_;
};

}  // namespace

Result<std::shared_ptr<Context>> make_zstd() {
  Zstd zstd;
  TRY(zstd.load());
  ZSTD_DCtx* const context = zstd.create();
  if (context == nullptr) return fail(Errc::kLimit, "zstd: out of memory");
  return std::shared_ptr<Context>(std::make_shared<ZstdContext>(zstd, context));
}

}  // namespace kip::codec
