#include <algorithm>
#include <map>
#include <tuple>

#include "ucode/amd.h"
#include "ucode/intel.h"
#include "ucode/select.h"

namespace kip::ucode {
namespace {

bool same_update(const Update& a, const Update& b) {
  return a.vendor == b.vendor && a.revision == b.revision && a.size == b.size &&
         a.checksum == b.checksum && a.date == b.date && a.targets == b.targets;
}

/// A candidate that a query matches, with the platform bits it matches it for.
struct Match {
  std::size_t candidate;
  CpuSignature cpu;
  std::uint32_t platforms;  // bits that matter to the query
  bool any_platform;        // matches a CPU without platform id
};

class Chooser {
 public:
  Chooser(std::span<const Candidate> candidates, const SelectOptions& options)
      : candidates_(candidates), options_(options) {
    result_.verdicts.assign(candidates.size(), Verdict::kOtherCpu);
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
    winners_.clear();
    broken_.clear();
    for (const auto& [cpu, matches] : by_cpu) {
      if (cpu.first == Vendor::kIntel) {
        choose_intel(matches);
      } else {
        choose_amd(matches, query);
      }
    }
    answers_.push_back({winners_, broken_});
  }

  Selection finish();

 private:
  using Winner = std::pair<std::size_t, CpuSignature>;
  struct Raw {
    std::vector<Winner> winners;
    std::vector<std::size_t> broken;
  };

  const Update& update(std::size_t candidate) const { return *candidates_[candidate].update; }

  void note(std::size_t candidate, Verdict verdict) {
    result_.verdicts[candidate] = std::max(result_.verdicts[candidate], verdict);
  }

  std::optional<Match> judge(std::size_t candidate, const Target& target, const CpuQuery& query);
  bool matches_any(const std::vector<Selector>& selectors, const Update& update,
                   const Target& target) const;
  bool pinned_away(const Update& update, const Target& target) const;
  void choose_intel(const std::vector<Match>& matches);
  void choose_amd(const std::vector<Match>& matches, const CpuQuery& query);
  void newest(const std::vector<Match>& matches);

  std::span<const Candidate> candidates_;
  const SelectOptions& options_;
  std::vector<Winner> winners_;
  std::vector<std::size_t> broken_;
  std::vector<Raw> answers_;
  Selection result_;
};

bool Chooser::matches_any(const std::vector<Selector>& selectors, const Update& update,
                          const Target& target) const {
  return std::any_of(selectors.begin(), selectors.end(), [&](const Selector& selector) {
    return selector.matches_cpu(update.vendor, target.signature) && flags_meet(selector, target) &&
           selector.takes_revision(update.revision);
  });
}

bool Chooser::pinned_away(const Update& update, const Target& target) const {
  bool pinned = false;
  for (const Selector& pin : options_.pins) {
    if (!pin.matches_cpu(update.vendor, target.signature) || !flags_meet(pin, target)) continue;
    if (pin.takes_revision(update.revision)) return false;
    pinned = true;
  }
  return pinned;
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
  if (matches_any(options_.holds, it, target)) return refuse(Verdict::kHeld);
  if (pinned_away(it, target)) return refuse(Verdict::kNotPinned);
  if (it.revision == 0) return refuse(Verdict::kNoRevision);
  const bool asked_exactly =
      asked.bound == Selector::Bound::kEqual || matches_any(options_.pins, it, target);
  if (it.vendor == Vendor::kIntel && is_debug_revision(it.revision) && !asked_exactly)
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
    broken_.push_back(best_broken->candidate);
  }
  if (best != nullptr) winners_.emplace_back(best->candidate, best->cpu);
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

Selection Chooser::finish() {
  // Candidates that are the same update become one choice, the first of them preferred.
  std::vector<std::size_t> choice_of(candidates_.size(), SIZE_MAX);
  std::vector<Choice> choices;
  const auto choice_for = [&](std::size_t winner) {
    if (choice_of[winner] != SIZE_MAX) return choice_of[winner];
    Choice choice;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (i == winner || (candidates_[i].sound && same_update(update(i), update(winner)))) {
        choice.candidates.push_back(i);
        choice_of[i] = choices.size();
      }
    }
    choices.push_back(std::move(choice));
    return choice_of[winner];
  };
  for (const Raw& raw : answers_) {
    Answered answered;
    for (const auto& [winner, cpu] : raw.winners) {
      const std::size_t choice = choice_for(winner);
      choices[choice].cpus.insert(cpu);
      answered.choices.push_back(choice);
    }
    answered.broken = raw.broken;
    result_.answers.push_back(std::move(answered));
  }
  // Order of writing: AMD families ascending, since a large patch in front stops the scan on old
  // families.
  std::vector<std::size_t> order(choices.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  const auto key = [&](std::size_t i) {
    const Update& it = update(choices[i].candidates.front());
    const bool amd = it.vendor == Vendor::kAmd;
    return std::tuple(amd, amd ? amd_family(it.equivalence_id) : it.targets.front().signature.value,
                      it.targets.front().platform_flags, it.revision,
                      choices[i].candidates.front());
  };
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return key(a) < key(b); });
  std::vector<std::size_t> position(choices.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    position[order[i]] = i;
    result_.choices.push_back(std::move(choices[order[i]]));
  }
  for (Answered& answered : result_.answers) {
    for (std::size_t& choice : answered.choices) choice = position[choice];
    std::sort(answered.choices.begin(), answered.choices.end());
    answered.choices.erase(std::unique(answered.choices.begin(), answered.choices.end()),
                           answered.choices.end());
  }
  return std::move(result_);
}

}  // namespace

const char* verdict_text(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOtherCpu:
      return "for another CPU";
    case Verdict::kOtherPlatform:
      return "for another platform";
    case Verdict::kExcluded:
      return "excluded";
    case Verdict::kOutOfBound:
      return "outside the revision bound";
    case Verdict::kHeld:
      return "held back";
    case Verdict::kNotPinned:
      return "another revision is pinned";
    case Verdict::kNoRevision:
      return "revision 0 is never loaded";
    case Verdict::kDebug:
      return "a debug revision";
    case Verdict::kSuperseded:
      return "superseded";
    case Verdict::kOtherClass:
      return "of the other EntrySign class";
    case Verdict::kTie:
      return "same revision with other bytes, the first counts";
    case Verdict::kDuplicate:
      return "a duplicate";
    case Verdict::kBroken:
      return "broken";
    case Verdict::kChosen:
      return "chosen";
  }
  return "";
}

Selection select(std::span<const Candidate> candidates, std::span<const CpuQuery> queries,
                 const SelectOptions& options) {
  Chooser selector(candidates, options);
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
