// Deciding about a kernel's out-of-tree modules: what kmod-pack and the image plugin share.
//
//   ModuleChoice choice(root, kernel, messages);
//   if (const ExitCode code = choice.read(); code != ExitCode::kDone) return code;   // said
//   for (const DecidedModule& it : choice.modules()) ...                             // list
//   Scratch directory …;
//   const auto base = TRY(image::read_base_modules(…));
//   const auto planned = choice.plan(base, scratch_directory);                       // pack, plugin
#pragma once

#include "src/cli/exit_code.h"
#include "src/cli/messages.h"
#include "src/image/overlay.h"
#include "src/modules/tree.h"
#include "src/policy/modules.h"

namespace kip::cli {

struct DecidedModule {
  modules::Module module;
  policy::Decision decision;
  bool wins = true;        // of twins: the one that depmod's index lists
  std::string left_out;    // selected by policy, and left out all the same: why (vermagic, a missing dependency, …)
};

class ModuleChoice {
 public:
  /// `settings`: where they were read already (the plugin); nullptr: from kip.conf.d below the root.
  ModuleChoice(const Root& root, std::string kernel, const Messages& messages,
               const policy::Settings* settings = nullptr);
  ~ModuleChoice();

  /// Reads settings, dracut's files, the tree, and decides. Errors and findings are said. kNothing: there is no such kernel.
  /// kFailed: settings with an error in them, or a tree that cannot be read.
  ExitCode read();

  const policy::Settings& settings() const;
  const policy::DracutFiles& dracut() const;
  const policy::ModuleRules& rules() const;
  modules::Tree& tree();
  const modules::OutOfTree& out_of_tree() const;
  const std::vector<DecidedModule>& modules() const;  // by name, then path

  /// Whether policy selects something.
  bool selects() const;

  /// The closure of what is selected; what cannot be had is in `left_out` then.
  Result<modules::Closure> closure();

  /// The overlay for a base; kInvalid if nothing is selected.
  Result<image::OverlayPlan> plan(const image::BaseModules& base, const std::string& scratch);

  /// Names of Require= that neither the base nor the plan has, each with its rule.
  std::vector<std::pair<std::string, policy::ModuleRule>> unmet(const image::BaseModules& base,
                                                                const image::OverlayPlan* plan) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kip::cli
