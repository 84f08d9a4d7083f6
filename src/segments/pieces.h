// Parts of a file, handed out in one piece.
#pragma once

#include <vector>

#include "src/segments/walk.h"

namespace kip::segments {

struct Piece {
  std::uint64_t offset = 0;  // bytes from the start of the file
  std::uint64_t size = 0;
};

/// The pieces in this order, each with zeros behind it up to a multiple of `padded_to`. The descriptor
/// stays open as long as the Source is used.
Source join_pieces(int descriptor, std::vector<Piece> pieces, std::uint64_t padded_to = 1);

}  // namespace kip::segments
