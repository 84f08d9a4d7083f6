// The root file system that an image unpacks to: each path with what it is in the end.
//
//   RootFs files;
//   const auto inode = files.add(member, segment, ordinal, target);   // for each member, in order
//   files.find("etc/fstab")
//
// Rules: Linux init/initramfs.c, clean_path(), maybe_link(), do_name(). The last member of a path wins;
// what is there already and of the same type is kept and written again, under all its names. Hard links
// are told by (device, inode, type) up to the trailer; newc carries their data with one of the names,
// the last as a rule. Parents are resolved through symbolic links, as they stand at that moment.
//
// One difference: a path without its parent directory is here, though kernels drop it. Early microcode is
// such a path as a rule.
//
// Memory: names and the facts about them, never content; whoever adds members of others' images stops at
// kNamesLimit.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "cpio/reader.h"
#include "src/digest/sha256.h"

namespace kip::image {

/// Longest target of a symbolic link that kernels take, in bytes.
inline constexpr std::uint32_t kTargetLimit = 4096;

/// Most that is kept of an image, in bytes(): a million files and more.
inline constexpr std::uint64_t kNamesLimit = 256 * 1024 * 1024;

struct Inode {
  std::uint32_t mode = 0;
  std::uint32_t uid = 0, gid = 0;
  std::uint32_t mtime = 0;
  std::uint32_t special_major = 0, special_minor = 0;  // of a device node
  std::uint32_t size = 0;                              // bytes, of a regular file
  std::uint64_t content = 0;                           // ordinal of the member that brought it
  std::string target;                                  // of a symbolic link
  digest::Sha256 digest = {};                          // of the content, if the caller sets it

  std::uint32_t type() const { return mode & cpio::kModeTypeMask; }
};

class RootFs {
 public:
  struct Name {
    std::size_t inode = 0;               // into inodes
    std::uint32_t segment = 0;           // of the member that it is from
    std::vector<std::uint32_t> earlier;  // segments of the members in front of that
  };

  /// Returns the inode whose content the member's data is; nullopt if it is nobody's. `target` is a
  /// symbolic link's data.
  std::optional<std::size_t> add(const cpio::Member& member, std::uint32_t segment,
                                 std::uint64_t ordinal, std::string target);

  /// What is kept, about.
  std::uint64_t bytes() const { return bytes_; }

  /// By a name as members or people write it.
  const Name* find(std::string_view name);

  /// '/' itself is "".
  const std::map<std::string, Name, std::less<>>& names() const { return names_; }
  const Inode& inode(const Name& name) const { return inodes_[name.inode]; }
  Inode& inode(std::size_t index) { return inodes_[index]; }

  /// A name with its parents' symbolic links resolved.
  std::string resolve(std::string_view name);

 private:
  using LinkKey = std::tuple<std::uint32_t, std::uint32_t, std::uint32_t, std::uint32_t>;

  /// Of one path or hard link, in bytes.
  static constexpr std::uint64_t kOverhead = 256;

  bool clean(const std::string& path, std::uint32_t type);
  bool has_children(const std::string& path) const;
  std::size_t place(const std::string& path, const cpio::Member& member, std::uint32_t segment,
                    std::optional<std::size_t> linked);
  std::optional<std::size_t> linked(const std::string& path, const cpio::Member& member);
  std::string resolve_directory(std::string path) const;

  std::map<std::string, Name, std::less<>> names_;
  std::vector<Inode> inodes_;
  std::map<LinkKey, std::string> links_;  // to the first name, up to the trailer
  std::string last_parent_, last_resolved_;
  bool resolved_is_valid_ = false;
  std::uint64_t bytes_ = 0;
};

/// kLimit beyond kNamesLimit.
Status check_size(const RootFs& files);

}  // namespace kip::image
