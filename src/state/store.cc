#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/atomic_file.h"
#include "src/base/finding.h"
#include "src/state/store.h"

namespace kip::state {
namespace {

constexpr const char* kHome = "/var/lib/kip/";

std::string directory_of(const std::string& kind) {
  return kHome + kind;
}

Status check_name(const std::string& name) {
  if (names_a_record(name)) return {};
  return fail(Errc::kInvalid, quote(name) + " is no name of a kernel");
}

// Opened within the root, which says where a link of its leads; nullopt: it is not there.
Result<std::optional<Fd>> open_directory(const Root& root, const std::string& path) {
  auto directory = root.open(path, O_RDONLY | O_DIRECTORY);
  if (!directory && directory.error().system_errno == ENOENT) return std::nullopt;
  if (!directory) return fail(directory.error().code, quote(path) + ": " + directory.error().what);
  return std::move(*directory);
}

Result<Root> root_at(const std::string& directory) {
  if (directory.empty()) return Root();
  return Root::at(directory);
}

// Makes a directory in one that is open, for all to see whatever the umask.
Status make_directory(int parent, const char* name) {
  constexpr mode_t kMode = 0755;
  if (::mkdirat(parent, name, kMode) != 0) {
    if (errno == EEXIST) return {};
    return fail_errno("cannot be made");
  }
  if (::fchmodat(parent, name, kMode, 0) != 0) return fail_errno("chmod");
  return {};
}

bool is_same(int descriptor, const std::string& path) {
  struct stat a, b;
  return ::fstat(descriptor, &a) == 0 && ::stat(path.c_str(), &b) == 0 && a.st_dev == b.st_dev &&
         a.st_ino == b.st_ino;
}

// The path of the last directory, with all that leads to it.
Result<std::string> make_directories(const std::string& root_path,
                                     std::initializer_list<std::string> names) {
  const Root root = TRY(root_at(root_path));
  Fd directory = TRY(root.open("/", O_RDONLY | O_DIRECTORY));
  std::string path;
  for (const std::string& name : names) {
    path.append("/").append(name);
    if (const Status made = make_directory(directory.get(), name.c_str()); !made)
      return fail(Errc::kSystem, quote(path) + ": " + made.error().what);
    auto next = TRY(open_directory(root, path));
    if (!next) return fail(Errc::kInvalid, quote(path) + " is a link to nothing");
    directory = std::move(*next);
  }
  if (!is_same(directory.get(), root_path + path))
    return fail(Errc::kInvalid, quote(path) + ": a link there leads out of the root");
  return root_path + path;
}

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

bool names_a_record(std::string_view name) {
  constexpr std::size_t kNameLimit = 255;
  return !name.empty() && name.front() != '.' && name.size() <= kNameLimit &&
         name.find('/') == name.npos && name.find('\0') == name.npos;
}

std::string place_of(const std::string& kind, const std::string& name) {
  return directory_of(kind) + "/" + name;
}

Result<std::string> make_home(const std::string& root) {
  return make_directories(root, {"var", "lib", "kip"});
}

Status put(const std::string& root, const std::string& kind, const std::string& name,
           std::string_view text) {
  TRY(check_name(name));
  const std::string path = TRY(make_directories(root, {"var", "lib", "kip", kind})) + "/" + name;
  constexpr mode_t kMode = 0644;
  AtomicFile file = TRY(AtomicFile::create(path, AtomicFile::Existing::kReplaceLink, kMode));
  if (::fchmod(file.descriptor(), kMode) != 0) return fail_errno("chmod");
  TRY(file.write(as_bytes(text)));
  return file.commit();
}

Status drop(const std::string& root, const std::string& kind, const std::string& name) {
  TRY(check_name(name));
  const auto directory = TRY(open_directory(TRY(root_at(root)), directory_of(kind)));
  struct stat status;
  // Asked for first, since a read-only file system refuses even to remove what is not there.
  if (!directory || (::fstatat(directory->get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 &&
                     errno == ENOENT))
    return {};
  if (::unlinkat(directory->get(), name.c_str(), 0) != 0 && errno != ENOENT)
    return fail_errno(quote(place_of(kind, name)));
  return {};
}

Result<std::vector<std::string>> names_of(const Root& root, const std::string& kind) {
  std::vector<std::string> names;
  const std::string path = directory_of(kind);
  const auto directory = TRY(open_directory(root, path));
  if (!directory) return names;
  const std::unique_ptr<DIR, CloseDirectory> stream(
      ::fdopendir(::fcntl(directory->get(), F_DUPFD_CLOEXEC, 0)));
  if (!stream) return fail_errno(path);
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr && errno != 0) return fail_errno(path);
    if (entry == nullptr) break;
    if (names_a_record(entry->d_name)) names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::vector<std::uint8_t>> read_record(const Root& root, const std::string& kind,
                                              const std::string& name, std::uint64_t limit) {
  const Fd file =
      TRY(root.open(place_of(kind, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  struct stat status;
  if (::fstat(file.get(), &status) != 0) return fail_errno("fstat");
  if (!S_ISREG(status.st_mode)) return fail(Errc::kInvalid, "is not a regular file");
  FileInput in(file.get());
  return read_rest(in, limit);
}

}  // namespace kip::state
