#include <algorithm>

#include "ucode/amd.h"
#include "ucode/digests.h"
#include "ucode/xen.h"

namespace kip::ucode {
namespace {

constexpr std::uint32_t kNoFamily = 0, kAnyFamily = UINT32_MAX;
constexpr LoaderRules kFirstList{KernelRule::kSha};
constexpr LoaderRules kLongList{KernelRule::kSha, KernelRule::kShaTsa};

// Between the second and the third the list grew and the families did, when is not known: on each family one of the two
// says what every form between them does. That the first list was Linux's first is taken for granted.
constexpr XenForm kForms[] = {
    {"4.17 to 4.20 before XSN-2", kNoFamily, {}, false, false, "spring 2025, without 630e8875ab36"},
    {"with XSN-2 (March 2025)", 0x19, kFirstList, false, false, "630e8875ab36"},
    {"with XSN-2 (October 2025)", kAnyFamily, kLongList, false, false,
     "what the series of 27 October 2025 is made on"},
    {"since late 2025", 0x1a, kLongList, true, true,
     "series of 27 October 2025: amd_check_entrysign(), check_min_rev()"},
};

// A hypervisor below that wants to be left alone says so.
constexpr std::uint32_t kLeaveAlone = 0xffffffff;

class IntelScan {
 public:
  explicit IntelScan(const LoaderCpu& cpu) : cpu_(cpu) {}

  LoaderAnswer run(std::span<const Update> stream) {
    for (std::size_t i = 0; i < stream.size(); ++i) answer_.verdicts.push_back(judge(stream, i));
    if (answer_.candidate) {
      const std::size_t last = *answer_.candidate;
      if (!is_newer_for_xen(stream[last].revision, cpu_.revision))
        answer_.verdicts[last] = LoaderVerdict::kNotNewer;
    }
    return std::move(answer_);
  }

 private:
  LoaderVerdict judge(std::span<const Update> stream, std::size_t index) {
    constexpr std::uint32_t kMultiple = 1024;
    const Update& update = stream[index];
    if (!ended_ && update.size % kMultiple != 0) {
      ended_ = true;
      return LoaderVerdict::kEndsScan;
    }
    bool signature = false, platform = false;
    for (const Target& target : update.targets) {
      if (target.signature != cpu_.signature) continue;
      signature = true;
      // A CPU that Xen runs on has one bit, so flags of 0 meet none.
      platform |= (target.platform_flags & cpu_.platform_flags) != 0;
    }
    if (!signature) return LoaderVerdict::kOtherCpu;
    if (!platform) return LoaderVerdict::kOtherPlatform;
    if (ended_) return LoaderVerdict::kNotReached;
    if (answer_.candidate) {
      if (!is_newer_for_xen(update.revision, stream[*answer_.candidate].revision))
        return LoaderVerdict::kSuperseded;
      answer_.verdicts[*answer_.candidate] = LoaderVerdict::kSuperseded;
    }
    answer_.candidate = index;
    return LoaderVerdict::kLoads;
  }

  const LoaderCpu& cpu_;
  LoaderAnswer answer_;
  bool ended_ = false;
};

class AmdScan {
 public:
  AmdScan(const LoaderCpu& cpu, const XenForm& xen, const HasDigest& has_digest, bool digests_off)
      : cpu_(cpu), xen_(xen), has_digest_(has_digest), wants_digest_(wants_digest(digests_off)) {}

  LoaderAnswer run(std::span<const Update> stream) {
    for (std::size_t i = 0; i < stream.size(); ++i) answer_.verdicts.push_back(judge(stream, i));
    if (answer_.candidate) apply(stream[*answer_.candidate]);
    return std::move(answer_);
  }

 private:
  bool wants_digest(bool off) const {
    const std::uint32_t family = cpu_.signature.family();
    if (off || !is_zen(family) || family > xen_.digests_to_family) return false;
    const auto cutoff = entrysign_cutoff(cpu_.revision);
    return !xen_.knows_fixed || !cutoff || cpu_.revision <= *cutoff;
  }

  LoaderVerdict judge(std::span<const Update> stream, std::size_t index) {
    const Update& patch = stream[index];
    const auto end = patch.table_cpus.end() - std::ptrdiff_t(patch.table_cpus_behind);
    if (std::find(patch.table_cpus.begin(), end, cpu_.signature) == end)
      return LoaderVerdict::kOtherCpu;
    // The first table that has the CPU counts; one that contradicts it ends the scan.
    ended_ = ended_ || patch.equivalence_id != id_.value_or(patch.equivalence_id);
    if (ended_) return LoaderVerdict::kNotReached;
    id_ = patch.equivalence_id;
    if (patch.size > xen_size_limit(cpu_.signature.family())) return LoaderVerdict::kTooLarge;
    if (answer_.candidate && patch.revision <= stream[*answer_.candidate].revision)
      return LoaderVerdict::kSuperseded;
    if (wants_digest_) {
      const PatchDigest* const listed = listed_digest(patch.revision, xen_.lists);
      if (listed == nullptr) return LoaderVerdict::kNoDigest;
      if (has_digest_ && !has_digest_(index, listed->sha256)) return LoaderVerdict::kDigestMismatch;
    }
    if (answer_.candidate) answer_.verdicts[*answer_.candidate] = LoaderVerdict::kSuperseded;
    answer_.candidate = index;
    return LoaderVerdict::kLoads;
  }

  void apply(const Update& patch) {
    LoaderVerdict& verdict = answer_.verdicts[*answer_.candidate];
    if (patch.revision <= cpu_.revision) {
      verdict = LoaderVerdict::kNotNewer;
      return;
    }
    // A revision of another CPU is none: the field may hold something else.
    const bool is_base =
        patch.equivalence_id >= 0xa000 && (patch.minimum_revision ^ patch.revision) >> 8 == 0;
    if (!is_base || cpu_.revision >= patch.minimum_revision) return;
    if (xen_.minimum_base) {
      verdict = LoaderVerdict::kBelowBase;
    } else {
      answer_.below_base = true;
    }
  }

  const LoaderCpu& cpu_;
  const XenForm& xen_;
  const HasDigest& has_digest_;
  const bool wants_digest_;
  std::optional<std::uint16_t> id_;
  bool ended_ = false;
  LoaderAnswer answer_;
};

bool is_off(const LoaderCpu& cpu, const XenSwitches& switches) {
  if (cpu.revision == kLeaveAlone || !has_loader(cpu.vendor, cpu.signature)) return true;
  if (cpu.vendor == Vendor::kIntel) return switches.locked;
  return cpu.signature.family() == 0x10 && is_final_level(cpu.revision);
}

}  // namespace

std::span<const XenForm> xen_forms() {
  return kForms;
}

LoaderAnswer ask_xen(std::span<const Update> stream, const LoaderCpu& cpu, const XenForm& xen,
                     const HasDigest& has_digest, const XenSwitches& switches) {
  if (is_off(cpu, switches))
    return {std::vector<LoaderVerdict>(stream.size(), LoaderVerdict::kLoaderOff), {}, false};
  return cpu.vendor == Vendor::kIntel
             ? IntelScan(cpu).run(stream)
             : AmdScan(cpu, xen, has_digest, switches.digests_off).run(stream);
}

bool is_newer_for_xen(std::uint32_t revision, std::uint32_t than) {
  const auto one = static_cast<std::int32_t>(revision), other = static_cast<std::int32_t>(than);
  return one > other || (one < 0 && one != other);
}

std::uint32_t xen_size_limit(std::uint32_t family) {
  switch (family) {
    case 0x14:
      return 1824;
    case 0x15:
      return 4096;
    case 0x16:
      return 3458;
    case 0x17:
      return 3200;
    case 0x19:
      return 5568;
    case 0x1a:
      return 15296;
    default:
      return 2048;
  }
}

std::span<const Update> seen_by_xen(std::span<const Update> updates,
                                    std::span<const Finding> faults, Vendor vendor) {
  // What else is wrong with an AMD stream concerns one patch, or the walk ends there itself.
  const auto fault = std::find_if(faults.begin(), faults.end(), [&](const Finding& it) {
    return vendor == Vendor::kIntel || it.rule == kRuleAmdGap || it.rule == kRuleAmdTableSize;
  });
  if (fault == faults.end()) return updates;
  const auto behind = std::find_if(updates.begin(), updates.end(), [&](const Update& update) {
    return update.offset > fault->offset.value_or(0);
  });
  return updates.first(static_cast<std::size_t>(behind - updates.begin()));
}

}  // namespace kip::ucode
