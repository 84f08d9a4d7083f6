// A machine that `kip refresh` sees as its own: /etc and /var/lib are a scratch directory's, in mounts of the program's own.
// kernel-install is a script that does what systemd 252's does with our plugins and one generator, and writes down how it was
// called. Real ones: tests/life.
//
// The scratch directory: etc/, var/lib/, boot/, firmware/ (microcode), bin/kernel-install, vmlinuz, base-KVER (what the generator
// makes), log; `fail-KVER` has kernel-install fail for a kernel, `half-KVER` has it copy half an image and end with 0.
#pragma once

#include <nlohmann/json.hpp>

#include "tests/plugins/stage.h"

namespace kip::kip_test {

struct Refreshed {
  int code = 0;
  std::vector<std::string> out;    // lines, but for
  std::vector<std::string> files;  // those of files
  std::string err;
};

class RefreshMachine {
 public:
  RefreshMachine();

  [[nodiscard]] const support::TempDir& dir() const { return dir_; }

  /// kernel-install add, as a package would call it. Fails the test if it fails.
  void install(const std::string& kernel, const std::string& environment = "") const;

  /// What KERNEL_INSTALL_PLUGINS says. The script runs ours in any case.
  void set_plugins(const std::string& list) { plugins_ = list; }

  void firmware(std::uint32_t revision) const;  // Intel's for the CPU of kip.conf.d
  void command_line(const std::string& text) const;

  [[nodiscard]] Refreshed refresh(const std::vector<std::string>& arguments = {}) const;
  [[nodiscard]] Refreshed status() const;
  [[nodiscard]] Refreshed doctor() const;

  /// How kernel-install was called since this was asked last, one line each: arguments, then variables.
  [[nodiscard]] std::vector<std::string> calls() const;

  [[nodiscard]] std::string image(const std::string& kernel) const;  // its path
  [[nodiscard]] support::Blob bytes(const std::string& kernel) const;
  [[nodiscard]] std::uint32_t revision(const std::string& kernel) const;

 private:
  [[nodiscard]] support::RunResult run(const std::vector<std::string>& argv) const;

  support::TempDir dir_;
  std::string plugins_ = "/p/45-kip-microcode /p/58-kip-image /p/95-kip-record";
};

}  // namespace kip::kip_test
