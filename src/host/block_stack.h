// The block devices below a file system, as /sys shows them, down to the disks: what each needs of modules.
//
// /sys/dev/block/MAJOR:MINOR leads to the device's directory; a partition lies in its disk's; slaves/ links to what a device
// is made of; above a disk lie the devices that it hangs on, each with `driver/module`. A device that the kernel makes of
// others says in dm/uuid or md/level, or by its name, which module does it. A dm target without such a prefix in its UUID, the
// vdevs of a zfs pool, and what a loop device's file lies on are not in /sys.
//
// Sources: Linux Documentation/ABI (sysfs-block, sysfs-block-dm), drivers/md; LVM2's lib/activate (suffixes of UUIDs).
#pragma once

#include <vector>

#include "src/host/root_device.h"
#include "src/host/root_mount.h"

namespace kip::host {

/// Most devices of a stack that are looked at. What is beyond is not known.
inline constexpr std::size_t kDevicesLimit = 256;

/// From the top down, each name once.
std::vector<NeededBy> needs_of_devices(const Root& root, const RootMount& mount);

}  // namespace kip::host
