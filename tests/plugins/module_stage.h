// A staging area as of stage.h, and below KIP_ROOT a kernel with modules of its own and others, indexed by the real depmod.
//
//   kernel/fs/disk.ko, kernel/lib/helper.ko      in-tree
//   updates/dkms/wanted.ko                       out-of-tree; needs helper; alias "kip-wanted"
//   updates/other.ko                             out-of-tree, and nobody's wish
#pragma once

#include "tests/plugins/stage.h"
#include "tests/support/module_root.h"

namespace kip::plugins_test {

class ModuleStage : public Stage {
 public:
  explicit ModuleStage(const std::string& programs);

  /// Variables, arguments and settings are those of Stage.
  [[nodiscard]] support::ModuleRoot& root() { return root_; }
  [[nodiscard]] std::string pending() const;  // path of this kernel's record
  [[nodiscard]] std::string record() const;   // its text; "": there is none

  /// 58, told by its name that it is the last.
  [[nodiscard]] Told run_as_86();

  /// An initrd of a merged system with the in-tree modules and an index of them, as one raw archive.
  [[nodiscard]] support::Blob base() const;

 private:
  support::ModuleRoot root_;
};

/// What stands behind `base` in the image, and in front of it nothing but an early part. Fails the test otherwise.
support::Blob overlay_in(support::View image, support::View base);

/// The root file system that a kernel unpacks from archives, raw or compressed, in order; by the ordinary tools.
class Unpacked {
 public:
  Unpacked(std::initializer_list<support::View> archives);

  [[nodiscard]] bool has(const std::string& path) const;
  [[nodiscard]] std::vector<std::string> modules() const;  // names of files *.ko, sorted

  /// What `modprobe --show-depends` finds, as names of files; empty: nothing.
  [[nodiscard]] std::vector<std::string> needs(const std::string& name_or_alias) const;

 private:
  support::TempDir dir_;
};

}  // namespace kip::plugins_test
