// What `kip refresh` reports, as plain values; refresh_text.cc and json_status.cc say the same thing twice.
#pragma once

#include <string>
#include <vector>

#include "src/cli/status_report.h"

namespace kip::cli {

enum class Outcome : std::uint8_t {
  kCurrent,
  kSwapped,  // another early part
  kRebuilt,  // by kernel-install
  kWaiting,  // a module that is required is still not there
  kRefused,  // nothing was touched
  kFailed,
  kNotTried,  // another one failed before
};

struct RefreshRow {
  std::string kernel, token;  // token empty: no entry is recorded yet
  Outcome outcome = Outcome::kCurrent;
  std::string why;     // for all that is left undone: one line
  std::string remedy;  // a command; empty: none is known
  std::vector<state::Change> changes;
  std::vector<FileRow> files;
};

struct RefreshReport {
  bool dry_run = false;             // what would be done
  std::vector<RefreshRow> entries;  // in the order in which they are done
  std::vector<Finding> findings;    // records that cannot be read
};

/// The lines of one entry. `alone`: the only one of its kernel.
std::string to_text(const RefreshRow& row, bool dry_run, bool alone);

/// "current", "swapped", …
const char* outcome_name(Outcome outcome);

}  // namespace kip::cli
