// Bytes for the test support library: the two names everything here is written in, and the few
// little-endian helpers the builders and the kernel re-tellings need.
//
// Owns no format. Deliberately shares nothing with the libraries under test: a mistake there must
// not be able to hide behind the same mistake here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <vector>

namespace kip::support {

using Blob = std::vector<std::uint8_t>;
using View = std::span<const std::uint8_t>;

// Little-endian loads. REQUIRES: offset + width <= bytes.size() (they throw std::out_of_range).
std::uint16_t get16(View bytes, std::size_t offset);
std::uint32_t get32(View bytes, std::size_t offset);

// Little-endian stores into existing bytes. REQUIRES as above.
void put16(Blob& bytes, std::size_t offset, std::uint16_t value);
void put32(Blob& bytes, std::size_t offset, std::uint32_t value);

void append32(Blob& bytes, std::uint32_t value);
void append(Blob& bytes, View more);

// Several pieces one behind the other, nothing between.
Blob join(std::initializer_list<View> pieces);

Blob zeros(std::size_t count);
Blob text(std::string_view characters);

// The sum both vendors use: little-endian dwords, modulo 2^32. A rest of 1-3 bytes is left out,
// as the kernel's division of the byte count by four leaves it out.
std::uint32_t sum32(View bytes);

// The same `count` bytes for the same seed, on every machine and in every release; no run of
// zeros, so that nothing in them looks like padding or a header.
Blob noise(std::size_t count, std::uint32_t seed);

}  // namespace kip::support
