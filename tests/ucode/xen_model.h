// What the model of Xen's loader and its re-telling are compared by.
#pragma once

#include <optional>
#include <vector>

#include "tests/support/xen_loader.h"
#include "ucode/xen.h"

namespace kip::ucode {

// In the order of xen_forms().
inline std::vector<support::XenRules> retold_forms() {
  return {support::XenRules::before_xsn2(), support::XenRules::xsn2(),
          support::XenRules::october_2025(), support::XenRules::late_2025()};
}

inline support::XenOutcome outcome_of(const LoaderAnswer& answer) {
  if (!answer.candidate) {
    const bool off =
        !answer.verdicts.empty() && answer.verdicts.front() == LoaderVerdict::kLoaderOff;
    return off ? support::XenOutcome::kOff : support::XenOutcome::kNoMatch;
  }
  switch (answer.verdicts[*answer.candidate]) {
    case LoaderVerdict::kNotNewer:
      return support::XenOutcome::kNotNewer;
    case LoaderVerdict::kBelowBase:
      return support::XenOutcome::kMinRev;
    default:
      return support::XenOutcome::kLoaded;
  }
}

inline std::optional<std::size_t> place_of(const LoaderAnswer& answer,
                                           std::span<const Update> seen) {
  return answer.candidate ? std::optional<std::size_t>(seen[*answer.candidate].offset)
                          : std::nullopt;
}

}  // namespace kip::ucode
