// What of an image is lost to the unpacker, and what that costs.
//
//   for (const Finding& finding : check_whole(inventory)) …
#pragma once

#include <vector>

#include "src/image/inventory.h"

namespace kip::checks {

inline constexpr const char* kRuleInitLost = "unpack-init-lost";  // /init where no kernel comes
inline constexpr const char* kRuleEmptyImage = "image-empty";     // no archive with anything in it

/// The walk's faults, as errors where kernels stop for good, and what follows from all of them.
std::vector<Finding> check_whole(const image::Inventory& inventory);

}  // namespace kip::checks
