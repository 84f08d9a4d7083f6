#include <algorithm>
#include <array>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/vfs.h>
#include <vector>

#include "src/host/root_mount.h"
#include "src/host/situation.h"
#include "src/host/sysfs.h"

namespace kip::host {
namespace {

constexpr char kMountinfo[] = "/proc/self/mountinfo";
constexpr char kFstab[] = "/etc/fstab";
constexpr std::string_view kBlanks = " \t";

// Not where an installed system lives: containers, live media, images' own file systems.
constexpr std::array<std::string_view, 11> kForeign = {"overlay",
                                                       "aufs",
                                                       "tmpfs",
                                                       "ramfs",
                                                       "rootfs",
                                                       "devtmpfs",
                                                       "erofs",
                                                       "iso9660",
                                                       "squashfs",
                                                       "udf",
                                                       "fuse.fuse-overlayfs"};

// Takes a line's next field off it, with \ooo put back.
std::string take_field(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::size_t end = std::min(line.find_first_of(kBlanks), line.size());
  const std::string_view raw = line.substr(0, end);
  line.remove_prefix(end);
  const auto digit = [&](std::size_t i) { return raw[i] >= '0' && raw[i] <= '7'; };
  std::string field;
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '\\' && raw.size() - i > 3 && digit(i + 1) && digit(i + 2) && digit(i + 3)) {
      field +=
          static_cast<char>((raw[i + 1] - '0') * 64 + (raw[i + 2] - '0') * 8 + raw[i + 3] - '0');
      i += 3;
    } else {
      field += raw[i];
    }
  }
  return field;
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// "MAJOR:MINOR" of a block device; major 0 is for file systems that have none.
std::string device_of(const std::string& numbers) {
  const std::size_t colon = numbers.find(':');
  const bool digits = numbers.find_first_not_of("0123456789:") == numbers.npos;
  if (!digits || colon == numbers.npos || colon == 0 || numbers.size() > 20) return {};
  if (numbers.find(':', colon + 1) != numbers.npos || numbers[0] == '0') return {};
  return numbers;
}

std::optional<RootMount> of_mountinfo(const Root& root) {
  const auto file = root.open(kMountinfo, O_RDONLY | O_NONBLOCK);
  if (!file) return std::nullopt;
  // Below another root, the kernel's /proc tells of our own mounts and not of that root's.
  struct statfs status;
  if (!root.is_host() && ::fstatfs(file->get(), &status) == 0 && status.f_type == PROC_SUPER_MAGIC)
    return std::nullopt;
  FileInput in(file->get());
  const auto bytes = read_rest(in, kMountinfoLimit);
  if (!bytes) return std::nullopt;
  return root_in_mountinfo(as_text(*bytes));
}

}  // namespace

std::optional<RootMount> root_in_mountinfo(std::string_view text) {
  std::optional<RootMount> found;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const std::size_t dash = line.find(" - ");
    if (dash == line.npos) continue;
    std::string_view front = line.substr(0, dash), back = line.substr(dash + 3);
    take_field(front);  // ID
    take_field(front);  // its parent's
    const std::string numbers = take_field(front);
    const std::string part = take_field(front);
    if (take_field(front) != "/") continue;
    RootMount mount;
    mount.file_system = take_field(back);
    mount.source = take_field(back);
    mount.device = device_of(numbers);
    mount.origin = kMountinfo;
    mount.whole = part == "/";
    if (is_plain(mount.file_system)) found = mount;
  }
  const bool foreign =
      found && std::find(kForeign.begin(), kForeign.end(), found->file_system) != kForeign.end();
  return foreign ? std::nullopt : found;
}

std::optional<RootMount> root_in_fstab(std::string_view text) {
  for (unsigned number = 1; !text.empty(); ++number) {
    std::string_view line = take_line(text);
    RootMount mount;
    mount.source = take_field(line);
    if (mount.source.empty() || mount.source.starts_with('#')) continue;
    if (take_field(line) != "/") continue;
    const std::string types = take_field(line);  // of several, mount tries one after the other
    mount.file_system = types.substr(0, types.find(','));
    if (!is_plain(mount.file_system)) return std::nullopt;
    if (mount.file_system == "auto") mount.file_system.clear();
    mount.origin = fmt::format("{}:{}", kFstab, number);
    return mount;
  }
  return std::nullopt;
}

std::optional<RootMount> find_root_mount(const Root& root) {
  const Environment here = read_situation(root).environment;
  const auto bytes = read_file(root, kFstab, kFstabLimit);
  const auto planned = bytes ? root_in_fstab(as_text(*bytes)) : std::nullopt;
  const bool foreign = here == Environment::kContainer || here == Environment::kChroot;
  if (foreign && planned) return planned;
  const auto mounted = of_mountinfo(root);
  const bool part = mounted && (mounted->device.empty() || !mounted->whole);
  if (here == Environment::kContainer && part) return std::nullopt;
  return mounted ? mounted : planned;
}

}  // namespace kip::host
