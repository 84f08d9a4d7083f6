// A scan, told in short lines that tests compare.
#pragma once

#include <fmt/format.h>
#include <string>
#include <vector>

#include "src/catalog/catalog.h"
#include "tests/base/must.h"
#include "tests/support/temp_dir.h"

namespace kip::catalog {

using Lines = std::vector<std::string>;

inline std::string below(std::string path, const std::string& directory) {
  return path.starts_with(directory + "/") ? path.substr(directory.size() + 1) : path;
}

/// "path[member] offset revision", with "broken" behind it; paths are relative to `directory`.
inline Lines entries_of(const Catalog& catalog, const std::string& directory) {
  Lines lines;
  for (const Entry& entry : catalog.entries) {
    const Stream& stream = catalog.stream_of(entry);
    lines.push_back(fmt::format("{} {} {:#x}{}", below(stream.place(), directory),
                                entry.file_offset(stream), entry.update.revision,
                                entry.sound ? "" : " broken"));
  }
  return lines;
}

/// "path rule".
inline Lines findings_of(const Catalog& catalog, const std::string& directory) {
  Lines lines;
  for (const Finding& finding : catalog.findings)
    lines.push_back(below(finding.place, directory) + " " + finding.rule);
  return lines;
}

/// A directory of the test's own and a scan of it.
class Tree {
 public:
  const support::TempDir& operator*() const { return directory_; }
  const support::TempDir* operator->() const { return &directory_; }

  Catalog scan(const std::string& name = ".", const ScanOptions& options = {}) const {
    Catalog catalog;
    must(Scanner(root_, options, catalog).add(name == "." ? directory_.path() : directory_ / name));
    return catalog;
  }
  Lines entries(const std::string& name = ".") const {
    return entries_of(scan(name), directory_.path());
  }
  Lines findings(const std::string& name = ".") const {
    return findings_of(scan(name), directory_.path());
  }

 private:
  support::TempDir directory_;
  Root root_;
};

}  // namespace kip::catalog
