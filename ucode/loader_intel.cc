#include <algorithm>

#include "ucode/loader_parts.h"

namespace kip::ucode {
namespace {

struct Fit {
  bool cpu = false, platform = false;
};

Fit fit(const Update& update, CpuSignature signature, std::uint32_t platform, bool any_platform) {
  Fit found;
  for (const Target& target : update.targets) {
    if (target.signature != signature) continue;
    found.cpu = true;
    const std::uint32_t flags = target.platform_flags;
    found.platform |= (flags & platform) != 0 || (flags == 0 && (platform == 0 || any_platform));
  }
  return found;
}

}  // namespace

LoaderAnswer ask_intel(std::span<const Update> stream, const LoaderCpu& cpu,
                       const LoaderRules& rules) {
  const bool any_platform = rules.has(KernelRule::kAnyPlatform);
  LoaderAnswer answer;
  answer.verdicts.reserve(stream.size());
  for (std::size_t i = 0; i < stream.size(); ++i) {
    LoaderVerdict verdict = LoaderVerdict::kOtherCpu;
    const Fit its = fit(stream[i], cpu.signature, cpu.platform_flags, any_platform);
    if (its.cpu) verdict = LoaderVerdict::kOtherPlatform;
    if (its.platform) {
      const Update* const last = answer.candidate ? &stream[*answer.candidate] : nullptr;
      if (stream[i].revision <= cpu.revision) {
        verdict = LoaderVerdict::kNotNewer;
      } else if (last != nullptr && stream[i].revision <= last->revision) {
        verdict = LoaderVerdict::kSuperseded;
      } else if (last != nullptr && !rules.has(KernelRule::kRework) &&
                 !fit(stream[i], last->targets.front().signature,
                      last->targets.front().platform_flags, any_platform)
                      .platform) {
        verdict = LoaderVerdict::kOtherHeader;
      } else {
        if (last != nullptr) answer.verdicts[*answer.candidate] = LoaderVerdict::kSuperseded;
        answer.candidate = i;
        verdict = LoaderVerdict::kLoads;
      }
    }
    answer.verdicts.push_back(verdict);
  }
  return answer;
}

}  // namespace kip::ucode
