// What Xen does with the microcode that it finds in a module, told again: intel.c and amd.c of xen/arch/x86/cpu/microcode,
// cpu_request_microcode() and apply_microcode(), of 2025, from bytes to the update that is written.
//
// Unlike Linux (kernel_intel.h, kernel_amd.h), Xen keeps what it had found when a stream turns out to be broken.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "tests/support/blob.h"

namespace kip::support {

// What changed, each by itself; the comments say which forms of Xen have it.
struct XenRules {
  std::uint32_t digest_families =
      0;                     // the last that is asked for digests; XSN-2: 0x19, then all, then 0x1A
  bool long_list = false;    // 79 ids instead of 63
  bool mitigated = false;    // late 2025: a BIOS with the fix ends the asking
  bool min_rev = false;      // late 2025: checked when the patch is applied
  bool digest_check = true;  // ucode=digest-check=no: false

  static XenRules before_xsn2() { return {}; }
  static XenRules xsn2() { return {.digest_families = 0x19}; }
  static XenRules october_2025() { return {.digest_families = 0xFFFFFFFF, .long_list = true}; }
  static XenRules late_2025() {
    return {.digest_families = 0x1A, .long_list = true, .mitigated = true, .min_rev = true};
  }
};

enum class XenOutcome {
  kLoaded,
  kOff,       // the revision says "leave it alone", or is one of family 10h's last
  kNoMatch,   // nothing for this CPU, or nothing that Xen would take
  kNotNewer,  // the candidate is as old as what runs, or older
  kMinRev,    // it states a later base
};

struct XenPick {
  XenOutcome outcome = XenOutcome::kNoMatch;
  std::optional<std::size_t>
      offset;  // of the candidate in the member: Intel's header, AMD's behind its section header
};

// `platform_flags`: one bit, which every CPU that Xen runs on has.
XenPick xen_intel(View member, std::uint32_t signature, std::uint32_t platform_flags,
                  std::uint32_t current_revision);

// Does this patch hash to the value in the list? Asked only about listed ids.
using XenDigestCheck = std::function<bool(std::uint32_t patch_id, View patch)>;

XenPick xen_amd(View member, std::uint32_t cpuid, std::uint32_t current_revision,
                const XenRules& rules, const XenDigestCheck& digest = {});

}  // namespace kip::support
