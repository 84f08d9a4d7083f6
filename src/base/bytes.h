// Views of bytes, little-endian integers that can be copied out of them, and a cursor that cannot
// run over.
//
//   Reader in(bytes);
//   const auto header = TRY(in.take<IntelHeader>());   // a struct of le32: alignment 1, copied out
//   const Bytes body = TRY(in.take(header.data_size)); // on failure nothing has moved
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>

#include "src/base/result.h"

namespace kip {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

/// An unsigned integer stored in little-endian byte order. Alignment 1, so structs of them have no
/// padding.
template <class T>
class LittleEndian {
 public:
  LittleEndian() = default;
  LittleEndian(
      T value) {  // NOLINT: implicit on purpose, so that structs read like their format table
    for (std::size_t i = 0; i < sizeof(T); ++i)
      bytes_[i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
  operator T() const {  // NOLINT: see above
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) {
      value = static_cast<T>(value | (static_cast<T>(bytes_[i]) << (8 * i)));
    }
    return value;
  }

 private:
  std::uint8_t bytes_[sizeof(T)] = {};
};

using le16 = LittleEndian<std::uint16_t>;
using le32 = LittleEndian<std::uint32_t>;
static_assert(sizeof(le16) == 2 && alignof(le16) == 1);
static_assert(sizeof(le32) == 4 && alignof(le32) == 1);

/// Copies a T of endian types out of the first bytes. REQUIRES: bytes.size() >= sizeof(T).
template <class T>
T copy_out(Bytes bytes) {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) == 1);
  T value;
  std::memcpy(&value, bytes.data(), sizeof(T));
  return value;
}

/// The bytes of a value made of endian types. The view lives as long as the value.
template <class T>
Bytes bytes_of(const T& value) {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) == 1);
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof(T)};
}

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Working memory that grows and is used again: neither cleared nor given back between uses, since
/// clearing and faulting in pages would cost as much as reading a firmware tree.
class Scratch {
 public:
  /// `size` bytes of whatever was there; valid until the next call.
  MutableBytes take(std::size_t size) {
    if (size > size_) {
      size_ = size;
      lines_ = std::make_unique_for_overwrite<Line[]>(size / sizeof(Line) + 1);
    }
    return {reinterpret_cast<std::uint8_t*>(lines_.get()), size};
  }

 private:
  /// The kernel copies into whole cache lines faster than across them.
  struct alignas(64) Line {
    std::uint8_t bytes[64];
  };
  std::unique_ptr<Line[]> lines_;
  std::size_t size_ = 0;
};

/// A cursor over bytes that the caller keeps alive.
class Reader {
 public:
  explicit Reader(Bytes bytes) : all_(bytes) {}

  std::uint64_t offset() const { return offset_; }
  Bytes rest() const { return all_.subspan(offset_); }

  Result<Bytes> take(std::uint64_t count) {
    if (count > all_.size() - offset_) {
      return fail(Errc::kTruncated, "ends early", offset_);
    }
    const Bytes taken = all_.subspan(offset_, static_cast<std::size_t>(count));
    offset_ += taken.size();
    return taken;
  }

  template <class T>
  Result<T> take() {
    return copy_out<T>(TRY(take(sizeof(T))));
  }

 private:
  Bytes all_;
  std::size_t offset_ = 0;
};

}  // namespace kip
