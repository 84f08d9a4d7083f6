#include <algorithm>

#include "src/image/join_pieces.h"

namespace kip::image {
namespace {

// What of some ranges lies within another one.
std::vector<Range> within(const std::vector<Range>& ranges, const Range& frame) {
  std::vector<Range> inside;
  for (const Range& range : ranges) {
    const Range part{std::max(range.begin, frame.begin), std::min(range.end, frame.end)};
    if (part.begin < part.end) inside.push_back(part);
  }
  return inside;
}

// Whether the image ends with exactly this overlay, behind as many zeros.
Result<bool> is_there(const Opened& image, const Tail& tail, const Opened& overlay,
                      std::uint64_t padding) {
  if (tail.overlays.size() != 1) return false;
  const Range& own = tail.overlays.front().range;
  if (own.end != tail.size || own.end - own.begin != padding + overlay.size) return false;
  return same_bytes(image.file.get(), own.begin + padding, overlay.file.get(), 0, overlay.size);
}

// Returns whether the overlay is there already.
Result<bool> append_overlay(const Root& root, const std::string& path, const Opened* image,
                            const Tail& tail, Join& join) {
  const Opened overlay = TRY(open_regular(root, path));
  const OverlayFacts facts = TRY(read_overlay_facts(overlay.file.get()));
  Shape shape;
  shape.raw = facts.raw;
  join.pieces.push_back(piece_of(path, overlay, {{0, overlay.size}}, shape));
  const std::uint64_t padding = place(join.pieces, 0).pieces.back().padding;
  if (padding != facts.manifest.padding)
    return fail(Errc::kInvalid, "the overlay for it was made for another image");
  return image != nullptr && TRY(is_there(*image, tail, overlay, padding));
}

}  // namespace

Status append_pieces(const Root& root, const std::string& image, const Opened* opened,
                     const std::vector<Range>& cuts, const JoinOptions& options, Join& join) {
  const bool same_end = options.overlay.empty() && !options.drop_overlay;
  if (opened != nullptr && same_end)
    join.pieces.push_back(piece_of(image, *opened, kept(cuts, opened->size), {}));
  if (same_end) return {};
  Tail read;
  if (opened != nullptr)
    read = options.tail != nullptr ? *options.tail : TRY(read_tail(opened->file.get()));
  if (opened != nullptr && read.size != opened->size)
    return fail(Errc::kCorrupt, "changed while it was being read");
  for (const Stretch& stretch : read.stretches) {
    join.pieces.push_back(
        piece_of(image, *opened, within(kept(cuts, opened->size), stretch.range), stretch.shape));
  }
  if (!options.overlay.empty()) {
    join.tail_changes = !TRY(append_overlay(root, options.overlay, opened, read, join));
    return {};
  }
  if (opened != nullptr && join.pieces.empty())
    return fail(Errc::kInvalid, "is an overlay of kip, nothing would be left");
  // As it was, whatever multiple that is.
  if (!join.pieces.empty()) join.pieces.back().end = End::kOther;
  join.tail_changes = !read.overlays.empty();
  return {};
}

}  // namespace kip::image
