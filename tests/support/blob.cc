#include <stdexcept>

#include "tests/support/blob.h"

namespace kip::support {
namespace {

void require(std::size_t size, std::size_t offset, std::size_t width) {
  if (offset > size || width > size - offset) throw std::out_of_range("support: beyond the blob");
}

void put(Blob& bytes, std::size_t offset, std::uint32_t value, std::size_t width) {
  require(bytes.size(), offset, width);
  for (std::size_t i = 0; i < width; ++i) {
    bytes[offset + i] = static_cast<std::uint8_t>(value >> (8 * i) & 0xFF);
  }
}

std::uint32_t get(View bytes, std::size_t offset, std::size_t width) {
  require(bytes.size(), offset, width);
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    value |= static_cast<std::uint32_t>(bytes[offset + i]) << (8 * i);
  }
  return value;
}

}  // namespace

std::uint16_t get16(View bytes, std::size_t offset) {
  return static_cast<std::uint16_t>(get(bytes, offset, 2));
}

std::uint32_t get32(View bytes, std::size_t offset) {
  return get(bytes, offset, 4);
}

void put16(Blob& bytes, std::size_t offset, std::uint16_t value) {
  put(bytes, offset, value, 2);
}

void put32(Blob& bytes, std::size_t offset, std::uint32_t value) {
  put(bytes, offset, value, 4);
}

void append32(Blob& bytes, std::uint32_t value) {
  bytes.resize(bytes.size() + 4);
  put32(bytes, bytes.size() - 4, value);
}

void append(Blob& bytes, View more) {
  bytes.insert(bytes.end(), more.begin(), more.end());
}

Blob join(std::initializer_list<View> pieces) {
  Blob all;
  for (const View piece : pieces) append(all, piece);
  return all;
}

Blob zeros(std::size_t count) {
  return Blob(count, 0);
}

Blob text(std::string_view characters) {
  return Blob(characters.begin(), characters.end());
}

std::uint32_t sum32(View bytes) {
  std::uint32_t sum = 0;
  for (std::size_t at = 0; bytes.size() - at >= 4; at += 4) sum += get32(bytes, at);
  return sum;
}

Blob noise(std::size_t count, std::uint32_t seed) {
  // xorshift32 (Marsaglia, "Xorshift RNGs", 2003, triple 13/17/5). State zero would stay zero.
  std::uint32_t state = seed * 2654435761U + 0x9E3779B9U;
  if (state == 0) state = 1;
  Blob bytes(count);
  for (std::uint8_t& byte : bytes) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    byte = static_cast<std::uint8_t>(state >> 24 | 1);  // odd: never 0
  }
  return bytes;
}

}  // namespace kip::support
