#include <map>
#include <set>
#include <tuple>

#include "src/cli/split.h"

namespace kip::cli {
namespace {

using ucode::Vendor;

// What a CPU is looked up by. What runs on it, or what its BIOS is known to be, is not: one archive has what any of those
// machines needs.
using Key = std::tuple<Vendor, std::uint32_t, std::optional<std::uint32_t>>;

// REQUIRES: the vendor is known.
Key key_of(const RequestedCpu& cpu) {
  const ucode::Selector& it = cpu.query.selector;
  const bool intel = it.vendor == Vendor::kIntel;
  return {*it.vendor, it.signature, intel ? it.platform_flags : std::nullopt};
}

// Families from 10h on exist at both: whoever's updates it gets.
std::set<Vendor> vendors_of(const Choice& choice, std::size_t cpu) {
  const ucode::Selector& asked = choice.cpus()[cpu].query.selector;
  if (asked.vendor) return {*asked.vendor};
  std::set<Vendor> vendors;
  for (const std::size_t it : choice.selection().answers[cpu].choices)
    vendors.insert(choice.entry_of(it).update.vendor);
  if (!vendors.empty()) return vendors;
  const bool intel = ucode::has_loader(Vendor::kIntel, {asked.signature});
  return {intel ? Vendor::kIntel : Vendor::kAmd};
}

Key without_platform(const Key& key) {
  return {std::get<0>(key), std::get<1>(key), std::nullopt};
}

// For each signature that is there with platforms only: with one, its group is looked up by both; with several, a group of all.
void add_signatures(std::map<Key, SplitGroup>& groups) {
  std::map<Key, std::vector<SplitGroup*>> known;
  for (auto& [key, group] : groups) known[without_platform(key)].push_back(&group);
  for (const auto& [whole, some] : known) {
    if (groups.contains(whole)) continue;
    if (some.size() == 1) {
      some.front()->by_signature = true;
      continue;
    }
    SplitGroup all{{}, /*by_platform=*/false, /*by_signature=*/true};
    for (const SplitGroup* const it : some)
      all.cpus.insert(all.cpus.end(), it->cpus.begin(), it->cpus.end());
    groups.emplace(whole, std::move(all));
  }
}

}  // namespace

const char* split_name(SplitBy by) {
  constexpr const char* kNames[] = {"cpu", "vendor", "none"};
  return kNames[static_cast<std::size_t>(by)];
}

std::vector<SplitGroup> split_groups(const Choice& choice, SplitBy by) {
  std::map<Key, SplitGroup> groups;
  for (std::size_t i = 0; i < choice.cpus().size(); ++i) {
    for (const Vendor vendor : vendors_of(choice, i)) {
      RequestedCpu cpu = choice.cpus()[i];
      cpu.query.selector.vendor = vendor;
      Key key = key_of(cpu);
      if (by == SplitBy::kVendor) key = {vendor, 0, std::nullopt};
      if (by == SplitBy::kNone) key = {Vendor::kIntel, 0, std::nullopt};
      groups[key].cpus.push_back(std::move(cpu));
    }
  }
  if (by == SplitBy::kCpu) {
    add_signatures(groups);
  } else {
    for (auto& [key, group] : groups) group.by_signature = true;
  }
  std::vector<SplitGroup> list;
  for (auto& [key, group] : groups) list.push_back(std::move(group));
  return list;
}

std::vector<SplitCpu> split_rows(const Choice& choice, const SplitGroup& group) {
  std::map<Key, SplitCpu> rows;
  std::map<Key, std::set<std::uint32_t>> revisions;
  const auto add = [&](std::size_t cpu, const Key& key, std::string label, bool added) {
    const auto& [vendor, signature, flags] = key;
    rows.try_emplace(key, SplitCpu{vendor, {signature}, flags, added, std::move(label), {}, {}});
    for (const std::size_t it : choice.selection().answers[cpu].choices)
      revisions[key].insert(choice.entry_of(it).update.revision);
  };
  std::set<Key> asked;
  for (const RequestedCpu& cpu : choice.cpus()) asked.insert(key_of(cpu));
  for (std::size_t i = 0; i < choice.cpus().size(); ++i) {
    const Key key = key_of(choice.cpus()[i]);
    if (group.by_platform) add(i, key, choice.cpus()[i].label, /*added=*/false);
    const Key whole = without_platform(key);
    if (!group.by_signature || asked.contains(whole)) continue;
    const ucode::CpuSignature signature{std::get<1>(key)};
    add(i, whole, label_of(signature), /*added=*/true);
  }
  std::vector<SplitCpu> list;
  for (auto& [key, row] : rows) {
    row.revisions.assign(revisions[key].begin(), revisions[key].end());
    list.push_back(std::move(row));
  }
  return list;
}

}  // namespace kip::cli
