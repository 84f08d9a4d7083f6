#include <algorithm>

#include "ucode/amd.h"
#include "ucode/entrysign.h"
#include "ucode/loader.h"

namespace kip::ucode {
namespace {

bool platform_fits(std::uint32_t update, std::uint32_t cpu, bool any_platform) {
  return (update & cpu) != 0 || (update == 0 && (cpu == 0 || any_platform));
}

std::optional<std::size_t> pick_intel(std::span<const Update> stream, const LoaderCpu& cpu,
                                      const LoaderRules& rules) {
  std::optional<std::size_t> picked;
  std::uint32_t best = cpu.revision;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    const auto& targets = stream[i].targets;
    const bool matches = std::any_of(targets.begin(), targets.end(), [&](const Target& target) {
      return target.signature == cpu.signature &&
             platform_fits(target.platform_flags, cpu.platform_flags, rules.any_platform);
    });
    if (matches && stream[i].revision > best) {
      picked = i;
      best = stream[i].revision;
    }
  }
  return picked;
}

bool names_cpu(const Update& patch, const LoaderCpu& cpu, bool by_id) {
  if (by_id) return zen_cpu(patch.revision) == cpu.signature;
  return std::find(patch.table_cpus.begin(), patch.table_cpus.end(), cpu.signature) !=
         patch.table_cpus.end();
}

std::optional<std::size_t> pick_amd(std::span<const Update> stream, const LoaderCpu& cpu,
                                    const LoaderRules& rules) {
  const bool by_id = rules.zen_id && is_zen(cpu.signature.family());
  const std::uint32_t limit = amd_size_limit(cpu.signature.family());
  const auto cutoff = rules.select ? entrysign_cutoff(cpu.revision) : std::nullopt;
  std::optional<std::size_t> picked;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    // The first container with a match is the last one read; within it the last match counts.
    if (picked && stream[i].container != stream[*picked].container) break;
    // Sizes are judged before families: a patch too large for this CPU ends the scan, whoever it is
    // for.
    if (stream[i].size > limit) break;
    if (amd_family(stream[i].equivalence_id) != cpu.signature.family()) continue;
    // Both against the cutoff of the running revision: a patch id may belong to no row.
    if (cutoff && (cpu.revision <= *cutoff) != (stream[i].revision <= *cutoff)) continue;
    if (names_cpu(stream[i], cpu, by_id)) picked = i;
  }
  if (picked && stream[*picked].revision < cpu.revision) return std::nullopt;
  return picked;
}

std::vector<bool> possible(KernelRule rule, const std::optional<KernelVersion>& kernel) {
  const auto answer = kernel ? holds(rule, *kernel) : Answer::kUnknown;
  if (answer == Answer::kUnknown) return {false, true};
  return {answer == Answer::kYes};
}

}  // namespace

LoaderRules LoaderRules::of(const KernelVersion& kernel) {
  const auto has = [&](KernelRule rule) { return holds(rule, kernel) == Answer::kYes; };
  return {has(KernelRule::kZenId), has(KernelRule::kSelect), has(KernelRule::kAnyPlatform)};
}

std::optional<std::size_t> loader_pick(std::span<const Update> stream, const LoaderCpu& cpu,
                                       const LoaderRules& rules) {
  return cpu.vendor == Vendor::kIntel ? pick_intel(stream, cpu, rules)
                                      : pick_amd(stream, cpu, rules);
}

std::vector<LoaderRules> possible_rules(const std::optional<KernelVersion>& kernel) {
  std::vector<LoaderRules> all;
  for (const bool zen_id : possible(KernelRule::kZenId, kernel)) {
    for (const bool select : possible(KernelRule::kSelect, kernel)) {
      for (const bool any_platform : possible(KernelRule::kAnyPlatform, kernel))
        all.push_back({.zen_id = zen_id, .select = select, .any_platform = any_platform});
    }
  }
  return all;
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
