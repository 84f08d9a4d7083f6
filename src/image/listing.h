// The members of an image in its order, as rows to print: nothing is kept.
#pragma once

#include <functional>
#include <string>

#include "src/image/paths.h"
#include "src/segments/numbers.h"
#include "src/segments/walk.h"

namespace kip::image {

struct Row {
  std::uint32_t segment = 0;  // number, from 1
  cpio::Member member;
  std::string target;  // of a symbolic link
};

class Listing : public segments::Visitor {
 public:
  /// `only`: a segment's number; 0: all. `row` is called for each member that is wanted, trailers left
  /// out; an error of its own ends the walk if it is kSystem.
  Listing(PathFilter& filter, std::uint32_t only, std::function<Status(const Row&)> row,
          std::function<void(const Finding&)> fault)
      : filter_(filter), only_(only), row_(std::move(row)), fault_(std::move(fault)) {}

  std::uint32_t segments() const { return numbers_.count(); }

  Status member(const segments::Segment& archive, const cpio::Member& member, Input& data) override;
  Status segment(const segments::Segment& segment) override;
  void fault(const Finding& finding) override { fault_(finding); }

 private:
  PathFilter& filter_;
  std::uint32_t only_;
  std::function<Status(const Row&)> row_;
  std::function<void(const Finding&)> fault_;
  segments::Numbers numbers_;
};

/// A symbolic link's target: its data, as far as kernels take it. Empty for other members.
Result<std::string> read_target(const cpio::Member& member, Input& data);

}  // namespace kip::image
