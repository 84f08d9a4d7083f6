#include <algorithm>
#include <array>

#include "tests/support/kernel_finder.h"

namespace kip::support {
namespace {

constexpr std::size_t kHeaderSize = 110;
constexpr std::size_t kFields = 14;  // the magic counts as one

enum Field : std::size_t { kMagic = 0, kMode = 2, kFilesize = 7, kNamesize = 12 };

constexpr std::uint32_t kTypeMask = 0170000;
constexpr std::uint32_t kRegular = 0100000;

std::optional<std::uint32_t> hex_digit(std::uint8_t byte) {
  if (byte >= '0' && byte <= '9') return byte - std::uint32_t{'0'};
  if (byte >= 'a' && byte <= 'f') return byte - std::uint32_t{'a'} + 10;
  if (byte >= 'A' && byte <= 'F') return byte - std::uint32_t{'A'} + 10;
  return std::nullopt;
}

// All fourteen numbers, or nothing if any digit is no hex digit. Even a field nobody needs counts.
std::optional<std::array<std::uint32_t, kFields>> parse_header(View header) {
  std::array<std::uint32_t, kFields> fields{};
  std::size_t at = 0;
  for (std::size_t field = 0; field < kFields; ++field) {
    const std::size_t width = field == kMagic ? 6 : 8;
    for (std::size_t i = 0; i < width; ++i, ++at) {
      const std::optional<std::uint32_t> digit = hex_digit(header[at]);
      if (!digit) return std::nullopt;
      fields[field] = fields[field] << 4 | *digit;
    }
  }
  return fields;
}

constexpr std::uint64_t align4(std::uint64_t value) {
  return (value + 3) / 4 * 4;
}

}  // namespace

std::optional<Extent> find_early(View image, std::string_view path) {
  // The kernel subtracts from the remaining length and aligns addresses; with a 4-aligned image,
  // offsets say the same. Sizes are 32-bit, so 64-bit sums cannot wrap.
  std::uint64_t at = 0;
  while (image.size() - at > kHeaderSize) {
    if (image[at] == 0) {
      at += 4;  // at least 110 bytes are left: never past the end
      continue;
    }
    const auto fields = parse_header(image.subspan(at, kHeaderSize));
    if (!fields) return std::nullopt;
    if ((*fields)[kMagic] != 0x070701 && (*fields)[kMagic] != 0x070702) return std::nullopt;

    const std::uint64_t name = at + kHeaderSize;
    const std::uint64_t data = align4(name + (*fields)[kNamesize]);
    const std::uint64_t next = align4(data + (*fields)[kFilesize]);
    if (next > image.size()) return std::nullopt;

    const bool regular = ((*fields)[kMode] & kTypeMask) == kRegular;
    if (regular && (*fields)[kNamesize] >= path.size()) {
      const View stored = image.subspan(name, path.size());
      const bool begins_with_path = std::equal(
          stored.begin(), stored.end(), path.begin(),
          [](std::uint8_t byte, char c) { return byte == static_cast<unsigned char>(c); });
      if (begins_with_path) return Extent{data, (*fields)[kFilesize]};
    }
    at = next;
  }
  return std::nullopt;
}

}  // namespace kip::support
