// What is wrong with the policy of out-of-tree modules on this machine, or will be after the next boot.
//
//   LintInput input{rules, dracut, out_of_tree, …};
//   for (const Finding& finding : lint(tree, input)) ...
//
// Each finding names the rule, the place (file:line, or a module's path) and the remedy. Rules, errors first: kRoot, kRequired,
// kRelease, kUnsignedRefused, kTool; then warnings: kDefeated, kUnknownName, kContradiction, kTwin, kStaleTwin, kIndex.
#pragma once

#include <optional>

#include "src/base/finding.h"
#include "src/host/root_device.h"
#include "src/image/overlay.h"
#include "src/modules/tree.h"
#include "src/policy/modules.h"

namespace kip::checks {

/// The module of the root file system or of a device below it is out-of-tree, and out: the machine would not boot.
inline constexpr const char* kRuleRoot = "lint-root";
/// A Require= names a module that there is not, or that is left out by a heavier rule.
inline constexpr const char* kRuleRequired = "lint-required";
/// A selected module was built for another release (vermagic).
inline constexpr const char* kRuleRelease = "lint-vermagic";
/// A selected module has no signature, or the kernel takes only signed ones.
inline constexpr const char* kRuleSignature = "lint-signature";
/// A root file system whose module is in, and whose user-space tool the base lacks: zfs without zpool.
inline constexpr const char* kRuleTool = "lint-tool";
/// A line in /etc defeats a package's snippet: a file of the same name, or `=` where `+=` was meant. The news item's second trap.
inline constexpr const char* kRuleDefeated = "lint-defeated";
/// A rule names no module of this kernel.
inline constexpr const char* kRuleUnknownName = "lint-unknown-name";
/// Rules of one weight say both.
inline constexpr const char* kRuleContradiction = "lint-contradiction";
/// Two files of one name: which one wins.
inline constexpr const char* kRuleTwin = "lint-twin";
/// The base has a module of that name with other bytes: it was made before the module was rebuilt.
inline constexpr const char* kRuleStaleTwin = "lint-stale-twin";
/// The generator packed a module that policy leaves out.
inline constexpr const char* kRulePacked = "lint-packed";
/// modules.dep is missing or older than a module.
inline constexpr const char* kRuleIndex = "lint-index";
/// A module that is selected cannot be loaded: something that it depends on is not there.
inline constexpr const char* kRuleMissing = "lint-missing";

/// What the target kernel says of signatures: CONFIG_MODULE_SIG_FORCE of its configuration file.
enum class Signatures : std::uint8_t { kNotKnown, kNotForced, kForced };

struct LintInput {
  const policy::ModuleRules& rules;
  const policy::Settings& settings;
  const policy::DracutFiles& dracut;
  const modules::OutOfTree& out_of_tree;
  host::RootNeeds root;
  const image::BaseModules* base = nullptr;  // of the initrd, if there is one
  Signatures signatures = Signatures::kNotKnown;
};

/// Sorted: errors, warnings, notes; in each by place.
std::vector<Finding> lint(modules::Tree& tree, const LintInput& input);

/// By /boot/config-KVER, or config in the modules directory.
Signatures read_signatures(const Root& root, const std::string& kernel);

}  // namespace kip::checks
