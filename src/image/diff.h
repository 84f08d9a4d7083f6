// Two images compared by what comes of them: the microcode that is loaded, the modules, the files.
//
// Order, archives, compression and times are no differences. A module's file and a microcode file are not
// told of again among the files.
#pragma once

#include "src/image/contents.h"

namespace kip::image {

enum class Change : std::uint8_t { kAdded, kRemoved, kChanged };  // from A to B

struct MicrocodeChange {
  ucode::Vendor vendor = ucode::Vendor::kIntel;
  ucode::CpuSignature signature;
  std::uint32_t platform_flags = 0;  // Intel
  std::vector<std::uint32_t> a, b;   // revisions; Intel: at most one each
};

/// One thing that is another one in B. `what`: version, srcversion, vermagic, content, path, type, mode,
/// owner, size, target, device.
struct Aspect {
  std::string what, a, b;
};

struct ModuleChange {
  ModuleName module;
  Change change = Change::kChanged;
  std::string path;  // in the root file system; of a changed one in A
  std::string a, b;  // versions, where they are said
  std::vector<Aspect> aspects;
};

struct FileChange {
  std::string path;  // '/' itself: "."
  Change change = Change::kChanged;
  std::vector<Aspect> aspects;
};

struct Difference {
  std::vector<MicrocodeChange> microcode;
  std::vector<ModuleChange> modules;
  std::vector<FileChange> files;
  std::uint64_t only_time = 0;  // files that differ in nothing but their mtime

  bool none() const { return microcode.empty() && modules.empty() && files.empty(); }
};

/// Sorted: microcode by vendor and CPU, modules by release and name, files by path.
Difference compare(const Contents& a, const Contents& b);

/// As above, of the microcode alone.
std::vector<MicrocodeChange> compare_microcode(const std::array<Taken, 2>& a,
                                               const std::array<Taken, 2>& b);

}  // namespace kip::image
