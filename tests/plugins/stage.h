// One call of the plugins after another in a staging area of the test's own, as kernel-install of
// systemd 254 to 257 would make them, unless a test changes its variables or arguments.
//
// The scratch directory: `staging/`, `tree/` (microcode), `root/` (KIP_ROOT, with etc/kip/kip.conf.d),
// `conf/` (CONF_ROOT), `entry/` (ENTRY-DIRECTORY, not made).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/support/newc_blob.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace kip::plugins_test {

inline const std::string kMicrocode = "45-kip-microcode";
inline const std::string kImage = "58-kip-image";
inline const std::string kKernel = "0.0.0-kip-test";  // of which there is nothing in /boot

/// The directory of this build's programs; and KIP_PROGRAMS, where it is set. Never empty.
std::vector<std::string> directories();

struct Told {
  int code = 0;
  std::string err;                      // as it came
  std::vector<std::string> complaints;  // "error: …" and "warning: …", the plugin's name left out
  std::vector<std::string> notes;       // every other line
};

class Stage {
 public:
  /// `programs`: a directory. `below`: where the scratch directory is made.
  explicit Stage(std::string programs = directories().front(), const std::string& below = "");

  [[nodiscard]] const support::TempDir& dir() const { return dir_; }
  [[nodiscard]] std::string staged(const std::string& name) const;  // its path

  /// A variable of the call; nullopt removes it.
  void set(const std::string& variable, std::optional<std::string> value);
  void serve(const std::string& cpus) { set("KIP_CPU", cpus); }
  void configure(const std::string& text) const;  // etc/kip/kip.conf.d/test.conf
  void set_initrds(std::vector<std::string> initrds) { initrds_ = std::move(initrds); }
  void become_systemd_251();
  void become_gentoo();

  /// What stands in front of the program: "unshare -m", "sh -c '…'".
  void set_launcher(std::vector<std::string> words) { launcher_ = std::move(words); }

  /// One plugin, called to add the kernel. Fails the test if the code is neither 0 nor 1, if
  /// anything came on standard output, if a line of standard error does not begin with the plugin's
  /// name or has an unprintable byte, and if there are notes though nobody asked for them.
  [[nodiscard]] Told run(const std::string& plugin) const;
  [[nodiscard]] Told run(const std::string& plugin,
                         const std::vector<std::string>& arguments) const;

  /// 45, then 58, which are to say nothing and to end with 0.
  void add() const;

  [[nodiscard]] std::vector<std::string> call() const;  // arguments of add

  /// In the staging area.
  [[nodiscard]] std::vector<std::string> names() const;
  /// The same where nothing is to be made: without kip's own notes. Fails the test if there is an archive among these.
  [[nodiscard]] std::vector<std::string> names_but_notes() const;
  [[nodiscard]] support::Blob read(const std::string& name = "initrd") const;
  void write(const std::string& name, support::View content) const;

 private:
  support::TempDir dir_;
  std::string programs_;
  std::map<std::string, std::optional<std::string>> environment_;
  std::vector<std::string> initrds_;
  std::vector<std::string> launcher_;
  bool gentoo_ = false;
};

/// Runs `body` once for each of directories(), naming it in failures.
void with_each_program(const std::function<void(const std::string& programs)>& body);

/// What a generator makes: compressed from its first byte on, 1001 bytes.
support::Blob generated();

/// An archive as generators put in front: microcode alone, padded to 512.
support::Blob early_archive(std::string_view member, support::View data);

inline constexpr std::uint32_t kIntelCpu = 0xB06F2;  // of IntelBlob, revision 0x3a, flags 0x07
inline constexpr std::uint32_t kAmdCpu = 0xA00F11;   // of AmdPatch, revision 0x0a0011d5
inline const std::string kIntel = "0xb06f2", kAmd = "cpu00A00F11";

/// The container of one patch.
support::Blob amd(std::uint32_t revision = 0x0A0011D5);

/// The revision that a kernel would load from the image; 0: none.
std::uint32_t intel_revision(support::View image, std::uint32_t signature = kIntelCpu,
                             std::uint32_t flags = 1);
std::uint32_t amd_revision(support::View image, std::uint32_t cpuid = kAmdCpu);

/// Fails the test unless the image is an early part, a multiple of 512 bytes with members at
/// multiples of 16, and then `base`. Returns the early part.
support::Blob early_part(support::View image, support::View base);

bool may_mount();

}  // namespace kip::plugins_test
