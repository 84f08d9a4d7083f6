// What `kip status` reports, as plain values; status_text.cc and json_status.cc say the same thing twice.
#pragma once

#include <string>
#include <vector>

#include "src/state/compare.h"
#include "src/state/installed.h"
#include "src/state/pending.h"

namespace kip::cli {

/// Of several that hold, the last one.
enum class EntryState : std::uint8_t {
  kCurrent,
  kStale,    // an input changed
  kPending,  // a module that is required is not in the image
  kForeign,  // somebody wrote another image in its place
  kMissing,  // the image is gone
  kUnknown,  // what would go into it now cannot be told; an error was said
};

/// "current", "stale", …
const char* state_name(EntryState state);

struct FileRow {
  const char* what = "image";  // or "entry"
  std::string path;
  state::FileState state = state::FileState::kThere;
};

struct EntryRow {
  std::string kernel, token;  // token empty: there is a pending record alone
  std::string layout;
  std::string kip_version;
  EntryState state = EntryState::kCurrent;
  std::vector<FileRow> files;  // all that are checked
  std::vector<state::PendingModule> pending;
  std::vector<state::Change> changes;

  void raise(EntryState to) {
    if (to > state) state = to;
  }
};

struct StatusReport {
  std::vector<EntryRow> entries;  // by kernel, then token
  std::vector<Finding> findings;  // records that cannot be read
};

std::string to_text(const StatusReport& report);

/// What is wrong with a file, as a line; empty: nothing.
std::string to_text(const FileRow& file);

}  // namespace kip::cli
