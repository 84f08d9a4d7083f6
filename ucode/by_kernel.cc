#include <algorithm>
#include <map>

#include "ucode/by_kernel.h"

namespace kip::ucode {

std::vector<KernelAnswer> ask_kernels(std::span<const Update> stream, const LoaderCpu& cpu,
                                      std::span<const KernelRange> kernels,
                                      const HasDigest& has_digest, const LoaderSwitches& switches) {
  std::map<std::size_t, bool> known;
  HasDigest once;
  if (has_digest) {
    once = [&](std::size_t index, std::string_view sha256) {
      const auto [it, is_new] = known.try_emplace(index, false);
      if (is_new) it->second = has_digest(index, sha256);
      return it->second;
    };
  }
  std::vector<KernelAnswer> all;
  for (const KernelRange& kernel : kernels) {
    LoaderAnswer answer = ask_loader(stream, cpu, kernel.rules, once, switches);
    const auto same = std::find_if(all.begin(), all.end(), [&](const KernelAnswer& it) {
      return it.answer.verdicts == answer.verdicts && it.answer.below_base == answer.below_base;
    });
    if (same != all.end()) {
      same->kernels.push_back(kernel);
    } else {
      all.push_back({{kernel}, std::move(answer)});
    }
  }
  return all;
}

bool is_for(const Update& update, CpuSignature cpu) {
  return std::any_of(update.targets.begin(), update.targets.end(),
                     [&](const Target& target) { return target.signature == cpu; }) ||
         std::find(update.table_cpus.begin(), update.table_cpus.end(), cpu) !=
             update.table_cpus.end();
}

std::optional<std::size_t> nearest(std::span<const Update> stream, const LoaderCpu& cpu,
                                   const LoaderAnswer& answer) {
  if (answer.candidate) return answer.candidate;
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    if (!is_for(stream[i], cpu.signature)) continue;
    if (!best || answer.verdicts[i] >= answer.verdicts[*best]) best = i;
  }
  return best;
}

}  // namespace kip::ucode
