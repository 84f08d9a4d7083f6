// AMD microcode containers: format, and the checks that Linux's loader makes.
//
// Little-endian throughout. A file holds one or more containers with nothing between them. A
// container is
//
//   0x00 magic   0x00414d44 ("DMA\0")
//   0x04 type    0 = equivalence table
//   0x08 length  of the table in bytes
//   0x0c table   16-byte entries { CPUID(1).EAX, errata mask, errata compare, equivalence id,
//                reserved }, the last two of 16 bits; by convention the last entry is all zero,
//                but it is the length that ends the table
//   then sections { type 1, size } with a patch of `size` bytes each, not padded, until the next
//                magic or the end
//
// A patch begins with a 64-byte header; its equivalence id (processor_rev_id) ties it to the table.
// From family 17h (Zen) on the patch id itself encodes the CPUID, and Linux since 6.12 goes by that
// alone.
//
// Sources: Linux arch/x86/kernel/cpu/microcode/amd.c, verify_equivalence_table(), verify_patch(),
// parse_container() (6.12) and ucode_rev_to_cpuid(); AMD publishes no text.
// docs/formats/amd-ucode.md is the page on it.
#pragma once

#include <optional>

#include "src/base/bytes.h"
#include "ucode/update.h"

namespace kip::ucode {

/// The rules of findings about a patch that counts all the same: odd facts, odd data.
inline constexpr const char* kRuleAmdOddity = "amd-oddity";
inline constexpr const char* kRuleAmdData = "amd-data";

/// A patch that no CPU could load, as Linux sees it.
inline constexpr const char* kRuleAmdPatch = "amd-patch";

/// Where Linux's scan, or only Xen's, ends though the walk goes on.
inline constexpr const char* kRuleAmdGap = "amd-gap";
inline constexpr const char* kRuleAmdTableSize = "amd-table-size";

inline constexpr std::uint32_t kAmdMagic = 0x00414d44;
inline constexpr std::uint32_t kAmdTableSection = 0;
inline constexpr std::uint32_t kAmdPatchSection = 1;

/// Largest equivalence table we read, in bytes; the largest published one has under 1 KiB.
inline constexpr std::uint32_t kAmdTableLimit = 64 * 1024;

/// Largest patch we take, in bytes. Linux has no limit from family 15h on; family 1Ah has 14,368.
inline constexpr std::uint32_t kAmdPatchLimit = 1024 * 1024;

struct AmdContainerHeader {
  le32 magic, type, length;
};
static_assert(sizeof(AmdContainerHeader) == 12);

struct AmdTableEntry {
  le32 installed_cpu, errata_mask, errata_compare;
  le16 equivalence_id, reserved;
};
static_assert(sizeof(AmdTableEntry) == 16);

struct AmdSectionHeader {
  le32 type, size;
};
static_assert(sizeof(AmdSectionHeader) == 8);

struct AmdPatchHeader {
  le32 date, patch_id;
  le16 data_id;
  std::uint8_t data_length, init_flag;
  le32 minimum_base;  // families up to 12h: a checksum of the data; Zen: lowest revision it loads
                      // from, or 0
  le32 northbridge_id, southbridge_id;  // not 0: for one chipset; Linux refuses it
  le16 equivalence_id;
  std::uint8_t northbridge_revision, southbridge_revision, bios_api_revision, reserved[3];
  le32 match[8];
};
static_assert(sizeof(AmdPatchHeader) == 64);

/// Family 17h on, where the patch id encodes the CPUID.
inline bool is_zen(std::uint32_t family) {
  return family >= 0x17;
}

/// The family that a patch's equivalence id stands for.
inline std::uint32_t amd_family(std::uint16_t equivalence_id) {
  return 0xfu + (equivalence_id >> 12);
}

/// The CPUID that a Zen patch id encodes, and the lowest patch id of a Zen CPU (its revision byte
/// 0).
CpuSignature zen_cpu(std::uint32_t patch_id);
std::uint32_t zen_lowest_revision(CpuSignature cpu);

/// Largest patch in bytes that Linux takes on a CPU of the family; 0 for families it refuses.
std::uint32_t amd_size_limit(std::uint32_t family);

/// An equivalence table: CPUID to id, first entry of a CPUID first.
class AmdTable {
 public:
  /// Never fails: bytes behind the last whole entry, and entries of CPUID 0, do not count.
  static AmdTable parse(Bytes bytes);

  /// CPUIDs whose *first* entry has that id, in table order.
  std::vector<CpuSignature> cpus_of(std::uint16_t equivalence_id) const;
  /// How many of these stand behind an entry of CPUID 0.
  std::uint32_t behind_zero(std::uint16_t equivalence_id) const;
  /// CPUIDs that have entries with different ids: kernels that go by the table take the first.
  const std::vector<CpuSignature>& ambiguous() const { return ambiguous_; }

 private:
  std::vector<std::pair<CpuSignature, std::uint16_t>> first_;
  std::optional<std::size_t>
      zero_;  // how many of these stand in front of the first entry of CPUID 0
  std::vector<CpuSignature> ambiguous_;
};

/// The facts of a patch of `size` bytes; nothing is checked but what amd_patch_fault() then judges.
Update amd_facts(const AmdPatchHeader& header, std::uint32_t size, const AmdTable& table);

/// Why no CPU can load the patch, or an empty string: Hygon's, chipset-specific, over its family's
/// size limit, for no CPU.
std::string amd_patch_fault(const AmdPatchHeader& header, const Update& update);

/// What is odd about a patch that may load all the same, or an empty string.
std::string amd_patch_oddity(const Update& update);

/// The same of its data, `whole` being all bytes of the patch: families 10h to 12h sum them up in
/// their header.
std::string amd_data_oddity(const Update& update, Bytes whole);

}  // namespace kip::ucode
