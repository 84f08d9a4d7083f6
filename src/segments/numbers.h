// The number by which people name a segment: all that walk() tells of, in its order, counted from 1;
// padding has none.
#pragma once

#include <optional>

#include "src/segments/walk.h"

namespace kip::segments {

class Numbers {
 public:
  /// To be asked for every member and every segment of a walk, in order. 0: padding.
  std::uint32_t of(const Segment& segment) {
    if (segment.kind == Segment::Kind::kPadding) return 0;
    if (last_ != segment.offset) ++count_;
    last_ = segment.offset;
    return count_;
  }

  std::uint32_t count() const { return count_; }

 private:
  std::optional<std::uint64_t> last_;  // offset of the segment numbered last
  std::uint32_t count_ = 0;
};

}  // namespace kip::segments
