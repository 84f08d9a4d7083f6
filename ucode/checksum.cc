#include <bit>
#include <cstring>

#include "ucode/checksum.h"

namespace kip::ucode {
namespace {

// Verifying a release is bound by this sum, and GCC 12 leaves a plain loop scalar at -O2.
using Dwords = std::uint32_t __attribute__((vector_size(16)));

Dwords load(const std::uint8_t* bytes) {
  Dwords words;
  std::memcpy(&words, bytes, sizeof words);
  return words;
}

}  // namespace

static_assert(std::endian::native == std::endian::little,
              "dwords are summed as the machine stores them");

std::uint32_t sum32(Bytes bytes) {
  // Four sums, so that no addition waits for the one before.
  Dwords a = {}, b = {}, c = {}, d = {};
  while (bytes.size() >= 4 * sizeof(Dwords)) {
    a += load(bytes.data());
    b += load(bytes.data() + sizeof(Dwords));
    c += load(bytes.data() + 2 * sizeof(Dwords));
    d += load(bytes.data() + 3 * sizeof(Dwords));
    bytes = bytes.subspan(4 * sizeof(Dwords));
  }
  a += b + c + d;
  std::uint32_t sum = a[0] + a[1] + a[2] + a[3];
  while (bytes.size() >= sizeof(std::uint32_t)) {
    sum += copy_out<le32>(bytes);
    bytes = bytes.subspan(sizeof(std::uint32_t));
  }
  return sum;
}

}  // namespace kip::ucode
