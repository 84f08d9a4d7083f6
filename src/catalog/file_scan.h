// What one open file holds: streams of microcode, their updates, findings. Behind catalog.h.
#pragma once

#include "src/catalog/catalog.h"

namespace kip::catalog {

/// A path that is put together only when something is to be said of it: most files of a firmware
/// tree are foreign.
struct PathParts {
  const std::string* directory = nullptr;  // null: `name` is the whole path
  const char* name = "";

  std::string joined() const {
    return directory == nullptr ? std::string(name) : *directory + "/" + name;
  }
};

class FileScan {
 public:
  explicit FileScan(const ScanOptions& options) : options_(options) {}

  /// Reads from `descriptor`, which is open on a regular file, and adds what it finds. `expected`:
  /// the user named this file, so that it is worth a finding if it holds no microcode.
  void scan(const PathParts& path, int descriptor, bool expected, Contents& contents);

 private:
  const ScanOptions& options_;
  codec::Decoders decoders_;
  Scratch scratch_;
};

}  // namespace kip::catalog
