// How long the data of a compressed file is, without decoding it. Behind codec.h.
#pragma once

#include <cstdint>
#include <optional>

namespace kip::codec {

/// Decoded bytes of a file that is exactly one .xz stream, as its index says. nullopt for anything
/// else: several streams, padding, an index that is broken or larger than any firmware's.
std::optional<std::uint64_t> xz_decoded_size(int descriptor);

/// Decoded bytes of a file that is exactly one zstd frame, as its header says. nullopt where the
/// header does not say, and where blocks do not end with the file.
std::optional<std::uint64_t> zstd_decoded_size(int descriptor);

}  // namespace kip::codec
