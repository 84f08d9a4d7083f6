#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "src/state/compare.h"

namespace kip::state::detail {
namespace {

using Kind = Change::Kind;
using Updates = std::vector<const UpdateInput*>;

bool is_same(const UpdateInput& a, const UpdateInput& b) {
  return a.digest == b.digest && (serves_as_well(a, b) || serves_as_well(b, a));
}

bool share_a_cpu(const UpdateInput& a, const UpdateInput& b) {
  const auto meets = [&](const ucode::Target& one) {
    return std::any_of(b.targets.begin(), b.targets.end(), [&](const ucode::Target& other) {
      const std::uint32_t flags = one.platform_flags & other.platform_flags;
      return one.signature == other.signature &&
             (flags != 0 || one.platform_flags == other.platform_flags);
    });
  };
  return a.vendor == b.vendor && std::any_of(a.targets.begin(), a.targets.end(), meets);
}

std::string names_of(const UpdateInput& update) {
  std::vector<std::string> names;
  for (const ucode::Target& target : update.targets) {
    const std::string name = target.signature.name();
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return fmt::format("{}", fmt::join(names, " "));
}

std::string revision_of(const UpdateInput& update) {
  return fmt::format("{:#010x}", update.revision);
}

Change change_between(const UpdateInput& was, const UpdateInput& is) {
  Change change{Kind::kMicrocode, names_of(is), revision_of(was), revision_of(is), is.file, ""};
  if (was.digest != is.digest && was.revision == is.revision) change.is += " with other bytes";
  if (was.digest == is.digest) change.is += " for other CPUs";
  return change;
}

// Those of `updates` that `others` lacks.
Updates without(const std::vector<UpdateInput>& updates, const std::vector<UpdateInput>& others) {
  Updates left;
  for (const UpdateInput& update : updates) {
    const bool there = std::any_of(others.begin(), others.end(), [&](const UpdateInput& other) {
      return is_same(update, other);
    });
    if (!there) left.push_back(&update);
  }
  return left;
}

template <class Fits>
void pair_up(Updates& gone, Updates& come, Fits fits, std::vector<Change>& changes) {
  std::erase_if(gone, [&](const UpdateInput* was) {
    const auto next = std::find_if(come.begin(), come.end(),
                                   [&](const UpdateInput* is) { return fits(*was, *is); });
    if (next == come.end()) return false;
    changes.push_back(change_between(*was, **next));
    come.erase(next);
    return true;
  });
}

void compare_classes(const MicrocodeInputs& was, const MicrocodeInputs& is,
                     std::vector<Change>& changes) {
  constexpr const char* kClasses[] = {"old", "fixed"};
  for (const CpuInput& cpu : is.cpus) {
    const auto before = std::find_if(was.cpus.begin(), was.cpus.end(), [&](const CpuInput& other) {
      return other.vendor == cpu.vendor && other.signature == cpu.signature &&
             other.platform_flags == cpu.platform_flags;
    });
    // What is not proven any more, or not proven yet, shows in the choice, if at all.
    if (before == was.cpus.end() || !before->proven || !cpu.proven) continue;
    if (before->proven == cpu.proven) continue;
    changes.push_back({Kind::kEntrySign, cpu.label, kClasses[static_cast<int>(*before->proven)],
                       kClasses[static_cast<int>(*cpu.proven)], "", ""});
  }
}

}  // namespace

void compare_microcode(const Manifest& recorded, const Inputs& now, std::vector<Change>& changes) {
  const MicrocodeInputs before = recorded.inputs.microcode.value_or(MicrocodeInputs());
  const auto& base = recorded.base ? recorded.base->updates : std::vector<UpdateInput>();
  const auto was = merged_updates(base, before, recorded.inputs.settings);
  const auto is = merged_updates(base, *now.microcode, now.settings);
  Updates gone = without(was, is), come = without(is, was);
  pair_up(
      gone, come,
      [](const UpdateInput& a, const UpdateInput& b) {
        return share_a_cpu(a, b) && (serves_as_well(a, b) || serves_as_well(b, a));
      },
      changes);
  pair_up(gone, come, share_a_cpu, changes);
  for (const UpdateInput* const update : gone)
    changes.push_back(
        {Kind::kMicrocode, names_of(*update), revision_of(*update), "", update->file, ""});
  for (const UpdateInput* const update : come)
    changes.push_back(
        {Kind::kMicrocode, names_of(*update), "", revision_of(*update), update->file, ""});
  compare_classes(before, *now.microcode, changes);
}

}  // namespace kip::state::detail
