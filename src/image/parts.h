// Any images and archives, one behind the other, with one early part in front.
//
//   const auto join = plan_parts(root, {{"acpi.cpio"}, {"main.img"}, {"overlay.cpio"}}, options);
//   if (!join) ... join.error().part ...              // which of them is in the way, and why
//   TRY(write_join(root, *join, options, out));       // with choices; else write_pieces()
//
// The early part holds all microcode of the parts' raw fronts: newest of each signature and platform,
// also what an earlier member of the same name hid; of parts of ours, with what their marks say.
// What a part has besides stays, byte for byte. Nothing comes of parts that a kernel would not read
// on behind, of microcode that is broken, and of a *late* early part: behind compressed data, where
// kernels do not look for microcode.
//
// An overlay for a kernel of which the other parts have no modules, while they have another's, is a finding.
//
// Of the last part only the front is read. The others are decoded: what comes behind them depends on
// how they end.
#pragma once

#include <string>
#include <vector>

#include "src/image/join.h"

namespace kip::image {

struct Part {
  std::string path;
  bool microcode = true;    // false: what it has is left out
  bool only_front = false;  // kUnsupported if there is compressed data in it
};

struct PartError {
  std::size_t part = 0;  // which
  Error error;           // its text names the remedy
};

/// A rule of findings.
inline constexpr const char* kRuleOverlayKernel = "overlay-kernel";

using PartsResult = tl::expected<Join, PartError>;

/// REQUIRES: there is a part. One piece a part, also of those that are nothing but microcode.
PartsResult plan_parts(const Root& root, const std::vector<Part>& parts,
                       const JoinOptions& options);

}  // namespace kip::image
