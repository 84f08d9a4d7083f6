// What a kernel's microcode loader takes where a boot loader hands over several files as one image: each behind the other, padded
// with zeros to a multiple of 4. Files, or the sections of a unified image.
//
//   const Handed handed = TRY(read_handed({{descriptor, 0, size}, …}));
//   handed.taken[index_of(vendor)]      // whose microcode it is
//   handed.behind[index_of(vendor)]     // whose is not looked at
//
// The search for a vendor's file ends at the first match, and in front of the first compressed byte (segments/finder.h).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "ucode/update.h"

namespace kip::image {

struct HandedPart {
  int descriptor = -1;                 // stays the caller's
  std::uint64_t offset = 0, size = 0;  // bytes of the file
};

struct HandedMicrocode {
  std::size_t part = 0;                // which of them
  std::vector<ucode::Update> updates;  // that a loader reads of it, in order; none: it is broken
};

/// By vendor (Intel, AMD).
struct Handed {
  std::array<std::optional<HandedMicrocode>, 2> taken;
  /// Of later parts, each as it would be if it came first.
  std::array<std::vector<HandedMicrocode>, 2> behind;
};

Result<Handed> read_handed(const std::vector<HandedPart>& parts);

}  // namespace kip::image
