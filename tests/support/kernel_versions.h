// Which switches a release of kernel.org has set: told again from the announcements of the stable branches, and independent of
// the table in ucode/.
#pragma once

#include "tests/support/kernel_rules.h"

namespace kip::support {

// From 5.0 on. Point releases of which only a candidate is known are taken at that.
KernelRules rules_at(unsigned major, unsigned minor, unsigned patch);

}  // namespace kip::support
