// The raw front of an image: the archives that the kernel's early search walks, before the first
// compressed byte.
//
//   const Front front = TRY(read_front(descriptor));
//   front.taken[...]   // what the kernel's loader gets today
//   front.cuts         // what to leave out, so that another early part can stand in front
//
// Cutting takes whole members with their padding, multiples of 4 bytes, so that what is kept stays
// aligned and byte for byte what it was. An archive that was there for the microcode alone goes as
// a whole, with the zeros behind it.
//
// Source of the search: Linux lib/earlycpio.c, find_cpio_data(): names are compared by prefix, the
// first regular file counts.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/image/manifest.h"

namespace kip::image {

/// Bytes [begin, end) of an image.
struct Range {
  std::uint64_t begin = 0, end = 0;

  bool operator==(const Range&) const = default;
};

struct FrontMember {
  std::string name;
  std::uint64_t data_offset = 0;  // bytes from the start of the image
  std::uint64_t size = 0;
};

struct Front {
  /// By vendor (Intel, AMD): the member that the kernel takes.
  std::array<std::optional<FrontMember>, 2> taken;
  /// All members under names that it takes, in order; the first one counts.
  std::array<std::vector<FrontMember>, 2> named;
  /// The member that it would take if our own parts were not there.
  std::array<std::optional<FrontMember>, 2> base;
  /// Early parts of ours, by their manifest; usually one, at the start.
  std::vector<EarlyManifest> own;
  std::vector<Range> own_ranges;
  /// Our own parts and everybody's microcode under the loader's names, in order.
  std::vector<Range> cuts;
};

/// Of a vendor, in the arrays.
inline std::size_t index_of(ucode::Vendor vendor) {
  return vendor == ucode::Vendor::kIntel ? 0 : 1;
}

/// An image that begins with compressed data has an empty front. What is broken ends the front.
/// kUnsupported for an image that kernels read alone and would not read behind an early part.
Result<Front> read_front(int descriptor);

/// What is left of `size` bytes, in order.
std::vector<Range> kept(const std::vector<Range>& cuts, std::uint64_t size);

}  // namespace kip::image
