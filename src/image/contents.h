// What an image holds, to be compared: the root file system with a digest of each content, its kernel
// modules with what they say of themselves, the microcode that the loader finds.
//
//   const Contents contents = TRY(read_contents(source, size, fault));
//
// One walk. Memory: names, digests, and the largest single module, up to kModuleLimit.
#pragma once

#include <functional>
#include <map>

#include "src/image/modinfo.h"
#include "src/image/rootfs.h"
#include "src/image/taken.h"

namespace kip::image {

/// Largest module that is looked into, in bytes, as it is stored and decompressed.
inline constexpr std::uint64_t kModuleLimit = 256 * 1024 * 1024;

struct ModuleFacts {
  std::string version, srcversion, vermagic;  // empty: not said
  digest::Sha256 digest = {};  // decompressed; if it cannot be looked into, as stored
  std::string unread;          // why it was not looked into, or empty
};

/// Where a module is, by its path in the root file system.
struct ModuleName {
  std::string release;  // X of lib/modules/X
  std::string name;     // without .ko and what follows it; '_' for '-'
};

/// nullopt: the path is no module's.
std::optional<ModuleName> module_name(std::string_view path);

/// The name alone, wherever the file is; nullopt: by its name it is no module.
std::optional<std::string> module_of(std::string_view path);

struct Contents {
  RootFs files;
  std::map<std::size_t, ModuleFacts> modules;  // by inode
  std::array<Taken, 2> microcode;              // by vendor
};

/// What kernels do not reach is left out. `fault`: those of the walk. kUnsupported without a library for
/// digests.
Result<Contents> read_contents(const segments::Source& source, std::uint64_t size,
                               const std::function<void(const Finding&)>& fault);

}  // namespace kip::image
