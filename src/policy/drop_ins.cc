#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "src/base/finding.h"
#include "src/policy/conf.h"
#include "src/policy/drop_ins.h"

namespace kip::policy {
namespace {

constexpr char kNull[] = "/dev/null";

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Hidden files are not meant, as with systemd: editors and package managers leave them behind.
bool counts(std::string_view name) {
  return name.ends_with(".conf") && !name.starts_with('.');
}

}  // namespace

Result<std::vector<std::string>> drop_in_names(const Root& root, const std::string& directory) {
  const auto opened = root.open(directory, O_RDONLY | O_DIRECTORY);
  std::vector<std::string> names;
  if (!opened && opened.error().system_errno == ENOENT) return names;
  if (!opened) return fail(Errc::kSystem, quote(directory) + ": " + opened.error().what);
  // The stream closes its descriptor, so it gets one of its own.
  const std::unique_ptr<DIR, CloseDirectory> stream(
      ::fdopendir(::fcntl(opened->get(), F_DUPFD_CLOEXEC, 0)));
  if (!stream) return fail_errno(quote(directory));
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0) return fail_errno(quote(directory));
    if (entry == nullptr) return names;
    if (counts(entry->d_name)) names.emplace_back(entry->d_name);
  }
}

bool links_to_null(const Root& root, const std::string& path) {
  const auto link = root.open(path, O_PATH | O_NOFOLLOW);
  if (!link) return false;
  char target[sizeof kNull];  // one byte more than is looked for
  const ssize_t length = ::readlinkat(link->get(), "", target, sizeof target);
  return length > 0 && std::string_view(target, static_cast<std::size_t>(length)) == kNull;
}

bool drop_in_exists(const Root& root, const std::string& path) {
  if (links_to_null(root, path)) return true;
  const auto opened = root.open(path, O_PATH);
  return opened || (opened.error().system_errno != ENOENT && opened.error().system_errno != ELOOP);
}

Result<std::vector<std::uint8_t>> read_drop_in(const Root& root, const std::string& path) {
  std::vector<std::uint8_t> nothing;
  if (links_to_null(root, path)) return nothing;
  const Fd file = TRY(root.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY));
  struct stat status;
  if (::fstat(file.get(), &status) != 0) return fail_errno("fstat");
  if (S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3)) return nothing;  // by other links
  if (!S_ISREG(status.st_mode)) return fail(Errc::kInvalid, "is not a regular file");
  FileInput in(file.get());
  return read_rest(in, kConfLimit);
}

}  // namespace kip::policy
