#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "ucode/amd.h"
#include "ucode/checksum.h"

namespace kip::ucode {

CpuSignature zen_cpu(std::uint32_t patch_id) {
  const std::uint32_t stepping = (patch_id >> 8) & 0xf;
  const std::uint32_t base_model = (patch_id >> 12) & 0xf;
  const std::uint32_t extended_model = (patch_id >> 20) & 0xf;
  const std::uint32_t extended_family = patch_id >> 24;
  return {stepping | base_model << 4 | 0xfu << 8 | extended_model << 16 | extended_family << 20};
}

std::uint32_t zen_lowest_revision(CpuSignature cpu) {
  const std::uint32_t value = cpu.value;
  return (value & 0xf) << 8 | ((value >> 4) & 0xf) << 12 | ((value >> 16) & 0xf) << 20 |
         ((value >> 20) & 0xff) << 24;
}

std::uint32_t amd_size_limit(std::uint32_t family) {
  switch (family) {
    case 0x10:
    case 0x11:
    case 0x12:
      return 2048;
    case 0x14:
      return 1824;
    default:
      return family >= 0x15 ? kAmdPatchLimit : 0;
  }
}

AmdTable AmdTable::parse(Bytes bytes) {
  AmdTable table;
  std::map<std::uint32_t, std::uint16_t> seen;
  while (bytes.size() >= sizeof(AmdTableEntry)) {
    const auto entry = copy_out<AmdTableEntry>(bytes);
    bytes = bytes.subspan(sizeof(AmdTableEntry));
    if (entry.installed_cpu == 0) {
      if (!table.zero_) table.zero_ = table.first_.size();
      continue;
    }
    const auto [known, is_new] = seen.try_emplace(entry.installed_cpu, entry.equivalence_id);
    const CpuSignature cpu{entry.installed_cpu};
    if (is_new) {
      table.first_.emplace_back(cpu, entry.equivalence_id);
    } else if (known->second != entry.equivalence_id) {
      table.ambiguous_.push_back(cpu);
    }
  }
  return table;
}

std::vector<CpuSignature> AmdTable::cpus_of(std::uint16_t equivalence_id) const {
  std::vector<CpuSignature> cpus;
  for (const auto& [cpu, id] : first_) {
    if (id == equivalence_id) cpus.push_back(cpu);
  }
  return cpus;
}

std::uint32_t AmdTable::behind_zero(std::uint16_t equivalence_id) const {
  const std::size_t from = zero_.value_or(first_.size());
  return static_cast<std::uint32_t>(
      std::count_if(first_.begin() + static_cast<std::ptrdiff_t>(from), first_.end(),
                    [&](const auto& entry) { return entry.second == equivalence_id; }));
}

Update amd_facts(const AmdPatchHeader& header, std::uint32_t size, const AmdTable& table) {
  Update update;
  update.vendor = Vendor::kAmd;
  update.size = size;
  update.revision = header.patch_id;
  update.date = header.date;
  update.equivalence_id = header.equivalence_id;
  update.table_cpus = table.cpus_of(header.equivalence_id);
  update.table_cpus_behind = table.behind_zero(header.equivalence_id);
  if (is_zen(amd_family(header.equivalence_id))) {
    update.minimum_revision = header.minimum_base;
    update.targets.push_back({zen_cpu(header.patch_id), 0});
  } else {
    // Linux compares families too: a row that leads to another family's patch leads nowhere.
    for (const CpuSignature cpu : update.table_cpus) {
      if (cpu.family() == amd_family(header.equivalence_id)) update.targets.push_back({cpu, 0});
    }
  }
  return update;
}

std::string amd_patch_fault(const AmdPatchHeader& header, const Update& update) {
  const std::uint32_t family = amd_family(update.equivalence_id);
  if (family == 0x18) {
    return fmt::format("patch {:#010x} is for Hygon's family 18h, which Linux has no loader for",
                       update.revision);
  }
  if (header.northbridge_id != 0 || header.southbridge_id != 0) {
    return fmt::format("patch {:#010x} is for one chipset, which Linux refuses", update.revision);
  }
  if (update.size > amd_size_limit(family)) {
    return fmt::format("patch {:#010x} of {} bytes is over the {} of family {:x}h", update.revision,
                       update.size, amd_size_limit(family), family);
  }
  if (is_zen(family) && zen_cpu(update.revision).family() != family) {
    return fmt::format("patch {:#010x} names another family than its equivalence id {:#06x}",
                       update.revision, update.equivalence_id);
  }
  if (update.targets.empty()) {
    return fmt::format("patch {:#010x}: no CPU of the table has its equivalence id {:#06x}",
                       update.revision, update.equivalence_id);
  }
  return {};
}

std::string amd_data_oddity(const Update& update, Bytes whole) {
  const std::uint32_t stated = copy_out<AmdPatchHeader>(whole).minimum_base;
  if (amd_family(update.equivalence_id) > 0x12 || stated == 0) return {};
  const std::uint32_t sum = sum32(whole.subspan(sizeof(AmdPatchHeader)));
  if (sum == stated) return {};
  return fmt::format("patch {:#010x} has data that sum up to {:#010x}, not to {:#010x}: damaged?",
                     update.revision, sum, stated);
}

std::string amd_patch_oddity(const Update& update) {
  if (!is_zen(amd_family(update.equivalence_id))) return {};
  const CpuSignature encoded = update.targets.front().signature;
  if (((update.revision >> 16) & 0xf) != 0) {
    return fmt::format("patch {:#010x} has reserved bits set", update.revision);
  }
  if (update.table_cpus.empty()) {
    return fmt::format(
        "patch {:#010x} is for CPU {:#010x}, which the table lacks: kernels before 6.12 do not "
        "find it",
        update.revision, encoded.value);
  }
  if (std::find(update.table_cpus.begin(), update.table_cpus.end(), encoded) ==
      update.table_cpus.end()) {
    return fmt::format("patch {:#010x} is for CPU {:#010x}, but the table gives it to {:#010x}",
                       update.revision, encoded.value, update.table_cpus.front().value);
  }
  const std::uint32_t base = update.minimum_revision;
  if (base != 0 && base >> 8 != update.revision >> 8) {
    return fmt::format("patch {:#010x} states minimum base {:#010x}, of another CPU",
                       update.revision, base);
  }
  return {};
}

}  // namespace kip::ucode
