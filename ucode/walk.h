// Walking a stream of microcode: every update in it, in order, and every fault.
//
// The walk reads headers and steps over bodies, or reads everything and checks all that the kernel
// would (Depth); memory is bounded by the largest single update.
// A broken update is a fault, and the walk goes on behind it where its sizes can be believed; what
// cannot be stepped over ends it.
//
//   struct Print : UpdateSink { ... };
//   Print sink;
//   TRY(walk(StreamKind::kIntel, Depth::kWhole, input, sink));
#pragma once

#include "src/base/finding.h"
#include "src/base/input.h"
#include "ucode/update.h"

namespace kip::ucode {

enum class StreamKind : std::uint8_t {
  kIntel,      // binary updates back to back
  kIntelText,  // the legacy text form
  kAmd,        // AMD containers back to back
};

/// What the first bytes (up to Input::kPeek) are, by content alone. nullopt: no microcode.
/// Truncated heads of fewer bytes than a header are recognised by what is there, at least 4 bytes.
std::optional<StreamKind> recognise(Bytes head);

enum class Depth : std::uint8_t {
  kHeaders,  // headers and tables; bodies are stepped over
  kChecked,  // everything, with every check; an Intel update in pieces, since it may be a megabyte
  kWhole,    // the same, each update in one piece
};

class UpdateSink {
 public:
  virtual ~UpdateSink() = default;

  /// `whole` is the update's bytes at Depth::kWhole (an AMD patch's at kChecked, too), empty
  /// otherwise; valid during the call only.
  virtual void update(const Update& update, Bytes whole) = 0;

  /// Something that is no sound update. `suspect` is what it claims to be, where its header could
  /// be read: whoever chooses can tell whether a broken update would have been the choice.
  virtual void fault(const Finding& finding, const Update* suspect) = 0;
};

/// Faults go to the sink; the error is for the input itself failing (system, broken compression).
/// `scratch` is for whoever walks many streams.
Status walk(StreamKind kind, Depth depth, Input& in, UpdateSink& sink, Scratch& scratch);

inline Status walk(StreamKind kind, Depth depth, Input& in, UpdateSink& sink) {
  Scratch scratch;
  return walk(kind, depth, in, sink, scratch);
}

}  // namespace kip::ucode
