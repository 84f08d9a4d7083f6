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
      groups[key].push_back(std::move(cpu));
    }
  }
  std::vector<SplitGroup> list;
  for (auto& [key, group] : groups) list.push_back(std::move(group));
  return list;
}

std::vector<SplitCpu> split_rows(const Choice& choice) {
  std::map<Key, SplitCpu> rows;
  std::map<Key, std::set<std::uint32_t>> revisions;
  for (std::size_t i = 0; i < choice.cpus().size(); ++i) {
    const RequestedCpu& cpu = choice.cpus()[i];
    const Key key = key_of(cpu);
    const auto& [vendor, signature, flags] = key;
    rows.try_emplace(key, SplitCpu{vendor, {signature}, flags, cpu.label, {}, {}});
    for (const std::size_t it : choice.selection().answers[i].choices)
      revisions[key].insert(choice.entry_of(it).update.revision);
  }
  std::vector<SplitCpu> list;
  for (auto& [key, row] : rows) {
    row.revisions.assign(revisions[key].begin(), revisions[key].end());
    list.push_back(std::move(row));
  }
  return list;
}

}  // namespace kip::cli
