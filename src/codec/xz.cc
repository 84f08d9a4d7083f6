#include <lzma.h>

#include "src/base/library.h"
#include "src/codec/context.h"

namespace kip::codec {
namespace {

KIP_DLOPEN_NOTE(kNote, "xz", "reads files compressed with xz", "liblzma.so.5");

struct Lzma {
  decltype(lzma_stream_decoder)* stream_decoder = nullptr;
  decltype(lzma_code)* code = nullptr;
  decltype(lzma_end)* end = nullptr;

  Status load() {
    void* const library = TRY(open_library("liblzma.so.5"));
    TRY(bind(library, "lzma_stream_decoder", stream_decoder));
    TRY(bind(library, "lzma_code", code));
    return bind(library, "lzma_end", end);
  }
};

class XzContext : public Context {
 public:
  explicit XzContext(const Lzma& lzma) : lzma_(lzma) {}
  ~XzContext() override { lzma_.end(&stream_); }

  Status begin() override {
    if (lzma_.stream_decoder(&stream_, kMemoryLimit, 0) != LZMA_OK)
      return fail(Errc::kLimit, "xz: out of memory");
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
        if (in.empty()) return fail(Errc::kTruncated, "xz data ends early");
        return step;
      case LZMA_MEMLIMIT_ERROR:
        return fail(Errc::kLimit, "xz data needs too much memory to decode");
      case LZMA_OPTIONS_ERROR:
        return fail(Errc::kUnsupported, "xz data uses a filter or option that is not supported");
      default:
        return fail(Errc::kCorrupt, "xz data is corrupt");
    }
  }

 private:
  Lzma lzma_;
  lzma_stream stream_ = LZMA_STREAM_INIT;
};

}  // namespace

Result<std::shared_ptr<Context>> make_xz() {
  Lzma lzma;
  TRY(lzma.load());
  return std::shared_ptr<Context>(std::make_shared<XzContext>(lzma));
}

}  // namespace kip::codec
