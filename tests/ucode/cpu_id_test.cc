// Names of CPUs and dates of updates.
#include <gtest/gtest.h>
#include <optional>

#include "ucode/cpu_id.h"
#include "ucode/update.h"

namespace kip::ucode {
namespace {

struct NameRow {
  std::uint32_t value, family, model, stepping;
  const char* name;
};

constexpr NameRow kNames[] = {
    {0x000B06F6, 0x06, 0xBF, 0x6, "06-bf-06"},   {0x000B06F2, 0x06, 0xBF, 0x2, "06-bf-02"},
    {0x00000F4A, 0x0F, 0x04, 0xA, "0f-04-0a"},   {0x000106C0, 0x06, 0x1C, 0x0, "06-1c-00"},
    {0x00100F43, 0x10, 0x04, 0x3, "10-04-03"},   {0x00600F20, 0x15, 0x02, 0x0, "15-02-00"},
    {0x00870F10, 0x17, 0x71, 0x0, "17-71-00"},   {0x00A00F11, 0x19, 0x01, 0x1, "19-01-01"},
    {0x00B40F40, 0x1A, 0x44, 0x0, "1a-44-00"},   {0x00000543, 0x05, 0x04, 0x3, "05-04-03"},
    {0x0FFF0FFF, 0x10E, 0xFF, 0xF, "10e-ff-0f"},
};

TEST(CpuSignature, SaysFamilyModelAndStepping) {
  for (const NameRow& row : kNames) {
    const CpuSignature cpu{row.value};
    EXPECT_EQ(cpu.family(), row.family) << row.name;
    EXPECT_EQ(cpu.model(), row.model) << row.name;
    EXPECT_EQ(cpu.stepping(), row.stepping) << row.name;
    EXPECT_EQ(cpu.name(), row.name);
  }
}

TEST(CpuSignature, ComesBackFromFamilyModelAndStepping) {
  for (const NameRow& row : kNames) {
    EXPECT_EQ(signature_of(row.family, row.model, row.stepping), CpuSignature{row.value})
        << row.name;
  }
}

TEST(CpuSignature, LeavesTypeAndReservedBitsOutOfTheName) {
  EXPECT_EQ(CpuSignature{0x00001632}.name(), "06-03-02");
  EXPECT_EQ(CpuSignature{0xF000F632}.name(), "06-03-02");
  EXPECT_EQ(signature_of(6, 3, 2), CpuSignature{0x632});
  EXPECT_EQ(0x1632 & kFamilyModelSteppingMask, 0x632);
}

// The extended fields count from family 6 and from base family 0xf on, respectively.
TEST(CpuSignature, IgnoresExtendedFieldsWhereTheyDoNotCount) {
  EXPECT_EQ(CpuSignature{0x0FFF0543}.family(), 5U);
  EXPECT_EQ(CpuSignature{0x0FFF0543}.model(), 4U);
  EXPECT_EQ(CpuSignature{0x0FF00643}.family(), 6U);
}

TEST(CpuSignature, DoesNotExistForNumbersThatDoNotFit) {
  EXPECT_EQ(signature_of(0x10F, 0, 0), std::nullopt);
  EXPECT_EQ(signature_of(6, 0x100, 0), std::nullopt);
  EXPECT_EQ(signature_of(6, 0, 0x10), std::nullopt);
  EXPECT_EQ(signature_of(5, 0x10, 0), std::nullopt);
}

TEST(CpuSignature, ComesBackFromEveryFamilyModelAndStepping) {
  for (std::uint32_t family = 6; family <= 0x10E; ++family) {
    for (std::uint32_t model = 0; model <= 0xFF; ++model) {
      const CpuSignature cpu = signature_of(family, model, model & 0xF).value_or(CpuSignature{});
      ASSERT_EQ(cpu.family(), family);
      ASSERT_EQ(cpu.model(), model);
      ASSERT_EQ(cpu.stepping(), model & 0xF);
    }
  }
}

TEST(Loader, ExistsForTheseVendorsAndFamilies) {
  const auto cpu = [](std::uint32_t family) { return *signature_of(family, 0, 0); };
  EXPECT_FALSE(has_loader(Vendor::kIntel, cpu(5)));
  EXPECT_TRUE(has_loader(Vendor::kIntel, cpu(6)));
  EXPECT_TRUE(has_loader(Vendor::kIntel, cpu(0x12)));
  EXPECT_FALSE(has_loader(Vendor::kAmd, cpu(0x0F)));
  EXPECT_TRUE(has_loader(Vendor::kAmd, cpu(0x10)));
  EXPECT_TRUE(has_loader(Vendor::kAmd, cpu(0x1A)));
  EXPECT_FALSE(has_loader(Vendor::kAmd, cpu(0x18))) << "A49: Hygon's";
}

TEST(VendorName, IsLowerCase) {
  EXPECT_STREQ(vendor_name(Vendor::kIntel), "intel");
  EXPECT_STREQ(vendor_name(Vendor::kAmd), "amd");
}

struct DateRow {
  std::uint32_t bcd;
  const char* text;
  bool plausible;
  std::int64_t seconds;
};

// Seconds as GNU date counts them.
constexpr DateRow kDates[] = {
    {0x11112025, "2025-11-11", true, 1762819200}, {0x01011990, "1990-01-01", true, 631152000},
    {0x12312099, "2099-12-31", true, 4102358400}, {0x02292024, "2024-02-29", true, 1709164800},
    {0x12311989, "1989-12-31", false, 0},         {0x01012100, "2100-01-01", false, 0},
    {0x00012025, "2025-00-01", false, 0},         {0x13012025, "2025-13-01", false, 0},
    {0x01002025, "2025-01-00", false, 0},         {0x01322025, "2025-01-32", false, 0},
    {0x0A112025, "2025-0a-11", false, 0},         {0x011A2025, "2025-01-1a", false, 0},
    {0x0101202F, "202f-01-01", false, 0},         {0x00000000, "0000-00-00", false, 0},
    {0xFFFFFFFF, "ffff-ff-ff", false, 0},
};

TEST(Date, IsWrittenAsStored) {
  for (const DateRow& row : kDates) EXPECT_EQ(date_text(row.bcd), row.text);
}

TEST(Date, IsPlausibleWithinItsRanges) {
  for (const DateRow& row : kDates) EXPECT_EQ(date_plausible(row.bcd), row.plausible) << row.text;
}

TEST(Date, CountsSecondsSince1970) {
  for (const DateRow& row : kDates) EXPECT_EQ(date_seconds(row.bcd), row.seconds) << row.text;
}

// Plausible is not calendar-true: microcode carries such days.
TEST(Date, HasNoSecondsOnADayTheMonthLacks) {
  EXPECT_TRUE(date_plausible(0x02302025));
  EXPECT_EQ(date_seconds(0x02302025), 0);
  EXPECT_EQ(date_seconds(0x02292025), 0);
}

}  // namespace
}  // namespace kip::ucode
