// What Linux does with the AMD microcode member, told again: the container scan of arch/x86/kernel/
// cpu/microcode/amd.c (scan_containers, parse_container, verify_patch), from 5.0 on, the digest
// question (need_sha_check, get_cutoff_revision) and the cache the other CPUs load from.
//
// The last matching patch of the first container that holds a match is the only candidate: if a
// later test refuses it, nothing else is tried.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "tests/support/blob.h"
#include "tests/support/kernel_rules.h"

namespace kip::support {

enum class AmdOutcome {
  kLoaded,          // written to the CPU; whether the CPU takes it is the CPU's business
  kLoaderOff,       // family below 10h or 18h (Hygon), or a final revision
  kNoMatch,         // no container, or none with a patch for this CPU
  kNotNewer,        // the candidate is older (before same_rev: or as old)
  kUnlisted,        // "No sha256 digest for patch ID"
  kDigestMismatch,  // "SHA256 digest mismatch"
  kUndefined,  // the kernel reads beyond the member: zen_id on Zen with a table length too large
};

std::string_view to_string(AmdOutcome outcome);

struct AmdChoice {
  std::size_t offset = 0;      // bytes into the member, of the patch (behind its section header)
  std::size_t size = 0;        // bytes of patch
  std::uint32_t revision = 0;  // patch id
};

struct AmdPick {
  AmdOutcome outcome = AmdOutcome::kNoMatch;
  std::optional<AmdChoice> candidate;  // also when it was refused

  [[nodiscard]] bool loaded() const { return outcome == AmdOutcome::kLoaded; }
};

// Does this patch hash to the value the kernel lists for its id? Asked only about listed ids.
// An empty function says yes: synthetic patches can stand for real ones.
using DigestCheck = std::function<bool(std::uint32_t patch_id, View patch)>;

// `cpuid` is leaf 1 EAX; `current_revision` what the BIOS left.
AmdPick kernel_amd(View member, std::uint32_t cpuid, std::uint32_t current_revision,
                   const KernelRules& rules = {}, const DigestCheck& digest = {});

// What the boot CPU keeps for all others: the patches of the container that held its match, one per
// CPU (by patch id with zen_id on Zen, by equivalence id otherwise), the newest each, in container
// order. Empty if the boot CPU had no match; its candidate need not have been applied.
std::vector<AmdPick> kernel_amd_cache(View member, std::uint32_t cpuid,
                                      std::uint32_t current_revision,
                                      const KernelRules& rules = {});

// The last vulnerable revision of the CPU that runs `revision`; none if the kernel has no row.
std::optional<std::uint32_t> kernel_amd_cutoff(std::uint32_t revision,
                                               const KernelRules& rules = {});

// Is the id in the kernel's digest list?
bool kernel_amd_listed(std::uint32_t patch_id, const KernelRules& rules = {});

}  // namespace kip::support
