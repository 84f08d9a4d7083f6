// What a verb is about: the modules of one kernel, and the policy on them.
#pragma once

#include <optional>

#include "src/cli/module_choice.h"
#include "src/cli/modules_report.h"
#include "src/kmod-pack/verbs.h"

namespace kip::kmod_pack {

class Subject {
 public:
  /// `say`: what becomes of findings.
  Subject(const Settings& settings, const cli::Messages& messages, cli::ModuleChoice::Say say)
      : settings_(settings), messages_(messages), say_(say) {}

  /// Reads and decides. The error was said.
  cli::ExitCode open();

  /// And makes the closure of what is selected.
  cli::ExitCode open_closed();

  const Root& root() const { return root_; }
  const std::string& kernel() const { return kernel_; }
  cli::ModuleChoice& choice() { return *choice_; }
  const cli::ModuleChoice& choice() const { return *choice_; }
  const modules::Closure& closure() const { return closure_; }

  /// Says the findings, but for those that the report tells of itself.
  void say_findings() const;

  /// A row for any file of the tree.
  Result<cli::ModuleRow> row(const modules::ModuleFile& file);
  cli::ModuleRow row(const cli::DecidedModule& module) const;

  /// Rules that name a module of the kernel's own: of them only a Require= counts.
  void add_rules_of_the_kernels(const policy::ModuleNames& names, cli::ModuleRow& row) const;

  /// How a file came into the closure; nullptr: it is not in it.
  const modules::Needed* needed(const modules::ModuleFile& file) const;

  /// An initrd's own modules, put below `scratch`; nullopt after the error was said.
  std::optional<image::BaseModules> read_base(const std::string& path, const std::string& scratch);

 private:
  void add_cause(const modules::ModuleFile& file, cli::ModuleRow& row) const;

  const Settings& settings_;
  const cli::Messages& messages_;
  const cli::ModuleChoice::Say say_;
  Root root_;
  std::string kernel_;
  std::optional<cli::ModuleChoice> choice_;
  modules::Closure closure_;
};

cli::RuleRow rule_row(const policy::ModuleRule& rule);

}  // namespace kip::kmod_pack
