// What is wrong with the policy of out-of-tree modules on this machine, or will be after the next boot.
//
//   LintInput input{rules, settings, dracut, out_of_tree, host::read_root_needs(root)};
//   const LintFacts facts = TRY(read_lint_facts(root, tree, input));
//   for (const Finding& finding : lint(facts, input)) ...
//
// Each finding names the rule, the place (file:line, or a module's path) and the remedy: a command, or the line to write. An
// error: the next boot, or what a Require= asks for, fails. A warning: an image is not what somebody has asked for, or not
// what it will be next time. A note: worth knowing, and meant so by whoever wrote it. What the readers of the files found
// (unreadable lines, modules) is in their findings and is not repeated here.
#pragma once

#include <map>
#include <optional>
#include <set>

#include "src/base/finding.h"
#include "src/host/root_device.h"
#include "src/image/overlay.h"
#include "src/modules/tree.h"
#include "src/policy/modules.h"

namespace kip::checks {

/// The module of the root file system or of a device below it is out-of-tree, and out: the machine would not boot. Or there is
/// no such file system in this kernel at all. A warning if only the generator has packed it.
inline constexpr const char* kRuleRoot = "lint-root";
/// A Require= names a module that there is not, or that another rule leaves out. A warning where OnRequire=warn.
inline constexpr const char* kRuleRequired = "lint-required";
/// A module that goes in was built for another release (vermagic).
inline constexpr const char* kRuleRelease = "lint-vermagic";
/// A module that goes in has no signature, and the kernel takes only signed ones.
inline constexpr const char* kRuleSignature = "lint-signature";
/// A root file system whose module is in, and whose user-space tool the base lacks: zfs without zpool.
inline constexpr const char* kRuleTool = "lint-tool";
/// A line in /etc defeats a package's snippet: a file of the same name, an empty value, or `=` where `+=` was meant. The news
/// item's second trap. A note where Omit= in /etc/kip does: that is what it is for. And any `=` of a package's for dracut:
/// that defeats others' snippets, if not on this machine today.
inline constexpr const char* kRuleDefeated = "lint-defeated";
/// A rule names no module of this kernel; a package's, or one that leaves out: a note. Likewise a variable in dracut's files
/// that is nearly one of its lists of drivers.
inline constexpr const char* kRuleUnknownName = "lint-unknown-name";
/// Rules of one weight say both, or a rule of the administrator's has no effect because of another.
inline constexpr const char* kRuleContradiction = "lint-contradiction";
/// Two files of one name: which one wins.
inline constexpr const char* kRuleTwin = "lint-twin";
/// The base has a module of that name from another build: it was made before the module was rebuilt.
inline constexpr const char* kRuleStaleTwin = "lint-stale-twin";
/// The image has a module that policy leaves out: the generator packed it, or kip did before.
inline constexpr const char* kRulePacked = "lint-packed";
/// Policy wants a module, and the image has it neither among the generator's nor in an archive of kip's: it was made before,
/// or without kip. An error for a Require= and for what the root file system needs.
inline constexpr const char* kRuleNotInImage = "lint-not-in-image";
/// The image has modules, and none of them is for this kernel.
inline constexpr const char* kRuleOtherKernel = "lint-other-kernel";
/// modules.dep is missing, older than a module, or lacks one.
inline constexpr const char* kRuleIndex = "lint-index";
/// A module that goes in cannot be loaded: something that it depends on is not there. A note for softdeps and firmware.
inline constexpr const char* kRuleMissing = "lint-missing";

/// What the target kernel says of signatures: CONFIG_MODULE_SIG_FORCE of its configuration file.
enum class Signatures : std::uint8_t { kNotKnown, kNotForced, kForced };

struct LintInput {
  const policy::ModuleRules& rules;
  const policy::Settings& settings;
  const policy::DracutFiles& dracut;
  const modules::OutOfTree& out_of_tree;
  host::RootNeeds root = {};
  const image::BaseModules* base = nullptr;  // of the initrd, if there is one
  std::string base_path = {};                // its name, for findings
  std::string base_directory = {};  // the scratch directory with the base's modules, or empty
  std::string root_path = {};       // as it was given; empty: '/'
  /// Paths of the modules that an archive would get; nullopt: by the rules alone.
  std::optional<std::set<std::string>> packable = {};
  Signatures signatures = Signatures::kNotKnown;
};

/// What a name or alias stands for in a kernel.
struct KnownName {
  enum class Kind : std::uint8_t { kNothing, kBuiltin, kFile };
  Kind kind = Kind::kNothing;
  std::string path = {};  // kFile: relative to the modules directory

  bool operator==(const KnownName&) const = default;
};

enum class Index : std::uint8_t { kFresh, kOld, kMissing };

/// What lint asks of a kernel's modules, as values.
struct LintFacts {
  std::string kernel;
  std::string directory;                         // "/lib/modules/6.12.0-amd64"
  std::vector<modules::ModuleFile> files;        // all, sorted by path
  std::optional<std::set<std::string>> builtin;  // modules' names; nullopt: not known
  std::map<std::string, KnownName>
      names;  // rules' patterns that are no globs, the root's needs, out-of-tree modules
  Index index = Index::kFresh;
  modules::Closure closure;     // of what policy selects
  std::set<std::string> stale;  // out-of-tree modules of which the base has another build
  std::set<std::string> stale_in_overlay;  // and of which an archive of kip's in the image has
  std::vector<policy::ConfFile>
      replaced;                 // of kip.conf.d in /usr/lib, by one of the same name in /etc
  std::set<std::string> masks;  // files for kip and dracut in /etc that are links to /dev/null
};

Result<LintFacts> read_lint_facts(const Root& root, modules::Tree& tree, const LintInput& input);

/// Pure. Sorted: errors, warnings, notes; in each by place.
std::vector<Finding> lint(const LintFacts& facts, const LintInput& input);

/// By /boot/config-KVER, or config in the modules directory.
Signatures read_signatures(const Root& root, const std::string& kernel);

}  // namespace kip::checks
