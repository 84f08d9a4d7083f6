// A machine that was booted, as `ucode-pack check-boot` sees it: in mounts of the program's own, its CPUs, command line, time of
// the boot, records and journal are a scratch directory's. Its kernel is the one that runs the test.
//
// The scratch directory: cpuinfo, cmdline, stat, sys/ (for /sys/devices/system/cpu), lib/ (for /var/lib), journal/ (for
// /run/systemd/journal); images, and what the program writes, beside them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/blob.h"
#include "tests/ucode-pack/scene.h"

namespace kip::ucode_pack_test {

/// 06-bf-02, which IntelBlob makes updates for; "intel", family 6.
struct BootedCpu {
  std::uint32_t running = 0;
  std::optional<std::uint32_t> flags = 1;  // as sysfs shows them; nullopt: it has no loader
  const char* vendor = "GenuineIntel";
  unsigned family = 6, model = 0xbf, stepping = 2;
  bool hypervisor = false, shown = true;  // shown: the running revision
};

class BootedMachine {
 public:
  BootedMachine();

  [[nodiscard]] const support::TempDir& dir() const { return dir_; }

  void cpus(const std::vector<BootedCpu>& cpus) const;
  void command_line(const std::string& text) const;

  /// An image with one member, written a day before the boot. Its path.
  std::string image(const std::string& name, std::string_view member,
                    const support::Blob& data) const;
  void written_after_the_boot(const std::string& path) const;

  /// kip's record of an entry of the kernel that runs, with these files, each named as it was staged.
  void record(const std::string& token,
              const std::vector<std::pair<std::string, std::string>>& files) const;

  /// check-boot; fails the test if a line of standard error is not the program's.
  [[nodiscard]] Told check(const std::vector<std::string>& arguments) const;

 private:
  support::TempDir dir_;
};

/// The release of the kernel that runs.
std::string running_kernel();

bool may_mount();

}  // namespace kip::ucode_pack_test
