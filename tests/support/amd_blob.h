// Builds one AMD microcode container, good by default, broken only where a test asks for it.
//
// AMD publishes no container text; the shape is what Linux reads (arch/x86/kernel/cpu/microcode/
// amd.c, parse_container and verify_patch). All integers little-endian, sizes in bytes:
//
//   u32 magic 0x00414D44 ("DMA\0"), u32 section type 0, u32 L = table length
//   L bytes of 16-byte entries {u32 cpuid, u32 errata mask, u32 errata compare, u16 equivalence id,
//                               u16 reserved}, by convention closed by an all-zero entry
//   sections {u32 type 1, u32 size S} + S bytes of patch, back to back, no padding
//
// A patch begins with 64 bytes: 0x00 date (BCD, digits MMDDYYYY), 0x04 patch id (the revision),
// 0x0C checksum or minimum base revision, 0x10 and 0x14 chipset ids (0), 0x18 u16 equivalence id,
// 0x20 match registers. The rest is noise.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "tests/support/blob.h"

namespace kip::support {

// The CPUID (leaf 1 EAX) a Zen patch id encodes: 0x0A0011D5 -> 0x00A00F11. Bits 19:16 of the id
// are reserved and ignored. Meaningless below family 17h.
std::uint32_t zen_cpuid(std::uint32_t patch_id);

// The lowest revision of a Zen CPU, the inverse with revision byte 0: 0x00A00F11 -> 0x0A001100.
std::uint32_t zen_lowest_revision(std::uint32_t cpuid);

// The equivalence id AMD gives such a CPU (processor_rev_id of its patches): 0x00A00F11 -> 0xA011.
// Bits 15:12 are the family above 0Fh, which is how Linux reads a patch's family.
std::uint16_t zen_equivalence(std::uint32_t cpuid);

class AmdPatch {
 public:
  AmdPatch() = default;
  explicit AmdPatch(std::uint32_t patch_id) : id_(patch_id) {}

  AmdPatch& id(std::uint32_t patch_id);
  AmdPatch& equivalence(std::uint16_t rev_id);  // default: zen_equivalence(zen_cpuid(id))
  AmdPatch& date(std::uint32_t bcd);
  AmdPatch& size(std::uint32_t bytes);         // whole patch with its header; below 64: cut off
  AmdPatch& min_base(std::uint32_t revision);  // field 0x0C as post-EntrySign Zen patches use it
  AmdPatch& data_checksum();                   // field 0x0C as families up to 12h use it: u32 sum
                                               // of the dwords from 0x40 to the end
  AmdPatch& nb_dev(std::uint32_t value);
  AmdPatch& sb_dev(std::uint32_t value);
  AmdPatch& seed(std::uint32_t value);
  AmdPatch& flip_bit(std::size_t bit);  // last of all; bit 0 = lowest bit of byte 0

  [[nodiscard]] std::uint32_t patch_id() const { return id_; }
  [[nodiscard]] std::uint16_t equivalence_id() const;
  [[nodiscard]] Blob bytes() const;  // without the section header: what the digest covers

 private:
  std::uint32_t id_ = 0x0A0011D5;
  std::optional<std::uint16_t> equivalence_;
  std::uint32_t date_ = 0x11112025;
  std::uint32_t size_ = 512;
  std::uint32_t field_0c_ = 0;
  bool data_checksum_ = false;
  std::uint32_t nb_dev_ = 0;
  std::uint32_t sb_dev_ = 0;
  std::uint32_t seed_ = 1;
  std::vector<std::size_t> flipped_bits_;
};

class AmdBlob {
 public:
  AmdBlob& entry(std::uint32_t cpuid, std::uint16_t equivalence);
  AmdBlob& patch(const AmdPatch& patch);
  // A patch together with its table entry {zen_cpuid(id), its equivalence id}, added once.
  AmdBlob& zen(const AmdPatch& patch);
  AmdBlob& terminator(bool wanted);  // the all-zero last entry; default yes

  // -- Faults.
  AmdBlob& magic(std::uint32_t value);
  AmdBlob& table_type(std::uint32_t value);
  AmdBlob& raw_table_length(std::uint32_t value);  // stored only; the table's bytes stay
  AmdBlob& table_tail(View bytes);                 // behind the terminator, counted in L
  AmdBlob& raw_section_type(std::size_t patch, std::uint32_t value);
  AmdBlob& raw_section_size(std::size_t patch, std::uint32_t value);  // stored only

  [[nodiscard]] Blob bytes() const;

 private:
  struct Entry {
    std::uint32_t cpuid;
    std::uint16_t equivalence;
    bool operator==(const Entry&) const = default;
  };

  std::vector<Entry> entries_;
  std::vector<Blob> patches_;
  bool terminator_ = true;
  std::uint32_t magic_ = 0x00414D44;
  std::uint32_t table_type_ = 0;
  std::optional<std::uint32_t> raw_table_length_;
  Blob table_tail_;
  std::map<std::size_t, std::uint32_t> section_types_;
  std::map<std::size_t, std::uint32_t> section_sizes_;
};

}  // namespace kip::support
