// Tells contents apart that nobody made alike on purpose: 64 bits, at the speed of reading.
#pragma once

#include "src/base/bytes.h"

namespace kip::checks {

class ContentSum {
 public:
  void add(Bytes bytes) {
    while (bytes.size() >= 8) {
      mix(copy_out<LittleEndian<std::uint64_t>>(bytes));
      bytes = bytes.subspan(8);
    }
    for (const std::uint8_t byte : bytes) mix(byte);
  }
  std::uint64_t value() const { return sum_; }

 private:
  void mix(std::uint64_t word) {
    sum_ = (sum_ ^ word) * 0x9e3779b97f4a7c15U;
    sum_ ^= sum_ >> 29;
  }
  std::uint64_t sum_ = 0x243f6a8885a308d3U;
};

}  // namespace kip::checks
