#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <set>
#include <sys/stat.h>

#include "src/base/finding.h"
#include "src/modules/files.h"
#include "src/modules/tree.h"

namespace kip::modules {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

class Walk {
 public:
  Walk(const Root& root, const std::string& top) : root_(root), top_(top) {}

  // `below` is relative to the top, with a '/' behind it, or empty.
  Status list(int directory, const std::string& below, unsigned level) {
    if (level > kLevelLimit)
      return fail(Errc::kLimit, quote(below) + ": too many directories inside each other");
    // The stream closes its descriptor, so it gets one of its own.
    const std::unique_ptr<DIR, CloseDirectory> stream(
        ::fdopendir(::fcntl(directory, F_DUPFD_CLOEXEC, 0)));
    if (!stream) return fail_errno(quote(top_ + "/" + below));
    for (;;) {
      errno = 0;
      const dirent* const entry = ::readdir(stream.get());
      if (entry == nullptr && errno != 0) return fail_errno(quote(top_ + "/" + below));
      if (entry == nullptr) return {};
      if (++names_ > kNamesLimit) return fail(Errc::kLimit, "too many files");
      TRY(take(directory, below, *entry, level));
    }
  }

  std::vector<std::string>& paths() { return paths_; }

 private:
  Status take(int directory, const std::string& below, const dirent& entry, unsigned level) {
    const std::string name = entry.d_name;
    if (name.starts_with('.') || name == "build" || name == "source") return {};
    unsigned char type = entry.d_type;
    if (type == DT_UNKNOWN) {
      struct stat status;
      if (::fstatat(directory, name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return {};
      type = static_cast<unsigned char>(IFTODT(status.st_mode));
    }
    if (type == DT_DIR) {
      const auto inner = root_.open_in(directory, top_ + "/" + below, name.c_str(),
                                       O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
      if (!inner)
        return fail(Errc::kSystem, quote(top_ + "/" + below + name) + ": " + inner.error().what);
      return list(inner->get(), below + name + "/", level + 1);
    }
    if ((type != DT_REG && type != DT_LNK) || uncompressed_name(name).empty()) return {};
    if (paths_.size() >= kFilesLimit) return fail(Errc::kLimit, "too many modules");
    paths_.push_back(below + name);
    return {};
  }

  const Root& root_;
  const std::string& top_;
  std::size_t names_ = 0;
  std::vector<std::string> paths_;
};

// The lines of modules.order; without the file, none.
Result<std::set<std::string, std::less<>>> read_order(const Root& root,
                                                      const std::string& directory) {
  std::set<std::string, std::less<>> order;
  const auto bytes = read_file(root, directory + "/modules.order", kOrderLimit);
  if (!bytes && bytes.error().system_errno == ENOENT) return order;
  if (!bytes)
    return fail(bytes.error().code,
                quote(directory + "/modules.order") + ": " + bytes.error().what);
  std::string_view rest = as_text(*bytes);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    if (const std::string_view path = uncompressed_name(rest.substr(0, end)); !path.empty())
      order.emplace(path);
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return order;
}

}  // namespace

Result<std::vector<ModuleFile>> list_modules(const Root& root, const std::string& path,
                                             int directory) {
  Walk walk(root, path);
  TRY(walk.list(directory, "", 0));
  std::sort(walk.paths().begin(), walk.paths().end());
  const auto order = TRY(read_order(root, path));
  std::vector<ModuleFile> files;
  files.reserve(walk.paths().size());
  for (std::string& file : walk.paths()) {
    const bool in_order = order.contains(uncompressed_name(file));
    files.push_back({module_name(file), std::move(file), in_order});
  }
  return files;
}

}  // namespace kip::modules
