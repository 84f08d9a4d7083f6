// The inverse of walking: streams that every Linux loader reads, made of chosen updates.
//
// Intel: the updates back to back, nothing between or behind. AMD: one container a family (more
// where the sources give one equivalence id to different CPUs, whose patches one table could not
// keep apart), families ascending, patches ascending, each table complete and closed by a zero
// entry (kernels up to 4.19 walk it to there).
//
//   for (const AmdContainer& container : plan_amd(patches)) {
//     write(encode_amd_table(container.table));
//     for (std::size_t i : container.patches) {
//       write(encode_amd_section(size of i));
//       write(bytes of i);
//     }
//   }
#pragma once

#include <span>
#include <vector>

#include "ucode/amd.h"

namespace kip::ucode {

struct AmdTableRow {
  CpuSignature cpu;
  std::uint16_t equivalence_id = 0;
  auto operator<=>(const AmdTableRow&) const = default;
};

struct AmdContainer {
  std::vector<AmdTableRow> table;    // without the zero entry
  std::vector<std::size_t> patches;  // indices into what plan_amd() was given, in order of writing
};

/// A patch to write and the CPUs that the table shall give it to.
struct AmdPatchFor {
  const Update* update = nullptr;
  std::vector<CpuSignature> cpus;
};

std::vector<AmdContainer> plan_amd(std::span<const AmdPatchFor> patches);

/// Container header, table and zero entry.
std::vector<std::uint8_t> encode_amd_table(std::span<const AmdTableRow> table);

/// The header in front of a patch of `size` bytes.
AmdSectionHeader encode_amd_section(std::uint32_t size);

}  // namespace kip::ucode
