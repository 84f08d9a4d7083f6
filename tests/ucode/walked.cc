#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/ucode/walked.h"

namespace kip::ucode {
namespace {

class Keeper : public UpdateSink {
 public:
  void update(const Update& update, Bytes whole) override {
    kept.updates.push_back(update);
    kept.wholes.emplace_back(whole.begin(), whole.end());
    kept.events.push_back(fmt::format("{:#x} at {}", update.revision, update.offset));
  }

  void fault(const Finding& finding, const Update* suspect) override {
    kept.faults.push_back(finding);
    kept.suspects.push_back(suspect != nullptr ? *suspect : Update());
    kept.events.push_back(
        fmt::format("{} {}: {}", finding.offset.value_or(0), finding.rule, finding.text));
  }

  Walked kept;
};

}  // namespace

Walked walked(StreamKind kind, support::View bytes, Depth depth) {
  // From a heap block of exactly that length: one byte too far is an error of the sanitizer's.
  const support::Blob exact(bytes.begin(), bytes.end());
  MemoryInput in(exact);
  Keeper keeper;
  const Status status = walk(kind, depth, in, keeper);
  EXPECT_TRUE(status) << "memory does not fail";
  return std::move(keeper.kept);
}

Walked walked(support::View bytes, Depth depth) {
  const auto kind = recognise(bytes.first(std::min(bytes.size(), Input::kPeek)));
  if (kind) return walked(*kind, bytes, depth);
  Walked nothing;
  nothing.events = {"unrecognised"};
  return nothing;
}

}  // namespace kip::ucode
