#include <algorithm>

#include "ucode/amd.h"
#include "ucode/loader_parts.h"

namespace kip::ucode {

// Source: Linux arch/x86/kernel/cpu/microcode/amd.c, final_levels[].
bool is_final_level(std::uint32_t revision) {
  constexpr std::uint32_t kFinal[] = {0x01000098, 0x0100009f, 0x010000af};
  return std::find(std::begin(kFinal), std::end(kFinal), revision) != std::end(kFinal);
}

std::uint32_t counted_revision(const LoaderCpu& cpu) {
  const bool zen = cpu.vendor == Vendor::kAmd && is_zen(cpu.signature.family());
  return zen && cpu.revision == 0 ? zen_lowest_revision(cpu.signature) : cpu.revision;
}

const char* verdict_text(LoaderVerdict verdict) {
  switch (verdict) {
    case LoaderVerdict::kLoaderOff:
      return "not looked at: the loader is off";
    case LoaderVerdict::kNotReached:
      return "not reached: behind the end of the scan";
    case LoaderVerdict::kEndsScan:
      return "too large for this CPU's family, which ends the scan";
    case LoaderVerdict::kOtherCpu:
      return "for another CPU";
    case LoaderVerdict::kOtherPlatform:
      return "for other platforms";
    case LoaderVerdict::kOtherClass:
      return "passed over without a word: on the other side of the EntrySign fix than what the "
             "BIOS left";
    case LoaderVerdict::kOtherHeader:
      return "passed over: the update taken before it names another CPU in its header";
    case LoaderVerdict::kTooLarge:
      return "passed over: too large for this CPU's family";
    case LoaderVerdict::kSuperseded:
      return "superseded by another";
    case LoaderVerdict::kNotNewer:
      return "not newer than what the BIOS left";
    case LoaderVerdict::kNoDigest:
      return "refused: the kernel's list of digests does not have it";
    case LoaderVerdict::kDigestMismatch:
      return "refused: not the bytes whose digest the kernel lists";
    case LoaderVerdict::kBelowBase:
      return "refused: it states a later base than what the BIOS left";
    case LoaderVerdict::kLoads:
      return "loads";
  }
  return "";
}

const char* verdict_name(LoaderVerdict verdict) {
  constexpr const char* kNames[] = {
      "loader-off",  "not-reached",     "ends-scan",  "other-cpu",  "other-platform",
      "other-class", "other-header",    "too-large",  "superseded", "not-newer",
      "no-digest",   "digest-mismatch", "below-base", "loads"};
  return kNames[static_cast<std::size_t>(verdict)];
}

LoaderAnswer ask_loader(std::span<const Update> stream, const LoaderCpu& cpu,
                        const LoaderRules& rules, const HasDigest& has_digest,
                        const LoaderSwitches& switches) {
  if (switches.hypervisor || switches.off ||
      (switches.off_by_option && rules.has(KernelRule::kOptions)) ||
      (cpu.vendor == Vendor::kAmd && is_final_level(cpu.revision)))
    return {std::vector<LoaderVerdict>(stream.size(), LoaderVerdict::kLoaderOff), {}, false};
  return cpu.vendor == Vendor::kIntel ? ask_intel(stream, cpu, rules)
                                      : ask_amd(stream, cpu, rules, has_digest, switches);
}

std::optional<std::size_t> loader_pick(std::span<const Update> stream, const LoaderCpu& cpu,
                                       const LoaderRules& rules) {
  const LoaderAnswer answer = ask_loader(stream, cpu, rules);
  return answer.loads() ? answer.candidate : std::nullopt;
}

std::vector<std::uint32_t> bios_revisions(Vendor vendor, CpuSignature cpu,
                                          std::optional<EntrySignClass> proven) {
  std::vector<std::uint32_t> revisions = {0};
  if (vendor != Vendor::kAmd || !is_zen(cpu.family())) return revisions;
  const std::uint32_t lowest = zen_lowest_revision(cpu);
  const auto cutoff = entrysign_cutoff(lowest);
  if (!cutoff) return revisions;
  if (proven != EntrySignClass::kFixed) revisions.push_back(lowest);
  if (proven != EntrySignClass::kOld) revisions.push_back(*cutoff + 1);
  return revisions;
}

}  // namespace kip::ucode
