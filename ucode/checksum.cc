#include <bit>
#include <cstring>

#include "ucode/checksum.h"

namespace kip::ucode {

static_assert(std::endian::native == std::endian::little,
              "dwords are summed as the machine stores them");

std::uint32_t sum32(Bytes bytes) {
  // Independent lanes let the compiler use vector additions: verifying a release is bound by this
  // loop.
  constexpr std::size_t kLanes = 16;
  std::uint32_t lanes[kLanes] = {};
  std::uint32_t words[kLanes];
  while (bytes.size() >= sizeof words) {
    std::memcpy(words, bytes.data(), sizeof words);
    for (std::size_t i = 0; i < kLanes; ++i) lanes[i] += words[i];
    bytes = bytes.subspan(sizeof words);
  }
  std::uint32_t sum = 0;
  for (const std::uint32_t lane : lanes) sum += lane;
  while (bytes.size() >= sizeof(std::uint32_t)) {
    sum += copy_out<le32>(bytes);
    bytes = bytes.subspan(sizeof(std::uint32_t));
  }
  return sum;
}

}  // namespace kip::ucode
