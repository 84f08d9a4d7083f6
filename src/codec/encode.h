// Compression behind one interface, so that kernels can unpack the result as an initramfs.
//
//   const auto encoder = TRY(make_encoder(Method::kZstd, sink));
//   TRY(encoder->write(bytes));   // a Sink like any other
//   TRY(encoder->finish());
//
// One stream each: a kernel takes what stands behind the first one for something else. zstd: one frame with a checksum, a window
// of 2 MiB, nothing skippable in front. xz: CRC32, a dictionary of 1 MiB. gzip: a header of ten bytes, time 0. kernel_fit.h
// has what kernels refuse.
//
// The same bytes whatever the number of threads and the sizes of writes. zstd cuts its input differently with no worker than with
// one, so there is always one. Another version of the library may give other bytes.
#pragma once

#include <memory>
#include <string>

#include "src/base/file.h"
#include "src/base/sink.h"
#include "src/codec/codec.h"

namespace kip::codec {

class Encoder : public Sink {
 public:
  Encoder() = default;
  Encoder(const Encoder&) = delete;
  Encoder& operator=(const Encoder&) = delete;

  /// Ends the stream. Nothing may be written behind it.
  virtual Status finish() = 0;
};

/// Most threads, of as many CPUs: each takes some 20 MiB, and with more of them reading is what one waits for.
inline constexpr unsigned kMostWorkers = 4;

struct EncodeOptions {
  unsigned workers = 0;  // threads beside the caller's; 0: one for each CPU, at most kMostWorkers
};

bool can_encode(Method method);

/// `out` stays alive as long as the encoder. kUnsupported for a method that is not encoded, or whose library is not installed.
Result<std::unique_ptr<Encoder>> make_encoder(Method method, Sink& out,
                                              const EncodeOptions& options = {});

/// Of libzstd, as it calls itself: what it makes of the same bytes may change with it. kUnsupported if it is not installed.
Result<std::string> zstd_version();

}  // namespace kip::codec
