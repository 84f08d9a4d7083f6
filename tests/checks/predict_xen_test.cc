// Words for what the model of Xen's loader says.
#include <gmock/gmock.h>

#include "src/checks/predict_xen.h"
#include "ucode/amd.h"

namespace kip::checks {
namespace {

using testing::HasSubstr;
using ucode::LoaderCpu;
using ucode::Update;
using ucode::Vendor;
using Kind = Outcome::Kind;

constexpr LoaderCpu kOldBios{Vendor::kAmd, {0x00a00f11}, 0, 0x0a0011ce};
constexpr LoaderCpu kFixedBios{Vendor::kAmd, {0x00a00f11}, 0, 0x0a0011db};

Update milan(std::uint32_t id, std::uint32_t base = 0) {
  Update update;
  update.vendor = Vendor::kAmd;
  update.revision = id;
  update.size = 5568;
  update.minimum_revision = base;
  update.equivalence_id = 0xa011;
  update.targets = {{{0x00a00f11}, 0}};
  update.table_cpus = {{0x00a00f11}};
  return update;
}

Update intel(std::uint32_t signature, std::uint32_t revision, std::uint32_t size = 1024) {
  Update update;
  update.revision = revision;
  update.size = size;
  update.targets = {{{signature}, 0x02}};
  return update;
}

const std::vector<Update> kPair = {milan(0x0a0011d5), milan(0x0a0011de, 0x0a0011d9)};

TEST(PredictXen, SaysWhichFormsAnAnswerHoldsFor) {
  const Predicted predicted = predict_xen(kPair, kFixedBios, {{}, true, false, {}});
  ASSERT_EQ(predicted.outcomes.size(), 2U);
  EXPECT_EQ(predicted.outcomes[0].kernels, "4.17 to 4.20 before XSN-2, since late 2025");
  EXPECT_EQ(predicted.outcomes[0].text, "0x0a0011de loads");
  EXPECT_EQ(predicted.outcomes[1].kernels, "with XSN-2 (March 2025), with XSN-2 (October 2025)");
  EXPECT_EQ(predicted.outcomes[1].kind, Kind::kRefused) << "what runs is newer than the other";
  EXPECT_THAT(predicted.outcomes[1].text, HasSubstr("0x0a0011de is passed over: its digest"));
  EXPECT_THAT(predicted.remedy, HasSubstr("take a Xen of late 2025 or later"));
}

TEST(PredictXen, NamesNoFormWhereAllAgree) {
  const Predicted predicted =
      predict_xen(std::span(kPair).first(1), kOldBios, {{}, true, false, {}});
  ASSERT_EQ(predicted.outcomes.size(), 1U);
  EXPECT_EQ(predicted.outcomes[0].kernels, "");
  EXPECT_EQ(predicted.outcomes[0].text, "0x0a0011d5 loads");
  EXPECT_EQ(predicted.fates[0].fates[0].kernels, "");
}

TEST(PredictXen, OnAnOldBiosTakesTheOneWithADigest) {
  const Predicted predicted = predict_xen(kPair, kOldBios, {{}, true, false, {}});
  ASSERT_EQ(predicted.outcomes.size(), 2U);
  EXPECT_EQ(predicted.outcomes[0].kind, Kind::kRefused);
  EXPECT_THAT(predicted.outcomes[0].text,
              HasSubstr("the CPU should refuse it: it needs 0x0a0011d9"));
  EXPECT_EQ(predicted.outcomes[1].text, "0x0a0011d5 loads");
  EXPECT_THAT(predicted.remedy,
              HasSubstr("install a BIOS that brings a revision later than 0x0a0011da"));
}

TEST(PredictXen, OfAPickBelowItsBaseSaysThatNoOtherIsTried) {
  const std::vector<Update> stream = {milan(0x0a0011dc), milan(0x0a0011de, 0x0a0011dd)};
  const Predicted predicted = predict_xen(stream, kFixedBios, {{}, true, false, {}});
  const Outcome& late = predicted.outcomes.back();
  EXPECT_EQ(late.kernels, "since late 2025");
  EXPECT_EQ(late.kind, Kind::kRefused);
  EXPECT_THAT(late.text, HasSubstr("0x0a0011de is refused, and no other is tried"));
}

TEST(PredictXen, HasNothingToRefuseWhereNothingIsNewer) {
  const LoaderCpu newest{Vendor::kAmd, {0x00a00f11}, 0, 0x0a0011de};
  const Predicted predicted = predict_xen(kPair, newest, {{}, true, false, {}});
  ASSERT_EQ(predicted.outcomes.size(), 2U);
  for (const Outcome& outcome : predicted.outcomes) {
    EXPECT_EQ(outcome.kind, Kind::kKeeps);
    EXPECT_THAT(outcome.text, HasSubstr("not newer than 0x0a0011de, which the BIOS left"));
  }
}

TEST(PredictXen, CountsOnlyWhatIsForTheCpuIfTheArchiveIsMadeForIt) {
  const std::vector<Update> stream = {intel(0x106c0, 9, 5168), intel(0xb06f2, 3)};
  const LoaderCpu cpu{Vendor::kIntel, {0xb06f2}, 2, 0};
  const Predicted whole = predict_xen(stream, cpu, {{}, true, false, {}});
  EXPECT_EQ(whole.outcomes[0].kind, Kind::kRefused);
  EXPECT_EQ(whole.outcomes[0].text, "0x00000003 is not reached: behind the end of the scan");
  const Predicted made = predict_xen(stream, cpu, {{}, true, true, {}});
  EXPECT_EQ(made.outcomes[0].kind, Kind::kLoads);
  EXPECT_EQ(made.outcomes[0].update, 1U);
  ASSERT_EQ(made.fates.size(), 1U);
  EXPECT_EQ(made.fates[0].update, 1U);
  const Predicted odd =
      predict_xen(stream, {Vendor::kIntel, {0x106c0}, 2, 0}, {{}, true, true, {}});
  EXPECT_EQ(odd.outcomes[0].text, "0x00000009 ends the scan: its size is no multiple of 1024");
}

TEST(PredictXen, TellsOffFromNothing) {
  const LoaderCpu alone{Vendor::kAmd, {0x00a00f11}, 0, 0xffffffff};
  EXPECT_EQ(predict_xen(kPair, alone, {{}, true, false, {}}).outcomes[0].kind, Kind::kOff);
  const LoaderCpu other{Vendor::kAmd, {0x00a00f12}, 0, 0};
  EXPECT_EQ(predict_xen(kPair, other, {{}, true, false, {}}).outcomes[0].kind, Kind::kNothing);
  const std::vector<Update> one = {intel(0xb06f2, 3)};
  EXPECT_EQ(
      predict_xen(one, {Vendor::kIntel, {0xb06f2}, 4, 0}, {{}, true, false, {}}).outcomes[0].kind,
      Kind::kNothing);
}

}  // namespace
}  // namespace kip::checks
