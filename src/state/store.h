// Where records are kept: /var/lib/kip/KIND/NAME, one file each, written whole or not at all.
//
//   TRY(put(root_path, "pending", kernel, text));
//   for (const std::string& name : TRY(names_of(root, "pending"))) ... read_record(root, "pending", name, limit)
//
// A name is one component of a path, and never a hidden one: those are of files that are being written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "src/base/file.h"
#include "src/base/finding.h"
#include "src/base/text.h"

namespace kip::state {

bool names_a_record(std::string_view name);

/// "/var/lib/kip/KIND/NAME", for messages.
std::string place_of(const std::string& kind, const std::string& name);

/// The directory, made with all that leads to it where it is missing: 0755, whatever the umask.
Result<std::string> make_home(const std::string& root);

/// `root`: a directory that stands for '/', or empty. Directories that are missing are made, 0755; the record is 0644, for
/// all to see, whatever the umask. kInvalid for a name that names no record; and where a link leads out of the root.
Status put(const std::string& root, const std::string& kind, const std::string& name,
           std::string_view text);

/// Nothing there is no error, on a file system that is read-only either.
Status drop(const std::string& root, const std::string& kind, const std::string& name);

/// Sorted (bytes); none where the directory is missing.
Result<std::vector<std::string>> names_of(const Root& root, const std::string& kind);

/// kInvalid for what is no regular file, kLimit for a larger one. The error does not name the place.
Result<std::vector<std::uint8_t>> read_record(const Root& root, const std::string& kind,
                                              const std::string& name, std::uint64_t limit);

/// Every record of a kind into `Found`, whose `records` are what `read_one(root, name)` gives; what cannot be read becomes a
/// finding of that rule.
template <class Found, class ReadOne>
Result<Found> read_records(const Root& root, const std::string& kind, const char* rule,
                           const ReadOne& read_one) {
  Found found;
  for (const std::string& name : TRY(names_of(root, kind))) {
    auto record = read_one(root, name);
    if (record) {
      found.records.push_back(std::move(*record));
      continue;
    }
    Finding finding;
    finding.rule = rule;
    finding.place = place_of(kind, name);
    finding.text = record.error().what;
    finding.remedy = "rm " + shell_word(finding.place) + ", and install its kernel again";
    found.findings.push_back(std::move(finding));
  }
  return found;
}

}  // namespace kip::state
