// Input: bytes that come forward only, from a file, a decompressor or a member of an archive.
//
// Parsers of containers read headers and step over bodies, so `skip` is a primitive: a file seeks,
// a decompressor decodes into nothing. A small look-ahead (`peek`) lets content decide what a
// stream is before anyone consumes it.
//
//   const Bytes head = TRY(in.peek(16));
//   std::vector<std::uint8_t> body(total);
//   if (TRY(in.read(body)) < total) return fail(Errc::kTruncated, "ends early", in.position());
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "src/base/bytes.h"
#include "src/base/result.h"

namespace kip {

class Input {
 public:
  /// Bytes that `peek` can look ahead.
  static constexpr std::size_t kPeek = 512;

  virtual ~Input() = default;
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  /// The next `count` bytes without consuming them; fewer only at the end. REQUIRES: count <=
  /// kPeek. The view is valid until the next call.
  Result<Bytes> peek(std::size_t count);

  /// Fills `out`; a smaller count means that the input ended.
  Result<std::size_t> read(MutableBytes out);

  /// Moves forward; a smaller count means that the input ended.
  Result<std::uint64_t> skip(std::uint64_t count);

  /// Bytes consumed so far.
  std::uint64_t position() const { return position_; }

 protected:
  Input() = default;

  /// As read() and skip(), without the look-ahead.
  virtual Result<std::size_t> do_read(MutableBytes out) = 0;

  /// do_read(), and what follows into `ahead` if that costs nothing; `got_ahead` says how much.
  virtual Result<std::size_t> do_read_on(MutableBytes out, MutableBytes ahead,
                                         std::size_t& got_ahead);
  virtual Result<std::uint64_t> do_skip(std::uint64_t count) = 0;

  /// A do_skip() for inputs that cannot seek: reads and drops.
  Result<std::uint64_t> skip_by_reading(std::uint64_t count);

 private:
  /// Moves what was looked at ahead into `out`, as far as it goes.
  std::size_t take_ahead(MutableBytes out);

  std::array<std::uint8_t, kPeek> ahead_;
  std::size_t begin_ = 0;  // of the look-ahead not yet consumed
  std::size_t end_ = 0;
  std::uint64_t position_ = 0;
};

/// Reads a T of endian types. kTruncated, with nothing promised about the position, if the input
/// ends first.
template <class T>
Result<T> read_value(Input& in) {
  const std::uint64_t at = in.position();
  std::array<std::uint8_t, sizeof(T)> raw;
  if (TRY(in.read(raw)) < sizeof(T)) return fail(Errc::kTruncated, "ends early", at);
  return copy_out<T>(raw);
}

/// Bytes in memory, which the caller keeps alive.
class MemoryInput : public Input {
 public:
  explicit MemoryInput(Bytes bytes) : rest_(bytes) {}

 protected:
  Result<std::size_t> do_read(MutableBytes out) override;
  Result<std::uint64_t> do_skip(std::uint64_t count) override;

 private:
  Bytes rest_;
};

/// The next `size` bytes of another input, which the caller keeps alive and does not touch
/// meanwhile.
class SliceInput : public Input {
 public:
  SliceInput(Input& parent, std::uint64_t size) : parent_(parent), left_(size) {}

 protected:
  Result<std::size_t> do_read(MutableBytes out) override;
  Result<std::uint64_t> do_skip(std::uint64_t count) override;

 private:
  Input& parent_;
  std::uint64_t left_;
};

/// Reads all that is left, kLimit if that is more than `limit` bytes.
Result<std::vector<std::uint8_t>> read_rest(Input& in, std::uint64_t limit);

}  // namespace kip
