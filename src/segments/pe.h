// The sections of a PE program, as far as a unified kernel image needs them.
//
// All numbers little endian. "MZ" at 0, at 0x3c a le32: where "PE\0\0" stands. Behind it 20 bytes of
// file header: number of sections at 2, size of the optional header at 16. Behind that header 40 bytes
// a section: name (8 bytes, NULs behind it), at 8 its size in memory, at 16 the size in the file (a
// multiple of the file's alignment), at 20 the offset in the file.
//
// Source: Microsoft, "PE Format".
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/base/input.h"

namespace kip::segments {

struct Section {
  std::string name;          // ".linux"
  std::uint64_t offset = 0;  // bytes from the start of the file
  std::uint64_t size = 0;    // bytes of data, without the padding to the file's alignment
};

/// In the order of their table. nullopt for a file that is none; kTruncated and kCorrupt for one whose
/// table, or a section, reaches beyond its `file_size` bytes.
Result<std::optional<std::vector<Section>>> read_sections(int descriptor, std::uint64_t file_size);

}  // namespace kip::segments
