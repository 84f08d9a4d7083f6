// What is odd about the facts of an update that Linux takes all the same: notes, never a fault.
//
//   for (const Finding& note : remarks(entry.update)) ...   // place is empty, offset the update's
#pragma once

#include <vector>

#include "src/base/finding.h"
#include "ucode/update.h"

namespace kip::ucode {

/// Notes with the rules "intel-size" (Xen and iucode_tool take multiples of 1024 bytes only) and
/// "date" (no calendar date; AMD's 0x03000027 is published with month 13).
std::vector<Finding> remarks(const Update& update);

}  // namespace kip::ucode
