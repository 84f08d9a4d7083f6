#include <algorithm>
#include <string>
#include <thread>

#include "src/base/sink.h"
#include "src/codec/encoders.h"

namespace kip::codec {

bool can_encode(Method method) {
  return method == Method::kZstd || method == Method::kXz || method == Method::kGzip;
}

Result<std::unique_ptr<Encoder>> make_encoder(Method method, Sink& out,
                                              const EncodeOptions& options) {
  const unsigned cpus = std::clamp(std::thread::hardware_concurrency(), 1U, kMostWorkers);
  const unsigned workers = options.workers == 0 ? cpus : options.workers;
  switch (method) {
    case Method::kZstd:
      return encode_zstd(out, workers);
    case Method::kXz:
      return encode_xz(out, workers);
    case Method::kGzip:
      return encode_gzip(out);
    default:
      return fail(Errc::kUnsupported, std::string(method_name(method)) + " is not encoded");
  }
}

}  // namespace kip::codec
