// The CPUs that a command line asks for: every --cpu SPEC, resolved.
//
//   host · all · @FILE · what ucode/selector.h knows, !SPEC too
//
// @FILE is a fleet: fleet_reader.h says what may be in it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/cli/fleet.h"
#include "src/host/cpus.h"
#include "ucode/select.h"

namespace kip::cli {

struct CpuRequest {
  bool all = false;
  bool fleet = false;              // from @FILE: CPUs without an update are no failure
  std::vector<RequestedCpu> cpus;  // of files behind all others, each kind once
  std::vector<OtherCpu> others;    // of files: without a loader
  std::uint64_t machines = 0;      // a SPEC stands for one; `all` for none
  std::vector<MixedMachines> mixed;
  std::vector<ucode::Selector> excludes;
  std::vector<std::string> notes;        // e.g. CPUs of a vendor without a loader
  std::string empty;                     // an @FILE that no CPU is in
  std::optional<host::Machine> machine;  // read if `host` was asked for, given or by default
};

/// `specs` empty stands for `host`. An error names the SPEC in its text. kInvalid: wrong usage; kCorrupt: a line of an @FILE
/// is nothing of what may be there. `names`: those of a fleet's machines are kept.
Result<CpuRequest> resolve_cpus(const std::vector<std::string>& specs, bool names = false);

/// Takes those away that are excluded as a whole, whatever their platform or revision.
void drop_excluded(const CpuRequest& request, std::vector<RequestedCpu>& cpus);

/// Machines all of whose CPUs are taken away so.
std::uint64_t machines_left_out(const CpuRequest& request);

/// Selectors of --hold.
Result<std::vector<ucode::Selector>> parse_selectors(const std::vector<std::string>& specs);

/// Selectors of --pin: each says which revisions it leaves.
Result<std::vector<ucode::Selector>> parse_pins(const std::vector<std::string>& specs);

}  // namespace kip::cli
