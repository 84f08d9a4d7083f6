// Whether $BOOT has room for one more image: a new one is written beside the old one, which stays until the new one is whole.
#pragma once

#include <optional>

#include "src/base/file.h"
#include "src/base/finding.h"

namespace kip::checks {

/// There is less room than it takes to make the largest image anew.
inline constexpr const char* kRuleSpace = "doctor-space";

struct LargestImage {
  std::string path;
  std::uint64_t size = 0;  // bytes that are needed beside it
};

/// Pure. `free`: bytes that are left on the file system of `directory`.
std::optional<Finding> check_boot_space(const std::string& directory, std::uint64_t free,
                                        const LargestImage& largest);

/// Bytes that files of root may still take there.
Result<std::uint64_t> free_bytes(const Root& root, const std::string& directory);

}  // namespace kip::checks
