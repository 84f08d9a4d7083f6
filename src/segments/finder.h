// The kernel's early search for one file, in the raw front of an image: lib/earlycpio.c,
// find_cpio_data(), step by step.
//
//   const Search search = TRY(find_early(source, size, "kernel/x86/microcode/GenuineIntel.bin"));
//   if (search.found) ...            // this is what the loader gets, empty or broken as it may be
//
// Not the unpacker's rules (walk.h): names are compared by prefix, only regular files count, zeros
// are stepped over in fours, trailers are members like any other, and the first match ends it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "src/segments/walk.h"

namespace kip::segments {

struct Search {
  struct Found {
    std::string name;                 // as stored, up to its first NUL
    std::uint64_t member_offset = 0;  // of the header, in bytes from the start of the image
    std::uint64_t data_offset = 0;
    std::uint64_t size = 0;
    std::uint32_t links = 0;
  };
  std::optional<Found> found;

  /// Why it went no further, if nothing was found.
  enum class Stop : std::uint8_t {
    kEnd,        // too few bytes for one more header
    kNoArchive,  // something that is no newc header: compressed data, another format, a shifted archive
    kBadField,  // a header with a digit that is none
    kOverrun,   // a member that reaches beyond the image, if only with its padding
  };
  Stop stop = Stop::kEnd;
  std::uint64_t end = 0;  // where it stood then
};

/// `size`: bytes of the image. Reads headers and steps over data.
Result<Search> find_early(const Source& source, std::uint64_t size, std::string_view path);

}  // namespace kip::segments
