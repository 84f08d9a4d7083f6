// What one open file holds: streams of microcode, their updates, findings. Behind catalog.h.
#pragma once

#include "src/catalog/catalog.h"

namespace kip::catalog {

/// What a file contributes to the catalogue; Entry::stream counts within it.
struct FileContents {
  std::vector<Stream> streams;
  std::vector<Entry> entries;
  std::vector<Finding> findings;
};

class FileScan {
 public:
  FileScan(const ScanOptions& options, codec::Decoders& decoders)
      : options_(options), decoders_(decoders) {}

  /// Reads from `descriptor`, which is open on a regular file. `expected`: the user named this
  /// file, or its name says that it is microcode, so that it is worth a finding if it is not.
  FileContents scan(const std::string& path, int descriptor, bool expected);

 private:
  const ScanOptions& options_;
  codec::Decoders& decoders_;
  Scratch scratch_;
};

/// Whether a file's name says microcode: "06-8f-08" and the like, "microcode_amd*.bin", with a
/// compression suffix.
bool name_says_microcode(std::string_view name);

/// The name without ".xz", ".zst", ".gz".
std::string_view without_suffix(std::string_view name);

}  // namespace kip::catalog
