#include <algorithm>
#include <fcntl.h>

#include "src/boot/entry.h"
#include "src/cli/image_file.h"
#include "src/image/sums.h"
#include "src/state/installed.h"

namespace kip::cli {
namespace {

using image::Range;
using state::Part;
using state::PartKind;

void add_part(PartKind kind, const Range& range, std::vector<Part>& parts) {
  if (range.begin < range.end) parts.push_back({kind, range.begin, range.end - range.begin, {}});
}

// Early parts in front, an overlay of so many bytes behind, the base between and around them.
std::vector<Part> parts_of(const image::Front& front, std::uint64_t size, std::uint64_t overlay) {
  std::vector<Part> parts;
  const std::uint64_t end = size - std::min(overlay, size);
  std::uint64_t at = 0;
  for (const Range& own : front.own_ranges) {
    add_part(PartKind::kBase, {at, std::min(own.begin, end)}, parts);
    add_part(PartKind::kEarly, {own.begin, std::min(own.end, end)}, parts);
    at = std::min(own.end, end);
  }
  add_part(PartKind::kBase, {at, end}, parts);
  add_part(PartKind::kOverlay, {end, size}, parts);
  return parts;
}

}  // namespace

Result<state::ImageFile> image_file(int descriptor, std::string name, std::uint64_t overlay_size) {
  state::ImageFile file;
  file.name = std::move(name);
  file.stamp = TRY(state::stamp_of(descriptor));
  // Kernels read such an image alone: there is nothing of ours in it.
  const auto front = image::read_front(descriptor);
  file.parts = parts_of(front ? *front : image::Front(), file.stamp.size, overlay_size);
  return file;
}

Status add_digests(int descriptor, state::ImageFile& file) {
  std::vector<Range> ranges;
  for (const Part& part : file.parts) ranges.push_back({part.offset, part.offset + part.size});
  const image::Sums sums = TRY(image::read_sums(descriptor, file.stamp.size, ranges));
  file.digest = sums.whole;
  for (std::size_t i = 0; i < ranges.size(); ++i) file.parts[i].digest = sums.ranges[i];
  return {};
}

std::string path_now(const Root& root, const std::string& recorded) {
  if (root.open(recorded, O_PATH)) return recorded;
  const std::string path = boot::without_count(recorded);
  const std::size_t slash = path.rfind('/'), dot = path.rfind('.');
  const bool counted = path.ends_with(".efi") || path.ends_with(".conf");
  if (!counted || slash == path.npos || dot < slash) return recorded;
  const auto found = boot::find_counted(root, path.substr(0, slash),
                                        path.substr(slash + 1, dot - slash - 1), path.substr(dot));
  return found && *found ? **found : recorded;
}

}  // namespace kip::cli
