// Intel updates that were published and are known to do harm on some machines: what to hold back, and who says so.
//
//   if (const Trouble* known = known_trouble(update)) …  known->what, known->source, hold_selector(…)
//
// Nothing is held back for being listed: the kernel takes such an update like any other, and so does `pack`, which says so.
#pragma once

#include <span>
#include <string>

#include "ucode/update.h"

namespace kip::ucode {

struct Trouble {
  CpuSignature cpu;
  std::uint32_t first, last;  // revisions, both included
  const char* what;           // a clause behind "known to"
  const char* source;
};

/// nullptr: nothing is known against the update, for whatever CPU of those that it is for.
const Trouble* known_trouble(const Update& update);

/// The same for one CPU.
const Trouble* known_trouble(CpuSignature cpu, std::uint32_t revision);

/// What --hold and Hold= take to leave the update out: "0x406e3,,eq:0x000000dc".
std::string hold_selector(const Trouble& trouble, std::uint32_t revision);

/// Every row, ascending by CPU and revision.
std::span<const Trouble> known_troubles();

}  // namespace kip::ucode
