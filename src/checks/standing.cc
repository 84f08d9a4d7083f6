#include <algorithm>

#include "src/checks/standing.h"
#include "src/image/early.h"

namespace kip::checks {
namespace {

using image::Inventory;
using image::MicrocodeMember;
using segments::Search;
using segments::Segment;
using ucode::Vendor;

const Search& search_of(const Searches& searches, Vendor vendor) {
  return searches[static_cast<std::size_t>(vendor)];
}

bool is_reachable(const Inventory& inventory, const Search& search, const MicrocodeMember& member) {
  if (is_compressed(inventory, member) || member.offset >= front_end(inventory)) return false;
  return search.found || member.offset < search.end;
}

}  // namespace

bool is_compressed(const Inventory& inventory, const MicrocodeMember& member) {
  return member.segment < inventory.segments.size() &&
         inventory.segments[member.segment].segment.kind == Segment::Kind::kCompressed;
}

std::uint64_t front_end(const Inventory& inventory) {
  for (const image::SegmentEntry& entry : inventory.segments) {
    const Segment& segment = entry.segment;
    const bool searched =
        segment.kind == Segment::Kind::kPadding ||
        (segment.kind == Segment::Kind::kArchive && segment.offset % cpio::kPadding == 0);
    if (!searched) return segment.offset;
  }
  return UINT64_MAX;
}

Result<Searches> search_early(const segments::Source& source, std::uint64_t size) {
  Searches searches;
  for (const Vendor vendor : {Vendor::kIntel, Vendor::kAmd}) {
    searches[static_cast<std::size_t>(vendor)] =
        TRY(segments::find_early(source, size, image::member_path(vendor)));
  }
  return searches;
}

const MicrocodeMember* taken_member(const Inventory& inventory, const Searches& searches,
                                    Vendor vendor) {
  const auto& found = search_of(searches, vendor).found;
  if (!found) return nullptr;
  const auto member = std::find_if(
      inventory.microcode.begin(), inventory.microcode.end(), [&](const MicrocodeMember& it) {
        return it.vendor == vendor && it.offset == found->member_offset &&
               !is_compressed(inventory, it);
      });
  return member == inventory.microcode.end() ? nullptr : &*member;
}

const char* standing_name(Standing standing) {
  constexpr const char* kNames[] = {"taken",    "void",        "empty",
                                    "shadowed", "unreachable", "not matched"};
  return kNames[static_cast<std::size_t>(standing)];
}

Standing standing_of(const Inventory& inventory, const Searches& searches,
                     const MicrocodeMember& member) {
  if (taken_member(inventory, searches, member.vendor) == &member) {
    if (member.size == 0) return Standing::kEmpty;
    return seen_by_loader(member).empty() ? Standing::kVoid : Standing::kTaken;
  }
  const Search& search = search_of(searches, member.vendor);
  if (!is_reachable(inventory, search, member)) return Standing::kUnreachable;
  if (!member.is_regular() || !member.name.starts_with(image::member_path(member.vendor)))
    return Standing::kNotMatched;
  return Standing::kShadowed;
}

}  // namespace kip::checks
