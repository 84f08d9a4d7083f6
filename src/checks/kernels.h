// Whether a finding holds for a kernel, by the words of Finding::kernels.
//
//   "before 5.19"   "5.19 and later"   "6.12 (6.6.81) and later, before 6.19 (6.18.4, 6.12.64)"
//
// In brackets: stable releases that have the change already.
#pragma once

#include <optional>
#include <string_view>

#include "ucode/kernel_rules.h"

namespace kip::checks {

/// True wherever that cannot be ruled out: no version, a vendor's own kernel of an older version, other words.
bool may_hold(std::string_view kernels, const std::optional<ucode::KernelVersion>& kernel);

}  // namespace kip::checks
