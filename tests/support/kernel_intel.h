// What Linux does with the Intel microcode member, told again: the stream scan of arch/x86/kernel/
// cpu/microcode/intel.c (scan_microcode, intel_microcode_sanity_check, intel_find_matching_
// signature), from 5.11 on.
//
// The rule that matters most: one unsound update, or one byte left over, voids the whole stream,
// whatever was found before it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "tests/support/blob.h"
#include "tests/support/kernel_rules.h"

namespace kip::support {

enum class IntelFault {
  kNone,
  kResidue,        // 1-47 bytes left: no header fits
  kNoSize,         // total size 0 though data size is not
  kBeyondEnd,      // total size larger than what is left
  kDataTooLarge,   // data + 48 > total
  kHeaderVersion,  // loader revision or header version is not 1
  kExtSize,        // extended table: too small, no whole entries, or not what its count says
  kExtTableSum,
  kMainSum,
  kExtEntrySum,
};

std::string_view to_string(IntelFault fault);

struct IntelChoice {
  std::size_t offset = 0;      // bytes into the member
  std::size_t size = 0;        // bytes, whole update
  std::uint32_t revision = 0;  // compared unsigned
};

struct IntelPick {
  std::optional<IntelChoice> picked;  // empty: nothing is loaded
  IntelFault fault = IntelFault::kNone;
  std::size_t fault_offset = 0;  // bytes into the member, of the update or rest that voids it
};

// `platform_flags` is the CPU's mask: one bit, or 0 for parts without platform id.
// `current_revision` is what the CPU runs when the loader looks: what the BIOS left.
IntelPick kernel_intel(View member, std::uint32_t signature, std::uint32_t platform_flags,
                       std::uint32_t current_revision, const KernelRules& rules = {});

}  // namespace kip::support
