// Depmod's binary indexes, modules.*.bin: from keys to values, as a tree of letters.
//
// Numbers have 32 bits, most significant byte first: magic 0xb007f457, version (its upper half counts: 2), root. A
// reference to a node is its offset, and in the upper four bits what it has, in this order:
//   0x8  letters that all its keys go on with, and a NUL
//   0x2  first letter, last letter, and a reference for each from first to last; 0: none
//   0x4  a count, and as often a priority, the value, and a NUL
// A key of modules.alias.bin may be a pattern of fnmatch(3). Source: libkmod/libkmod-index.c, tools/depmod.c.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/bytes.h"

namespace kip::modules {

/// Largest index; those of a distribution's kernel have up to 2 MiB.
inline constexpr std::uint64_t kIndexLimit = 16 << 20;
/// Longest key and value; a line of modules.dep names a few dozen files.
inline constexpr std::size_t kKeyLimit = 2048;
inline constexpr std::size_t kValueLimit = 64 << 10;

class Index {
 public:
  /// Without a key: an index that is missing, or the one of no bytes that depmod writes where it has nothing to say.
  Index() = default;

  /// kUnsupported for another format or version. Damage further in is met by lookups.
  static Result<Index> of(std::vector<std::uint8_t> bytes);

  /// The first value of this key. kCorrupt, kTruncated where the way to it is damaged.
  Result<std::optional<std::string>> find(std::string_view key) const;

  /// Values of all keys that match as patterns, by priority. As above; the work is bounded by the size of the index.
  Result<std::vector<std::string>> match(const std::string& name) const;

 private:
  std::vector<std::uint8_t> bytes_;
  std::uint32_t root_ = 0;
};

}  // namespace kip::modules
