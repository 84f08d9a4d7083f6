// One compressed stream, decoded by its library, and how long it was: for KernelRoot.
#pragma once

#include "tests/support/kernel_rootfs.h"

namespace kip::image {

/// gzip, xz, bzip2, .lzma, zstd; legacy lz4 as lib/decompress_unlz4.c reads it, with what follows it taken for a chunk's length.
std::optional<support::DecodedStream> decode_as_kernel(support::View bytes);

}  // namespace kip::image
