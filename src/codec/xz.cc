// .xz, and .lzma, which one library decodes.
#include <lzma.h>

#include "src/base/library.h"
#include "src/codec/context.h"

namespace kip::codec {
namespace {

KIP_DLOPEN_NOTE(kNote, "xz", "reads files compressed with xz", "liblzma.so.5");

struct Lzma {
  decltype(lzma_stream_decoder)* stream_decoder = nullptr;
  decltype(lzma_alone_decoder)* alone_decoder = nullptr;
  decltype(lzma_code)* code = nullptr;
  decltype(lzma_end)* end = nullptr;

  Status load() {
    return bind_library("liblzma.so.5", {{"lzma_stream_decoder", stream_decoder},
                                         {"lzma_alone_decoder", alone_decoder},
                                         {"lzma_code", code},
                                         {"lzma_end", end}});
  }
};

class LzmaContext : public Context {
 public:
  LzmaContext(const Lzma& lzma, Method method) : lzma_(lzma), method_(method) {}
  ~LzmaContext() override { lzma_.end(&stream_); }

  Status begin() override {
    const lzma_ret code = method_ == Method::kXz ? lzma_.stream_decoder(&stream_, kMemoryLimit, 0)
                                                 : lzma_.alone_decoder(&stream_, kMemoryLimit);
    if (code != LZMA_OK) return failed(Errc::kLimit, ": out of memory");
    return {};
  }

  Result<Step> step(Bytes in, MutableBytes out) override {
    stream_.next_in = in.data();
    stream_.avail_in = in.size();
    stream_.next_out = out.data();
    stream_.avail_out = out.size();
    const lzma_ret code = lzma_.code(&stream_, LZMA_RUN);
    const Step step{in.size() - stream_.avail_in, out.size() - stream_.avail_out,
                    code == LZMA_STREAM_END};
    switch (code) {
      case LZMA_OK:
      case LZMA_STREAM_END:
        return step;
      case LZMA_BUF_ERROR:
        if (in.empty()) return failed(Errc::kTruncated, " data ends early");
        return step;
      case LZMA_MEM_ERROR:
      case LZMA_MEMLIMIT_ERROR:
        return failed(Errc::kLimit, " data needs too much memory to decode");
      case LZMA_OPTIONS_ERROR:
        return failed(Errc::kUnsupported, " data uses a filter or option that is not supported");
      default:
        return failed(Errc::kCorrupt, " data is corrupt");
    }
  }

 private:
  tl::unexpected<Error> failed(Errc code, const char* what) const {
    return fail(code, std::string(method_name(method_)) + what);
  }

  Lzma lzma_;
  Method method_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

Result<std::shared_ptr<Context>> make(Method method) {
  Lzma lzma;
  TRY(lzma.load());
  return std::shared_ptr<Context>(std::make_shared<LzmaContext>(lzma, method));
}

}  // namespace

Result<std::shared_ptr<Context>> make_xz() {
  return make(Method::kXz);
}

Result<std::shared_ptr<Context>> make_lzma() {
  return make(Method::kLzma);
}

}  // namespace kip::codec
