#include <algorithm>

#include "src/image/listing.h"
#include "src/image/rootfs.h"

namespace kip::image {

Result<std::string> read_target(const cpio::Member& member, Input& data) {
  std::string target;
  if (!member.is_symlink()) return target;
  std::array<std::uint8_t, kTargetLimit> bytes;
  const auto wanted = MutableBytes(bytes).first(std::min(member.size, kTargetLimit));
  target = as_text(Bytes(bytes).first(TRY(data.read(wanted))));
  return target;
}

Status Listing::member(const segments::Segment& archive, const cpio::Member& member, Input& data) {
  const std::uint32_t number = numbers_.of(archive);
  if (member.is_trailer() || (only_ != 0 && number != only_)) return {};
  if (!filter_.wants(member.name)) return {};
  return row_({number, member, TRY(read_target(member, data))});
}

Status Listing::segment(const segments::Segment& segment) {
  numbers_.of(segment);
  return {};
}

}  // namespace kip::image
