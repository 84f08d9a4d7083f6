// What Linux does with an initrd, told again: the early search for one member (lib/earlycpio.c,
// find_cpio_data) and the later unpacking of the uncompressed part (init/initramfs.c).
//
// Two readers with two sets of rules; an image has to please both. Both re-tellings take the image
// as the kernel gets it, all initrds in one piece, its first byte at a 4-aligned address.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/blob.h"

namespace kip::support {

inline constexpr std::string_view kIntelPath = "kernel/x86/microcode/GenuineIntel.bin";
inline constexpr std::string_view kAmdPath = "kernel/x86/microcode/AuthenticAMD.bin";

struct Extent {
  std::size_t offset = 0;  // bytes from the start of the image
  std::size_t size = 0;    // bytes
  bool operator==(const Extent&) const = default;
};

// The data of the first regular file whose name begins with `path` (the kernel compares a prefix).
// Found-but-empty is a find: the kernel does not search on.
std::optional<Extent> find_early(View image, std::string_view path);

struct UnpackRules {
  bool checksums = true;      // 5.19: 070702 is accepted, and its checksum verified
  bool name_must_end = true;  // 6.13: a name without NUL at namesize - 1 is an error
};

struct UnpackedFile {
  std::string name;        // no leading "/" or "./"
  std::uint32_t mode = 0;  // as stored, with type bits
  Extent data;             // empty for all but regular files
};

struct UnpackVerdict {
  // What rootfs holds in the end, in order of first creation. A later member of the same name
  // replaces the earlier one; a file without its parent directory is silently not created.
  std::vector<UnpackedFile> files;
  // The kernel's message; empty if it has none. What came before the error stays created.
  std::string error;
  // Where the first compressed magic stands, in bytes; the re-telling stops there.
  std::optional<std::size_t> compressed_at;
  // The image ran out inside a member. Not an error for the kernel: what is there stays.
  bool ends_inside_member = false;

  [[nodiscard]] const UnpackedFile* find(std::string_view name) const;
};

// REQUIRES: nothing. Symbolic links are created but not followed when a later name leads through
// them; ownership, times and device nodes are left out.
UnpackVerdict unpack_verdict(View image, const UnpackRules& rules = {});

}  // namespace kip::support
