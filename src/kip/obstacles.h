// Why `kip refresh` must not have an entry made again: it would not be what it was.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/cli/survey.h"

namespace kip::program {

struct Obstacle {
  std::string why, remedy;  // remedy: a command
};

/// kernel-install's arguments of an entry, or of a kernel that is pending.
const std::vector<std::string>& arguments_of(const cli::Surveyed& entry);

/// "kernel-install add KVER IMAGE".
std::string install_command(const std::vector<std::string>& arguments);

/// Something that kernel-install needs is gone, $BOOT is not mounted, the entry's command line would become another one, or
/// kip's plugins would not run.
/// `conf_root`: KERNEL_INSTALL_CONF_ROOT, or empty.
std::optional<Obstacle> obstacle_to(const Root& root, const cli::Surveyed& entry,
                                    const std::string& conf_root);

/// $BOOT is not mounted: nothing of the boot loader's is where the entry was written.
std::optional<Obstacle> boot_not_there(const Root& root, const state::Manifest& manifest);

/// The first module that a kernel is pending for, that is required still, and that it has not got now either; empty: nothing is in
/// the way any more.
std::string still_missing(const Root& root, const state::Pending& pending,
                          const policy::Settings& settings);

/// The first module that is required, was there when the image was made, and is not any more: kernel-install would end without an
/// image, as it did for a kernel that is pending. Empty: there is none.
std::string missing_again(const Root& root, const state::Manifest& manifest,
                          const policy::Settings& settings);

}  // namespace kip::program
