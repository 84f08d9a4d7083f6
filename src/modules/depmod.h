// Indexes of modules: made by the one program that can, depmod, in a directory of ours.
//
//   TRY(run_depmod(scratch, "6.12.0-amd64"));    // writes modules.dep, modules.dep.bin, … below scratch/lib/modules
//
// The environment is fixed, and so is the configuration (the host's search line, if it has one, nothing else), so that the same
// modules give the same indexes. libkmod cannot write them.
#pragma once

#include <string>

#include "src/base/file.h"

namespace kip::modules {

/// depmod of /sbin, /usr/sbin, /bin, /usr/bin, or of PATH. `directory`/lib/modules/KVER holds modules, modules.order and
/// modules.builtin*. `search`: the words of a `search` line, or empty. kUnsupported: there is no depmod; kInvalid with
/// what it said if it failed.
Status run_depmod(const std::string& directory, const std::string& kernel,
                  const std::string& search);

/// The words of the root's `search` lines (depmod.d(5)), or empty.
std::string depmod_search(const Root& root);

}  // namespace kip::modules
