#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <set>
#include <string_view>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "src/host/block_stack.h"
#include "src/host/sysfs.h"

namespace kip::host {
namespace {

constexpr char kClass[] = "/sys/class/block/";
constexpr char kNumbers[] = "/sys/dev/block/";
constexpr std::string_view kDevices = "/sys/devices/";
constexpr std::size_t kAncestorsLimit = 64;  // a disk behind seven USB hubs has some twenty

struct Sign {
  std::string_view text;
  const char* module;
  const char* what;
};

// What dm/uuid begins with.
constexpr Sign kDmPrefixes[] = {
    {"CRYPT-VERITY-", "dm_verity", "checked by verity"},
    {"CRYPT-INTEGRITY-", "dm_integrity", "with integrity data"},
    {"CRYPT-", "dm_crypt", "encrypted"},
    {"mpath-", "dm_multipath", "of several paths"},
};

// What the UUID of a part of an LVM volume ends with: it tells the target of the device above.
constexpr Sign kLvmSuffixes[] = {
    {"-tpool", "dm_thin_pool", "a thin pool"},
    {"-tdata", "dm_thin_pool", "of a thin pool"},
    {"-tmeta", "dm_thin_pool", "of a thin pool"},
    {"-cow", "dm_snapshot", "of a snapshot"},
    {"-cpool", "dm_cache", "a cache"},
    {"-cdata", "dm_cache", "of a cache"},
    {"-cvol", "dm_cache", "of a cache"},
    {"-vpool", "kvdo", "a VDO pool"},
    {"-vdata", "kvdo", "of a VDO pool"},
};

// Devices that no hardware stands behind, by what stands in front of their number.
constexpr Sign kNames[] = {
    {"loop", "loop", "a loop device"},
    {"zram", "zram", "in memory"},
    {"ram", "brd", "in memory"},
    {"nbd", "nbd", "on the network"},
    {"drbd", "drbd", "replicated by drbd"},
    {"rbd", "rbd", "of a Ceph cluster"},
    {"bcache", "bcache", "cached by bcache"},
    {"zd", "zfs", "a volume of a zfs pool"},
};

bool is_numbered(std::string_view name, std::string_view prefix) {
  return name.starts_with(prefix) && name.size() > prefix.size() && name[prefix.size()] >= '0' &&
         name[prefix.size()] <= '9';
}

class Walk {
 public:
  explicit Walk(const Root& root) : root_(root) {}

  void begin(const std::string& link) {
    const std::string path = target_of(root_, link);
    if (path.starts_with(kDevices) && seen_.size() < kDevicesLimit && seen_.insert(path).second)
      todo_.push_back(path);
  }

  std::vector<NeededBy> run() {
    for (std::size_t i = 0; i < todo_.size(); ++i) look_at(std::string(todo_[i]));
    return std::move(needs_);
  }

  const std::vector<std::string>& devices() const { return todo_; }

 private:
  void need(std::string_view module, std::string_view device, std::string_view what) {
    const bool had = std::any_of(needs_.begin(), needs_.end(),
                                 [&](const NeededBy& it) { return it.name == module; });
    if (had || !is_plain(module)) return;
    needs_.push_back(
        {std::string(module), fmt::format("the root file system is on {}, {}",
                                          is_plain(device) ? device : "a device", what)});
  }

  void look_at(const std::string& path) {
    const std::string_view name = last_part(path);
    if (root_.open(path + "/partition", O_PATH)) {
      const std::string disk = path.substr(0, path.rfind('/'));
      if (disk.starts_with(kDevices) && seen_.size() < kDevicesLimit && seen_.insert(disk).second)
        todo_.push_back(disk);
      return;
    }
    if (root_.open(path + "/dm", O_PATH | O_DIRECTORY))
      look_at_dm(name, line_of(root_, path + "/dm/uuid"));
    if (root_.open(path + "/md", O_PATH | O_DIRECTORY))
      look_at_md(name, line_of(root_, path + "/md/level"));
    for (const Sign& sign : kNames) {
      if (is_numbered(name, sign.text)) need(sign.module, name, sign.what);
    }
    for (const std::string& slave : names_in(root_, path + "/slaves"))
      begin(path + "/slaves/" + slave);
    look_above(path, name);
  }

  void look_at_dm(std::string_view name, std::string_view uuid) {
    need("dm_mod", name, "a device of the device mapper");
    for (const Sign& sign : kDmPrefixes) {
      if (!uuid.starts_with(sign.text)) continue;
      need(sign.module, name, sign.what);
      return;
    }
    if (!uuid.starts_with("LVM-")) return;
    for (const Sign& sign : kLvmSuffixes) {
      if (uuid.ends_with(sign.text)) need(sign.module, name, sign.what);
    }
  }

  void look_at_md(std::string_view name, const std::string& level) {
    need("md_mod", name, "a device of md");
    if (!is_plain(level) || level == "none" || level == "container") return;
    const bool striped = level == "raid4" || level == "raid5" || level == "raid6";
    // The others have the level for an alias, whatever the module is called.
    const bool own = level == "raid0" || level == "raid1" || level == "raid10";
    need(striped ? "raid456" : own ? level : "md-" + level, name, "a " + level);
  }

  // The drivers of what the device hangs on.
  void look_above(std::string path, std::string_view device) {
    for (std::size_t i = 0; i < kAncestorsLimit && path.size() > kDevices.size(); ++i) {
      const std::string module = target_of(root_, path + "/driver/module");
      const std::string_view name = last_part(module);
      if (!module.empty())
        need(name, device, fmt::format("driven by {}", is_plain(name) ? name : ""));
      if (last_part(path).starts_with("nvme-subsys")) look_at_controllers(path, device);
      path.resize(path.rfind('/'));
    }
  }

  // A namespace that several controllers offer lies below none of them.
  void look_at_controllers(const std::string& subsystem, std::string_view device) {
    for (const std::string& name : names_in(root_, subsystem)) {
      const std::string path = target_of(root_, subsystem + "/" + name);
      const bool first = is_numbered(name, "nvme") && path.starts_with(kDevices) &&
                         last_part(path) == name && seen_.size() < kDevicesLimit &&
                         seen_.insert(path).second;
      if (first) look_above(path, device);
    }
  }

  const Root& root_;
  std::vector<std::string> todo_;  // directories of devices, those done in front
  std::set<std::string> seen_;
  std::vector<NeededBy> needs_;
};

// As lvm writes names for the device mapper: VG-LV, with every '-' of theirs doubled.
std::string mapper_name(std::string_view path) {
  std::string name;
  for (const char c : path) {
    if (c == '-') name += '-';
    name += c == '/' ? '-' : c;
  }
  return name;
}

// The link in /sys for a path below /dev.
std::string link_of(const Root& root, const std::string& path) {
  struct stat status;
  const auto node = root.open(path, O_PATH);
  if (node && ::fstat(node->get(), &status) == 0 && S_ISBLK(status.st_mode))
    return fmt::format("{}{}:{}", kNumbers, major(status.st_rdev), minor(status.st_rdev));
  constexpr std::string_view kDev = "/dev/", kMapper = "mapper/";
  std::string name = path.substr(kDev.size());
  const bool mapper = name.starts_with(kMapper);
  if (!mapper && name.find('/') == name.npos) return kClass + name;
  name = mapper ? name.substr(kMapper.size()) : mapper_name(name);
  for (const std::string& device : names_in(root, kClass)) {
    if (is_numbered(device, "dm-") && line_of(root, kClass + device + "/dm/name") == name)
      return kClass + device;
  }
  return {};
}

// The other devices of a btrfs.
void begin_siblings(const Root& root, Walk& walk) {
  constexpr char kBtrfs[] = "/sys/fs/btrfs/";
  const std::vector<std::string> own = walk.devices();
  for (const std::string& uuid : names_in(root, kBtrfs)) {
    const std::string directory = kBtrfs + uuid + "/devices";
    const auto names = names_in(root, directory);
    const bool ours = std::any_of(own.begin(), own.end(), [&](const std::string& path) {
      return std::binary_search(names.begin(), names.end(), last_part(path));
    });
    if (!ours) continue;
    for (const std::string& name : names) walk.begin(directory + "/" + name);
  }
}

}  // namespace

std::vector<NeededBy> needs_of_devices(const Root& root, const RootMount& mount) {
  Walk walk(root);
  std::string_view sources = mount.source;  // of bcachefs, "/dev/sda:/dev/sdb"
  if (!mount.device.empty()) {
    walk.begin(kNumbers + mount.device);
    sources = {};
  }
  while (sources.starts_with("/dev/")) {
    const std::size_t end = std::min(sources.find(":/dev/"), sources.size());
    const std::string link = link_of(root, std::string(sources.substr(0, end)));
    if (!link.empty()) walk.begin(link);
    sources.remove_prefix(std::min(end + 1, sources.size()));
  }
  if (mount.file_system == "btrfs") begin_siblings(root, walk);
  return walk.run();
}

}  // namespace kip::host
