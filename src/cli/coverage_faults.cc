// What of a report is wrong, and what it comes to in all.
#include <algorithm>
#include <fmt/format.h>

#include "src/cli/coverage_report.h"

namespace kip::cli {
namespace {

using checks::Outcome;

enum class Refusal : std::uint8_t { kNever, kPerhaps, kSurely };

// Each BIOS and platform that may be there has answers of its own. Surely is what holds with all of them.
//
// A machine that runs what would be loaded is all right, though an old BIOS may be below it, and today's kernel one that asks for no digest:
// that is for its record to prove. A revision from before the EntrySign fix has proven it.
Refusal refusal_of(const CoveredCpu& row) {
  if (row.cpu.guest) return Refusal::kNever;
  std::map<std::pair<std::uint32_t, std::string>, bool> cases;
  for (const CoverageAnswer& it : row.answers) {
    bool& refuses = cases[{it.platforms, it.bios}];
    refuses = refuses || it.outcome.kind == Outcome::Kind::kRefused ||
              it.outcome.kind == Outcome::Kind::kOff;
  }
  const auto refused = static_cast<std::size_t>(
      std::count_if(cases.begin(), cases.end(), [](const auto& it) { return it.second; }));
  if (refused == 0) return Refusal::kNever;
  const auto proven = row.cpu.query.proven;
  const bool runs_it = row.state == RunState::kCurrent || row.state == RunState::kAhead;
  if (runs_it && proven != ucode::EntrySignClass::kOld)
    return proven ? Refusal::kNever : Refusal::kPerhaps;
  return refused == cases.size() ? Refusal::kSurely : Refusal::kPerhaps;
}

// Newer than what runs, and not in the old release.
bool gains_by_release(const CoveredCpu& row) {
  return std::any_of(row.answers.begin(), row.answers.end(), [&](const CoverageAnswer& it) {
    return it.revision && ucode::is_newer(row.vendor, *it.revision, *row.cpu.running) &&
           std::find(row.old.begin(), row.old.end(), *it.revision) == row.old.end();
  });
}

const char* text_of(Fault fault) {
  constexpr const char* kTexts[] = {"some kernel refuses what is there",
                                    "an older revision than from the old release",
                                    "nothing any more of what the old release has"};
  return kTexts[static_cast<std::size_t>(fault)];
}

std::string budget_text(const CoverageReport& report) {
  std::string text = fmt::format("the archive is over {} bytes by {}", *report.budget,
                                 report.bytes - *report.budget);
  if (report.fits_without == 0) return text + "; even the last of the costs alone does not fit";
  return text + fmt::format("; without the {} of the costs it fits",
                            report.fits_without == 1
                                ? "first"
                                : fmt::format("first {}", report.fits_without));
}

}  // namespace

const char* fault_name(Fault fault) {
  constexpr const char* kNames[] = {"refused", "older", "gone", "budget"};
  return kNames[static_cast<std::size_t>(fault)];
}

std::vector<Fault> faults_of(const CoveredCpu& row) {
  std::vector<Fault> faults;
  if (refusal_of(row) == Refusal::kSurely) faults.push_back(Fault::kRefused);
  if (row.change == Change::kOlder) faults.push_back(Fault::kOlder);
  if (row.change == Change::kGone) faults.push_back(Fault::kGone);
  return faults;
}

bool may_be_refused(const CoveredCpu& row) {
  return refusal_of(row) == Refusal::kPerhaps;
}

std::vector<CoverageFault> faults_of(const CoverageReport& report) {
  std::map<Fault, CoverageFault> found;
  for (const CoveredCpu& row : report.cpus) {
    for (const Fault fault : row.faults) {
      CoverageFault& it =
          found.try_emplace(fault, CoverageFault{fault, 0, 0, text_of(fault)}).first->second;
      it.machines += row.cpu.machines;
      ++it.cpus;
    }
  }
  std::vector<CoverageFault> faults;
  for (auto& [fault, it] : found) faults.push_back(std::move(it));
  if (report.over_budget()) faults.push_back({Fault::kBudget, 0, 0, budget_text(report)});
  return faults;
}

CoverageTotals totals_of(const CoverageReport& report) {
  CoverageTotals totals;
  for (const CoveredCpu& row : report.cpus) {
    totals.states[row.state] += row.cpu.machines;
    if (row.change) totals.changes[*row.change] += row.cpu.machines;
    if (row.state == RunState::kUnserved) ++totals.unserved;
    if (row.state == RunState::kBehind) {
      totals.gain += row.cpu.machines;
      if (report.compared && gains_by_release(row)) totals.gain_by_release += row.cpu.machines;
    }
    if (row.may_be_refused) {
      totals.maybe += row.cpu.machines;
      ++totals.maybe_cpus;
    }
  }
  return totals;
}

}  // namespace kip::cli
