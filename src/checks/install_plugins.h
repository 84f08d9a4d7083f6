// Whether kernel-install will run kip's plugins, and in their place: behind whoever stages an initrd, in front of whoever reads
// it.
//
//   const InstallPlugins plugins = TRY(read_install_plugins(root));
//   for (const Finding& it : check_install_plugins(plugins)) …
//
// kernel-install takes plugins from two directories, one of a name: a file in /etc stands for the one in /usr/lib, or masks it. What
// masks, and how names are sorted, differs between the shell script up to systemd 253 and the program from 254 on.
// Sources: systemd src/kernel-install/kernel-install.in (253), src/basic/conf-files.c and src/shared/exec-util.c (254).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/base/file.h"
#include "src/base/finding.h"

namespace kip::checks {

/// A plugin of kip's is not there, or not executable.
inline constexpr const char* kRulePluginMissing = "doctor-plugin-missing";
/// A plugin of kip's is masked. A note for 86 where nothing is staged so late.
inline constexpr const char* kRulePluginMasked = "doctor-plugin-masked";
/// A plugin that stages an initrd comes behind kip's, or one that reads it in front of them.
inline constexpr const char* kRulePluginOrder = "doctor-plugin-order";

/// A name in one of the directories.
enum class PluginFile : std::uint8_t {
  kAbsent,  // or a link to nothing
  kNull,    // a link to /dev/null
  kEmpty,
  kEmptyExecutable,
  kPlain,  // with something in it, and not executable
  kExecutable,
  kOther,  // a directory, a FIFO
};

struct Plugin {
  std::string name;                                                       // "58-kip-image.install"
  PluginFile admin = PluginFile::kAbsent, package = PluginFile::kAbsent;  // in /etc, in /usr/lib
};

struct InstallPlugins {
  std::vector<Plugin> plugins;      // by name (bytes)
  std::optional<unsigned> systemd;  // its version, if it can be told
};

Result<InstallPlugins> read_install_plugins(const Root& root);

/// Pure. By name of the plugin. Where systemd's version is not known, what holds for either kind of it is found.
std::vector<Finding> check_install_plugins(const InstallPlugins& plugins);

}  // namespace kip::checks
