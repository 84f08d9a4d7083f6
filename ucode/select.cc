#include <algorithm>
#include <map>
#include <tuple>

#include "ucode/amd.h"
#include "ucode/arrange.h"
#include "ucode/intel.h"
#include "ucode/select.h"

namespace kip::ucode {
namespace {

/// A candidate that a query matches, with the platform bits it matches it for.
struct Match {
  std::size_t candidate;
  CpuSignature cpu;
  std::uint32_t platforms;  // bits that matter to the query
  bool any_platform;        // matches a CPU without platform id
};

class Chooser {
 public:
  Chooser(std::span<const Candidate> candidates, std::span<const CpuQuery> queries,
          const SelectOptions& options)
      : candidates_(candidates), queries_(queries), options_(options) {
    verdicts_.assign(candidates.size(), Verdict::kOtherCpu);
  }

  void answer(const CpuQuery& query) {
    std::map<std::pair<Vendor, CpuSignature>, std::vector<Match>> by_cpu;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      const Update& update = *candidates_[i].update;
      for (const Target& target : update.targets) {
        if (!query.selector.matches_cpu(update.vendor, target.signature)) continue;
        if (const auto match = judge(i, target, query))
          by_cpu[{update.vendor, target.signature}].push_back(*match);
      }
    }
    now_ = {};
    for (const auto& [cpu, matches] : by_cpu) {
      if (cpu.first == Vendor::kIntel) {
        choose_intel(matches);
      } else {
        choose_amd(matches, query);
      }
    }
    answers_.push_back(std::move(now_));
  }

  Selection finish() { return arrange(candidates_, answers_, std::move(verdicts_)); }

 private:
  const Update& update(std::size_t candidate) const { return *candidates_[candidate].update; }

  void note(std::size_t candidate, Verdict verdict) {
    verdicts_[candidate] = std::max(verdicts_[candidate], verdict);
  }

  std::optional<Match> judge(std::size_t candidate, const Target& target, const CpuQuery& query);
  bool matches_any(const std::vector<Selector>& selectors, const Update& update,
                   const Target& target) const;
  template <class Condition>
  bool any_asked_target(const Update& update, Condition condition) const;
  bool held(const Update& update) const;
  bool pinned_away(const Update& update) const;
  bool pinned_away(const Update& update, const Target& target) const;
  bool pinned_exactly(const Update& update, const Target& target) const;
  void choose_intel(const std::vector<Match>& matches);
  void choose_amd(const std::vector<Match>& matches, const CpuQuery& query);
  void newest(const std::vector<Match>& matches);

  std::span<const Candidate> candidates_;
  std::span<const CpuQuery> queries_;
  const SelectOptions& options_;
  Winners now_;  // of the query being answered
  std::vector<Winners> answers_;
  std::vector<Verdict> verdicts_;
};

bool Chooser::matches_any(const std::vector<Selector>& selectors, const Update& update,
                          const Target& target) const {
  return std::any_of(selectors.begin(), selectors.end(), [&](const Selector& selector) {
    return selector.matches_cpu(update.vendor, target.signature) &&
           flags_meet(selector, update.vendor, target) && selector.takes_revision(update.revision);
  });
}

// Held or pinned away for one of the CPUs asked for is so for all of them: once in the image, that
// CPU would load it, whoever it was taken for.
bool Chooser::held(const Update& update) const {
  return !options_.holds.empty() && any_asked_target(update, [&](const Target& target) {
    return matches_any(options_.holds, update, target);
  });
}

bool Chooser::pinned_away(const Update& update) const {
  return !options_.pins.empty() && any_asked_target(update, [&](const Target& target) {
    return pinned_away(update, target);
  });
}

template <class Condition>
bool Chooser::any_asked_target(const Update& update, Condition condition) const {
  return std::any_of(update.targets.begin(), update.targets.end(), [&](const Target& target) {
    return condition(target) &&
           std::any_of(queries_.begin(), queries_.end(), [&](const CpuQuery& query) {
             return query.selector.matches_cpu(update.vendor, target.signature) &&
                    flags_meet(query.selector, update.vendor, target);
           });
  });
}

bool Chooser::pinned_away(const Update& update, const Target& target) const {
  bool pinned = false;
  for (const Selector& pin : options_.pins) {
    if (!pin.matches_cpu(update.vendor, target.signature) ||
        !flags_meet(pin, update.vendor, target)) {
      continue;
    }
    if (pin.takes_revision(update.revision)) return false;
    pinned = true;
  }
  return pinned;
}

bool Chooser::pinned_exactly(const Update& update, const Target& target) const {
  return std::any_of(options_.pins.begin(), options_.pins.end(), [&](const Selector& pin) {
    return pin.bound == Selector::Bound::kEqual && matches_any({pin}, update, target);
  });
}

std::optional<Match> Chooser::judge(std::size_t candidate, const Target& target,
                                    const CpuQuery& query) {
  const Update& it = update(candidate);
  const Selector& asked = query.selector;
  Match match{candidate, target.signature, target.platform_flags, target.platform_flags == 0};
  if (it.vendor == Vendor::kIntel && asked.platform_flags) {
    match.platforms &= *asked.platform_flags;
    // Up to 7.0 an update without platform flags is for CPUs without a platform id only; from 7.1
    // on for all.
    const bool lenient =
        options_.kernel && holds(KernelRule::kAnyPlatform, *options_.kernel) == Answer::kYes;
    match.any_platform = match.any_platform && (*asked.platform_flags == 0 || lenient);
    if (match.any_platform) match.platforms = *asked.platform_flags;
  }
  const auto refuse = [&](Verdict verdict) {
    note(candidate, verdict);
    return std::nullopt;
  };
  if (it.vendor == Vendor::kIntel && match.platforms == 0 && !match.any_platform)
    return refuse(Verdict::kOtherPlatform);
  if (matches_any(options_.excludes, it, target)) return refuse(Verdict::kExcluded);
  if (!asked.takes_revision(it.revision)) return refuse(Verdict::kOutOfBound);
  if (held(it)) return refuse(Verdict::kHeld);
  if (pinned_away(it)) return refuse(Verdict::kNotPinned);
  if (it.revision == 0) return refuse(Verdict::kNoRevision);
  if (it.vendor == Vendor::kIntel && it.size % 4 != 0) return refuse(Verdict::kUneven);
  const bool asked_exactly = asked.bound == Selector::Bound::kEqual || pinned_exactly(it, target);
  if (it.vendor == Vendor::kIntel && is_debug_revision(it.revision) && !asked_exactly &&
      !options_.debug)
    return refuse(Verdict::kDebug);
  return match;
}

// The newest of the matches wins; the first of several equally new ones.
void Chooser::newest(const std::vector<Match>& matches) {
  const Match* best = nullptr;
  const Match* best_broken = nullptr;
  for (const Match& match : matches) {
    const Match*& slot = candidates_[match.candidate].sound ? best : best_broken;
    if (slot == nullptr || update(match.candidate).revision > update(slot->candidate).revision)
      slot = &match;
  }
  if (best_broken != nullptr && (best == nullptr || update(best_broken->candidate).revision >
                                                        update(best->candidate).revision)) {
    now_.broken.push_back(best_broken->candidate);
  }
  if (best != nullptr) now_.chosen.emplace_back(best->candidate, best->cpu);
  for (const Match& match : matches) {
    if (!candidates_[match.candidate].sound) {
      note(match.candidate, Verdict::kBroken);
    } else if (match.candidate == best->candidate) {
      note(match.candidate, Verdict::kChosen);
    } else if (update(match.candidate).revision < update(best->candidate).revision) {
      note(match.candidate, Verdict::kSuperseded);
    } else {
      note(match.candidate, same_update(update(match.candidate), update(best->candidate))
                                ? Verdict::kDuplicate
                                : Verdict::kTie);
    }
  }
}

void Chooser::choose_intel(const std::vector<Match>& matches) {
  std::uint32_t bits = 0;
  bool without_id = false;
  for (const Match& match : matches) {
    bits |= match.platforms;
    without_id = without_id || (match.any_platform && match.platforms == 0);
  }
  for (std::uint32_t bit = 1; bit != 0; bit <<= 1) {
    if ((bits & bit) == 0) continue;
    std::vector<Match> for_bit;
    std::copy_if(matches.begin(), matches.end(), std::back_inserter(for_bit),
                 [&](const Match& match) { return (match.platforms & bit) != 0; });
    newest(for_bit);
  }
  if (!without_id) return;
  std::vector<Match> plain;
  std::copy_if(matches.begin(), matches.end(), std::back_inserter(plain),
               [](const Match& match) { return match.any_platform; });
  newest(plain);
}

void Chooser::choose_amd(const std::vector<Match>& matches, const CpuQuery& query) {
  std::vector<Match> old_class, rest;
  for (const Match& match : matches) {
    const auto group = entrysign_class(update(match.candidate).revision);
    (is_zen(match.cpu.family()) && group == EntrySignClass::kOld ? old_class : rest)
        .push_back(match);
  }
  const bool select_lacking =
      options_.kernel && holds(KernelRule::kSelect, *options_.kernel) == Answer::kNo;
  const bool one_class = query.proven && select_lacking && !old_class.empty() && !rest.empty();
  if (one_class) {
    const bool keep_old = *query.proven == EntrySignClass::kOld;
    for (const Match& match : keep_old ? rest : old_class)
      note(match.candidate, Verdict::kOtherClass);
    (keep_old ? rest : old_class).clear();
  }
  if (!old_class.empty()) newest(old_class);
  if (!rest.empty()) newest(rest);
}

}  // namespace

const char* verdict_text(Verdict verdict) {
  // In the order of the enumeration.
  constexpr const char* kTexts[] = {"for another CPU",
                                    "for another platform",
                                    "excluded",
                                    "outside the revision bound",
                                    "held back",
                                    "another revision is pinned",
                                    "revision 0 is never loaded",
                                    "its size is no multiple of 4",
                                    "a debug revision",
                                    "superseded",
                                    "of the other EntrySign class",
                                    "same revision with other bytes, the first counts",
                                    "a duplicate",
                                    "broken",
                                    "chosen"};
  static_assert(std::size(kTexts) == static_cast<std::size_t>(Verdict::kChosen) + 1);
  return kTexts[static_cast<std::size_t>(verdict)];
}

Selection select(std::span<const Candidate> candidates, std::span<const CpuQuery> queries,
                 const SelectOptions& options) {
  Chooser selector(candidates, queries, options);
  for (const CpuQuery& query : queries) selector.answer(query);
  return selector.finish();
}

std::vector<CpuQuery> every_cpu(std::span<const Candidate> candidates) {
  std::set<std::pair<Vendor, CpuSignature>> cpus;
  for (const Candidate& candidate : candidates) {
    if (!candidate.sound) continue;
    for (const Target& target : candidate.update->targets)
      cpus.emplace(candidate.update->vendor, target.signature);
  }
  std::vector<CpuQuery> queries;
  for (const auto& [vendor, cpu] : cpus)
    queries.push_back({selector_for(vendor, cpu, std::nullopt), {}});
  return queries;
}

}  // namespace kip::ucode
