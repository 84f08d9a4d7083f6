// The microcode that the kernel's loader finds in an image: that of the member its search finds, and
// no other.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "src/segments/finder.h"
#include "ucode/update.h"

namespace kip::image {

struct Taken {
  std::vector<ucode::Update> updates;  // in order
  std::string broken;                  // why the loader takes nothing of it; empty: it is sound
};

/// By vendor (Intel, AMD).
Result<std::array<Taken, 2>> taken_microcode(const segments::Source& source, std::uint64_t size);

}  // namespace kip::image
