// Findings of one kind, once a segment: the first of them, and how many more there are.
#pragma once

#include <vector>

#include "src/base/finding.h"

namespace kip::checks {

class Tallies {
 public:
  void add(Finding finding);
  void next_segment() { segment_ = all_.size(); }

  std::vector<Finding> findings() const;

 private:
  struct Tally {
    Finding first;
    std::uint64_t more = 0;
  };
  std::vector<Tally> all_;
  std::size_t segment_ = 0;  // where those of the present segment begin
};

}  // namespace kip::checks
