// Which kernel modules this machine's root file system needs: by the file system, and by the block devices below it.
//
//   const RootNeeds needs = read_root_needs(root);
//   for (const NeededBy& it : needs.modules) ...   // {"zfs", "the root file system is zfs"}, {"dm_crypt", "…"}
//
// The mount on '/' in /proc/self/mountinfo; where that is none of the machine's (a container's overlay, a chroot), the entry for '/'
// in /etc/fstab. Then /sys/dev/block/MAJOR:MINOR with its slaves, down to the disks: of each device the driver's module, by
// dm/uuid (CRYPT-…, LVM-…), md/level, and `device/driver/module`.
//
// Names are modules' or aliases ("fs-zfs"). What is built in, in-tree, or not there at all is for the caller to find out.
#pragma once

#include <string>
#include <vector>

#include "src/base/file.h"

namespace kip::host {

struct NeededBy {
  std::string name;  // of a module, or an alias
  std::string
      why;  // "the root file system is zfs", "the root file system is on sda2, a disk of driver nvme"
};

struct RootNeeds {
  std::string file_system;  // "zfs"; empty: not known
  std::string source;       // "/dev/mapper/root", "rpool/ROOT"; or empty
  std::string origin;       // "/proc/self/mountinfo", "/etc/fstab:3", "--root-fs"; empty: not known
  std::vector<NeededBy> modules;
};

/// Nothing that cannot be read is an error: it is not known, then.
RootNeeds read_root_needs(const Root& root);

/// For a root file system that is told.
RootNeeds root_needs_of(const std::string& file_system);

/// The program that a file system's initrd has to have for its mount to work, as names in bin or sbin, any of them; empty: none.
/// zfs: zpool; bcachefs: bcachefs; …
std::vector<std::string> tools_of(const std::string& file_system);

}  // namespace kip::host
