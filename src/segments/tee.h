// One walk for several visitors.
#pragma once

#include <vector>

#include "src/segments/walk.h"

namespace kip::segments {

/// Each member's data goes to the visitor that reads it: at most one may read, and says so by its place
/// as the last.
class Tee : public Visitor {
 public:
  explicit Tee(std::vector<Visitor*> visitors) : visitors_(std::move(visitors)) {}

  Status member(const Segment& archive, const cpio::Member& member, Input& data) override {
    for (Visitor* const visitor : visitors_) TRY(visitor->member(archive, member, data));
    return {};
  }
  Status segment(const Segment& segment) override {
    for (Visitor* const visitor : visitors_) TRY(visitor->segment(segment));
    return {};
  }
  void fault(const Finding& finding) override {
    for (Visitor* const visitor : visitors_) visitor->fault(finding);
  }

 private:
  std::vector<Visitor*> visitors_;
};

}  // namespace kip::segments
