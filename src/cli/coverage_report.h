// What `coverage` reports: coverage_text.cc, json_coverage.cc and html_coverage.cc say the same thing three times.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "src/cli/fleet.h"
#include "src/cli/predict_report.h"

namespace kip::cli {

/// What an old and a new release have for a CPU, compared.
enum class Change : std::uint8_t {
  kSame,
  kNewer,
  kOlder,
  kOther,  // the newest revision is the same, and not all of the rest, or not every byte
  kAdded,
  kGone,
  kNone,  // neither has anything
};
const char* change_name(Change change);

/// How what runs stands to what would load.
enum class RunState : std::uint8_t {
  kBehind,
  kCurrent,
  kAhead,
  kUnknown,   // the running revision is not known
  kRefused,   // nothing loads of what is there for it
  kUnserved,  // nothing is there for it
  kGuest,     // its hypervisor's business
};
const char* state_name(RunState state);

/// Why the exit status is 1.
enum class Fault : std::uint8_t {
  kRefused,  // some kernel refuses what is there, whatever is open
  kOlder,    // than from the old release
  kGone,
  kBudget,  // the archive is larger
};
const char* fault_name(Fault fault);

/// One answer of `predict` for a CPU.
struct CoverageAnswer {
  std::uint32_t platforms = 0;  // Intel whose platform is not known: bits that this holds for
  std::string bios;             // empty: it makes no difference
  checks::Outcome outcome;
  std::optional<std::uint32_t> revision;  // that loads
};

/// A kind of CPU: signature, platform and running revision.
struct CoveredCpu {
  RequestedCpu cpu;
  ucode::Vendor vendor = ucode::Vendor::kIntel;
  std::vector<std::uint32_t> packed;       // revisions that pack takes for it, ascending
  std::optional<std::uint32_t> available;  // newest that is there, taken or not
  std::uint64_t bytes = 0;                 // of the updates that are taken for it
  std::uint64_t bytes_alone = 0;           // of these, for no other CPU: what it costs
  std::vector<CoverageAnswer> answers;
  std::string verdict;      // one of outcome_name(), or "varies"
  std::string remedy;       // empty: nothing to be done
  std::string remedy_bios;  // the remedy is for this one; empty: for the one that is there
  RunState state = RunState::kUnknown;
  std::optional<Change> change;    // with an old release
  std::vector<std::uint32_t> old;  // revisions that pack would take from it
  std::vector<Fault> faults;
  bool may_be_refused = false;  // by some kernel; what would decide it is not known

  std::optional<std::uint32_t> platform_flags() const;
};

/// What a CPU, whatever runs on it, takes of the archive.
struct CoverageCost {
  std::string cpu;
  std::uint64_t machines = 0, guests = 0, bytes = 0, bytes_alone = 0;
  std::vector<RequestedCpu> kinds;  // of it
};

/// One reason, and whom it concerns.
struct CoverageFault {
  Fault fault = Fault::kRefused;
  std::uint64_t machines = 0, cpus = 0;  // none with kBudget; machines 0: nobody said how many
  std::string text;                      // a clause
};

struct CoverageReport {
  std::string kernel;  // that was asked about; empty: those from 5.0 on
  std::vector<std::string> firmware,
      firmware_old;                          // as they were named; empty: the search path; none
  std::uint64_t machines = 0, left_out = 0;  // those of the rows; those that `!SPEC` takes away
  std::vector<CoveredCpu> cpus;              // by vendor, signature, platform, running revision
  std::vector<OtherCpu> others;              // without a loader
  std::uint64_t updates = 0, bytes = 0;      // of the archive that pack would write for all of them
  std::optional<std::uint64_t> budget;       // in bytes
  std::vector<CoverageCost> costs;           // next whoever saves most by leaving
  std::size_t fits_without = 0;              // over the budget: so many of the first away, it fits

  bool compared = false;  // with an old release

  bool over_budget() const { return budget && bytes > *budget; }
};

/// What a column of the tables says of a kind of CPU.
struct CoverageColumn {
  const char* key;  // as in JSON
  const char* title;
  bool number = false;
  bool compared = false;  // only with an old release
  std::string (*text)(const CoveredCpu& cpu);
};
std::span<const CoverageColumn> coverage_columns();

/// What the words of a column mean.
struct LegendGroup {
  const char* title;
  bool compared = false;                                   // only with an old release
  std::vector<std::pair<const char*, const char*>> words;  // with their meaning
};
std::vector<LegendGroup> coverage_legend();

/// "kernels before 6.14: 0x… loads", one a line.
std::vector<std::string> answer_lines(const CoveredCpu& cpu);

/// "remedy: …"; empty: there is none.
std::string remedy_line(const CoveredCpu& cpu);

/// What is proven of its BIOS, as manifests have it: "old" or "fixed"; empty: nothing.
const char* entrysign_name(const CoveredCpu& cpu);

/// "machines: web1, web2"; REQUIRES: there are names.
std::string names_line(const CoveredCpu& cpu);

struct CoverageTotals {
  std::map<RunState, std::uint64_t> states;  // machines; one with two kinds of CPU counts with each
  std::map<Change, std::uint64_t> changes;   // likewise
  std::uint64_t unserved = 0;                // kinds that nothing is there for
  std::uint64_t gain = 0;                    // machines that would run something newer
  std::uint64_t gain_by_release = 0;         // of these, something that the old release has not
  std::uint64_t maybe = 0, maybe_cpus = 0;   // machines and kinds that may be refused
};
CoverageTotals totals_of(const CoverageReport& report);

/// What is wrong with a row; the exit status is 1 if anything is with the report.
std::vector<Fault> faults_of(const CoveredCpu& row);
std::vector<CoverageFault> faults_of(const CoverageReport& report);

/// Whether that is open. REQUIRES: the row's faults are there.
bool may_be_refused(const CoveredCpu& row);

/// Totals and faults as sentences, with the archive's size.
std::vector<std::string> total_lines(const CoverageReport& report);

std::string to_text(const CoverageReport& report);
std::string to_html(const CoverageReport& report, std::optional<std::int64_t> made);

}  // namespace kip::cli
