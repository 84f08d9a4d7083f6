// SHA-256 of an image and of ranges of it, with one reading.
//
//   const Sums sums = TRY(read_sums(descriptor, {{0, 512}, {512, size}}));
#pragma once

#include <span>
#include <vector>

#include "src/digest/sha256.h"
#include "src/image/front.h"

namespace kip::image {

struct Sums {
  digest::Sha256 whole = {};
  std::vector<digest::Sha256> ranges;  // one a range
};

/// Ranges are in order, and do not overlap. kCorrupt if the file is shorter than `size` or a range, or longer. kUnsupported
/// without libcrypto.
Result<Sums> read_sums(int descriptor, std::uint64_t size, std::span<const Range> ranges);

/// Adds ranges of a file to what is being hashed. kCorrupt if the file ends before them.
Status add_ranges(digest::Hasher& hasher, int descriptor, std::span<const Range> ranges);

}  // namespace kip::image
