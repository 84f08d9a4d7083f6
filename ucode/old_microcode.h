// The revisions below which Linux calls Intel's microcode old, in /sys/devices/system/cpu/vulnerabilities/old_microcode.
//
//   is_called_old({{0x806f8}, 0x80}, 0x2b000603, LoaderRules::of(kernel))  ->  0x2b000639, which the kernel would have
//
// A kernel has one list for all of its life: that of the Intel release of some months before it. Until 7.1 it knows no
// platforms, and calls a CPU's newest revision old where another platform of it has a higher one.
//
// Source: Linux arch/x86/kernel/cpu/microcode/intel-ucode-defs.h and cpu_has_old_microcode() in arch/x86/kernel/cpu/common.c;
// KernelRule::kOldList and those behind it say since when.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "ucode/kernel_rules.h"
#include "ucode/update.h"

namespace kip::ucode {

struct OldMicrocodeRow {
  std::uint8_t family, model;
  std::uint16_t steppings;       // bit n: stepping n
  std::uint8_t platforms;        // bit n: platform id n; 0: any
  std::uint32_t revision;        // from 6.18 on; 0: not listed any more
  std::uint32_t first_revision;  // of 6.16 and 6.17, for all platforms; 0: not listed yet
};

/// What the kernel would have such a CPU run at least; nullopt: its list does not name the CPU, or platform flags are asked
/// for and are not known.
std::optional<std::uint32_t> expected_revision(const Target& cpu, const LoaderRules& rules);

/// The same where `revision` is called old, else nullopt. Debug revisions always are, on CPUs that are listed.
std::optional<std::uint32_t> is_called_old(const Target& cpu, std::uint32_t revision,
                                           const LoaderRules& rules);

/// Every row. Of several for one CPU the first that fits counts.
std::span<const OldMicrocodeRow> old_microcode_rows();

}  // namespace kip::ucode
