// Selectors: the text form in which people name CPUs and revisions.
//
//   06-8f-08                        family-model-stepping in hex, as Intel's files are named
//   0x806f8                         a signature, any platform
//   0x806f8,0x87                    and any of these platform flags
//   0x806f8,0x87,gt:0x2b000000      and revisions above (lt: below, eq: equal); flags may be empty
//   cpu00A20F12                     an AMD CPUID as its own tools print it
//   intel:0x120f00  amd:0x120f00    where a family exists at both (10h and up)
//   !0x806f8                        not these
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "src/base/result.h"
#include "ucode/update.h"

namespace kip::ucode {

struct Selector {
  enum class Bound : std::uint8_t { kAny, kLess, kEqual, kGreater };

  bool exclude = false;
  std::optional<Vendor> vendor;  // nullopt: either
  std::uint32_t signature = 0;
  std::uint32_t signature_mask = 0xffffffff;  // bits of the signature that count
  std::optional<std::uint32_t>
      platform_flags;  // Intel; nullopt: any. 0: a CPU so old that it has no platform id
  Bound bound = Bound::kAny;
  std::uint32_t revision = 0;  // what `bound` compares with, unsigned

  bool matches_cpu(Vendor cpu_vendor, CpuSignature cpu) const {
    return (!vendor || *vendor == cpu_vendor) &&
           (cpu.value & signature_mask) == (signature & signature_mask);
  }
  bool takes_revision(std::uint32_t candidate) const;
};

/// kInvalid with the reason if the text is none of the forms above.
Result<Selector> parse_selector(std::string_view text);

/// Whether an update's target is for a platform that the selector names. AMD's have none: always.
bool flags_meet(const Selector& selector, Vendor vendor, const Target& target);

/// A selector for one CPU by its signature; a family at one vendor only implies that vendor.
Selector selector_for(Vendor vendor, CpuSignature cpu, std::optional<std::uint32_t> platform_flags);

}  // namespace kip::ucode
