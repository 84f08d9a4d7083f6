#include <gtest/gtest.h>

#include "src/checks/kernels.h"

namespace kip::checks {
namespace {

struct Row {
  const char* kernels;
  const char* release;
  bool holds;
};

TEST(MayHold, GoesByReleaseAndStableReleases) {
  const Row rows[] = {
      {"", "6.1.5", true},
      {"before 5.19", "5.18.3", true},
      {"before 5.19", "5.19.0", false},
      {"before 5.19", "5.14.0-427.el9", true},
      {"5.19 and later", "6.1.5", true},
      {"5.19 and later", "5.18.3", false},
      {"5.19 and later", "5.14.0-427.el9", true},  // a fork may have it
      {"6.13 and later, and stable releases since", "6.12.1", true},
      {"6.12 (6.6.81) and later", "6.6.80", false},
      {"6.12 (6.6.81) and later", "6.6.81", true},
      {"6.12 (6.6.81) and later, before 6.19 (6.18.4, 6.12.64)", "6.12.63", true},
      {"6.12 (6.6.81) and later, before 6.19 (6.18.4, 6.12.64)", "6.12.64", false},
      {"6.12 (6.6.81) and later, before 6.19 (6.18.4, 6.12.64)", "6.1.1", false},
      {"6.12 (6.6.81) and later, before 6.19 (6.18.4, 6.12.64)", "6.19.0", false},
      {"words of another kind", "6.19.0", true},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(may_hold(row.kernels, ucode::KernelVersion::parse(row.release)), row.holds)
        << row.kernels << " on " << row.release;
  }
  EXPECT_TRUE(may_hold("before 5.19", std::nullopt));
}

}  // namespace
}  // namespace kip::checks
