// Where the firmware that modules name is.
#pragma once

#include "src/base/file.h"
#include "src/modules/tree.h"

namespace kip::modules {

/// As the kernel searches (drivers/base/firmware_loader/main.c): the plain name in each directory, then with .zst, then with
/// .xz. nullopt: it is nowhere, or the name leads out of the directories. `of` stays empty.
std::optional<NeededFirmware> find_firmware(const Root& root, const std::string& kernel,
                                            const std::string& name);

/// Takes away the largest until the rest is within the limit; nullopt if nothing had to go.
std::optional<Finding> keep_to_limit(std::vector<NeededFirmware>& firmware, std::uint64_t limit);

}  // namespace kip::modules
