#include <fmt/format.h>

#include "src/checks/tallies.h"

namespace kip::checks {

void Tallies::add(Finding finding) {
  for (std::size_t i = segment_; i < all_.size(); ++i) {
    const Finding& first = all_[i].first;
    if (first.rule != finding.rule || first.severity != finding.severity) continue;
    ++all_[i].more;
    return;
  }
  all_.push_back({std::move(finding), 0});
}

std::vector<Finding> Tallies::findings() const {
  std::vector<Finding> findings;
  for (const Tally& tally : all_) {
    findings.push_back(tally.first);
    if (tally.more != 0) findings.back().text += fmt::format("; and {} more", tally.more);
  }
  return findings;
}

}  // namespace kip::checks
