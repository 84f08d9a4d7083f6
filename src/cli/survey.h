// kip's records against the machine as it is: each recorded entry, and what is to be said of it. What every verb of kip begins
// with.
//
//   Survey survey(root, root_path, messages);
//   if (const ExitCode code = survey.read(kernels); code != ExitCode::kDone) return code;   // was said
//   for (const Surveyed& it : survey.entries()) ... it.row.state, it.row.changes
//
// Reads, and writes nothing.
#pragma once

#include <string>
#include <vector>

#include "src/cli/derived.h"
#include "src/cli/image_file.h"
#include "src/cli/status_report.h"

namespace kip::cli {

struct Surveyed {
  EntryRow row;
  const state::Manifest* manifest = nullptr;  // nullptr: there is a pending record alone
  const state::Pending* pending = nullptr;    // nullptr: none
  std::optional<state::Inputs> now;  // what would be put there; nullopt: unknown, or no manifest
};

class Survey {
 public:
  /// `root_path`: what the user called the root; empty: '/'. All of them outlive it.
  Survey(const Root& root, const std::string& root_path, const Messages& messages)
      : root_(root), messages_(messages), derived_(root, root_path, messages) {}

  /// Of these kernels; empty: of all that are recorded. kNothing: of one that was named nothing is recorded; kFailed: the records,
  /// or the configuration, cannot be read.
  ExitCode read(const std::vector<std::string>& kernels);

  /// By kernel, then token (bytes).
  const std::vector<Surveyed>& entries() const { return entries_; }

  /// With the records that cannot be read; each was said.
  StatusReport report() const;

  const policy::Settings& settings() const { return derived_.settings(); }
  policy::Settings settings_for(const state::Manifest& recorded) const {
    return derived_.settings_for(recorded);
  }

  /// kNo if an entry is not current; kFailed if a record or what belongs into an image cannot be told.
  ExitCode code() const;

 private:
  ExitCode failed(const std::string& place, const Error& error) const;
  ExitCode read_records();
  ExitCode check(const std::vector<std::string>& kernels) const;
  void add(const state::Manifest& manifest);
  void add(const state::Pending& pending);
  void check(const state::ImageFile& file, EntryRow& row) const;
  void check_entry(const state::Manifest& manifest, EntryRow& row) const;

  const Root& root_;
  const Messages& messages_;
  Derived derived_;
  state::Manifests manifests_;
  state::PendingRecords pending_;
  std::vector<Surveyed> entries_;
  std::vector<Finding> findings_;
};

}  // namespace kip::cli
