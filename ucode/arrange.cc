#include <algorithm>
#include <tuple>

#include "ucode/amd.h"
#include "ucode/arrange.h"

namespace kip::ucode {
namespace {

// Groups winners into choices as they come.
class Grouping {
 public:
  explicit Grouping(std::span<const Candidate> candidates)
      : candidates_(candidates), choice_of_(candidates.size(), kNone) {}

  std::size_t add(std::size_t winner, CpuSignature cpu) {
    if (choice_of_[winner] == kNone) open(winner);
    choices_[choice_of_[winner]].cpus.insert(cpu);
    return choice_of_[winner];
  }

  std::vector<Choice>& choices() { return choices_; }

 private:
  static constexpr std::size_t kNone = SIZE_MAX;

  // All copies of the winner; it is the preferred one.
  void open(std::size_t winner) {
    Choice choice{{winner}, {}};
    choice_of_[winner] = choices_.size();
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
      if (i == winner || !candidates_[i].sound || choice_of_[i] != kNone) continue;
      if (!same_update(*candidates_[i].update, *candidates_[winner].update)) continue;
      choice.candidates.push_back(i);
      choice_of_[i] = choices_.size();
    }
    choices_.push_back(std::move(choice));
  }

  std::span<const Candidate> candidates_;
  std::vector<std::size_t> choice_of_;
  std::vector<Choice> choices_;
};

// AMD behind Intel, by family: a large patch in front stops the scan on old families.
auto writing_key(const Update& update, std::size_t candidate) {
  const bool amd = update.vendor == Vendor::kAmd;
  const Target& first = update.targets.front();
  return std::tuple(amd, amd ? amd_family(update.equivalence_id) : first.signature.value,
                    first.platform_flags, update.revision, candidate);
}

}  // namespace

bool same_update(const Update& a, const Update& b) {
  return a.vendor == b.vendor && a.revision == b.revision && a.size == b.size &&
         a.checksum == b.checksum && a.date == b.date && a.equivalence_id == b.equivalence_id &&
         a.targets == b.targets;
}

Selection arrange(std::span<const Candidate> candidates, std::span<const Winners> answers,
                  std::vector<Verdict> verdicts) {
  Selection selection;
  selection.verdicts = std::move(verdicts);
  Grouping grouping(candidates);
  for (const Winners& winners : answers) {
    Answered answered{{}, winners.broken};
    for (const auto& [winner, cpu] : winners.chosen) {
      answered.choices.push_back(grouping.add(winner, cpu));
    }
    // A candidate may be broken for several platform bits.
    std::sort(answered.broken.begin(), answered.broken.end());
    const auto end = std::unique(answered.broken.begin(), answered.broken.end());
    answered.broken.erase(end, answered.broken.end());
    selection.answers.push_back(std::move(answered));
  }
  std::vector<Choice>& choices = grouping.choices();
  std::vector<std::size_t> order(choices.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    const std::size_t x = choices[a].candidates.front(), y = choices[b].candidates.front();
    return writing_key(*candidates[x].update, x) < writing_key(*candidates[y].update, y);
  });
  std::vector<std::size_t> position(choices.size());
  for (std::size_t i = 0; i < order.size(); ++i) {
    position[order[i]] = i;
    selection.choices.push_back(std::move(choices[order[i]]));
  }
  for (Answered& answered : selection.answers) {
    for (std::size_t& choice : answered.choices) choice = position[choice];
    std::sort(answered.choices.begin(), answered.choices.end());
    const auto end = std::unique(answered.choices.begin(), answered.choices.end());
    answered.choices.erase(end, answered.choices.end());
  }
  return selection;
}

}  // namespace kip::ucode
