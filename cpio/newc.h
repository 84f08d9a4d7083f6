// newc, the "new portable" cpio format, as Linux reads it: one page.
//
// A member is a header of 110 ASCII bytes, the name, zero bytes up to a multiple of 4 (counted from
// the archive's start), the data, zero bytes up to a multiple of 4. The header is the magic, then
// 13 fields of 8 hex digits:
//
//    0 magic "070701" ("070702" with a checksum)
//    6 ino        14 mode       22 uid        30 gid         38 nlink       46 mtime
//   54 filesize   62 devmajor   70 devminor   78 rdevmajor   86 rdevminor
//   94 namesize  102 check
//
// namesize counts the name's terminating NUL, and may be larger than the name needs: the rest is
// NUL as well. That is how data is aligned further than to 4 here. The member "TRAILER!!!" ends an
// archive.
//
// Sources: Linux Documentation/driver-api/early-userspace/buffer-format.rst, init/initramfs.c,
// lib/earlycpio.c.
#pragma once

#include <cstdint>
#include <string_view>

namespace kip::cpio {

inline constexpr std::uint64_t kHeaderSize = 110;  // bytes
inline constexpr std::uint64_t kPadding = 4;       // bytes that name and data are padded to
inline constexpr std::string_view kMagic = "070701";
inline constexpr std::string_view kMagicChecksum = "070702";
inline constexpr std::string_view kTrailer = "TRAILER!!!";

/// Longest name including NUL, in bytes: Linux's PATH_MAX. Its unpacker skips members with longer
/// ones.
inline constexpr std::uint32_t kNameLimit = 4096;

inline constexpr std::uint32_t kModeTypeMask = 0170000;
inline constexpr std::uint32_t kModeRegular = 0100000;
inline constexpr std::uint32_t kModeDirectory = 0040000;
inline constexpr std::uint32_t kModeSymlink = 0120000;
inline constexpr std::uint32_t kModeCharacter = 0020000;
inline constexpr std::uint32_t kModeBlock = 0060000;
inline constexpr std::uint32_t kModeFifo = 0010000;
inline constexpr std::uint32_t kModeSocket = 0140000;

inline std::uint64_t align_up(std::uint64_t value, std::uint64_t to) {
  return (value + to - 1) / to * to;
}

}  // namespace kip::cpio
