// Synthetic microcode in the proportions of a vendor release, for the benchmarks beside this file.
#pragma once

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"

namespace kip::bench {

inline constexpr std::uint32_t kUpdates = 400;       // of the Intel release
inline constexpr std::uint32_t kUpdateSize = 32768;  // bytes, each
inline constexpr std::uint32_t kAmdPatches = 60;
inline constexpr std::uint32_t kAmdPatchSize = 5568;  // bytes, each: what family 19h has

/// Number `i`: one signature for every two of them, revisions ascending, every fourth with an
/// extended table.
inline support::Blob intel_update(std::uint32_t i) {
  support::IntelBlob update;
  const std::uint32_t signature = 0x000006F0 + (i / 2 << 16) + (i / 2 & 0xF);
  const bool extended = i % 4 == 0;
  update.signature(signature).revision(i + 1).seed(i + 1);
  update.body_size(kUpdateSize - 48 - (extended ? 20 + 3 * 12 : 0));
  if (extended) {
    update.extended({{signature + 0x40, 0x07}, {signature + 0x50, 0x80}, {signature + 0x80, 0x02}});
  }
  return update.bytes();
}

inline support::Blob intel_release() {
  support::Blob stream;
  for (std::uint32_t i = 0; i < kUpdates; ++i) support::append(stream, intel_update(i));
  return stream;
}

inline support::Blob amd_release() {
  support::AmdBlob container;
  for (std::uint32_t i = 0; i < kAmdPatches; ++i) {
    const std::uint32_t id = 0x0A000000 + (i / 2 % 16 << 20) + (i / 32 << 12) + (i % 2);
    container.zen(support::AmdPatch(id).size(kAmdPatchSize).seed(i + 1));
  }
  return container.bytes();
}

}  // namespace kip::bench
