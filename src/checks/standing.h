// What becomes of each member under a loader's name: the one that the search finds, and why not the
// others.
//
//   const Searches searches = TRY(search_early(source, size));
//   standing_of(inventory, searches, member)   ->   Standing::kShadowed
#pragma once

#include <array>

#include "src/image/inventory.h"
#include "src/segments/finder.h"

namespace kip::checks {

/// One a vendor: the searches for its member.
using Searches = std::array<segments::Search, 2>;

Result<Searches> search_early(const segments::Source& source, std::uint64_t size);

/// What a vendor's loader reads: the member that its search finds; nullptr if there is none.
const image::MicrocodeMember* taken_member(const image::Inventory& inventory,
                                           const Searches& searches, ucode::Vendor vendor);

/// What becomes of a member under a loader's name.
enum class Standing : std::uint8_t {
  kTaken,
  kVoid,         // taken, and nothing of it is loaded
  kEmpty,        // taken, and there is nothing in it
  kShadowed,     // an earlier one is taken
  kUnreachable,  // the search ends in front of it
  kNotMatched,   // its name, or its type, is none that is looked for
};
const char* standing_name(Standing standing);
Standing standing_of(const image::Inventory& inventory, const Searches& searches,
                     const image::MicrocodeMember& member);

/// Where the search of any name ends: at the first byte that is of no archive at a multiple of 4.
std::uint64_t front_end(const image::Inventory& inventory);

bool is_compressed(const image::Inventory& inventory, const image::MicrocodeMember& member);

}  // namespace kip::checks
