#include <algorithm>
#include <fmt/format.h>

#include "src/checks/predict.h"
#include "ucode/old_microcode.h"
#include "ucode/trouble.h"

namespace kip::checks {
namespace {

using ucode::KernelAnswer;
using ucode::LoaderVerdict;
using ucode::Update;
using Kind = Outcome::Kind;

// Clauses on one update's fate.
class Words {
 public:
  Words(std::span<const Update> stream, const ucode::LoaderCpu& cpu, const Question& question)
      : stream_(stream), cpu_(cpu), question_(question) {}

  std::string fate(std::size_t index, const ucode::LoaderAnswer& answer) const {
    const Update& update = stream_[index];
    switch (answer.verdicts[index]) {
      case LoaderVerdict::kLoads:
        return load(update, answer.below_base && answer.candidate == index);
      case LoaderVerdict::kNotNewer:
        return "is not loaded: not newer than " + left();
      case LoaderVerdict::kSuperseded:
        return fmt::format("is superseded by {:#010x}", stream_[*answer.candidate].revision);
      case LoaderVerdict::kOtherClass:
        return other_class(update);
      case LoaderVerdict::kNoDigest:
        return "is refused: its digest is not in the kernel's list (\"No sha256 digest for patch "
               "ID\")" +
               stricter(update);
      case LoaderVerdict::kDigestMismatch:
        return "is refused: not the bytes whose digest the kernel lists (\"SHA256 digest "
               "mismatch\")";
      case LoaderVerdict::kOtherCpu:
        return "is not found: these kernels go by the container's table, which does not give it to "
               "this CPU";
      case LoaderVerdict::kLoaderOff:
        return "is not looked at: " + why_off();
      default:
        return std::string("is ") + ucode::verdict_text(answer.verdicts[index]);
    }
  }

 private:
  std::string left() const {
    return question_.revision_known ? fmt::format("{:#010x}, which the BIOS left", cpu_.revision)
                                    : "what the BIOS left";
  }

  std::string load(const Update& update, bool below_base) const {
    if (below_base && !question_.revision_known) {
      return fmt::format(
          "is written, and the CPU should refuse it unless the BIOS left {:#010x} or later",
          update.minimum_revision);
    }
    if (below_base) {
      return fmt::format(
          "is written, and the CPU should refuse it: it needs {:#010x} or later from the BIOS",
          update.minimum_revision);
    }
    return update.revision == cpu_.revision ? "loads once more, as what runs already" : "loads";
  }

  std::string other_class(const Update& update) const {
    const auto cutoff = ucode::entrysign_cutoff(counted_revision(cpu_));
    const bool fixed = cutoff && update.revision > *cutoff;
    const std::string bios = question_.revision_known
                                 ? fmt::format("the BIOS, which left {:#010x},", cpu_.revision)
                                 : "the BIOS";
    return fmt::format("is passed over without a word: it {} the EntrySign fix, and {} {}",
                       fixed ? "has" : "is from before", bios, fixed ? "has not" : "has it") +
           stricter(update);
  }

  // Linux goes by its table of the fix, CPUs by the base that a patch states.
  std::string stricter(const Update& update) const {
    const std::uint32_t base = update.minimum_revision;
    if (!question_.revision_known || base == 0 || cpu_.revision < base) return "";
    return fmt::format(
        "; the kernel is stricter than the CPU, which takes it on top of {:#010x} or later", base);
  }

  std::string why_off() const {
    if (question_.switches.hypervisor) return "in a guest the loader is off";
    if (cpu_.vendor == ucode::Vendor::kAmd && ucode::is_final_level(cpu_.revision))
      return "nothing replaces what runs, and the loader is off";
    return "dis_ucode_ldr turns the loader off";
  }

  std::span<const Update> stream_;
  const ucode::LoaderCpu& cpu_;
  const Question& question_;
};

Kind kind_of(const ucode::LoaderAnswer& answer, const std::optional<std::size_t>& nearest) {
  if (answer.loads()) return answer.below_base ? Kind::kRefused : Kind::kLoads;
  if (!nearest) return Kind::kNothing;
  switch (answer.verdicts[*nearest]) {
    case LoaderVerdict::kLoaderOff:
      return Kind::kOff;
    case LoaderVerdict::kNotNewer:
      return Kind::kKeeps;
    case LoaderVerdict::kOtherPlatform:
      return Kind::kNothing;
    default:
      return Kind::kRefused;
  }
}

bool same(const Outcome& a, const Outcome& b) {
  return a.kind == b.kind && a.text == b.text;
}

bool same(const Remark& a, const Remark& b) {
  return a.text == b.text;
}

bool same(const Fate& a, const Fate& b) {
  return a.verdict == b.verdict && a.text == b.text;
}

// What is said of several kernels stands there once, for all of them.
template <class Said>
class Merger {
 public:
  explicit Merger(const std::vector<ucode::KernelRange>& all) : all_(all) {}

  void add(Said said, const std::vector<ucode::KernelRange>& kernels) {
    const auto known = std::find_if(said_.begin(), said_.end(),
                                    [&](const auto& it) { return same(it.first, said); });
    if (known == said_.end()) {
      said_.emplace_back(std::move(said), kernels);
    } else {
      known->second.insert(known->second.end(), kernels.begin(), kernels.end());
    }
  }

  std::vector<Said> finish() {
    std::vector<Said> merged;
    for (auto& [said, kernels] : said_) {
      std::sort(kernels.begin(), kernels.end(),
                [](const auto& a, const auto& b) { return a.first < b.first; });
      said.kernels = ucode::to_text(kernels, all_);
      merged.push_back(std::move(said));
    }
    return merged;
  }

 private:
  const std::vector<ucode::KernelRange>& all_;
  std::vector<std::pair<Said, std::vector<ucode::KernelRange>>> said_;
};

// What runs in the end; nullopt: nobody knows.
std::optional<std::uint32_t> result_of(std::span<const Update> stream, const ucode::LoaderCpu& cpu,
                                       bool revision_known, const ucode::LoaderAnswer& answer) {
  if (answer.loads()) return stream[*answer.candidate].revision;
  return revision_known ? std::optional(cpu.revision) : std::nullopt;
}

// Linux keeps a list of what it takes for current; and of what loads, harm may be known.
std::vector<Remark> remarks_on(std::span<const Update> stream, const ucode::LoaderCpu& cpu,
                               const Question& question, const std::vector<KernelAnswer>& answers) {
  Merger<Remark> remarks(question.kernels);
  if (cpu.vendor != ucode::Vendor::kIntel || question.switches.hypervisor) return {};
  for (const KernelAnswer& it : answers) {
    if (it.answer.loads()) {
      const std::uint32_t revision = stream[*it.answer.candidate].revision;
      if (const ucode::Trouble* const known = ucode::known_trouble(cpu.signature, revision)) {
        remarks.add(
            {"", fmt::format("{:#010x} is known to {} ({})", revision, known->what, known->source)},
            it.kernels);
      }
    }
    const auto runs = result_of(stream, cpu, question.revision_known, it.answer);
    for (const ucode::KernelRange& range : it.kernels) {
      if (!runs) break;
      const auto expected =
          ucode::is_called_old({cpu.signature, cpu.platform_flags}, *runs, range.rules);
      if (!expected) continue;
      remarks.add({"", fmt::format("{:#010x} is called old, since the list there has {:#010x} "
                                   "(vulnerabilities/old_microcode)",
                                   *runs, *expected)},
                  {range});
    }
  }
  return remarks.finish();
}

// A BIOS from before the fix is what stands in the way, on some kernel at least.
std::string remedy_for(std::span<const Update> stream, const ucode::LoaderCpu& cpu,
                       const std::vector<KernelAnswer>& answers) {
  const auto cutoff = ucode::entrysign_cutoff(counted_revision(cpu));
  if (cpu.vendor != ucode::Vendor::kAmd || !cutoff || counted_revision(cpu) > *cutoff) return "";
  std::uint32_t base = 0;
  for (const KernelAnswer& it : answers) {
    for (std::size_t i = 0; i < stream.size(); ++i) {
      const LoaderVerdict verdict = it.answer.verdicts[i];
      if (stream[i].revision <= *cutoff || !ucode::is_for(stream[i], cpu.signature)) continue;
      if (verdict == LoaderVerdict::kOtherClass || verdict == LoaderVerdict::kNoDigest)
        return fmt::format(
            "install a BIOS that brings a revision later than {:#010x}: only on top "
            "of it these kernels load newer ones (AMD-SB-7033)",
            *cutoff);
      if (it.answer.below_base && it.answer.candidate == i)
        base = std::max(base, stream[i].minimum_revision);
    }
  }
  return base == 0
             ? ""
             : fmt::format("install a BIOS that brings {:#010x} or later (AMD-SB-7033)", base);
}

}  // namespace

const char* outcome_name(Outcome::Kind kind) {
  constexpr const char* kNames[] = {"loads", "keeps", "refused", "nothing", "off"};
  return kNames[static_cast<std::size_t>(kind)];
}

Predicted predict(std::span<const Update> stream, const ucode::LoaderCpu& cpu,
                  const Question& question) {
  const auto answers =
      ucode::ask_kernels(stream, cpu, question.kernels, question.has_digest, question.switches);
  const Words words(stream, cpu, question);
  Predicted predicted{
      cpu, {}, {}, remarks_on(stream, cpu, question, answers), remedy_for(stream, cpu, answers)};
  Merger<Outcome> outcomes(question.kernels);
  for (const KernelAnswer& it : answers) {
    Outcome outcome;
    outcome.update = ucode::nearest(stream, cpu, it.answer);
    outcome.kind = kind_of(it.answer, outcome.update);
    outcome.text = "no update is for this CPU";
    if (outcome.update) {
      outcome.text = fmt::format("{:#010x} {}", stream[*outcome.update].revision,
                                 words.fate(*outcome.update, it.answer));
    }
    outcomes.add(std::move(outcome), it.kernels);
  }
  predicted.outcomes = outcomes.finish();
  for (std::size_t i = 0; i < stream.size(); ++i) {
    if (!ucode::is_for(stream[i], cpu.signature)) continue;
    Merger<Fate> fates(question.kernels);
    for (const KernelAnswer& it : answers)
      fates.add({"", it.answer.verdicts[i], words.fate(i, it.answer)}, it.kernels);
    predicted.fates.push_back({i, fates.finish()});
  }
  return predicted;
}

}  // namespace kip::checks
