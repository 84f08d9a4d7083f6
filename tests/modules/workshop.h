// A kernel's modules below a directory of the test's own, built on the spot, with indexes by the real depmod.
#pragma once

#include "src/modules/tree.h"
#include "tests/support/elf_module.h"
#include "tests/support/temp_dir.h"

namespace kip::modules {

inline constexpr const char* kKernel = "6.1.0-test";

class Workshop {
 public:
  Workshop();

  std::string path(const std::string& file) const { return modules_ + "/" + file; }

  /// A module with vermagic and what `info` adds. With a suffix, compressed by the tool.
  void add(const std::string& file, const support::ModuleInfo& info = {},
           const support::ElfFields& fields = {}) const;
  /// The same, with intree=Y and a line in modules.order.
  void add_in_tree(const std::string& file, support::ModuleInfo info = {},
                   const support::ElfFields& fields = {});
  void write(const std::string& file, support::View bytes) const;

  /// As a kernel's package would: everything so far is indexed.
  void depmod() const;

  const Root& root() const { return root_; }
  Tree open() const;
  ModuleFile file(const std::string& path) const;

  support::TempDir directory;

 private:
  std::string modules_ = std::string("lib/modules/") + kKernel;
  std::string order_;
  Root root_;
};

/// Paths, names: what a test compares.
std::vector<std::string> paths_of(const std::vector<Module>& modules);
std::vector<std::string> texts_of(const std::vector<Needed>& needed);    // "path: cause of"
std::vector<std::string> texts_of(const std::vector<Missing>& missing);  // "name: cause of"

}  // namespace kip::modules
