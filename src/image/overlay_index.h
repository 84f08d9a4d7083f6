// The indexes of an overlay: depmod's inputs in a scratch directory, its outputs, and what they say.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "src/base/file.h"

namespace kip::image {

/// What depmod reads besides modules: the base's, or the host's.
inline constexpr const char* kDepmodReads[] = {"modules.order", "modules.builtin",
                                               "modules.builtin.modinfo"};

/// What it writes, as far as anybody reads it in an initrd; modules.weakdep from kmod 33 on.
inline constexpr const char* kDepmodWrites[] = {
    "modules.alias",       "modules.alias.bin", "modules.builtin.alias.bin",
    "modules.builtin.bin", "modules.dep",       "modules.dep.bin",
    "modules.devname",     "modules.softdep",   "modules.symbols",
    "modules.symbols.bin", "modules.weakdep"};

/// Runs depmod over scratch/lib/modules/KVER, where the modules are already. What it reads besides is taken from the host, as far
/// as it is not there.
Status make_indexes(const std::string& scratch, const std::string& kernel,
                    const std::string& host_modules, const std::string& search);

struct Index {
  std::map<std::string, std::set<std::string>> depends;  // by path: names of all modules it needs
  std::map<std::string, std::string> paths;              // by module name: what modprobe would load
  std::set<std::string> builtin;                         // names
};

/// Reads modules.dep and modules.builtin. `directory`: scratch/lib/modules/KVER.
Result<Index> read_index(const std::string& directory);

}  // namespace kip::image
