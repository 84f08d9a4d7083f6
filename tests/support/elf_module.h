// Builds small kernel modules: an ELF64 object, little endian, with a section .modinfo and nothing to run.
//
// Layout: header (64 bytes), sections' data one behind the other, section headers (64 bytes each): null,
// .modinfo, .shstrtab. Source: System V ABI, "Object Files".
//
//   elf_module({{"version", "2.2.6"}, {"vermagic", "6.12.1-amd64 SMP"}})
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/blob.h"

namespace kip::support {

struct ElfFields {
  std::string section = ".modinfo";  // its name
  bool count_in_first = false;       // numbers of sections where files of more than 65280 have them
  View text = {};                    // bytes of another section in front
};

Blob elf_module(const std::vector<std::pair<std::string, std::string>>& info,
                const ElfFields& fields = {});

}  // namespace kip::support
