// What is mounted on '/', or is to be: by the kernel's table of mounts, else by fstab.
//
// Of a container the mount on '/' is its manager's, of a live system an overlay, and of a chroot often that of whoever builds
// there. So both are told by their fstab if that has an entry for '/'. A container's mount counts only if it is the whole of a
// block device (machines that were made of a container's image keep its mark); one of a kind that holds no installed
// system (overlay, tmpfs, squashfs, …) counts for none.
//
// Sources: proc_pid_mountinfo(5), fstab(5).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "src/base/file.h"

namespace kip::host {

/// Largest table of mounts and largest fstab, in bytes.
inline constexpr std::uint64_t kMountinfoLimit = 32 << 20;
inline constexpr std::uint64_t kFstabLimit = 1 << 20;

struct RootMount {
  std::string file_system;  // empty: "auto" in fstab
  std::string source;       // "/dev/sda2", "rpool/ROOT", "UUID=…"
  std::string device;  // "8:2"; empty where the file system has no device of its own (btrfs, zfs)
  std::string origin;  // "/proc/self/mountinfo", "/etc/fstab:3"
  bool whole = false;  // mounted from the file system's own root, as far as the kernel's table says

  bool operator==(const RootMount&) const = default;
};

/// Pure: the last mount on '/', since it hides those before it; the first entry for '/', as mount(8) takes it.
std::optional<RootMount> root_in_mountinfo(std::string_view text);
std::optional<RootMount> root_in_fstab(std::string_view text);

std::optional<RootMount> find_root_mount(const Root& root);

}  // namespace kip::host
