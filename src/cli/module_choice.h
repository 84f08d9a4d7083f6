// Deciding about a kernel's out-of-tree modules: what kmod-pack and the image plugin share.
//
//   ModuleChoice choice(root, kernel, messages);
//   if (const ExitCode code = choice.read(); code != ExitCode::kDone) return code;   // said
//   for (const DecidedModule& it : choice.modules()) ...                             // list
//   if (!choice.selects()) ...                                                       // nothing to pack
//   const auto base = TRY(image::read_base_modules(…, choice.host_modules()));
//   const auto planned = choice.plan(base, scratch_directory);                       // pack, plugin
//   const auto method = choice.compression(base);
//
// Policy decides by rules (src/policy/modules.h). What it selects is left out all the same if it cannot be loaded: built for
// another kernel, something that it depends on is not there, another file of its name wins by depmod's order, or, with
// Unsigned=skip, it has no signature where the kernel wants one. Each of these is a finding, and `left_out` says it.
// What is out, and needed by what is in, comes along.
#pragma once

#include "src/cli/exit_code.h"
#include "src/cli/messages.h"
#include "src/image/overlay.h"
#include "src/modules/tree.h"
#include "src/policy/modules.h"

namespace kip::cli {

/// The file in the overlay that has modprobe.d's lines about its modules.
inline constexpr const char* kModprobeFile = "etc/modprobe.d/kip-modules.conf";

/// Where `kmod-pack emit dracut` is to be put. A file of this name says what kip decided before, so it is no policy.
inline constexpr const char* kDracutDropIn = "90-kip-modules.conf";

/// Rules of findings: a selected module is left out; one comes along against a rule; modules.dep is missing or old.
inline constexpr const char* kRuleLeftOut = "module-left-out";
inline constexpr const char* kRuleComesAlong = "module-comes-along";
inline constexpr const char* kRuleChoiceIndex = "modules-index";

struct DecidedModule {
  modules::Module module;
  policy::Decision decision;
  bool wins = true;  // of twins: the one that depmod's index lists
  std::string
      left_out;  // selected by policy, and left out all the same: why (vermagic, a missing dependency, …)
};

class ModuleChoice {
 public:
  /// What becomes of findings as they come up. All are kept for findings().
  enum class Say : std::uint8_t {
    kAll,
    kNothing,  // but errors in settings, which end read()
    kReport,  // nothing: findings() is the report, so settings with an error in them count as far as they can be read
  };

  /// `settings`: where they were read already (the plugin); nullptr: from kip.conf.d below the root. `root_path`: what the user
  /// called the root, for commands in messages; empty: '/'.
  ModuleChoice(const Root& root, std::string kernel, const Messages& messages,
               const policy::Settings* settings = nullptr, Say say = Say::kAll,
               std::string root_path = {});
  ~ModuleChoice();

  /// Reads settings, dracut's files, the tree, and decides. kNothing: there is no directory of modules for this kernel, and
  /// that was not said, since a kernel may have none. kFailed: settings with an error in them (not with kReport), or a tree
  /// that cannot be read; errors are said always.
  ExitCode read();

  const policy::Settings& settings() const;
  const policy::DracutFiles& dracut() const;
  const policy::ModuleRules& rules() const;
  modules::Tree& tree() const;
  const modules::OutOfTree& out_of_tree() const;
  const std::vector<DecidedModule>& modules() const;  // by name, then path
  const std::vector<Finding>& findings() const;       // so far

  /// The tree's directory, as a path that leads there from the machine's own '/'.
  const std::string& host_modules() const;

  /// Whether policy selects something. It may still turn out that it cannot be had.
  bool selects() const;

  /// The closure of what is selected, made once; what cannot be had is in `left_out` then. Of a dependency that cannot be
  /// had, whatever needs it is left out; of a softdep, only that.
  Result<modules::Closure> closure();

  /// What Unsigned=fail forbids, in words: the image is not to be installed then. For after closure() or plan().
  const std::optional<std::string>& refusal() const;

  /// The overlay for a base; kInvalid if nothing is selected, or with a refusal().
  Result<image::OverlayPlan> plan(const image::BaseModules& base, const std::string& scratch);

  /// How Compression= wants it. REQUIRES: a plan.
  std::optional<codec::Method> compression(const image::BaseModules& base) const;

  /// Names of Require= that neither the base nor the plan has, each with its rule. Of a glob: every module that it means, or
  /// the glob itself if there is none. Built in is there.
  std::vector<std::pair<std::string, policy::ModuleRule>> unmet(
      const image::BaseModules& base, const image::OverlayPlan* plan) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kip::cli
