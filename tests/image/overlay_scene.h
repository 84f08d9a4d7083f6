// A host with modules, initrds made from it, and what becomes of one with an overlay.
//
// The host has, of one kernel: in-tree dm-mod and cfg; out-of-tree thinkpad_ec, hdaps (needs it), writeboost (needs dm-mod),
// vpoll; firmware e2e/blob.bin. A base has dm-mod and cfg, and indexes of these two.
#pragma once

#include "src/image/join.h"
#include "src/image/overlay.h"
#include "tests/support/blob.h"
#include "tests/support/elf_module.h"
#include "tests/support/kernel_rootfs.h"
#include "tests/support/temp_dir.h"

namespace kip::image {

inline constexpr const char* kKernel = "6.12.0-test";

inline constexpr const char* kWriteboost = "updates/dkms/dm-writeboost.ko";
inline constexpr const char* kHdaps = "updates/dkms/hdaps.ko";
inline constexpr const char* kThinkpad = "updates/dkms/thinkpad_ec.ko";
inline constexpr const char* kVpoll = "extra/vpoll.ko";
inline constexpr const char* kDmMod = "kernel/drivers/md/dm-mod.ko";
inline constexpr const char* kCfg = "kernel/net/cfg.ko";

/// How a base is compressed; as its names are those of tests: Raw, Zstd, …
std::vector<std::optional<codec::Method>> base_methods();
std::string name_of(std::optional<codec::Method> method);
std::string name_of(LibKind lib);

/// As kernels take it.
support::Blob packed(std::optional<codec::Method> method, support::View plain);

struct Made {
  support::Blob image;
  support::Blob overlay;
  BaseModules base;
  OverlayPlan plan;
  bool changed = false;
};

class OverlayScene {
 public:
  explicit OverlayScene(const std::string& below = "");

  std::string host_file(const std::string& path) const;
  std::string host_modules() const { return host_file(""); }
  void write_host(const std::string& path, support::View bytes) const;
  support::Blob host_bytes(const std::string& path) const;

  /// Of the host's: the wanted ones, with what they need that is not in the base, and firmware.
  std::vector<OverlayFile> files() const;
  OverlayFile module(const std::string& path, const std::string& rule = "Include=x") const;

  /// An initrd's archive; with `linked`, its modules.dep and modules.softdep are hard links of one file.
  support::Blob base(LibKind lib, bool linked = false) const;

  BaseModules read(support::View image) const;
  Result<BaseModules> try_read(support::View image) const;

  /// With no files, an overlay is dropped.
  Made add(support::View image, const std::vector<OverlayFile>& files,
           const OverlayOptions& options = {}, const std::string& early = "") const;

  const support::TempDir& directory() const { return directory_; }

 private:
  support::TempDir directory_;
  mutable int runs_ = 0;
};

/// What unpacking leaves, as files of a directory.
void unpack_to(const support::KernelRoot& root, const support::TempDir& directory);

/// `modprobe --show-depends`, as paths relative to lib/modules/KVER.
std::vector<std::string> shown_by_modprobe(const support::TempDir& root, const std::string& name);

}  // namespace kip::image
