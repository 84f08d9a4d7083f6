#include <algorithm>
#include <map>
#include <set>

#include "src/image/diff.h"
#include "ucode/loader.h"

namespace kip::image {
namespace {

using Revisions = std::vector<std::uint32_t>;

// Platforms that a signature's updates name: single bits, and 0.
std::map<ucode::CpuSignature, std::set<std::uint32_t>> platforms(const Taken& a, const Taken& b) {
  std::map<ucode::CpuSignature, std::set<std::uint32_t>> cpus;
  for (const Taken* const taken : {&a, &b}) {
    for (const ucode::Update& update : taken->updates) {
      for (const ucode::Target& target : update.targets) {
        auto& flags = cpus[target.signature];
        if (target.platform_flags == 0) flags.insert(0);
        for (std::uint32_t bit = 1; bit != 0; bit <<= 1) {
          if ((target.platform_flags & bit) != 0) flags.insert(bit);
        }
      }
    }
  }
  return cpus;
}

Revisions picked(const Taken& taken, ucode::CpuSignature signature, std::uint32_t platform) {
  const auto pick = ucode::loader_pick(
      taken.updates, {ucode::Vendor::kIntel, signature, platform, 0}, {ucode::KernelRule::kRework});
  return pick ? Revisions{taken.updates[*pick].revision} : Revisions{};
}

// Platforms for which the same became of the same are one line.
void compare_intel(const Taken& a, const Taken& b, std::vector<MicrocodeChange>& changes) {
  for (const auto& [signature, flags] : platforms(a, b)) {
    std::vector<MicrocodeChange> of_cpu;
    for (const std::uint32_t platform : flags) {
      MicrocodeChange change{ucode::Vendor::kIntel, signature, platform,
                             picked(a, signature, platform), picked(b, signature, platform)};
      if (change.a == change.b) continue;
      const auto same = std::find_if(of_cpu.begin(), of_cpu.end(), [&](const auto& it) {
        return it.a == change.a && it.b == change.b && it.platform_flags != 0;
      });
      if (same == of_cpu.end() || platform == 0)
        of_cpu.push_back(std::move(change));
      else
        same->platform_flags |= platform;
    }
    changes.insert(changes.end(), of_cpu.begin(), of_cpu.end());
  }
}

// Which of several AMD patches a CPU loads depends on its BIOS and the kernel: all are told.
std::map<ucode::CpuSignature, Revisions> by_cpu(const Taken& taken) {
  std::map<ucode::CpuSignature, Revisions> cpus;
  for (const ucode::Update& update : taken.updates) {
    for (const ucode::Target& target : ucode::distinct_targets(update))
      cpus[target.signature].push_back(update.revision);
  }
  return cpus;
}

void compare_amd(const Taken& a, const Taken& b, std::vector<MicrocodeChange>& changes) {
  auto in_a = by_cpu(a), in_b = by_cpu(b);
  for (const auto& [signature, revisions] : in_b) in_a[signature];  // a key for each
  for (const auto& [signature, revisions] : in_a) {
    if (revisions != in_b[signature])
      changes.push_back({ucode::Vendor::kAmd, signature, 0, revisions, in_b[signature]});
  }
}

}  // namespace

std::vector<MicrocodeChange> compare_microcode(const std::array<Taken, 2>& a,
                                               const std::array<Taken, 2>& b) {
  std::vector<MicrocodeChange> changes;
  compare_intel(a[0], b[0], changes);
  compare_amd(a[1], b[1], changes);
  return changes;
}

}  // namespace kip::image
