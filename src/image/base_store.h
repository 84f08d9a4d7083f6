// Files of a base's modules, put aside while the base is walked, and given their places afterwards: which path a file has in
// the end is known only then.
//
//   scratch/base/N                  what inode N holds, unless the host has a file with the same bytes
//   scratch/lib/modules/KVER/PATH   a hard link to it, or a symbolic link to the host's file
#pragma once

#include <map>
#include <string>

#include "src/base/file.h"
#include "src/digest/sha256.h"

namespace kip::image {

/// Most bytes that are put aside: no base has as much, and a small one may claim to.
inline constexpr std::uint64_t kStoreLimit = std::uint64_t{8} << 30;

class BaseStore {
 public:
  /// `host`: the host's lib/modules/KVER.
  static Result<BaseStore> make(const std::string& scratch, const std::string& kernel,
                                const std::string& host);

  /// Takes what `data` holds, `size` bytes, for an inode; in place of what was there. `path`: where the host may have the same.
  Status take(std::size_t inode, const std::string& path, std::uint64_t size, Input& data);
  void drop(std::size_t inode) { stored_.erase(inode); }

  /// nullptr: it was not taken.
  const digest::Sha256* digest(std::size_t inode) const;

  /// REQUIRES: it was taken. `path` is relative to lib/modules/KVER, and plain.
  Status place(std::size_t inode, const std::string& path) const;

 private:
  struct Stored {
    digest::Sha256 digest = {};
    std::string at_host;  // absolute path of a file with the same bytes, or empty
  };

  BaseStore(std::string aside, std::string modules, std::string host, digest::Hasher hasher)
      : aside_(std::move(aside)),
        modules_(std::move(modules)),
        host_(std::move(host)),
        hasher_(std::move(hasher)) {}

  std::string name_of(std::size_t inode) const { return aside_ + "/" + std::to_string(inode); }

  std::string aside_, modules_, host_;
  digest::Hasher hasher_;
  std::map<std::size_t, Stored> stored_;
  std::uint64_t bytes_ = 0;
};

/// mkdir -p, for all that leads to `path`.
Status make_parents(const std::string& path);

/// The same path from '/', for links.
std::string absolute(const std::string& path);

}  // namespace kip::image
