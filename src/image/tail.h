// How an image ends, and overlays of ours in it: what has to be known before another one is put behind it.
//
//   const Tail tail = TRY(read_tail(descriptor));
//   tail.overlays          // of an earlier run, each with the zeros that it brought along
//   tail.stretches         // what is left without them
//   overlay_padding(tail, /*raw=*/true)
//
// An overlay of ours is a segment of one archive that begins with the members `kip` and `kip/modules`
// (overlay_manifest.h), and holds nothing but what an overlay holds. Cut with its zeros, it leaves the image as it was.
#pragma once

#include <vector>

#include "src/image/overlay_manifest.h"
#include "src/image/pieces.h"

namespace kip::image {

struct OwnOverlay {
  Range range;  // with the zeros in front that it says are its own, and all zeros behind it
  OverlayManifest manifest;
};

/// Bytes of an image with no overlay of ours among them.
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

/// Zero bytes that have to stand between the stretches and an overlay, at whatever multiple of 4 of an image they begin.
std::uint64_t overlay_padding(const Tail& tail, bool raw);

struct OverlayFacts {
  OverlayManifest manifest;
  bool raw = false;
};

/// What an overlay's file says of itself. kCorrupt if it does not.
Result<OverlayFacts> read_overlay_facts(int descriptor);

/// The same by way of a walk that others make, without beyond_faults.
class TailTaker : public segments::Visitor {
 public:
  Status member(const segments::Segment& archive, const cpio::Member& member, Input& data) override;
  Status segment(const segments::Segment& segment) override;
  void fault(const Finding& finding) override;

  /// Whether the member told last belongs to an overlay of ours; of an archive's first one, the directory `kip`, whether
  /// it may.
  bool in_own() const { return open_.manifest.has_value() || (may_be_own_ && members_ == 1); }

  /// Whether the segment told last was one.
  bool ended_own() const { return !entries_.empty() && entries_.back().manifest.has_value(); }

  /// The walk is over, and the image has so many bytes.
  Result<Tail> finish(std::uint64_t size);

 private:
  struct Entry {
    segments::Segment segment;
    std::optional<OverlayManifest> manifest;  // of an overlay of ours
  };

  Status check_own(const cpio::Member& member);
  std::vector<OwnOverlay> take_overlays();

  std::vector<Entry> entries_;
  Entry open_;                 // of the segment that members come from
  std::uint64_t members_ = 0;  // of it
  bool ended_ = false;         // its archive has
  bool may_be_own_ = false;    // by its first member
  std::optional<Error> error_;
};

}  // namespace kip::image
