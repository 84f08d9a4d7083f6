// How an image ends, and overlays of ours in it: what has to be known before another one is put behind it.
//
//   const Tail tail = TRY(read_tail(descriptor));
//   tail.overlays          // of an earlier run, each with the zeros that it brought along
//   tail.stretches         // what is left without them
//   overlay_padding(tail, /*raw=*/true)
//
// An overlay of ours is an archive, or compressed data with one archive, that begins with the members `kip` and
// `kip/modules` (overlay_manifest.h), and holds nothing but what an overlay holds. Cut with its zeros, it leaves the image
// as it was before.
#pragma once

#include <vector>

#include "src/image/overlay_manifest.h"
#include "src/image/pieces.h"

namespace kip::image {

struct OwnOverlay {
  Range range;  // with the zeros in front that are its own
  OverlayManifest manifest;
};

/// Bytes of an image without an overlay of ours among them.
struct Stretch {
  Range range;
  Shape shape;
};

struct Tail {
  std::uint64_t size = 0;            // of the image
  std::vector<OwnOverlay> overlays;  // in order; none as a rule, or one at the end
  std::vector<Stretch> stretches;    // in order
};

/// Decodes everything. kCorrupt, kUnsupported: kernels would not unpack all of it, or its end cannot be known (lzo); then
/// nothing may be put behind it.
Result<Tail> read_tail(int descriptor);

/// Zero bytes that have to stand between the stretches and an overlay, wherever a multiple of 4 in an image they begin.
std::uint64_t overlay_padding(const Tail& tail, bool raw);

/// What an overlay's file says of itself. kCorrupt if it does not.
struct OverlayFacts {
  OverlayManifest manifest;
  bool raw = false;
};
Result<OverlayFacts> read_overlay_facts(int descriptor);

}  // namespace kip::image
