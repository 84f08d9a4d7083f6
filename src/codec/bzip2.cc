#include <bzlib.h>

#include "src/base/library.h"
#include "src/codec/context.h"

namespace kip::codec {
namespace {

KIP_DLOPEN_NOTE(kNote, "bzip2", "reads files compressed with bzip2", "libbz2.so.1.0");

struct Bzip2 {
  decltype(BZ2_bzDecompressInit)* init = nullptr;
  decltype(BZ2_bzDecompress)* decompress = nullptr;
  decltype(BZ2_bzDecompressEnd)* end = nullptr;

  Status load() {
    return bind_library("libbz2.so.1.0", {{"BZ2_bzDecompressInit", init},
                                          {"BZ2_bzDecompress", decompress},
                                          {"BZ2_bzDecompressEnd", end}});
  }
};

class Bzip2Context : public Context {
 public:
  explicit Bzip2Context(const Bzip2& bzip2) : bzip2_(bzip2) {}
  ~Bzip2Context() override { end(); }

  Status begin() override {
    end();
    stream_ = {};
    if (bzip2_.init(&stream_, /*verbosity=*/0, /*small=*/0) != BZ_OK)
      return fail(Errc::kLimit, "bzip2: out of memory");
    ready_ = true;
    return {};
  }

  Result<Step> step(Bytes in, MutableBytes out) override {
    // The library's interface is not const-correct and counts in 32 bits; our buffers are far
    // smaller.
    stream_.next_in = const_cast<char*>(as_text(in).data());
    stream_.avail_in = static_cast<unsigned>(in.size());
    stream_.next_out = reinterpret_cast<char*>(out.data());
    stream_.avail_out = static_cast<unsigned>(out.size());
    const int code = bzip2_.decompress(&stream_);
    const Step step{in.size() - stream_.avail_in, out.size() - stream_.avail_out,
                    code == BZ_STREAM_END};
    if (code == BZ_STREAM_END) return step;
    if (code == BZ_MEM_ERROR) return fail(Errc::kLimit, "bzip2: out of memory");
    if (code != BZ_OK) return fail(Errc::kCorrupt, "bzip2 data is corrupt");
    if (in.empty() && step.produced == 0) return fail(Errc::kTruncated, "bzip2 data ends early");
    return step;
  }

 private:
  void end() {
    if (ready_) bzip2_.end(&stream_);
    ready_ = false;
  }

  Bzip2 bzip2_;
  bz_stream stream_ = {};
  bool ready_ = false;
};

}  // namespace

Result<std::shared_ptr<Context>> make_bzip2() {
  Bzip2 bzip2;
  TRY(bzip2.load());
  return std::shared_ptr<Context>(std::make_shared<Bzip2Context>(bzip2));
}

}  // namespace kip::codec
