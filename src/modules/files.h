// The module files of a kernel's directory, found by name, and modules.order beside them.
#pragma once

#include <string>
#include <vector>

#include "src/base/file.h"
#include "src/modules/facts.h"

namespace kip::modules {

/// Largest modules.order; that of a distribution's kernel has 200 KiB.
inline constexpr std::uint64_t kOrderLimit = 16 << 20;
/// Most names in all directories, and most directories inside each other.
inline constexpr std::size_t kNamesLimit = 1'000'000;
inline constexpr unsigned kLevelLimit = 32;

/// Sorted by path. Links to files are taken as they stand, links to directories are not followed; `build` and `source` are
/// no part of the tree, as for depmod. `directory` is the open directory of that path below the root.
Result<std::vector<ModuleFile>> list_modules(const Root& root, const std::string& path,
                                             int directory);

}  // namespace kip::modules
