// A model of Linux's early loader: what it makes of every update of a stream, on a CPU.
//
//   const LoaderAnswer answer = ask_loader(stream, cpu, LoaderRules::of(kernel));
//   if (answer.loads()) … stream[*answer.candidate] …
//   else verdict_text(answer.verdicts[i]) …
//
// The stream is given as the updates that walk() found in it, all sound, in order. A stream with a
// fault is another matter: Intel's loader takes nothing from it at all, and callers must not come
// here with one.
//
// Source: Linux arch/x86/kernel/cpu/microcode/intel.c, scan_microcode(); amd.c, parse_container(), need_sha_check(),
// verify_sha256_digest(), __load_ucode_amd() (6.12 to 6.19).
#pragma once

#include <functional>
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

/// The running revision as it counts: 0 stands for a Zen CPU's lowest.
std::uint32_t counted_revision(const LoaderCpu& cpu);

/// What becomes of an update. Each has one, the first that applies, in the order of the loader's tests.
enum class LoaderVerdict : std::uint8_t {
  kLoaderOff,   // by a switch, or since nothing replaces what runs
  kNotReached,  // behind what ends the scan
  kEndsScan,  // AMD: larger than patches of this CPU's family may be; Intel in Xen: no multiple of 1024
  kOtherCpu,
  kOtherPlatform,  // Intel
  kOtherClass,     // AMD: on the other side of the EntrySign fix; passed over without a word
  kOtherHeader,  // Intel, before 6.7: newer, and passed over since the last pick's header names another CPU
  kTooLarge,        // Xen, AMD: larger than it takes for this CPU's family, and passed over
  kSuperseded,      // Intel: another is newer, or as new and in front; AMD: a later one counts
  kNotNewer,        // than what runs
  kNoDigest,        // AMD: not in the kernel's list
  kDigestMismatch,  // AMD: listed, with other bytes
  kBelowBase,       // Xen, AMD: states a later base than what runs
  kLoads,
};

/// A clause in plain words, as behind "the kernel: ".
const char* verdict_text(LoaderVerdict verdict);

/// One word for reports: "loads", "other-class".
const char* verdict_name(LoaderVerdict verdict);

struct LoaderAnswer {
  std::vector<LoaderVerdict> verdicts;  // one an update
  std::optional<std::size_t>
      candidate;  // the one that the loader comes down to; if it refuses that one, it tries no other

  bool loads() const { return candidate && verdicts[*candidate] == LoaderVerdict::kLoads; }

  /// AMD: the candidate is written, and the CPU is expected to refuse it: it states a higher minimum base.
  bool below_base = false;
};

/// Whether a listed patch has the digest that is listed. Asked for the candidate at most.
using HasDigest = std::function<bool(std::size_t index, std::string_view sha256)>;

struct LoaderSwitches {
  bool hypervisor = false;     // the CPU says that there is one
  bool off = false;            // dis_ucode_ldr
  bool off_by_option = false;  // microcode=dis_ucode_ldr
  bool digests_off = false;    // microcode.amd_sha_check=off
};

/// `has_digest` empty: a listed id is what it says.
LoaderAnswer ask_loader(std::span<const Update> stream, const LoaderCpu& cpu,
                        const LoaderRules& rules, const HasDigest& has_digest = {},
                        const LoaderSwitches& switches = {});

/// Index of the update that the loader would apply.
std::optional<std::size_t> loader_pick(std::span<const Update> stream, const LoaderCpu& cpu,
                                       const LoaderRules& rules);

/// AMD revisions that no update replaces: the loader turns itself off where one runs.
bool is_final_level(std::uint32_t revision);

/// What a BIOS may have left when the loader looks: nothing newer than any update, and of a CPU with an
/// EntrySign fix a revision of either class, or of the one that is proven.
std::vector<std::uint32_t> bios_revisions(Vendor vendor, CpuSignature cpu,
                                          std::optional<EntrySignClass> proven);

}  // namespace kip::ucode
