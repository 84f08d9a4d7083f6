#include <tuple>

#include "tests/support/kernel_versions.h"

namespace kip::support {
namespace {

struct Version {
  unsigned major, minor, patch;
};

// Whether a change is in: from a mainline release on, and in branches from a point release on.
class Has {
 public:
  explicit Has(Version kernel) : kernel_(kernel) {}

  template <class... Branches>
  bool since(unsigned major, unsigned minor, Branches... branches) const {
    return std::tie(kernel_.major, kernel_.minor) >= std::tie(major, minor) ||
           (in(branches) || ...);
  }

 private:
  bool in(const Version& branch) const {
    return kernel_.major == branch.major && kernel_.minor == branch.minor &&
           kernel_.patch >= branch.patch;
  }

  Version kernel_;
};

}  // namespace

KernelRules rules_at(unsigned major, unsigned minor, unsigned patch) {
  using V = Version;
  const Has has({major, minor, patch});
  KernelRules rules;
  rules.rework = has.since(6, 7, V{6, 6, 81});
  rules.pf_new = has.since(7, 1);
  rules.same_rev = has.since(6, 1, V{6, 0, 6}, V{5, 15, 76}, V{5, 10, 152}, V{5, 4, 221});
  rules.zen_id = has.since(6, 12, V{6, 6, 81});
  rules.sha = has.since(6, 14, V{6, 13, 6}, V{6, 12, 18}, V{6, 6, 81});
  rules.sha_zen5 = has.since(6, 15, V{6, 14, 4}, V{6, 12, 25}, V{6, 6, 88});
  rules.sha_tsa = has.since(6, 16, V{6, 15, 6}, V{6, 12, 37}, V{6, 6, 97});
  rules.norev = has.since(6, 17, V{6, 16, 5}, V{6, 12, 45}, V{6, 6, 104});
  rules.naples = has.since(6, 18, V{6, 17, 6}, V{6, 12, 56}, V{6, 6, 115});
  rules.more_models = has.since(6, 18, V{6, 17, 8}, V{6, 12, 58}, V{6, 6, 117});
  rules.more_models_2 = has.since(6, 18, V{6, 17, 9}, V{6, 12, 59}, V{6, 6, 117});
  rules.known_gen = has.since(6, 18, V{6, 17, 10}, V{6, 12, 60}, V{6, 6, 118});
  rules.strix_halo = has.since(6, 19, V{6, 18, 4}, V{6, 12, 64}, V{6, 6, 120});
  rules.select = has.since(6, 19, V{6, 18, 4}, V{6, 12, 64}, V{6, 6, 121});
  rules.rev0_early = has.since(7, 2);
  return rules;
}

}  // namespace kip::support
