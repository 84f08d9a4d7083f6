// EntrySign (AMD-SB-7033): the last revision of each Zen CPU whose signature check can be forged.
//
// A revision at or below its CPU's cutoff is of the *old class*, above it of the *fixed class*.
// Kernels with KernelRule::kSelect load only patches of the running revision's class; firmware
// trees therefore carry up to two patches a CPU, one a class, and both are kept unless the class of
// the CPU is proven.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "ucode/cpu_id.h"

namespace kip::ucode {

enum class EntrySignClass : std::uint8_t { kOld, kFixed };

struct EntrySignCutoff {
  std::uint32_t key;     // revision >> 8, which stands for the CPU
  std::uint32_t cutoff;  // last vulnerable revision
};

/// The last vulnerable revision of the CPU that a Zen revision is for; nullopt for CPUs without a
/// row.
std::optional<std::uint32_t> entrysign_cutoff(std::uint32_t revision);

/// The class of a Zen revision; nullopt for CPUs without a row, where Linux makes no difference.
std::optional<EntrySignClass> entrysign_class(std::uint32_t revision);

/// Every row, ascending by key.
std::span<const EntrySignCutoff> entrysign_cutoffs();

}  // namespace kip::ucode
