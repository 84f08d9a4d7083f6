// Which out-of-tree modules belong into an image: rules with their origin, and the decision about one module.
//
//   const ModuleRules rules = module_rules(settings, dracut);
//   const Decision decision = decide(rules, {"vpoll", {"char-major-10-200"}});
//   decision.in                   // false
//   decision.winner               // nullptr: by default
//   decision.beaten               // every other rule that names it, in order of weight
//
// Out is the default. A rule names a module by its name, '-' and '_' being the same, by a glob of names, or by one of
// its aliases. The weightiest rule that names it decides:
//   1. kip.conf.d in /etc: the administrator
//   2. kip.conf.d in /usr/lib: packages
//   3. dracut's files: by dracut's own rule, include (drivers, add_drivers, force_drivers) before omit_drivers
// Within 1 and within 2, the last line counts, so that `Omit=nvidia*` and, below it, `Include=nvidia_drm` work as they
// read. `Require=` includes, and makes the absence of the module a fault. A word of dracut's that is no module's
// name (`=drivers/net`, a path) is none of ours.
#pragma once

#include "src/policy/dracut.h"
#include "src/policy/settings.h"

namespace kip::policy {

/// From light to heavy.
enum class Weight : std::uint8_t { kDracutOmit, kDracutInclude, kPackage, kAdministrator };

struct ModuleRule {
  Effect effect = Effect::kOmit;
  Weight weight = Weight::kDracutOmit;
  std::string key;      // "Include", "add_drivers", …
  std::string pattern;  // as written
  Origin origin;

  bool operator==(const ModuleRule&) const = default;
};

/// `Include=zfs at /etc/kip/kip.conf.d/10.conf:3`.
std::string to_text(const ModuleRule& rule);

/// The names that rules may call a module by.
struct ModuleNames {
  std::string name;                  // '_' for '-'
  std::vector<std::string> aliases;  // as in modinfo, globs among them
};

/// Whether a rule's pattern means this module.
bool names(std::string_view pattern, const ModuleNames& module);

struct ModuleRules {
  std::vector<ModuleRule> rules;  // from light to heavy; of equal weight in the order of lines
  std::vector<Finding> findings;  // of dracut's files: unreadable lines, lists not known
};

/// Where an unreadable `=` makes one of dracut's include lists unknown, that list includes nothing, and a finding says so.
ModuleRules module_rules(const Settings& settings, const DracutFiles& dracut);

struct Decision {
  bool in = false;
  bool required = false;                  // a Require= names it, and no heavier rule leaves it out
  const ModuleRule* winner = nullptr;     // into the rules; nullptr: the default
  std::vector<const ModuleRule*> beaten;  // heaviest first
};

/// Pure. The pointers live as long as `rules`.
Decision decide(const ModuleRules& rules, const ModuleNames& module);

}  // namespace kip::policy
