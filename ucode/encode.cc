#include <algorithm>
#include <map>

#include "ucode/encode.h"

namespace kip::ucode {

std::vector<AmdContainer> plan_amd(std::span<const AmdPatchFor> patches) {
  std::map<std::uint32_t, std::vector<std::size_t>> families;
  for (std::size_t i = 0; i < patches.size(); ++i) {
    families[amd_family(patches[i].update->equivalence_id)].push_back(i);
  }
  std::vector<AmdContainer> containers;
  for (auto& [family, members] : families) {
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
    containers.push_back(std::move(container));
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
