// What `coverage` reports: coverage_text.cc, json_coverage.cc and html_coverage.cc say the same thing three times.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
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
  kUnserved,  // nothing is there for it, or nothing of it loads
  kGuest,     // its hypervisor's business
};
const char* state_name(RunState state);

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
  std::string verdict;  // one of outcome_name(), or "varies"
  std::string remedy;   // empty: nothing to be done
  RunState state = RunState::kUnknown;
  std::optional<Change> change;    // with an old release
  std::vector<std::uint32_t> old;  // revisions that pack would take from it

  std::optional<std::uint32_t> platform_flags() const;
};

/// What a CPU, whatever runs on it, takes of the archive.
struct CoverageCost {
  std::string cpu;
  std::uint64_t machines = 0, bytes = 0, bytes_alone = 0;
};

struct CoverageReport {
  std::vector<std::string> firmware,
      firmware_old;                          // as they were named; empty: the search path; none
  std::uint64_t machines = 0, left_out = 0;  // those of the rows; those that `!SPEC` takes away
  std::vector<CoveredCpu> cpus;              // by vendor, signature, platform, running revision
  std::vector<OtherCpu> others;              // without a loader
  std::uint64_t updates = 0, bytes = 0;      // of the archive that pack would write for all of them
  std::optional<std::uint64_t> budget;       // in bytes
  std::vector<CoverageCost> costs;           // dearest first

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

/// "kernels before 6.14: 0x… loads", one a line.
std::vector<std::string> answer_lines(const CoveredCpu& cpu);

struct CoverageTotals {
  std::map<RunState, std::uint64_t> states;  // machines; one with two kinds of CPU counts with each
  std::map<Change, std::uint64_t> changes;   // likewise
  std::uint64_t unserved = 0;                // kinds that nothing is there for
};
CoverageTotals totals_of(const CoverageReport& report);

/// The same as sentences, with the archive's size.
std::vector<std::string> total_lines(const CoverageReport& report);

std::string to_text(const CoverageReport& report);
std::string to_html(const CoverageReport& report, std::optional<std::int64_t> made);

}  // namespace kip::cli
