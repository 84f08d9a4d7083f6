// One library's encoder each, behind encode.h.
#pragma once

#include "src/base/sink.h"
#include "src/codec/encode.h"

namespace kip::codec {

/// Compressed bytes that are passed on at a time.
inline constexpr std::size_t kEncoded = 128 * 1024;

/// REQUIRES: workers != 0.
Result<std::unique_ptr<Encoder>> encode_zstd(Sink& out, unsigned workers);
Result<std::unique_ptr<Encoder>> encode_xz(Sink& out, unsigned workers);
Result<std::unique_ptr<Encoder>> encode_gzip(Sink& out);

}  // namespace kip::codec
