// Streams made of updates, as a packer makes them.
#pragma once

#include <span>
#include <vector>

#include "tests/ucode/walked.h"
#include "ucode/encode.h"
#include "ucode/select.h"

namespace kip::ucode {

// All sound.
std::vector<Candidate> candidates_of(const Walked& source);

// Every patch, for every CPU it is for.
std::vector<AmdPatchFor> patches_for_targets(const Walked& source);

// The stream of all patches of `source`, by plan_amd() and the encoders.
support::Blob packed_amd(const Walked& source);

// The streams that a selection asks for; `wholes` holds the bytes of each candidate.
support::Blob packed_intel(const Selection& selection, std::span<const Candidate> candidates,
                           std::span<const support::Blob> wholes);
support::Blob packed_amd(const Selection& selection, std::span<const Candidate> candidates,
                         std::span<const support::Blob> wholes);

}  // namespace kip::ucode
