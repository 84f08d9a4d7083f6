// Machines as distributions make them, below a scratch root, for `kip doctor --root`: all of them healthy. A test breaks one thing.
//
// $BOOT is /boot; kernel and initrd of an entry are in /boot/TOKEN/KVER. Whoever records by kernel-install calls install(); the rest
// boots images that it puts where its loader looks.
#pragma once

#include <memory>

#include "tests/kip/life.h"

namespace kip::kip_test {

inline const std::string kToken = "0123456789abcdef0123456789abcdef";
inline const std::string kEntry = "/boot/loader/entries/" + kToken + "-" + kKernel + ".conf";
inline const std::string kUnified = "/boot/EFI/Linux/" + kToken + "-" + kKernel + ".efi";
inline const std::string kEntryInitrd = "/" + kToken + "/" + kKernel + "/initrd";
inline const std::string kPlugins = "/usr/lib/kernel/install.d/";
inline const std::string kMasks = "/etc/kernel/install.d/";

struct Diagnosis {
  std::string severity, rule, place, text, remedy;
};

class Machine : public Life {
 public:
  /// kip's plugins are there, microcode for its CPU, and a systemd of that version.
  explicit Machine(unsigned systemd);

  Machine& plugins(const std::vector<std::string>& names);  // of others, executable
  Machine& file(const std::string& path, const std::string& text = "x");
  Machine& program(const std::string& path);  // executable
  Machine& link(const std::string& path, const std::string& target);
  Machine& remove_file(const std::string& path);

  /// The lines of the boot entry behind title, version and linux.
  Machine& entry(const std::string& lines);

  /// An image with kip's early part, from one of a generator's, as a hook leaves it.
  [[nodiscard]] support::Blob by_kip(const support::Blob& image) const;
  Machine& put(const std::string& path, const support::Blob& bytes);

  /// An early part of others, with one update for this machine's CPU.
  [[nodiscard]] static support::Blob early(std::uint32_t revision);

  /// Unified, with sections in front of .initrd.
  void unify(std::vector<std::pair<std::string, support::Blob>> sections = {});

  /// What the generator makes from now on.
  void generate(support::Blob base) { generated_ = std::move(base); }

  /// kip doctor. Fails the test if stdout is not what --json says, line by line.
  [[nodiscard]] Said doctor() const { return kip("doctor"); }
  [[nodiscard]] std::vector<Diagnosis> diagnoses() const;

  /// '@' stands for the scratch directory.
  [[nodiscard]] std::string expanded(std::string text) const;

 protected:
  [[nodiscard]] support::Blob generated() const override;
  void publish() const override;

 private:
  std::optional<support::Blob> generated_;
  std::vector<std::pair<std::string, support::Blob>> sections_;
  bool unified_ = false;
};

using Machines = std::unique_ptr<Machine> (*)();

std::unique_ptr<Machine> systemd_boot();  // kernel-install, entries of type 1, dracut, systemd 257
std::unique_ptr<Machine> with_module();   // the same, with Include=wanted
std::unique_ptr<Machine>
running();  // the same, with /proc of a machine whose CPU runs what is packed
std::unique_ptr<Machine>
separate_microcode();  // the same, where kip packs none and others' file is named first
std::unique_ptr<Machine> unified();    // kernel-install, UKI by ukify, boot counting
std::unique_ptr<Machine> debian_12();  // systemd-boot, its initrd at 85, systemd 252
std::unique_ptr<Machine>
debian_grub();  // GRUB, initramfs-tools, kip's hook; os-prober and memtest in the menu
std::unique_ptr<Machine>
arch_presets();                          // mkinitcpio with presets and kip's hook, a fallback image
std::unique_ptr<Machine> gentoo_grub();  // kernel-install, layout grub
std::unique_ptr<Machine>
fedora_grub();  // GRUB with blscfg, a rescue entry; dracut packs microcode, kip does not reach it
std::unique_ptr<Machine>
ostree();  // an image that serves the machine, and nothing of kernel-install's

}  // namespace kip::kip_test
