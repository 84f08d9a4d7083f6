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
#include "ucode/kernel_rules.h"

namespace kip::ucode {

enum class EntrySignClass : std::uint8_t { kOld, kFixed };

struct EntrySignCutoff {
  std::uint32_t key;                    // revision >> 8, which stands for the CPU
  std::uint32_t cutoff;                 // last vulnerable revision
  KernelRule since = KernelRule::kSha;  // the change of Linux that brought the row
};

/// The last vulnerable revision of the CPU that a Zen revision is for; nullopt for CPUs without a
/// row.
std::optional<std::uint32_t> entrysign_cutoff(std::uint32_t revision);

/// The class of a Zen revision; nullopt for CPUs without a row, where Linux makes no difference.
std::optional<EntrySignClass> entrysign_class(std::uint32_t revision);

/// The cutoff that kernels with these rules go by: they have fewer rows, and one that was corrected later.
std::optional<std::uint32_t> entrysign_cutoff(std::uint32_t revision, const LoaderRules& rules);

/// Whether kernels with these rules ask for digests on this Zen CPU at all, be its revision what it may.
bool digests_concern(CpuSignature cpu, const LoaderRules& rules);

/// Every row, ascending by key.
std::span<const EntrySignCutoff> entrysign_cutoffs();

}  // namespace kip::ucode
