// A fleet against a release of microcode: who gets what of it, and what that costs.
//
//   CoverageReport report = cover(choice, old ? &*old : nullptr);
//
// Nothing here knows microcode better than `pack` and `predict`: the choice is that of the one, each verdict the other's, of the
// archive that pack would write for all of them.
#pragma once

#include "src/cli/choice.h"
#include "src/cli/coverage_report.h"

namespace kip::cli {

/// All but the archive's size and the budget. REQUIRES: both choices were made for the same CPUs, in the same order, from
/// updates with digests. `old` may be null.
CoverageReport cover(const Choice& choice, const Choice* old);

}  // namespace kip::cli
