// The life of a machine in a scratch root: kernels are installed by our plugins in an order of kernel-install's, files change, and
// `kip status --root` says what it makes of it.
//
// Staging area, microcode, $BOOT and entry directory lie below the root, under the paths that the plugins know them by, so that
// what a manifest says of them holds below the root as well.
#pragma once

#include <nlohmann/json.hpp>

#include "tests/plugins/module_stage.h"

namespace kip::kip_test {

inline const std::string kKernel = plugins_test::kKernel;

struct Said {
  int code = 0;
  std::string out;
  std::vector<std::string> complaints;  // "error: …" and "warning: …", without the program's name
};

class Life : public plugins_test::ModuleStage {
 public:
  Life();
  virtual ~Life() = default;
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  /// 45, 58, then what 90-loaderentry or 90-uki-copy does, and 95. What a generator made is staged anew. Fails the test if a
  /// plugin does not end with 0.
  void install();
  [[nodiscard]] support::Blob staged_by_generator() const { return generated(); }
  void become_unified() { set("KERNEL_INSTALL_LAYOUT", "uki"); }

  void remove() const;

  /// A path below the root for one that the plugins know.
  [[nodiscard]] std::string below_root(const std::string& path) const;
  [[nodiscard]] std::string image() const;  // the installed initrd, or unified image

  /// Puts microcode where the plugins look, in place of what was there.
  void firmware(const std::string& name, support::View bytes) const;

  /// A verb of kip, with --root. Fails the test if a line of standard error is not the program's.
  [[nodiscard]] Said kip(const std::string& verb, std::vector<std::string> arguments = {}) const;
  [[nodiscard]] Said status(std::vector<std::string> arguments = {}) const;
  [[nodiscard]] nlohmann::json status_json() const;

  /// The lines below the one of the kernel; fails the test unless its state is this one.
  [[nodiscard]] std::vector<std::string> changes(const std::string& state) const;

 protected:
  /// What a generator stages.
  [[nodiscard]] virtual support::Blob generated() const { return base(); }

  /// What those who write entries do with what is staged.
  virtual void publish() const;
};

}  // namespace kip::kip_test
