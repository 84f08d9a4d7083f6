#include <algorithm>
#include <fmt/format.h>

#include "src/checks/predict_xen.h"
#include "ucode/amd.h"

namespace kip::checks {
namespace {

using ucode::LoaderAnswer;
using ucode::LoaderVerdict;
using ucode::Update;
using ucode::Vendor;
using ucode::XenForm;
using Kind = Outcome::Kind;

// Some of a stream, and which: an update of an odd size would end the scan of what is for other CPUs.
struct Part {
  Part(std::span<const Update> stream, const ucode::LoaderCpu& cpu, const XenQuestion& question) {
    for (std::size_t i = 0; i < stream.size(); ++i) {
      if (question.made_for_it && !ucode::is_for(stream[i], cpu.signature)) continue;
      places.push_back(i);
      updates.push_back(stream[i]);
      if (question.made_for_it) make_table(updates.back());
    }
    if (!question.has_digest) return;
    has_digest = [&](std::size_t index, std::string_view sha256) {
      return question.has_digest(places[index], sha256);
    };
  }

  static void make_table(Update& update) {
    update.table_cpus.clear();
    update.table_cpus_behind = 0;
    for (const ucode::Target& target : update.targets)
      update.table_cpus.push_back(target.signature);
  }

  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  std::vector<Update> updates;
  std::vector<std::size_t> places;
  ucode::HasDigest has_digest;
};

// One form's answer, in words.
class Teller {
 public:
  Teller(const Part& part, const ucode::LoaderCpu& cpu, const XenQuestion& question,
         const XenForm& xen)
      : stream_(part.updates),
        cpu_(cpu),
        question_(question),
        answer_(ucode::ask_xen(stream_, cpu, xen, part.has_digest, question.switches)) {}

  Outcome outcome() const {
    Outcome told;
    const auto refused = best_refused();
    told.kind = kind(refused);
    told.update =
        refused && told.kind == Kind::kRefused ? refused : ucode::nearest(stream_, cpu_, answer_);
    told.text = "no update is for this CPU";
    if (told.update) {
      const bool old = told.kind == Kind::kKeeps;
      told.text = fmt::format("{:#010x} {}", stream_[*told.update].revision,
                              old ? not_newer() : fate(*told.update).text);
    }
    return told;
  }

  Fate fate(std::size_t index) const { return {"", answer_.verdicts[index], clause(index)}; }

  // Better than what runs, and not loaded since the BIOS is from before the EntrySign fix.
  bool wants_fix(std::size_t index) const {
    const LoaderVerdict verdict = answer_.verdicts[index];
    return verdict == LoaderVerdict::kNoDigest || verdict == LoaderVerdict::kBelowBase ||
           is_below_base(index);
  }

 private:
  bool is_below_base(std::size_t index) const {
    return answer_.below_base && answer_.candidate == index;
  }

  bool is_newer(const Update& update) const {
    return cpu_.vendor == Vendor::kIntel ? ucode::is_newer_for_xen(update.revision, cpu_.revision)
                                         : update.revision > cpu_.revision;
  }

  bool is_meant(const Update& update) const {
    if (cpu_.vendor == Vendor::kAmd) return ucode::is_for(update, cpu_.signature);
    return std::any_of(update.targets.begin(), update.targets.end(), [&](const auto& target) {
      return target.signature == cpu_.signature &&
             (target.platform_flags & cpu_.platform_flags) != 0;
    });
  }

  bool is_refused(std::size_t index) const {
    switch (answer_.verdicts[index]) {
      case LoaderVerdict::kEndsScan:
      case LoaderVerdict::kNotReached:
      case LoaderVerdict::kOtherCpu:
      case LoaderVerdict::kTooLarge:
      case LoaderVerdict::kNoDigest:
      case LoaderVerdict::kDigestMismatch:
      case LoaderVerdict::kBelowBase:
        return true;
      default:
        return is_below_base(index);
    }
  }

  // The newest that the CPU would be better off with.
  std::optional<std::size_t> best_refused() const {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < stream_.size(); ++i) {
      const Update& update = stream_[i];
      if (!is_meant(update) || !is_refused(i) || !is_newer(update)) continue;
      if (!best || update.revision > stream_[*best].revision) best = i;
    }
    return best;
  }

  Kind kind(const std::optional<std::size_t>& refused) const {
    if (answer_.loads() && !answer_.below_base) return Kind::kLoads;
    if (refused) return Kind::kRefused;
    bool meant = false, off = false;
    for (std::size_t i = 0; i < stream_.size(); ++i) {
      off |= answer_.verdicts[i] == LoaderVerdict::kLoaderOff &&
             ucode::is_for(stream_[i], cpu_.signature);
      meant |= is_meant(stream_[i]);
    }
    return off ? Kind::kOff : meant ? Kind::kKeeps : Kind::kNothing;
  }

  std::string not_newer() const {
    return question_.revision_known
               ? fmt::format("is not loaded: not newer than {:#010x}, which the BIOS left",
                             cpu_.revision)
               : "is not loaded: not newer than what the BIOS left";
  }

  std::string clause(std::size_t index) const {
    const Update& update = stream_[index];
    switch (answer_.verdicts[index]) {
      case LoaderVerdict::kLoads:
        return is_below_base(index)
                   ? fmt::format(
                         "is written, and the CPU should refuse it: it needs {:#010x} or "
                         "later from the BIOS",
                         update.minimum_revision)
                   : "loads";
      case LoaderVerdict::kNotNewer:
        return not_newer();
      case LoaderVerdict::kSuperseded:
        return fmt::format("is superseded by {:#010x}", stream_[*answer_.candidate].revision);
      case LoaderVerdict::kNoDigest:
        return "is passed over: its digest is not in Xen's list (\"No digest found for patch_id\")";
      case LoaderVerdict::kDigestMismatch:
        return "is passed over: not the bytes whose digest Xen lists (\"SHA256 mismatch\")";
      case LoaderVerdict::kBelowBase:
        return fmt::format(
            "is refused, and no other is tried: it needs {:#010x} or later from the "
            "BIOS (\"below patch min_rev\")",
            update.minimum_revision);
      case LoaderVerdict::kTooLarge:
        return fmt::format(
            "is passed over: larger than the {} bytes that Xen takes for this "
            "CPU's family",
            ucode::xen_size_limit(cpu_.signature.family()));
      case LoaderVerdict::kEndsScan:
        return "ends the scan: its size is no multiple of 1024";
      case LoaderVerdict::kOtherCpu:
        return "is not found: Xen goes by the container's table, which does not give it to this "
               "CPU";
      case LoaderVerdict::kLoaderOff:
        return "is not looked at: " + why_off();
      default:
        return std::string("is ") + ucode::verdict_text(answer_.verdicts[index]);
    }
  }

  std::string why_off() const {
    return cpu_.vendor == Vendor::kAmd && ucode::is_final_level(cpu_.revision)
               ? "nothing replaces what runs"
               : "the loader is off";
  }

  std::span<const Update> stream_;
  const ucode::LoaderCpu& cpu_;
  const XenQuestion& question_;
  const LoaderAnswer answer_;
};

// What several forms say stands there once, for all of them; what all say, for no one in particular.
template <class Said>
void add(std::vector<Said>& all, Said said, const XenForm& xen) {
  const auto known = std::find_if(all.begin(), all.end(), [&](const Said& it) {
    Said same = it;
    same.kernels = said.kernels;
    return same == said;
  });
  if (known == all.end()) {
    said.kernels = xen.name;
    all.push_back(std::move(said));
  } else {
    known->kernels += std::string(", ") + xen.name;
  }
}

template <class Said>
void finish(std::vector<Said>& all) {
  if (all.size() == 1) all.front().kernels.clear();
}

// Of the newest Xen's answer, and whether an older one refused.
std::string remedy_for(std::span<const Update> stream, const ucode::LoaderCpu& cpu,
                       const Teller& teller, bool refused) {
  const auto cutoff = ucode::entrysign_cutoff(
      cpu.revision != 0 ? cpu.revision : ucode::zen_lowest_revision(cpu.signature));
  if (cpu.vendor != Vendor::kAmd || !cutoff) return "";
  if (cpu.revision > *cutoff) {
    return refused && teller.outcome().kind == Kind::kLoads
               ? "take a Xen of late 2025 or later: on top of such a BIOS it asks for no digest"
               : "";
  }
  for (std::size_t i = 0; i < stream.size(); ++i) {
    if (teller.wants_fix(i) && stream[i].revision > *cutoff) {
      return fmt::format(
          "install a BIOS that brings a revision later than {:#010x}: only on top of it newer ones "
          "load (AMD-SB-7033)",
          *cutoff);
    }
  }
  return "";
}

}  // namespace

Predicted predict_xen(std::span<const Update> stream, const ucode::LoaderCpu& cpu,
                      const XenQuestion& question) {
  const Part part(stream, cpu, question);
  Predicted predicted{cpu, {}, {}, {}, ""};
  bool refused = false;
  for (std::size_t i = 0; i < part.updates.size(); ++i) {
    if (ucode::is_for(part.updates[i], cpu.signature)) predicted.fates.push_back({i, {}});
  }
  for (const XenForm& xen : ucode::xen_forms()) {
    const Teller teller(part, cpu, question, xen);
    Outcome outcome = teller.outcome();
    refused |= outcome.kind == Kind::kRefused;
    add(predicted.outcomes, std::move(outcome), xen);
    for (UpdateFates& fates : predicted.fates) add(fates.fates, teller.fate(fates.update), xen);
    predicted.remedy = remedy_for(part.updates, cpu, teller, refused);
  }
  finish(predicted.outcomes);
  for (Outcome& outcome : predicted.outcomes) {
    if (outcome.update) outcome.update = part.places[*outcome.update];
  }
  for (UpdateFates& fates : predicted.fates) {
    finish(fates.fates);
    fates.update = part.places[fates.update];
  }
  return predicted;
}

}  // namespace kip::checks
