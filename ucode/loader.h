// A model of Linux's early loader: which update of a stream it applies on a CPU.
//
// The stream is given as the updates that walk() found in it, all sound, in order. A stream with a
// fault is another matter: Intel's loader takes nothing from it at all, and callers must not come
// here with one.
//
// Source: Linux arch/x86/kernel/cpu/microcode/intel.c, scan_microcode(); amd.c, parse_container()
// (6.12).
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "ucode/entrysign.h"
#include "ucode/kernel_rules.h"
#include "ucode/update.h"

namespace kip::ucode {

struct LoaderCpu {
  Vendor vendor = Vendor::kIntel;
  CpuSignature signature;
  std::uint32_t platform_flags = 0;  // Intel: one bit, or 0
  std::uint32_t revision = 0;        // when the loader looks: what the BIOS left
};

struct LoaderRules {
  bool zen_id = true;
  bool select = false;
  bool any_platform = false;

  /// Rules of which the version leaves it open are taken as absent.
  static LoaderRules of(const KernelVersion& kernel);
};

/// Index of the update that the loader would apply. For AMD the digest check (EntrySign) comes
/// behind this.
std::optional<std::size_t> loader_pick(std::span<const Update> stream, const LoaderCpu& cpu,
                                       const LoaderRules& rules);

/// Every set of rules that the version leaves open; without a version, all of them.
std::vector<LoaderRules> possible_rules(const std::optional<KernelVersion>& kernel);

/// What a BIOS may have left when the loader looks: nothing newer than any update, and of a CPU with an
/// EntrySign fix a revision of either class, or of the one that is proven.
std::vector<std::uint32_t> bios_revisions(Vendor vendor, CpuSignature cpu,
                                          std::optional<EntrySignClass> proven);

}  // namespace kip::ucode
