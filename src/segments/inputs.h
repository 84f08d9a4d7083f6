// Inputs that a walk puts between an image and those who read it.
#pragma once

#include <optional>
#include <vector>

#include "src/codec/codec.h"

namespace kip::segments {

/// How many of the first bytes are zero.
std::size_t zero_run(Bytes bytes);

/// What a decoder gives, and what it failed of: everything in front of that can be read.
class Plain : public Input {
 public:
  /// `decoder` stays alive, and nobody else reads from it.
  explicit Plain(codec::Decoder& decoder) : decoder_(decoder), block_(kBlock) {}

  const std::optional<Error>& error() const { return error_; }

 protected:
  Result<std::size_t> do_read(MutableBytes out) override;
  Result<std::uint64_t> do_skip(std::uint64_t count) override;

 private:
  static constexpr std::size_t kBlock = 64 * 1024;

  /// At least one byte of what is not yet given out; none at the end.
  Result<Bytes> ahead();

  codec::Decoder& decoder_;
  std::vector<std::uint8_t> block_;
  std::size_t begin_ = 0, end_ = 0;  // of the block, what is not yet given out
  std::optional<Error> error_;
};

/// A member's data, with the sum of its bytes: of all of them, whatever somebody reads.
class Summed : public Input {
 public:
  Summed(Input& parent, std::uint64_t size) : parent_(parent), left_(size) {}

  /// Reads what is left. The sum is that of a whole member if nothing is missing then.
  Status finish();
  std::uint32_t sum() const { return sum_; }
  bool is_whole() const { return left_ == 0; }

 protected:
  Result<std::size_t> do_read(MutableBytes out) override;
  Result<std::uint64_t> do_skip(std::uint64_t count) override { return skip_by_reading(count); }

 private:
  Input& parent_;
  std::uint64_t left_;
  std::uint32_t sum_ = 0;
};

}  // namespace kip::segments
