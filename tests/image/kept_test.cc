#include <gtest/gtest.h>
#include <ostream>

#include "src/image/front.h"

namespace kip::image {
namespace {

struct Rest {
  std::string name;
  std::vector<Range> cuts;
  std::uint64_t size;
  std::vector<Range> rest;
};

void PrintTo(const Rest& row, std::ostream* out) {
  *out << row.name;
}

class Kept : public testing::TestWithParam<Rest> {};

TEST_P(Kept, IsWhatNoCutCovers) {
  EXPECT_EQ(kept(GetParam().cuts, GetParam().size), GetParam().rest);
}

INSTANTIATE_TEST_SUITE_P(All, Kept,
                         testing::Values(Rest{"NoCut", {}, 10, {{0, 10}}},
                                         Rest{"NoBytes", {}, 0, {}},
                                         Rest{"InFront", {{0, 4}}, 10, {{4, 10}}},
                                         Rest{"Behind", {{4, 10}}, 10, {{0, 4}}},
                                         Rest{"Between", {{4, 8}}, 10, {{0, 4}, {8, 10}}},
                                         Rest{"Touching", {{0, 4}, {4, 8}}, 10, {{8, 10}}},
                                         Rest{"All", {{0, 10}}, 10, {}},
                                         Rest{"OverTheEnd", {{4, 12}}, 10, {{0, 4}}}),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace kip::image
