// What a walk over bytes says, kept, so that a test can compare it whole.
#pragma once

#include <string>
#include <vector>

#include "tests/support/blob.h"
#include "ucode/walk.h"

namespace kip::ucode {

struct Walked {
  std::vector<Update> updates;
  std::vector<support::Blob> wholes;  // the bytes of each update; empty at Depth::kHeaders
  std::vector<Finding> faults;
  std::vector<Update> suspects;  // one a fault; without targets where nobody is suspected

  // All of it in order. An update: "0x3a at 1024"; a fault: "1024 intel-checks: its text".
  std::vector<std::string> events;
};

Walked walked(StreamKind kind, support::View bytes, Depth depth = Depth::kWhole);

// As above; the kind is recognised by content. "unrecognised" is the only event where it is none.
Walked walked(support::View bytes, Depth depth = Depth::kWhole);

}  // namespace kip::ucode
