// A directory that stands for '/', with a kernel's modules in it: small ones, indexed by the real depmod.
//
//   ModuleRoot root(dir.path());
//   root.in_tree("kernel/fs/ext4/ext4.ko").out_of_tree("updates/dkms/vpoll.ko", {{"version", "1.0.4"}});
//   root.index();
//
// In-tree modules have `intree`, and stand in modules.order. Whoever adds a module without index() behind it has a tree
// whose indexes are old, or none.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/blob.h"

namespace kip::support {

inline constexpr const char* kExampleKernel = "6.12.0-example";

class ModuleRoot {
 public:
  using Info = std::vector<std::pair<std::string, std::string>>;  // of .modinfo, in order

  // As merged systems have it: lib is a link to usr/lib.
  explicit ModuleRoot(std::string directory, std::string kernel = kExampleKernel);

  // Paths relative to the directory of modules. `vermagic` is this kernel's, unless `info` has one.
  ModuleRoot& in_tree(const std::string& path, const Info& info = {});
  ModuleRoot& out_of_tree(const std::string& path, const Info& info = {});

  // Of the kernel itself: a name in modules.builtin.
  ModuleRoot& built_in(const std::string& path);

  // Any file, by its path in the root, with the directories that lead to it.
  ModuleRoot& file(const std::string& path, const std::string& text);
  ModuleRoot& file(const std::string& path, View bytes);

  // Runs depmod. Throws if there is none, or it fails.
  ModuleRoot& index();

  [[nodiscard]] const std::string& path() const { return directory_; }
  [[nodiscard]] const std::string& kernel() const { return kernel_; }

  // The bytes of a module with this path, as they are in the tree.
  [[nodiscard]] Blob module(const std::string& path, const Info& info) const;

 private:
  [[nodiscard]] std::string place(const std::string& path) const;

  std::string directory_, kernel_;
  std::string order_, builtin_;
};

}  // namespace kip::support
