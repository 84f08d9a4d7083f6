// What the words of the report mean. The manual page says the same at greater length.
#include "src/cli/coverage_report.h"

namespace kip::cli {

std::vector<LegendGroup> coverage_legend() {
  using Kind = checks::Outcome::Kind;
  const auto state = [](RunState it, const char* meaning) {
    return std::pair(state_name(it), meaning);
  };
  const auto verdict = [](Kind it, const char* meaning) {
    return std::pair(checks::outcome_name(it), meaning);
  };
  const auto fault = [](Fault it, const char* meaning) {
    return std::pair(fault_name(it), meaning);
  };
  const auto change = [](Change it, const char* meaning) {
    return std::pair(change_name(it), meaning);
  };
  return {
      {"EntrySign: what is proven of the BIOS of an AMD CPU",
       false,
       {{"old", "it is from before the fix (AMD-SB-7033)"}, {"fixed", "it has the fix"}}},
      {"State: how what runs stands to what would load",
       false,
       {state(RunState::kBehind, "something newer would load"),
        state(RunState::kCurrent, "it runs what would load"),
        state(RunState::kAhead, "it runs something newer"),
        state(RunState::kUnknown, "the running revision is not known"),
        state(RunState::kRefused, "nothing loads of what is there for it"),
        state(RunState::kUnserved, "there is no microcode for it"),
        state(RunState::kGuest, "its hypervisor owns the microcode")}},
      {"Verdict: what kernels do with the archive for all these CPUs",
       false,
       {verdict(Kind::kLoads, "an update loads"),
        verdict(Kind::kKeeps, "nothing is newer than what the BIOS left"),
        verdict(Kind::kRefused, "nothing loads, though there is an update"),
        verdict(Kind::kNothing, "there is no update"),
        verdict(Kind::kOff, "the loader does not run, as in a guest"),
        {"varies", "it depends on kernel, BIOS or platform: see what kernels do"}}},
      {"Faults: why the exit status is 1",
       false,
       {fault(Fault::kRefused, "some kernel refuses what is there, whatever is open"),
        fault(Fault::kOlder, "it gets an older revision than from the old release"),
        fault(Fault::kGone, "it gets nothing any more of what the old release has"),
        fault(Fault::kBudget, "the archive is too large: see the totals")}},
      {"Change: this release compared with the old one",
       true,
       {change(Change::kSame, "the same updates"), change(Change::kNewer, "a newer revision"),
        change(Change::kOlder, "an older revision"),
        change(Change::kOther, "the newest revision is the same, and not every update"),
        change(Change::kAdded, "the old release has nothing for it"),
        change(Change::kGone, "only the old release has something"),
        change(Change::kNone, "neither has anything")}},
  };
}

}  // namespace kip::cli
