// Intel microcode updates: format, and the checks that Linux's loader makes.
//
// Little-endian throughout. An update is a 48-byte header, data, and an optional extended signature
// table:
//
//   0x00 header version   1 = microcode, 2 = In-Field Scan test image (never loaded as microcode)
//   0x04 revision         compared as unsigned by Linux
//   0x08 date             BCD MMDDYYYY
//   0x0c signature        CPUID(1).EAX, all 32 bits
//   0x10 checksum         makes sum32(header + data) zero
//   0x14 loader revision  1
//   0x18 platform flags   bit n = platform id n
//   0x1c data size        bytes; 0 means 2000
//   0x20 total size       bytes; meaningless where data size is 0: then the total is 2048
//   0x24 metadata size    bytes at the end of the data; opaque to the loader
//   0x28 minimum revision for late loading only
//   0x2c reserved
//   table at 48 + data size: count, checksum (sum32 over the table is zero), 12 reserved, then
//   count times { signature, platform flags, checksum }
//
// Sources: Intel SDM vol. 3A, "Microcode Update Facilities"; Linux
// arch/x86/kernel/cpu/microcode/intel.c, intel_microcode_sanity_check() (checks unchanged 4.x to
// 7.x). docs/formats/intel-ucode.md is the page on it.
#pragma once

#include "src/base/bytes.h"
#include "ucode/update.h"

namespace kip::ucode {

struct IntelHeader {
  le32 header_version, revision, date, signature, checksum, loader_revision, platform_flags,
      data_size, total_size, metadata_size, minimum_revision, reserved;
};
static_assert(sizeof(IntelHeader) == 48);

struct IntelExtendedHeader {
  le32 count, checksum, reserved[3];
};
static_assert(sizeof(IntelExtendedHeader) == 20);

struct IntelExtendedEntry {
  le32 signature, platform_flags, checksum;
};
static_assert(sizeof(IntelExtendedEntry) == 12);

inline constexpr std::uint32_t kIntelOldDataSize = 2000;  // bytes, where the header says 0
inline constexpr std::uint32_t kIntelOldTotalSize = 2048;

/// Largest update we take, in bytes. Linux has no limit; the largest ever published (2025) has 1.6
/// MiB.
inline constexpr std::uint32_t kIntelSizeLimit = 16 * 1024 * 1024;

/// Where the parts of an update lie, in bytes.
struct IntelLayout {
  std::uint32_t data_size = 0;      // effective
  std::uint32_t extended_size = 0;  // 0 = no table
  std::uint32_t total_size = 0;     // effective; sizeof(IntelHeader) + data_size + extended_size
};

/// Sizes by the header alone. kCorrupt where they contradict each other, kLimit above
/// kIntelSizeLimit. Header version and loader revision are not looked at: the sizes are needed to
/// step over what is not microcode, too.
Result<IntelLayout> intel_layout(const IntelHeader& header);

/// kUnsupported unless header version and loader revision are what the loader takes.
Status check_intel_kind(const IntelHeader& header);

/// The update's facts. `extended` is the table's bytes (empty: none), of whatever length: kCorrupt
/// unless that is exactly what its count asks for. No checksum is looked at.
Result<Update> intel_facts(const IntelHeader& header, Bytes extended);

/// The same, after every checksum. `body_sum` is sum32() of header and data.
Result<Update> check_intel(const IntelHeader& header, Bytes extended, std::uint32_t body_sum);

/// Everything the loader checks, on one whole update: sizes, kind, main checksum, table checksum,
/// each entry's checksum. `bytes` is exactly the update; Update::offset is 0.
Result<Update> parse_intel(Bytes bytes);

/// Debug (pre-production) revisions have bit 31 set.
inline bool is_debug_revision(std::uint32_t revision) {
  return (revision >> 31) != 0;
}

}  // namespace kip::ucode
