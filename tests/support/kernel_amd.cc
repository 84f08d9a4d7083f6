#include <algorithm>

#include "tests/support/kernel_amd.h"

namespace kip::support {
namespace {

constexpr std::uint32_t kMagic = 0x00414D44;
constexpr std::size_t kContainerHeaderSize = 12;
constexpr std::size_t kEntrySize = 16;
constexpr std::size_t kSectionHeaderSize = 8;
constexpr std::size_t kPatchHeaderSize = 64;
constexpr std::uint32_t kZenFamily = 0x17;
constexpr std::uint32_t kFinalLevels[] = {0x01000098, 0x0100009F, 0x010000AF};

// Written again here, apart from the builder's: two readings of one rule.
std::uint32_t family_of(std::uint32_t cpuid) {
  const std::uint32_t base = cpuid >> 8 & 0xF;
  return base == 0xF ? base + (cpuid >> 20 & 0xFF) : base;
}
std::uint32_t model_of(std::uint32_t cpuid) {
  return (cpuid >> 4 & 0xF) | (cpuid >> 12 & 0xF0);
}

std::uint32_t cpuid_of_patch(std::uint32_t id) {
  return (id >> 8 & 0xF) | (id >> 8 & 0xF0) | 0xF00 | (id >> 4 & 0xF0000) | (id >> 4 & 0x0FF00000);
}
std::uint32_t lowest_revision(std::uint32_t cpuid) {
  return (cpuid & 0xF) << 8 | (cpuid & 0xF0) << 8 | (cpuid & 0xF0000) << 4 |
         (cpuid & 0x0FF00000) << 4;
}

// Everything verify_patch and the matching need to know about the CPU.
struct Cpu {
  std::uint32_t cpuid;
  std::uint32_t family;
  std::uint32_t revision;  // after rev0_early
  bool by_patch_id;        // the equivalence table is not looked at
};

Cpu make_cpu(std::uint32_t cpuid, std::uint32_t revision, const KernelRules& rules) {
  const std::uint32_t family = family_of(cpuid);
  const bool zen = family >= kZenFamily;
  if (rules.rev0_early && zen && revision == 0) revision = lowest_revision(cpuid);
  return {cpuid, family, revision, rules.zen_id && zen};
}

// Largest patch the running family may have, bytes; families that are not known take none.
std::uint64_t size_limit(std::uint32_t family) {
  if (family >= 0x15) return UINT32_MAX;
  if (family >= 0x10 && family <= 0x12) return 2048;
  return family == 0x14 ? 1824 : 0;
}

enum class Section { kEnd, kSkip, kPatch };

// verify_patch. kEnd ends the container; kSkip and kPatch set `size`.
Section verify(View rest, const Cpu& cpu, const KernelRules& rules, std::uint32_t& size) {
  if (rest.size() < kSectionHeaderSize || get32(rest, 0) != 1) return Section::kEnd;
  size = get32(rest, 4);
  if (size < kPatchHeaderSize || size > rest.size() - kSectionHeaderSize) return Section::kEnd;
  if (size > size_limit(cpu.family)) return Section::kEnd;
  const View patch = rest.subspan(kSectionHeaderSize, size);
  if (get32(patch, 0x10) != 0 || get32(patch, 0x14) != 0) return Section::kEnd;
  if (0xFU + (get16(patch, 0x18) >> 12) != cpu.family) return Section::kSkip;
  if (rules.select) {
    const std::optional<std::uint32_t> cutoff = kernel_amd_cutoff(cpu.revision, rules);
    if (cutoff && (cpu.revision <= *cutoff) != (get32(patch, 4) <= *cutoff)) return Section::kSkip;
  }
  return Section::kPatch;
}

struct Found {
  bool undefined = false;
  std::optional<AmdChoice> match;   // the last one
  std::vector<AmdChoice> verified;  // what passed verification in that container
  std::size_t eaten = 0;            // bytes; 0: nothing recognisable here
};

std::uint16_t equivalence_of(View table, std::uint32_t cpuid) {
  for (std::size_t at = 0; table.size() - at >= kEntrySize; at += kEntrySize) {
    if (get32(table, at) == cpuid) return get16(table, at + 0xC);
  }
  return 0;
}

// parse_container. `base` is where `rest` begins in the member, bytes.
Found parse_container(View rest, std::size_t base, const Cpu& cpu, const KernelRules& rules) {
  Found found;
  if (rest.size() <= kContainerHeaderSize || get32(rest, 0) != kMagic) return found;
  const std::uint32_t length = get32(rest, 8);
  const bool length_fits = length <= rest.size() - kContainerHeaderSize;
  std::uint16_t equivalence = 0;
  if (!cpu.by_patch_id) {
    if (get32(rest, 4) != 0 || length < kEntrySize || !length_fits) return found;
    equivalence = equivalence_of(rest.subspan(kContainerHeaderSize, length), cpu.cpuid);
  } else if (!length_fits) {
    found.undefined = true;
    return found;
  }
  std::size_t at = kContainerHeaderSize + length;
  while (at < rest.size()) {
    std::uint32_t size = 0;
    const Section section = verify(rest.subspan(at), cpu, rules, size);
    if (section == Section::kEnd) break;
    if (section == Section::kPatch) {
      const View patch = rest.subspan(at + kSectionHeaderSize, size);
      const AmdChoice choice{base + at + kSectionHeaderSize, size, get32(patch, 4)};
      found.verified.push_back(choice);
      const bool match = cpu.by_patch_id ? cpuid_of_patch(choice.revision) == cpu.cpuid
                                         : get16(patch, 0x18) == equivalence;
      if (match) found.match = choice;
    }
    at += kSectionHeaderSize + size;
  }
  found.eaten = at;
  return found;
}

// scan_containers: up to the first container with a match.
Found scan(View member, const Cpu& cpu, const KernelRules& rules) {
  std::size_t offset = 0;
  while (offset < member.size()) {
    Found found = parse_container(member.subspan(offset), offset, cpu, rules);
    if (found.undefined || found.match) return found;
    if (found.eaten == 0) break;
    offset += found.eaten;
  }
  return {};
}

bool generation_affected(const Cpu& cpu, const KernelRules& rules) {
  if (!rules.known_gen) return rules.sha_zen5 || cpu.family <= 0x19;
  if (cpu.family == 0x17 || cpu.family == 0x19) return true;
  if (cpu.family != 0x1A) return false;
  const std::uint32_t model = model_of(cpu.cpuid);
  return model <= 0x2F || (model >= 0x40 && model <= 0x4F) ||
         (model >= 0x60 && model <= (rules.strix_halo ? 0x7FU : 0x6FU));
}

bool digest_needed(const Cpu& cpu, const KernelRules& rules) {
  if (!rules.sha || rules.sha_check_off || cpu.family < kZenFamily) return false;
  if (!generation_affected(cpu, rules)) return false;
  std::uint32_t revision = cpu.revision;
  if (rules.norev && revision == 0) revision = lowest_revision(cpu.cpuid);
  const std::optional<std::uint32_t> cutoff = kernel_amd_cutoff(revision, rules);
  return !cutoff || revision <= *cutoff;
}

bool loader_off(const Cpu& cpu) {
  if (cpu.family < 0x10 || cpu.family == 0x18) return true;  // 18h is Hygon: another vendor string
  return std::find(std::begin(kFinalLevels), std::end(kFinalLevels), cpu.revision) !=
         std::end(kFinalLevels);
}

}  // namespace

AmdPick kernel_amd(View member, std::uint32_t cpuid, std::uint32_t current_revision,
                   const KernelRules& rules, const DigestCheck& digest) {
  const Cpu cpu = make_cpu(cpuid, current_revision, rules);
  if (loader_off(cpu)) return {AmdOutcome::kLoaderOff, {}};
  const Found found = scan(member, cpu, rules);
  if (found.undefined) return {AmdOutcome::kUndefined, {}};
  if (!found.match) return {AmdOutcome::kNoMatch, {}};

  const AmdChoice& patch = *found.match;
  const bool older = cpu.revision > patch.revision;
  if (older || (cpu.revision == patch.revision && !rules.same_rev)) {
    return {AmdOutcome::kNotNewer, patch};
  }
  if (digest_needed(cpu, rules)) {
    if (!kernel_amd_listed(patch.revision, rules)) return {AmdOutcome::kUnlisted, patch};
    const View bytes = member.subspan(patch.offset, patch.size);
    if (digest && !digest(patch.revision, bytes)) return {AmdOutcome::kDigestMismatch, patch};
  }
  return {AmdOutcome::kLoaded, patch};
}

std::vector<AmdPick> kernel_amd_cache(View member, std::uint32_t cpuid,
                                      std::uint32_t current_revision, const KernelRules& rules) {
  const Cpu cpu = make_cpu(cpuid, current_revision, rules);
  if (loader_off(cpu)) return {};
  const auto key = [&](const AmdChoice& patch) -> std::uint32_t {
    return cpu.by_patch_id ? cpuid_of_patch(patch.revision) : get16(member, patch.offset + 0x18);
  };
  std::vector<AmdPick> cache;
  for (const AmdChoice& patch : scan(member, cpu, rules).verified) {
    const auto same_cpu = [&](const AmdPick& kept) { return key(*kept.candidate) == key(patch); };
    const auto kept = std::find_if(cache.begin(), cache.end(), same_cpu);
    if (kept == cache.end()) {
      cache.push_back({AmdOutcome::kLoaded, patch});
    } else if (patch.revision > kept->candidate->revision) {
      kept->candidate = patch;
    }
  }
  return cache;
}

std::string_view to_string(AmdOutcome outcome) {
  switch (outcome) {
    case AmdOutcome::kLoaded:
      return "loaded";
    case AmdOutcome::kLoaderOff:
      return "loader off";
    case AmdOutcome::kNoMatch:
      return "no match";
    case AmdOutcome::kNotNewer:
      return "not newer";
    case AmdOutcome::kUnlisted:
      return "no digest";
    case AmdOutcome::kDigestMismatch:
      return "digest mismatch";
    case AmdOutcome::kUndefined:
      return "undefined";
  }
  return "?";
}

}  // namespace kip::support
