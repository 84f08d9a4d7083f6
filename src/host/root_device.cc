#include <fmt/format.h>

#include "src/host/block_stack.h"
#include "src/host/root_device.h"
#include "src/host/root_mount.h"

namespace kip::host {
namespace {

// The module of a file system has its name, or "fs-NAME" for an alias; all of FUSE are one.
NeededBy need_of(const std::string& file_system) {
  const bool fuse = file_system == "fuseblk" || file_system.starts_with("fuse.");
  return {fuse ? "fuse" : file_system, fmt::format("the root file system is {}", file_system)};
}

}  // namespace

RootNeeds read_root_needs(const Root& root) {
  RootNeeds needs;
  const auto mount = find_root_mount(root);
  if (!mount) return needs;
  needs.file_system = mount->file_system;
  needs.source = mount->source;
  needs.origin = mount->origin;
  if (!needs.file_system.empty()) needs.modules.push_back(need_of(needs.file_system));
  for (NeededBy& need : needs_of_devices(root, *mount)) {
    if (needs.modules.empty() || need.name != needs.modules.front().name)
      needs.modules.push_back(std::move(need));
  }
  return needs;
}

RootNeeds root_needs_of(const std::string& file_system) {
  RootNeeds needs;
  needs.file_system = file_system;
  needs.origin = "--root-fs";
  needs.modules.push_back(need_of(file_system));
  return needs;
}

std::vector<std::string> tools_of(const std::string& file_system) {
  if (file_system == "zfs") return {"zpool"};
  if (file_system == "bcachefs") return {"bcachefs", "mount.bcachefs"};
  return {};
}

}  // namespace kip::host
