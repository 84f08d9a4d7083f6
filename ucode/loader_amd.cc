#include <algorithm>

#include "ucode/amd.h"
#include "ucode/digests.h"
#include "ucode/loader_parts.h"

namespace kip::ucode {
namespace {

class Loader {
 public:
  Loader(std::span<const Update> stream, const LoaderCpu& cpu, const LoaderRules& rules)
      : stream_(stream),
        cpu_(cpu),
        rules_(rules),
        zen_(is_zen(cpu.signature.family())),
        revision_(rules.has(KernelRule::kRevisionZero) ? counted_revision(cpu) : cpu.revision) {
    if (rules.has(KernelRule::kSelect)) cutoff_ = entrysign_cutoff(revision_, rules);
  }

  // The first container with a match is the last one read; within it the last match counts.
  LoaderAnswer scan() {
    LoaderAnswer answer;
    answer.verdicts.assign(stream_.size(), LoaderVerdict::kNotReached);
    for (std::size_t i = 0; i < stream_.size(); ++i) {
      if (answer.candidate && stream_[i].container != stream_[*answer.candidate].container) break;
      answer.verdicts[i] = judge(stream_[i]);
      if (answer.verdicts[i] == LoaderVerdict::kEndsScan) break;
      if (answer.verdicts[i] != LoaderVerdict::kLoads) continue;
      if (answer.candidate) answer.verdicts[*answer.candidate] = LoaderVerdict::kSuperseded;
      answer.candidate = i;
    }
    return answer;
  }

  void apply(LoaderAnswer& answer, const HasDigest& has_digest,
             const LoaderSwitches& switches) const {
    if (!answer.candidate) return;
    const Update& patch = stream_[*answer.candidate];
    LoaderVerdict& verdict = answer.verdicts[*answer.candidate];
    const bool again = patch.revision == revision_ && !rules_.has(KernelRule::kSameRevision);
    if (patch.revision < revision_ || again) {
      verdict = LoaderVerdict::kNotNewer;
      return;
    }
    if (!switches.digests_off && wants_digest()) {
      const PatchDigest* const listed = listed_digest(patch.revision, rules_);
      if (listed == nullptr) {
        verdict = LoaderVerdict::kNoDigest;
        return;
      }
      if (has_digest && !has_digest(*answer.candidate, listed->sha256)) {
        verdict = LoaderVerdict::kDigestMismatch;
        return;
      }
    }
    answer.below_base = zen_ && revision_ < patch.minimum_revision;
  }

 private:
  // Sizes are judged before families: a patch too large for this CPU ends the scan, whoever it is for.
  LoaderVerdict judge(const Update& patch) const {
    if (patch.size > amd_size_limit(cpu_.signature.family())) return LoaderVerdict::kEndsScan;
    if (amd_family(patch.equivalence_id) != cpu_.signature.family() || !names_cpu(patch))
      return LoaderVerdict::kOtherCpu;
    // Both against the cutoff of the running revision: a patch id may belong to no row.
    if (cutoff_ && (revision_ <= *cutoff_) != (patch.revision <= *cutoff_))
      return LoaderVerdict::kOtherClass;
    return LoaderVerdict::kLoads;
  }

  bool names_cpu(const Update& patch) const {
    if (zen_ && rules_.has(KernelRule::kZenId)) return zen_cpu(patch.revision) == cpu_.signature;
    return std::find(patch.table_cpus.begin(), patch.table_cpus.end(), cpu_.signature) !=
           patch.table_cpus.end();
  }

  // A Zen CPU without a row is taken for one that can be deceived.
  bool wants_digest() const {
    if (!zen_ || !rules_.has(KernelRule::kSha) || !digests_concern(cpu_.signature, rules_))
      return false;
    const std::uint32_t revision =
        rules_.has(KernelRule::kNoRevision) ? counted_revision(cpu_) : revision_;
    const auto cutoff = entrysign_cutoff(revision, rules_);
    return !cutoff || revision <= *cutoff;
  }

  std::span<const Update> stream_;
  const LoaderCpu& cpu_;
  const LoaderRules& rules_;
  const bool zen_;
  const std::uint32_t revision_;
  std::optional<std::uint32_t> cutoff_;
};

}  // namespace

LoaderAnswer ask_amd(std::span<const Update> stream, const LoaderCpu& cpu, const LoaderRules& rules,
                     const HasDigest& has_digest, const LoaderSwitches& switches) {
  Loader loader(stream, cpu, rules);
  LoaderAnswer answer = loader.scan();
  loader.apply(answer, has_digest, switches);
  return answer;
}

}  // namespace kip::ucode
