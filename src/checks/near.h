// The module that a misspelt name may have been meant for.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/modules/facts.h"

namespace kip::checks {

/// The first of those with the fewest letters to change, add or drop: at most two, and one for each three that the name has.
std::optional<std::string> nearest(const std::string& name,
                                   const std::vector<modules::ModuleFile>& files);

}  // namespace kip::checks
