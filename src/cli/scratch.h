// A directory for files that are nobody else's business, gone with its owner.
#pragma once

#include <string>
#include <utility>

#include "src/base/result.h"

namespace kip::cli {

class ScratchDirectory {
 public:
  /// Below TMPDIR, or /var/tmp: what an image unpacks to may be more than a /tmp in memory should hold.
  static Result<ScratchDirectory> create();

  ScratchDirectory(ScratchDirectory&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  ~ScratchDirectory();

  const std::string& path() const { return path_; }

 private:
  explicit ScratchDirectory(std::string path) : path_(std::move(path)) {}

  std::string path_;  // empty: moved away
};

}  // namespace kip::cli
