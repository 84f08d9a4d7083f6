#include <zlib.h>

#include "src/base/library.h"
#include "src/codec/context.h"

namespace kip::codec {
namespace {

KIP_DLOPEN_NOTE(kNote, "gzip", "reads files compressed with gzip", "libz.so.1");

constexpr int kGzipWindow = 15 + 16;  // zlib's way to say: the largest window, gzip framing

struct Zlib {
  decltype(inflateInit2_)* init = nullptr;
  decltype(inflateReset)* reset = nullptr;
  decltype(inflate)* inflate_some = nullptr;
  decltype(inflateEnd)* end = nullptr;

  Status load() {
    return bind_library("libz.so.1", {{"inflateInit2_", init},
                                      {"inflateReset", reset},
                                      {"inflate", inflate_some},
                                      {"inflateEnd", end}});
  }
};

class GzipContext : public Context {
 public:
  explicit GzipContext(const Zlib& zlib) : zlib_(zlib) {}
  ~GzipContext() override {
    if (ready_) zlib_.end(&stream_);
  }

  Status begin() override {
    const int code = ready_ ? zlib_.reset(&stream_)
                            : zlib_.init(&stream_, kGzipWindow, ZLIB_VERSION, sizeof stream_);
    if (code != Z_OK) return fail(Errc::kLimit, "gzip: out of memory");
    ready_ = true;
    return {};
  }

  Result<Step> step(Bytes in, MutableBytes out) override {
    // zlib's interface is not const-correct and counts in 32 bits; our buffers are far smaller.
    stream_.next_in = const_cast<Bytef*>(in.data());
    stream_.avail_in = static_cast<uInt>(in.size());
    stream_.next_out = out.data();
    stream_.avail_out = static_cast<uInt>(out.size());
    const int code = zlib_.inflate_some(&stream_, Z_NO_FLUSH);
    const Step step{in.size() - stream_.avail_in, out.size() - stream_.avail_out,
                    code == Z_STREAM_END};
    if (code == Z_OK || code == Z_STREAM_END) return step;
    if (code == Z_BUF_ERROR) {
      if (in.empty() && step.produced == 0) return fail(Errc::kTruncated, "gzip data ends early");
      return step;
    }
    return fail(Errc::kCorrupt, "gzip data is corrupt");
  }

 private:
  Zlib zlib_;
  z_stream stream_ = {};
  bool ready_ = false;
};

}  // namespace

Result<std::shared_ptr<Context>> make_gzip() {
  Zlib zlib;
  TRY(zlib.load());
  return std::shared_ptr<Context>(std::make_shared<GzipContext>(zlib));
}

}  // namespace kip::codec
