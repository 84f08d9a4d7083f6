#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <memory>
#include <sys/stat.h>

#include "src/cli/kernels.h"
#include "src/host/cpus.h"

namespace kip::cli {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

void add_names(const Root& root, const std::string& directory, std::vector<std::string>& names) {
  const auto opened = root.open(directory, O_RDONLY | O_DIRECTORY);
  if (!opened) return;
  const std::unique_ptr<DIR, CloseDirectory> stream(
      ::fdopendir(::fcntl(opened->get(), F_DUPFD_CLOEXEC, 0)));
  if (!stream) return;
  while (const dirent* const entry = ::readdir(stream.get())) {
    struct stat status;
    if (entry->d_name[0] == '.' ||
        ::fstatat(opened->get(), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    if (S_ISDIR(status.st_mode)) names.emplace_back(entry->d_name);
  }
}

std::string listed(const std::vector<std::string>& names) {
  return names.empty() ? "there is none" : fmt::format("there are {}", fmt::join(names, ", "));
}

}  // namespace

std::vector<std::string> kernels_with_modules(const Root& root) {
  std::vector<std::string> names;
  add_names(root, "/lib/modules", names);
  add_names(root, "/usr/lib/modules", names);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

std::optional<std::string> target_kernel(const Root& root, const std::string& given,
                                         const Messages& messages, ExitCode& code) {
  if (!given.empty()) return given;
  const std::vector<std::string> there = kernels_with_modules(root);
  if (!root.is_host()) {
    if (there.size() == 1) return there.front();
    if (there.empty()) {
      messages.error("below the root no kernel has modules (--root DIR of an installed system)");
      code = ExitCode::kNothing;
      return std::nullopt;
    }
    messages.error("--kernel is needed, since below the root there is not exactly one: " +
                   listed(there));
    code = ExitCode::kUsage;
    return std::nullopt;
  }
  return host::read_kernel(root).release;
}

void say_no_kernel(const Root& root, const std::string& kernel, const Messages& messages) {
  messages.error("no directory of modules for kernel " + quote(kernel) + "; " +
                 listed(kernels_with_modules(root)));
}

}  // namespace kip::cli
