#include <algorithm>
#include <charconv>
#include <fcntl.h>
#include <map>
#include <sys/stat.h>

#include "src/checks/install_plugins.h"
#include "src/policy/drop_ins.h"

namespace kip::checks {
namespace {

constexpr std::string_view kSuffix = ".install";

PluginFile look(const Root& root, const std::string& path) {
  if (policy::links_to_null(root, path)) return PluginFile::kNull;
  const auto file = root.open(path, O_PATH);
  struct stat status;
  if (!file || ::fstat(file->get(), &status) != 0) return PluginFile::kAbsent;
  if (!S_ISREG(status.st_mode)) return PluginFile::kOther;
  const bool executable = (status.st_mode & 0111) != 0;
  if (status.st_size == 0) return executable ? PluginFile::kEmptyExecutable : PluginFile::kEmpty;
  return executable ? PluginFile::kExecutable : PluginFile::kPlain;
}

// "libsystemd-shared-252.so", "libsystemd-shared-257.13-1.so".
std::optional<unsigned> version_in(std::string_view name) {
  constexpr std::string_view kPrefix = "libsystemd-shared-";
  if (!name.starts_with(kPrefix)) return std::nullopt;
  name.remove_prefix(kPrefix.size());
  unsigned version = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), version);
  return error == std::errc() && version != 0 ? std::optional(version) : std::nullopt;
}

// By its library, since below another root nothing is run.
std::optional<unsigned> systemd_version(const Root& root) {
  for (const char* const directory :
       {"/usr/lib/systemd", "/usr/lib64/systemd", "/usr/lib/x86_64-linux-gnu/systemd",
        "/lib/systemd", "/lib/x86_64-linux-gnu/systemd"}) {
    const auto names = list_directory(root, directory);
    if (!names) continue;
    for (const std::string& name : *names) {
      if (const auto version = version_in(name)) return version;
    }
  }
  return std::nullopt;
}

}  // namespace

Result<InstallPlugins> read_install_plugins(const Root& root) {
  std::map<std::string, Plugin> found;
  for (const bool admin : {true, false}) {
    const std::string directory = admin ? "/etc/kernel/install.d" : "/usr/lib/kernel/install.d";
    auto names = list_directory(root, directory);
    if (!names) return fail(names.error().code, quote(directory) + ": " + names.error().what);
    for (const std::string& name : *names) {
      if (!name.ends_with(kSuffix) || name.starts_with('.')) continue;
      Plugin& plugin = found[name];
      plugin.name = name;
      (admin ? plugin.admin : plugin.package) = look(root, directory + "/" + name);
    }
  }
  InstallPlugins plugins;
  for (auto& [name, plugin] : found) plugins.plugins.push_back(std::move(plugin));
  plugins.systemd = systemd_version(root);
  return plugins;
}

}  // namespace kip::checks
