#include <algorithm>
#include <fmt/format.h>

#include "src/checks/early.h"
#include "ucode/amd.h"

namespace kip::checks {
namespace {

using image::MicrocodeMember;
using ucode::KernelRule;

// "6.12 (6.6.81)": the release a rule came with, and the stable ones that carry it.
std::string since(KernelRule rule) {
  const auto table = ucode::kernel_rule_table();
  const auto row =
      std::find_if(table.begin(), table.end(), [&](const auto& it) { return it.rule == rule; });
  std::string stable;
  for (const auto& release : row->stable) {
    if (release.major == 0) continue;
    stable += fmt::format("{}{}.{}.{}", stable.empty() ? "" : ", ", release.major, release.minor,
                          release.patch);
  }
  return fmt::format("{}.{}{}", row->major, row->minor, stable.empty() ? "" : " (" + stable + ")");
}

// A stretch of kernels that choose alike: from `first` on, before `last`.
struct Stage {
  ucode::LoaderRules rules;
  std::optional<KernelRule> first, last;
};

// For a vendor, oldest first. No kernel selects that does not go by the patch id.
std::vector<Stage> stages(ucode::Vendor vendor, const std::optional<ucode::KernelVersion>& kernel) {
  std::vector<Stage> all;
  if (vendor == ucode::Vendor::kIntel) {
    all = {{{.any_platform = false}, std::nullopt, KernelRule::kAnyPlatform},
           {{.any_platform = true}, KernelRule::kAnyPlatform, std::nullopt}};
  } else {
    all = {{{.zen_id = false}, std::nullopt, KernelRule::kZenId},
           {{.zen_id = true}, KernelRule::kZenId, KernelRule::kSelect},
           {{.zen_id = true, .select = true}, KernelRule::kSelect, std::nullopt}};
  }
  const auto possible = ucode::possible_rules(kernel);
  std::erase_if(all, [&](const Stage& stage) {
    return std::none_of(possible.begin(), possible.end(), [&](const ucode::LoaderRules& rules) {
      return vendor == ucode::Vendor::kIntel
                 ? rules.any_platform == stage.rules.any_platform
                 : rules.zen_id == stage.rules.zen_id && rules.select == stage.rules.select;
    });
  });
  return all;
}

std::string kernels_text(const std::optional<KernelRule>& first,
                         const std::optional<KernelRule>& last) {
  std::string text = first ? since(*first) + " and later" : "";
  if (last) text += (first ? ", before " : "before ") + since(*last);
  return text;
}

bool alike(const Served& a, const Served& b) {
  if (a.update.has_value() != b.update.has_value()) return false;
  return a.update ? a.update->offset == b.update->offset : a.why == b.why;
}

std::string why_nothing(std::span<const ucode::Update> stream, const ucode::LoaderCpu& cpu) {
  bool signature = false, platform = false;
  for (const ucode::Update& update : stream) {
    for (const ucode::Target& target : update.targets) {
      if (target.signature != cpu.signature) continue;
      signature = true;
      platform = platform || (target.platform_flags & cpu.platform_flags) != 0;
    }
  }
  if (!signature) return "no update for this CPU is in it";
  if (cpu.vendor == ucode::Vendor::kIntel && !platform)
    return "its updates for this CPU are for other platforms";
  if (cpu.vendor == ucode::Vendor::kIntel) return "no update for this CPU is new enough";
  return "its patches for this CPU are not chosen: another EntrySign class, a container's table "
         "without the CPU, or one behind what ends the scan";
}

// Nothing to choose from, whatever the CPU.
std::optional<std::string> nothing_at_all(const image::Inventory& inventory,
                                          const Searches& searches, ucode::Vendor vendor) {
  const auto& search = searches[static_cast<std::size_t>(vendor)];
  const MicrocodeMember* const member = taken_member(inventory, searches, vendor);
  if (member == nullptr) {
    if (search.found) return "the file that the loader takes could not be looked into";
    const bool some = std::any_of(inventory.microcode.begin(), inventory.microcode.end(),
                                  [&](const MicrocodeMember& it) { return it.vendor == vendor; });
    return some ? "its microcode is where the loader does not find it"
                : "no microcode of its vendor is in the image";
  }
  switch (standing_of(inventory, searches, *member)) {
    case Standing::kEmpty:
      return "the file that the loader takes is empty";
    case Standing::kVoid:
      return "the file that the loader takes is void";
    default:
      return std::nullopt;
  }
}

}  // namespace

std::vector<Served> serve(const image::Inventory& inventory, const Searches& searches,
                          const ucode::LoaderCpu& cpu,
                          const std::optional<ucode::KernelVersion>& kernel) {
  if (const auto why = nothing_at_all(inventory, searches, cpu.vendor))
    return {{std::nullopt, "", *why}};
  const auto stream = seen_by_loader(*taken_member(inventory, searches, cpu.vendor));
  std::vector<Served> all;
  std::vector<Stage> merged;
  for (const Stage& stage : stages(cpu.vendor, kernel)) {
    Served served;
    if (const auto index = ucode::loader_pick(stream, cpu, stage.rules)) {
      served.update = stream[*index];
    } else {
      served.why = why_nothing(stream, cpu);
    }
    if (!all.empty() && alike(all.back(), served)) {
      merged.back().last = stage.last;
      continue;
    }
    all.push_back(std::move(served));
    merged.push_back(stage);
  }
  if (all.size() == 1) return all;
  for (std::size_t i = 0; i < all.size(); ++i) {
    all[i].kernels = kernels_text(i == 0 ? std::nullopt : merged[i].first,
                                  i + 1 == all.size() ? std::nullopt : merged[i].last);
  }
  return all;
}

}  // namespace kip::checks
