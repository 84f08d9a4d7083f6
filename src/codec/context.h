// What one compression library does, behind codec.h. One implementation a file: xz.cc, zstd.cc,
// gzip.cc.
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

  /// Decodes some of `in` into `out`. An empty `in` says that no more will come.
  virtual Result<Step> step(Bytes in, MutableBytes out) = 0;
};

Result<std::shared_ptr<Context>> make_xz();
Result<std::shared_ptr<Context>> make_zstd();
Result<std::shared_ptr<Context>> make_gzip();

}  // namespace kip::codec
