// A part that was made for a BIOS of a proven EntrySign class keeps to that class.
#include <gtest/gtest.h>

#include "tests/image/joined.h"

namespace kip::image {
namespace {

using ucode::EntrySignClass;
using ucode::Vendor;

constexpr std::uint32_t kOld = 0x0a0011d5, kFixed = 0x0a0011de;

ManifestCpu milan(std::optional<EntrySignClass> proven) {
  return {Vendor::kAmd, {{0x00a00f11}}, proven};
}

JoinOptions for_kernel(const char* release) {
  JoinOptions options;
  options.select.kernel = ucode::KernelVersion::parse(release);
  return options;
}

support::Blob base_of(const support::Blob& amd) {
  return support::join({dracut_early({}, amd), compressed_rest()});
}

constexpr const char* kNeverSelects = "6.12.60";

TEST(JoinClass, TakesTheFixedPatchFromAnOldBios) {
  Joining files;
  const ManifestCpu cpu = milan(EntrySignClass::kOld);
  files.set_early({zen({kOld})}, {cpu});
  const support::Blob out = files.join(base_of(zen({kOld, kFixed})), for_kernel(kNeverSelects));
  EXPECT_TRUE(files.joined);
  EXPECT_EQ(loads(out, cpu), kOld);
}

TEST(JoinClass, KeepsBothWhereNothingIsProven) {
  Joining files;
  files.set_early({zen({kOld})}, {milan(std::nullopt)});
  const support::Blob out = files.join(base_of(zen({kFixed})));
  EXPECT_TRUE(files.joined);
  EXPECT_EQ(found(out, support::kAmdPath).size(), zen({kOld, kFixed}).size());
  EXPECT_EQ(loads(out, milan(std::nullopt)), kFixed);
}

TEST(JoinClass, LeavesAnImageOfTheSameClassAlone) {
  Joining files;
  files.set_early({zen({kOld})}, {milan(EntrySignClass::kOld)});
  files.join(base_of(zen({kOld})), for_kernel(kNeverSelects));
  EXPECT_FALSE(files.joined);
}

}  // namespace
}  // namespace kip::image
