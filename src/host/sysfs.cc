#include <algorithm>
#include <cctype>
#include <climits>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <unistd.h>

#include "src/host/sysfs.h"

namespace kip::host {
namespace {

constexpr std::uint64_t kPage = 4096;  // what sysfs gives of one attribute
constexpr std::size_t kPlainLimit = 64;

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// By the text alone: below /sys, no directory that leads to a device is a link.
std::string joined(std::string_view directory, std::string_view target) {
  std::string path = target.starts_with('/') ? "" : std::string(directory);
  while (!target.empty()) {
    const std::size_t end = std::min(target.find('/'), target.size());
    const std::string_view part = target.substr(0, end);
    target.remove_prefix(std::min(end + 1, target.size()));
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      path.resize(path.empty() ? 0 : path.rfind('/'));
    } else {
      path.append("/").append(part);
    }
  }
  return path;
}

}  // namespace

std::string line_of(const Root& root, const std::string& path) {
  const auto bytes = read_file(root, path, kPage);
  if (!bytes) return {};
  std::string_view text = as_text(*bytes);
  text = text.substr(0, text.find('\n'));
  while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
  return std::string(text);
}

std::string target_of(const Root& root, const std::string& path) {
  const auto link = root.open(path, O_PATH | O_NOFOLLOW);
  char target[PATH_MAX];
  const ssize_t length = link ? ::readlinkat(link->get(), "", target, sizeof target) : -1;
  if (length <= 0 || length == sizeof target) return {};
  return joined(std::string_view(path).substr(0, path.rfind('/')),
                std::string_view(target, static_cast<std::size_t>(length)));
}

std::vector<std::string> names_in(const Root& root, const std::string& path) {
  std::vector<std::string> names;
  const auto opened = root.open(path, O_RDONLY | O_DIRECTORY);
  if (!opened) return names;
  // The stream closes its descriptor, so it gets one of its own.
  const std::unique_ptr<DIR, CloseDirectory> stream(
      ::fdopendir(::fcntl(opened->get(), F_DUPFD_CLOEXEC, 0)));
  if (!stream) return names;
  while (names.size() < kNamesLimit) {
    const dirent* const entry = ::readdir(stream.get());
    if (entry == nullptr) break;
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string_view last_part(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

bool is_plain(std::string_view name) {
  return !name.empty() && name.size() <= kPlainLimit &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return c < 0x80 && (std::isalnum(c) || c == '_' || c == '-' || c == '.');
         });
}

}  // namespace kip::host
