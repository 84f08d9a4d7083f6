// What depmod's indexes of a kernel say: which module a name or an alias means, which file that is, and which files it
// depends on. Read when first asked; an index that is missing is one without entries.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "src/base/file.h"
#include "src/base/finding.h"
#include "src/modules/index.h"

namespace kip::modules {

/// A line of modules.dep.
struct DependencyLine {
  std::string path;                  // relative to the modules directory, unless it is absolute
  std::vector<std::string> depends;  // likewise; all of them, not only the direct ones
};

/// What a name means.
struct Meant {
  std::vector<std::string> names;  // of modules, by priority
  bool builtin = false;            // the kernel has them in itself

  bool operator==(const Meant&) const = default;
};

class Lookup {
 public:
  /// `root` outlives it. `directory` is that of the modules.
  Lookup(const Root& root, std::string directory) : root_(root), directory_(std::move(directory)) {}

  /// In modprobe's order: a module of the index, aliases, what is built in, its aliases. Empty: nothing knows it.
  Meant meant(const std::string& name_or_alias);

  std::optional<DependencyLine> line(const std::string& module_name);

  /// Rule "module-index": an index cannot be read, or is damaged where we came by. What it would say is not said.
  const std::vector<Finding>& findings() const { return findings_; }

 private:
  const Index& index(const char* file);
  template <class T>
  T taken(const char* file, Result<T> result);

  const Root& root_;
  std::string directory_;
  std::map<std::string, Index, std::less<>> indexes_;  // by file
  std::vector<Finding> findings_;
};

}  // namespace kip::modules
