#include <algorithm>
#include <map>

#include "ucode/encode.h"

namespace kip::ucode {

namespace {

/// The containers of one family, each as indices of its patches.
using Family = std::vector<std::vector<std::size_t>>;

bool share_cpu(const AmdPatchFor& a, const AmdPatchFor& b) {
  return std::any_of(a.cpus.begin(), a.cpus.end(), [&](CpuSignature cpu) {
    return std::find(b.cpus.begin(), b.cpus.end(), cpu) != b.cpus.end();
  });
}

// Adds a patch to the container that serves one of its CPUs already, for none behind that one is
// read; else to the first one in which its equivalence id leads to no other patch.
void place(std::span<const AmdPatchFor> patches, std::size_t added, Family& family) {
  const AmdPatchFor& patch = patches[added];
  const auto shares = [&](std::size_t i) { return share_cpu(patches[i], patch); };
  const auto collides = [&](std::size_t i) {
    return patches[i].update->equivalence_id == patch.update->equivalence_id &&
           patches[i].update->revision != patch.update->revision;
  };
  auto found = std::find_if(family.begin(), family.end(), [&](const auto& members) {
    return std::any_of(members.begin(), members.end(), shares);
  });
  if (found == family.end()) {
    found = std::find_if(family.begin(), family.end(), [&](const auto& members) {
      return std::none_of(members.begin(), members.end(), collides);
    });
  }
  if (found == family.end()) found = family.emplace(family.end());
  found->push_back(added);
}

AmdContainer make_container(std::span<const AmdPatchFor> patches,
                            std::vector<std::size_t> members) {
  std::stable_sort(members.begin(), members.end(), [&](std::size_t a, std::size_t b) {
    return patches[a].update->revision < patches[b].update->revision;
  });
  AmdContainer container;
  // The first entry of a CPU counts: walk the newest patches first, so that theirs is in front.
  std::map<CpuSignature, std::uint16_t> rows;
  for (auto i = members.rbegin(); i != members.rend(); ++i) {
    for (const CpuSignature cpu : patches[*i].cpus)
      rows.try_emplace(cpu, patches[*i].update->equivalence_id);
  }
  for (const auto& [cpu, id] : rows) container.table.push_back({cpu, id});
  container.patches = std::move(members);
  return container;
}

}  // namespace

std::vector<AmdContainer> plan_amd(std::span<const AmdPatchFor> patches) {
  std::map<std::uint32_t, Family> families;
  for (std::size_t i = 0; i < patches.size(); ++i)
    place(patches, i, families[amd_family(patches[i].update->equivalence_id)]);
  std::vector<AmdContainer> containers;
  for (auto& [number, family] : families) {
    for (auto& members : family) containers.push_back(make_container(patches, std::move(members)));
  }
  return containers;
}

std::vector<std::uint8_t> encode_amd_table(std::span<const AmdTableRow> table) {
  std::vector<std::uint8_t> out;
  const auto append = [&](Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); };
  const auto length = static_cast<std::uint32_t>((table.size() + 1) * sizeof(AmdTableEntry));
  append(bytes_of(AmdContainerHeader{kAmdMagic, kAmdTableSection, length}));
  for (const AmdTableRow& row : table) {
    AmdTableEntry entry = {};
    entry.installed_cpu = row.cpu.value;
    entry.equivalence_id = row.equivalence_id;
    append(bytes_of(entry));
  }
  append(bytes_of(AmdTableEntry{}));
  return out;
}

AmdSectionHeader encode_amd_section(std::uint32_t size) {
  return {kAmdPatchSection, size};
}

}  // namespace kip::ucode
