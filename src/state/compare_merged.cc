#include <algorithm>
#include <set>

#include "src/state/compare.h"
#include "ucode/selector.h"

namespace kip::state {
namespace {

using detail::serves_as_well;

using Updates = std::vector<UpdateInput>;

bool is_newer(const UpdateInput& a, const UpdateInput& b) {
  return ucode::is_newer(a.vendor, a.revision, b.revision);
}

// Of two patches on both sides of the EntrySign fix neither stands for the other.
std::optional<ucode::EntrySignClass> class_of(const UpdateInput& it) {
  return it.vendor == ucode::Vendor::kAmd ? ucode::entrysign_class(it.revision) : std::nullopt;
}

// Values of kip.conf.d, which has refused all that are no selectors.
std::vector<ucode::Selector> selectors(const std::vector<std::string>& texts) {
  std::vector<ucode::Selector> parsed;
  for (const std::string& text : texts) {
    if (const auto selector = ucode::parse_selector(text)) parsed.push_back(*selector);
  }
  return parsed;
}

bool is_meant(const ucode::Selector& selector, const UpdateInput& update) {
  return std::any_of(update.targets.begin(), update.targets.end(), [&](const ucode::Target& it) {
    return selector.matches_cpu(update.vendor, it.signature) &&
           flags_meet(selector, update.vendor, it);
  });
}

bool is_forbidden(const UpdateInput& update, const SettingInputs& settings) {
  for (const ucode::Selector& hold : selectors(settings.holds)) {
    if (is_meant(hold, update) && hold.takes_revision(update.revision)) return true;
  }
  bool pinned = false, allowed = false;
  for (const ucode::Selector& pin : selectors(settings.pins)) {
    if (!is_meant(pin, update)) continue;
    pinned = true;
    allowed = allowed || pin.takes_revision(update.revision);
  }
  return pinned && !allowed;
}

// What a merged part takes of the base.
Updates kept(const Updates& base, const MicrocodeInputs& microcode, const SettingInputs& settings) {
  std::set<ucode::CpuSignature> served;
  for (const UpdateInput& update : microcode.updates) {
    for (const ucode::Target& target : update.targets) served.insert(target.signature);
  }
  const auto serves = [&](const UpdateInput& update) {
    return std::any_of(update.targets.begin(), update.targets.end(),
                       [&](const ucode::Target& it) { return served.contains(it.signature); });
  };
  Updates left;
  for (const UpdateInput& update : base) {
    const bool stripped = settings.conflict == "strip" && !serves(update);
    if (!stripped && !is_forbidden(update, settings)) left.push_back(update);
  }
  return left;
}

// The newest that could stand for an update; nullptr: none that is as new.
const UpdateInput* best_for(const UpdateInput& update, const Updates& others) {
  const UpdateInput* best = nullptr;
  for (const UpdateInput& other : others) {
    if (!serves_as_well(other, update) || is_newer(update, other)) continue;
    if (best == nullptr || is_newer(other, *best)) best = &other;
  }
  return best;
}

// Without those that a newer one, or an earlier one of the same revision, stands for.
Updates newest(const Updates& updates) {
  Updates left;
  for (std::size_t i = 0; i < updates.size(); ++i) {
    bool beaten = false;
    for (std::size_t k = 0; k < updates.size() && !beaten; ++k) {
      beaten = k != i && serves_as_well(updates[k], updates[i]) &&
               (is_newer(updates[k], updates[i]) ||
                (k < i && updates[k].revision == updates[i].revision));
    }
    if (!beaten) left.push_back(updates[i]);
  }
  return left;
}

}  // namespace

bool detail::serves_as_well(const UpdateInput& update, const UpdateInput& other) {
  const auto is_served = [&](const ucode::Target& wanted) {
    return std::any_of(update.targets.begin(), update.targets.end(), [&](const ucode::Target& it) {
      return it.signature == wanted.signature && (wanted.platform_flags & ~it.platform_flags) == 0;
    });
  };
  return update.vendor == other.vendor && class_of(update) == class_of(other) &&
         std::all_of(other.targets.begin(), other.targets.end(), is_served);
}

bool is_covered(const Updates& base, const MicrocodeInputs& microcode,
                const SettingInputs& settings) {
  const Updates left = kept(base, microcode, settings);
  return std::all_of(microcode.updates.begin(), microcode.updates.end(),
                     [&](const UpdateInput& update) {
                       const UpdateInput* const there = best_for(update, base);
                       const UpdateInput* const may_stay = best_for(update, left);
                       return there != nullptr && may_stay != nullptr && *there == *may_stay;
                     });
}

Updates merged_updates(const Updates& base, const MicrocodeInputs& microcode,
                       const SettingInputs& settings) {
  if (is_covered(base, microcode, settings)) return newest(base);
  const Updates left = kept(base, microcode, settings);
  Updates all = microcode.updates;
  all.insert(all.end(), left.begin(), left.end());
  return newest(all);
}

}  // namespace kip::state
