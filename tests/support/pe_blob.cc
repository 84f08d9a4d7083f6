#include <algorithm>

#include "tests/support/pe_blob.h"

namespace kip::support {
namespace {

constexpr std::size_t kAlignment = 512;
constexpr std::size_t kHeaderPlace = 0x80;
constexpr std::uint32_t kOptionalSize = 112;

void number(Blob& out, std::uint32_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i)
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void pad(Blob& out, std::size_t multiple, std::uint8_t byte) {
  while (out.size() % multiple != 0) out.push_back(byte);
}

std::uint32_t padded(std::size_t size) {
  return static_cast<std::uint32_t>((size + kAlignment - 1) / kAlignment * kAlignment);
}

}  // namespace

PeBlob& PeBlob::section(std::string_view name, View data, const PeFields& fields) {
  sections_.push_back({std::string(name), Blob(data.begin(), data.end()), fields});
  return *this;
}

PeBlob& PeBlob::put(std::size_t offset, std::string_view bytes) {
  puts_.emplace_back(offset, bytes);
  return *this;
}

Blob PeBlob::bytes() const {
  Blob out = text("MZ");
  out.resize(0x3c);
  number(out, kHeaderPlace, 4);
  out.resize(kHeaderPlace);
  append(out, text(std::string_view("PE\0\0", 4)));
  number(out, 0x8664, 2);
  number(out, static_cast<std::uint32_t>(sections_.size()), 2);
  out.resize(out.size() + 12);  // time, symbols
  number(out, kOptionalSize, 2);
  number(out, 0x0206, 2);
  number(out, 0x020b, 2);
  out.resize(out.size() + kOptionalSize - 2);

  std::uint32_t place = padded(out.size() + 40 * sections_.size());
  for (const Section& section : sections_) {
    Blob name = text(section.name);
    name.resize(8);
    append(out, name);
    const auto size = static_cast<std::uint32_t>(section.data.size());
    number(out, section.fields.memory_size.value_or(size), 4);
    number(out, 0x10000 + place, 4);
    number(out, section.fields.file_size.value_or(padded(size)), 4);
    number(out, section.fields.file_offset.value_or(place), 4);
    out.resize(out.size() + 12);
    number(out, 0x40000040, 4);
    place += padded(size);
  }
  pad(out, kAlignment, 0);
  for (const Section& section : sections_) {
    append(out, section.data);
    pad(out, kAlignment, 0xcc);
  }
  for (const auto& [offset, bytes] : puts_) {
    if (out.size() < offset + bytes.size()) out.resize(offset + bytes.size());
    std::copy(bytes.begin(), bytes.end(), out.begin() + static_cast<std::ptrdiff_t>(offset));
  }
  return out;
}

}  // namespace kip::support
