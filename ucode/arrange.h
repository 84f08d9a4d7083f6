// From winners to what is written: copies of one update become one choice, in the order of writing.
// Not for callers outside ucode/: select.h is the way in.
#pragma once

#include "ucode/select.h"

namespace kip::ucode {

/// What one query chose.
struct Winners {
  std::vector<std::pair<std::size_t, CpuSignature>>
      chosen;  // candidate, and the CPU it was chosen for
  std::vector<std::size_t> broken;
};

/// The same update once more, as far as facts and the stored checksum tell.
bool same_update(const Update& a, const Update& b);

Selection arrange(std::span<const Candidate> candidates, std::span<const Winners> answers,
                  std::vector<Verdict> verdicts);

}  // namespace kip::ucode
