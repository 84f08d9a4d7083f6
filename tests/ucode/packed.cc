#include "tests/ucode/packed.h"

namespace kip::ucode {
namespace {

using support::Blob;

Blob written(std::span<const AmdPatchFor> patches, std::span<const Blob> wholes) {
  Blob out;
  for (const AmdContainer& container : plan_amd(patches)) {
    support::append(out, encode_amd_table(container.table));
    for (const std::size_t i : container.patches) {
      const auto header = encode_amd_section(patches[i].update->size);
      support::append(out, bytes_of(header));
      support::append(out, wholes[i]);
    }
  }
  return out;
}

}  // namespace

std::vector<Candidate> candidates_of(const Walked& source) {
  std::vector<Candidate> candidates;
  candidates.reserve(source.updates.size());
  for (const Update& update : source.updates) candidates.push_back({&update, true});
  return candidates;
}

std::vector<AmdPatchFor> patches_for_targets(const Walked& source) {
  std::vector<AmdPatchFor> patches;
  for (const Update& update : source.updates) {
    patches.push_back({&update, {}});
    for (const Target& target : update.targets) patches.back().cpus.push_back(target.signature);
  }
  return patches;
}

Blob packed_amd(const Walked& source) {
  return written(patches_for_targets(source), source.wholes);
}

Blob packed_intel(const Selection& selection, std::span<const Candidate> candidates,
                  std::span<const Blob> wholes) {
  Blob out;
  for (const Choice& choice : selection.choices) {
    const std::size_t first = choice.candidates.front();
    if (candidates[first].update->vendor == Vendor::kIntel) support::append(out, wholes[first]);
  }
  return out;
}

Blob packed_amd(const Selection& selection, std::span<const Candidate> candidates,
                std::span<const Blob> wholes) {
  std::vector<AmdPatchFor> patches;
  std::vector<Blob> chosen;
  for (const Choice& choice : selection.choices) {
    const std::size_t first = choice.candidates.front();
    if (candidates[first].update->vendor != Vendor::kAmd) continue;
    patches.push_back({candidates[first].update, {choice.cpus.begin(), choice.cpus.end()}});
    chosen.push_back(wholes[first]);
  }
  return written(patches, chosen);
}

}  // namespace kip::ucode
