#include "src/image/paths.h"
#include "src/image/rootfs.h"

namespace kip::image {
namespace {

/// As in the kernel: more are a loop.
constexpr int kLinksFollowed = 40;

constexpr std::uint32_t kPermissions = 07777;

}  // namespace

// `path` is plain. Each link found among its components starts over with the link's target in place.
std::string RootFs::resolve_directory(std::string path) const {
  std::size_t end = 0;
  for (int followed = 0; end < path.size();) {
    end = std::min(path.find('/', end), path.size());
    const auto found = names_.find(std::string_view(path).substr(0, end));
    if (found == names_.end() || inode(found->second).type() != cpio::kModeSymlink) {
      ++end;
      continue;
    }
    if (++followed > kLinksFollowed) return path;
    const std::string& target = inode(found->second).target;
    const std::size_t slash = path.rfind('/', end - 1);
    const bool absolute = target.starts_with('/');
    const std::string parent = absolute || slash == path.npos ? "" : path.substr(0, slash);
    path = plain_path(parent + "/" + target + path.substr(end));
    if (path.size() > cpio::kNameLimit) return path;
    end = 0;
  }
  return path;
}

std::string RootFs::resolve(std::string_view name) {
  std::string path = plain_path(name);
  const std::size_t slash = path.rfind('/');
  if (slash == path.npos) return path;
  if (!resolved_is_valid_ || std::string_view(path).substr(0, slash) != last_parent_) {
    last_parent_ = path.substr(0, slash);
    last_resolved_ = resolve_directory(last_parent_);
    resolved_is_valid_ = true;
  }
  const std::string last = path.substr(slash + 1);
  return last_resolved_.empty() ? last : last_resolved_ + "/" + last;
}

bool RootFs::has_children(const std::string& path) const {
  const std::string below = path + "/";
  const auto next = names_.lower_bound(below);
  return path.empty() || (next != names_.end() && next->first.starts_with(below));
}

// Takes away what is there and of another type; `type` 0 is none's. False if it cannot be taken away.
bool RootFs::clean(const std::string& path, std::uint32_t type) {
  const auto found = names_.find(path);
  if (found == names_.end()) return true;
  Name& name = found->second;
  const std::uint32_t there = inode(name).type();
  if (there == type) return true;
  if (there == cpio::kModeDirectory && has_children(path)) return false;
  if (there == cpio::kModeSymlink) resolved_is_valid_ = false;
  name.inode = inodes_.size();  // a new one, which place() fills
  return true;
}

// The inode of a path, with the member's mode and owner: the one it is linked to, the one that is there,
// or a new one.
std::size_t RootFs::place(const std::string& path, const cpio::Member& member,
                          std::uint32_t segment, std::optional<std::size_t> linked) {
  const auto [found, is_new] = names_.try_emplace(path);
  Name& name = found->second;
  if (is_new)
    name.inode = inodes_.size();
  else
    name.earlier.push_back(name.segment);
  name.segment = segment;
  if (linked) name.inode = *linked;
  if (name.inode == inodes_.size()) {
    Inode& made = inodes_.emplace_back();
    made.special_major = member.special_major;
    made.special_minor = member.special_minor;
  }
  Inode& inode = inodes_[name.inode];
  inode.mode = member.mode & (cpio::kModeTypeMask | kPermissions);
  inode.uid = member.uid;
  inode.gid = member.gid;
  inode.mtime = member.mtime;
  return name.inode;
}

// The inode that a member is one more name of; nullopt if it is the first.
std::optional<std::size_t> RootFs::linked(const std::string& path, const cpio::Member& member) {
  if (member.is_directory() || member.links < 2) return std::nullopt;
  const LinkKey key{member.device_major, member.device_minor, member.inode,
                    member.mode & cpio::kModeTypeMask};
  const auto [first, is_new] = links_.try_emplace(key, path);
  const auto file = is_new ? names_.end() : names_.find(first->second);
  if (file == names_.end()) return std::nullopt;
  return file->second.inode;
}

std::optional<std::size_t> RootFs::add(const cpio::Member& member, std::uint32_t segment,
                                       std::uint64_t ordinal, std::string target) {
  // The unpacker steps over directories and devices with data.
  if (!member.is_regular() && !member.is_symlink() && member.size != 0) return std::nullopt;
  if (member.is_trailer()) {
    links_.clear();
    return std::nullopt;
  }
  if (member.name.empty()) return std::nullopt;
  const std::string path = resolve(member.name);
  bytes_ += kOverhead + path.size() + target.size();
  if (path.empty() && !member.is_directory()) return std::nullopt;
  const std::uint32_t type = member.mode & cpio::kModeTypeMask;
  if (member.is_symlink()) {
    if (member.size > kTargetLimit || !clean(path, 0)) return std::nullopt;
    inodes_[place(path, member, segment, std::nullopt)].target = std::move(target);
    resolved_is_valid_ = false;
    return std::nullopt;
  }
  if (!clean(path, type)) return std::nullopt;
  const auto shared = linked(path, member);
  const std::size_t index = place(path, member, segment, shared);
  if (!member.is_regular() || (shared && member.size == 0)) return std::nullopt;
  inodes_[index].size = member.size;
  inodes_[index].content = ordinal;
  return index;
}

Status check_size(const RootFs& files) {
  if (files.bytes() <= kNamesLimit) return {};
  return fail(Errc::kLimit, "holds more files than are kept in memory");
}

const RootFs::Name* RootFs::find(std::string_view name) {
  const auto found = names_.find(resolve(name));
  return found == names_.end() ? nullptr : &found->second;
}

}  // namespace kip::image
