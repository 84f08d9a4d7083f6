// Builds small kernel modules: an ELF object with a section .modinfo and nothing to run.
//
// Layout: header, sections' data one behind the other, section headers: null, .modinfo, what `exports` and `needs` ask for
// (__ksymtab_strings, .strtab, .symtab), .shstrtab. Source: System V ABI, "Object Files"; depmod takes a module's
// exports from __ksymtab_strings, and what it needs from undefined symbols.
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
  std::vector<std::string> exports = {};  // symbols, for depmod
  std::vector<std::string> needs = {};    // symbols of others
  bool narrow = false;                    // 32 bits
  bool big = false;                       // most significant byte first
  bool info_last = false;                 // .modinfo stands behind the section headers
};

using ModuleInfo = std::vector<std::pair<std::string, std::string>>;

Blob elf_module(const ModuleInfo& info, const ElfFields& fields = {});

// What sign-file appends: a PKCS#7 message with this signer's common name, serial number and digest (the object
// identifier's bytes), and the trailer. What is signed and the signature itself are noise.
struct SignerFields {
  std::string name = "Example module key";
  Blob serial = {0x1a, 0x2b};
  Blob digest = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01};  // sha256
  bool by_key = false;  // name the key by its identifier (`serial`) instead, as sign-file -k
};

Blob module_signature(const SignerFields& fields = {});

}  // namespace kip::support
