#include "src/image/covered.h"
#include "ucode/amd.h"
#include "ucode/entrysign.h"
#include "ucode/loader.h"

namespace kip::image {
namespace {

using ucode::KernelRule;

std::vector<bool> possible(KernelRule rule, const std::optional<ucode::KernelVersion>& kernel) {
  const auto answer = kernel ? ucode::holds(rule, *kernel) : ucode::Answer::kUnknown;
  if (answer == ucode::Answer::kUnknown) return {false, true};
  return {answer == ucode::Answer::kYes};
}

std::vector<ucode::LoaderRules> possible_rules(const std::optional<ucode::KernelVersion>& kernel) {
  std::vector<ucode::LoaderRules> all;
  for (const bool zen_id : possible(KernelRule::kZenId, kernel)) {
    for (const bool select : possible(KernelRule::kSelect, kernel)) {
      for (const bool any_platform : possible(KernelRule::kAnyPlatform, kernel))
        all.push_back({.zen_id = zen_id, .select = select, .any_platform = any_platform});
    }
  }
  return all;
}

// What a BIOS may leave: nothing newer than any update; of either class.
std::vector<std::uint32_t> bios_revisions(const ManifestCpu& cpu) {
  std::vector<std::uint32_t> revisions = {0};
  if (cpu.vendor != ucode::Vendor::kAmd || !ucode::is_zen(cpu.target.signature.family()))
    return revisions;
  const std::uint32_t lowest = ucode::zen_lowest_revision(cpu.target.signature);
  const auto cutoff = ucode::entrysign_cutoff(lowest);
  if (!cutoff) return revisions;
  const bool both = !cpu.proven;
  if (both || *cpu.proven == ucode::EntrySignClass::kOld) revisions.push_back(lowest);
  if (both || *cpu.proven == ucode::EntrySignClass::kFixed) revisions.push_back(*cutoff + 1);
  return revisions;
}

std::uint32_t taken(std::span<const ucode::Update> stream, const ucode::LoaderCpu& cpu,
                    const ucode::LoaderRules& rules) {
  const auto index = ucode::loader_pick(stream, cpu, rules);
  return index ? stream[*index].revision : 0;
}

}  // namespace

bool takes_the_same(std::span<const ucode::Update> image, std::span<const ucode::Update> merged,
                    const ManifestCpu& cpu, const std::optional<ucode::KernelVersion>& kernel) {
  for (const ucode::LoaderRules& rules : possible_rules(kernel)) {
    for (const std::uint32_t revision : bios_revisions(cpu)) {
      const ucode::LoaderCpu at{cpu.vendor, cpu.target.signature, cpu.target.platform_flags,
                                revision};
      if (taken(image, at, rules) != taken(merged, at, rules)) return false;
    }
  }
  return true;
}

}  // namespace kip::image
