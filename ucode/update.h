// Update: what one microcode update says of itself, Intel and AMD alike, as plain values.
//
// Walkers (walk.h) make Updates out of streams; selection (select.h) chooses among them; nothing
// here holds the payload. `IntelUpdate` and `AmdPatch` (intel.h, amd.h) are the formats behind it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ucode/cpu_id.h"

namespace kip::ucode {

/// A CPU that an update is for.
struct Target {
  CpuSignature signature;
  std::uint32_t platform_flags = 0;  // Intel: bit n set = for platform id n; AMD: always 0

  auto operator<=>(const Target&) const = default;
};

struct Update {
  Vendor vendor = Vendor::kIntel;
  std::uint64_t offset =
      0;                   // of the Intel header, or of the AMD patch header, in the stream walked
  std::uint32_t size = 0;  // bytes: all of an Intel update; an AMD patch without its section header
  std::uint32_t revision = 0;  // AMD: the patch id
  std::uint32_t date = 0;      // BCD, hex digits MMDDYYYY
  std::uint32_t minimum_revision =
      0;  // Intel: for late loading; AMD: minimum base revision; 0 = none stated
  std::vector<Target>
      targets;  // Intel: header first, then the extended table; AMD: every CPUID it is for

  std::uint32_t data_size = 0;  // Intel: effective bytes of data (2000 where the header says 0)
  std::uint32_t checksum =
      0;  // Intel: as stored; equal updates have equal ones, the reverse needs the bytes

  std::uint16_t equivalence_id = 0;  // AMD: the patch's own processor_rev_id
  std::uint32_t container = 0;  // AMD: how many containers of the stream lie in front of its own
  std::vector<CpuSignature>
      table_cpus;  // AMD: the container table's entries with that id, in table order
  std::uint32_t table_cpus_behind =
      0;  // AMD: how many of these, the last, stand behind an entry of CPUID 0, where Xen stops
};

/// Whether Linux counts revision `a` as newer than `b`. Intel's are signed: debug ones are below all others.
bool is_newer(Vendor vendor, std::uint32_t a, std::uint32_t b);

/// The targets, each once: an extended table may repeat the header's own.
std::vector<Target> distinct_targets(const Update& update);

/// "2025-08-14", digits as stored even where they are no calendar date.
std::string date_text(std::uint32_t bcd);

/// The date as seconds since 1970-01-01 UTC, 0 where the digits are no date.
std::int64_t date_seconds(std::uint32_t bcd);

/// A plausible BCD calendar date: month 1 to 12, day 1 to 31, year 1990 to 2099.
bool date_plausible(std::uint32_t bcd);

}  // namespace kip::ucode
