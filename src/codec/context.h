// What one compression library does, behind codec.h. One library a file: xz.cc (.lzma too), zstd.cc,
// gzip.cc, bzip2.cc, lz4.cc.
#pragma once

#include <memory>

#include "src/base/bytes.h"
#include "src/codec/codec.h"

namespace kip::codec {

class Context {
 public:
  virtual ~Context() = default;

  /// Begins a new stream, dropping whatever was under way.
  virtual Status begin() = 0;

  struct Step {
    std::size_t used = 0;      // compressed bytes taken
    std::size_t produced = 0;  // plain bytes written
    bool stream_ended = false;
  };

  /// Decodes some of `in` into `out`. Fewer than kAhead bytes say that no more will come behind
  /// them, an empty `in` that no more will come. An error with an offset (0) is about what stands
  /// behind sound data, not about the data.
  virtual Result<Step> step(Bytes in, MutableBytes out) = 0;

  /// Bytes taken of which nothing is known yet: they count as consumed once decoded.
  virtual std::size_t held() const { return 0; }

  static constexpr std::size_t kAhead = 4;
};

Result<std::shared_ptr<Context>> make_xz();
Result<std::shared_ptr<Context>> make_zstd();
Result<std::shared_ptr<Context>> make_gzip();
Result<std::shared_ptr<Context>> make_bzip2();
Result<std::shared_ptr<Context>> make_lzma();
Result<std::shared_ptr<Context>> make_lz4();

}  // namespace kip::codec
