// What a kernel module says of itself: the section .modinfo of its ELF file, text of the form
// key=value, each ended by a NUL.
//
// ELF64, little endian: the header's e_shoff (40), e_shentsize (58), e_shnum (60), e_shstrndx (62) lead to
// section headers of sh_name (0), sh_type (4), sh_offset (24), sh_size (32), sh_link (40). A file of more
// sections than 16 bits hold has their number in sh_size, and e_shstrndx in sh_link, of the first. Sources:
// System V ABI, "Object Files"; Linux kernel/module/main.c.
#pragma once

#include <map>
#include <string>

#include "src/base/bytes.h"

namespace kip::image {

struct Modinfo {
  /// Of a key that is there several times, the first.
  std::map<std::string, std::string, std::less<>> values;

  /// Empty: not there.
  std::string value(std::string_view key) const;
};

/// kUnsupported for what is no 64-bit little endian ELF file, kTruncated or kCorrupt for one that
/// contradicts itself, or has no .modinfo.
Result<Modinfo> read_modinfo(Bytes elf);

}  // namespace kip::image
