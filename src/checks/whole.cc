#include <algorithm>

#include "src/checks/whole.h"

namespace kip::checks {
namespace {

using image::SegmentEntry;

bool has_init(const SegmentEntry& entry) {
  return entry.uses.contains(image::Use::kMain);
}

// Data that nobody looked into may hold anything.
bool may_hold_members(const SegmentEntry& entry) {
  const segments::Segment& segment = entry.segment;
  return entry.members != 0 ||
         (segment.kind != segments::Segment::Kind::kPadding && segment.size == 0);
}

}  // namespace

std::vector<Finding> check_whole(const image::Inventory& inventory) {
  std::vector<Finding> findings = inventory.faults;
  for (Finding& fault : findings) {
    const bool open = !fault.kernels.empty() || fault.rule == segments::kRuleMethod ||
                      fault.rule == segments::kRulePadding;
    if (!open) fault.severity = Severity::kError;
  }
  const auto& all = inventory.segments;
  const auto init = std::find_if(all.begin(), all.end(), has_init);
  const bool reached = std::any_of(all.begin(), all.end(), [](const SegmentEntry& entry) {
    return has_init(entry) && entry.segment.reached;
  });
  if (init != all.end() && !reached) {
    findings.push_back({Severity::kError, kRuleInitLost, "", init->segment.offset,
                        "/init is in here, where kernels do not come: the machine does not boot",
                        ""});
  }
  if (std::none_of(all.begin(), all.end(), may_hold_members)) {
    findings.push_back({Severity::kError, kRuleEmptyImage, "", 0,
                        "no archive with anything in it: there is nothing to boot", ""});
  }
  return findings;
}

}  // namespace kip::checks
