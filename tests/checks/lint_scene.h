// Machines that lint is asked about: configuration as text, modules as values.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "src/checks/lint.h"

namespace kip::checks {

inline constexpr const char* kLintKernel = "6.12.0-amd64";

/// An out-of-tree module.
struct SceneModule {
  std::string path;  // below the modules directory
  std::vector<std::string> aliases = {};
  std::string vermagic = "6.12.0-amd64 SMP preempt mod_unload modversions";
  bool is_signed = false;
};

struct SceneFile {
  std::string path, text;  // relative; a text that begins with "->" is a link
};

struct LintScene {
  std::vector<SceneFile> files = {};
  std::vector<SceneModule> modules = {
      {"extra/spl.ko"}, {"extra/zfs.ko", {"fs-zfs"}}, {"updates/dkms/v4l2loopback.ko"}};
  std::string root = "ext4";  // a file system, or "" where it is not known
  std::vector<host::NeededBy> devices = {};
  /// In-tree: ext4, dm-mod, hdaps, videodev; built in: fat, virtio_blk. More of them, or another answer of the index:
  std::map<std::string, KnownName> names = {};
  bool builtin_is_known = true;
  Index index = Index::kFresh;
  std::vector<modules::Needed> along = {};
  std::vector<modules::Missing> missing = {};
  Signatures signatures = Signatures::kNotForced;
  /// Of an initrd: modules' paths, and programs'.
  std::optional<std::vector<std::string>> packed = {};
  std::vector<std::string> programs = {};
  std::string sealed = {};
  std::set<std::string> stale = {};
  /// Of kip's archive in that initrd: modules' paths.
  std::vector<std::string> overlay = {};
  std::string overlay_kernel = kLintKernel;
  std::set<std::string> stale_in_overlay = {};
  std::optional<std::set<std::string>> packable = {};
};

struct Found {
  std::string what;                // "error lint-root PLACE"
  std::vector<std::string> words;  // what text and remedy have
};

struct LintCase {
  const char* name;
  LintScene scene;
  std::vector<Found> found;  // all, in order
};

void PrintTo(const LintCase& row, std::ostream* out);

/// Lints the scene and compares.
void expect_lint(const LintCase& row);

/// A file of the administrator's kip.conf.d, or a package's, with [Modules] in its first line.
SceneFile kip_etc(const std::string& name, const std::string& lines);
SceneFile kip_package(const std::string& name, const std::string& lines);
SceneFile dracut_etc(const std::string& name, const std::string& lines);
SceneFile dracut_package(const std::string& name, const std::string& lines);

}  // namespace kip::checks
