// Whether an ELF file can be handed to libkmod, which trusts what it should not: version 30 ends the process (assert) at a
// module without section headers, at an empty section at the file's end, and reads a byte beyond a section that ends
// with the file.
//
// The header's e_shoff, e_shentsize, e_shnum, e_shstrndx lead to section headers; of those sh_name, sh_offset, sh_size
// count. Sources: System V ABI, "Object Files"; libkmod/libkmod-elf.c.
#pragma once

#include "src/base/bytes.h"

namespace kip::modules {

/// Most bytes of .modinfo; a driver with thousands of aliases has 200 KiB.
inline constexpr std::uint64_t kInfoLimit = 4 << 20;

/// Both word sizes and byte orders. kUnsupported for what is no ELF file; kTruncated or kCorrupt for one that contradicts
/// itself, or has no .modinfo; kLimit beyond kInfoLimit.
Status check_elf(Bytes elf);

}  // namespace kip::modules
