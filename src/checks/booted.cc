#include <algorithm>
#include <fmt/format.h>

#include "src/checks/booted.h"

namespace kip::checks {
namespace {

using ucode::LoaderCpu;
using ucode::Update;
using Kind = Outcome::Kind;

// Whether some BIOS and kernel end in what runs, by loading it.
bool may_have_loaded(std::span<const Update> stream, const LoaderCpu& cpu,
                     const Question& question) {
  auto left = ucode::bios_revisions(cpu.vendor, cpu.signature, std::nullopt);
  left.push_back(cpu.revision);
  return std::any_of(left.begin(), left.end(), [&](std::uint32_t revision) {
    LoaderCpu before = cpu;
    before.revision = revision;
    const auto answers = ucode::ask_kernels(stream, before, question.kernels, question.has_digest,
                                            question.switches);
    return std::any_of(answers.begin(), answers.end(), [&](const ucode::KernelAnswer& it) {
      return it.answer.loads() && stream[*it.answer.candidate].revision == cpu.revision;
    });
  });
}

// The newest that is for this CPU and platform, of those that share a fate with the one told of.
std::uint32_t newest_like(const Outcome& outcome, const Predicted& predicted,
                          std::span<const Update> stream) {
  std::uint32_t newest = stream[*outcome.update].revision;
  if (outcome.kind != Kind::kKeeps) return newest;
  for (const UpdateFates& it : predicted.fates) {
    const bool same = std::any_of(it.fates.begin(), it.fates.end(), [](const Fate& fate) {
      return fate.verdict == ucode::LoaderVerdict::kNotNewer;
    });
    if (same) newest = std::max(newest, stream[it.update].revision);
  }
  return newest;
}

// What the kernels say of the one that should run. Of those that would load it nothing is told: they did not.
std::vector<Outcome> reasons_for(std::span<const Update> stream, const LoaderCpu& cpu,
                                 const Question& question, std::uint32_t packed) {
  const Predicted predicted = predict(stream, cpu, question);
  std::vector<Outcome> reasons;
  for (const Outcome& outcome : predicted.outcomes) {
    if (outcome.kind == Kind::kRefused) reasons.push_back(outcome);
  }
  for (const UpdateFates& it : predicted.fates) {
    if (stream[it.update].revision != packed) continue;
    for (const Fate& fate : it.fates) {
      if (fate.verdict != ucode::LoaderVerdict::kLoaderOff) continue;
      reasons.push_back(
          {fate.kernels, Kind::kOff, it.update, fmt::format("{:#010x} {}", packed, fate.text)});
    }
    break;
  }
  return reasons;
}

}  // namespace

Booted check_booted(std::span<const Update> stream, const LoaderCpu& cpu,
                    const Question& question) {
  if (may_have_loaded(stream, cpu, question)) return {Booted::Kind::kTaken, cpu.revision, {}, ""};
  // What the loader would take if nothing turned it off.
  Question awake = question;
  awake.switches.off = awake.switches.off_by_option = awake.switches.hypervisor = false;
  const Predicted predicted = predict(stream, cpu, awake);
  Booted booted;
  for (const Outcome& outcome : predicted.outcomes) {
    if (outcome.kind == Kind::kNothing) continue;
    const std::uint32_t packed = newest_like(outcome, predicted, stream);
    if (packed <= cpu.revision) return {Booted::Kind::kNotNeeded, packed, {}, ""};
    if (!booted.packed) booted.packed = packed;
    booted.kind = Booted::Kind::kNotTaken;
  }
  if (booted.kind != Booted::Kind::kNotTaken) return booted;
  booted.reasons = reasons_for(stream, cpu, question, *booted.packed);
  booted.remedy = predicted.remedy;
  return booted;
}

}  // namespace kip::checks
