#include <algorithm>
#include <fmt/format.h>

#include "ucode/trouble.h"

namespace kip::ucode {
namespace {

constexpr const char* kSpectre =
    "crash or hang now and then; withdrawn in January 2018, and Linux uses no IBRS with it";
constexpr const char* kSpectreSource =
    "Linux arch/x86/kernel/cpu/intel.c, spectre_bad_microcodes[]; Intel, microcode update guidance "
    "of March 2018";
constexpr const char* kOldBios = "hang the boot where the BIOS left a revision below 0x80";
constexpr const char* kWarmBoot = "freeze some machines, mostly after a warm reboot";

#define KIP_INTEL_ISSUE(number) \
  "https://github.com/intel/Intel-Linux-Processor-Microcode-Data-Files/issues/" number

constexpr Trouble kTroubles[] = {
    {{0x206d6}, 0x61b, 0x61b, kSpectre, kSpectreSource},
    {{0x206d7}, 0x712, 0x712, kSpectre, kSpectreSource},
    {{0x206d7},
     0x718,
     0x718,
     "give trouble on some machines; Red Hat went back to 0x714",
     "https://github.com/xcp-ng/xcp/issues/301"},
    {{0x306c3}, 0x23, 0x23, kSpectre, kSpectreSource},
    {{0x306d4}, 0x28, 0x28, kSpectre, kSpectreSource},
    {{0x306e4}, 0x42a, 0x42a, kSpectre, kSpectreSource},
    {{0x306f2}, 0x3b, 0x3b, kSpectre, kSpectreSource},
    {{0x306f4}, 0x10, 0x10, kSpectre, kSpectreSource},
    {{0x40651}, 0x21, 0x21, kSpectre, kSpectreSource},
    {{0x40661}, 0x18, 0x18, kSpectre, kSpectreSource},
    {{0x40671}, 0x1b, 0x1b, kSpectre, kSpectreSource},
    {{0x406e3}, 0xd8, 0xea, kOldBios, KIP_INTEL_ISSUE("31")},
    {{0x406f1}, 0x0b000025, 0x0b000025, kSpectre, kSpectreSource},
    {{0x50653}, 0x0100013e, 0x0100013e, kSpectre, kSpectreSource},
    {{0x50654}, 0x0200003c, 0x0200003c, kSpectre, kSpectreSource},
    {{0x50662}, 0x14, 0x14, kSpectre, kSpectreSource},
    {{0x50663}, 0x07000011, 0x07000011, kSpectre, kSpectreSource},
    {{0x506e3}, 0xd8, 0xe2, kOldBios, KIP_INTEL_ISSUE("36")},
    {{0x806e9}, 0x80, 0x80, kSpectre, kSpectreSource},
    {{0x806ea}, 0x80, 0x80, kSpectre, kSpectreSource},
    {{0x806eb}, 0xd6, 0xd6, kWarmBoot, KIP_INTEL_ISSUE("33")},
    {{0x806ec}, 0xca, 0xd6, kWarmBoot, KIP_INTEL_ISSUE("35")},
    {{0x906e9}, 0x80, 0x80, kSpectre, kSpectreSource},
    {{0x906ea}, 0x80, 0x80, kSpectre, kSpectreSource},
    {{0x906eb}, 0x80, 0x80, kSpectre, kSpectreSource},
};

}  // namespace

const Trouble* known_trouble(CpuSignature cpu, std::uint32_t revision) {
  const auto* const found =
      std::find_if(std::begin(kTroubles), std::end(kTroubles), [&](const auto& row) {
        return row.cpu == cpu && revision >= row.first && revision <= row.last;
      });
  return found != std::end(kTroubles) ? found : nullptr;
}

const Trouble* known_trouble(const Update& update) {
  if (update.vendor != Vendor::kIntel) return nullptr;
  for (const Target& target : update.targets) {
    if (const Trouble* const known = known_trouble(target.signature, update.revision)) return known;
  }
  return nullptr;
}

std::string hold_selector(const Trouble& trouble, std::uint32_t revision) {
  return fmt::format("{:#x},,eq:{:#010x}", trouble.cpu.value, revision);
}

std::span<const Trouble> known_troubles() {
  return kTroubles;
}

}  // namespace kip::ucode
