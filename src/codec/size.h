// How long compressed data is, and what it decodes to, without decoding it. Behind codec.h.
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

/// Where the zstd frame that begins at `offset` ends, by the sizes of its blocks. nullopt where no frame begins, and
/// where the file ends first. What the blocks hold is not looked at.
std::optional<std::uint64_t> zstd_frame_end(int descriptor, std::uint64_t offset);

}  // namespace kip::codec
