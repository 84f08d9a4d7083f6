#include <algorithm>
#include <chrono>
#include <fmt/format.h>

#include "ucode/update.h"

namespace kip::ucode {
namespace {

struct Date {
  std::uint32_t year, month, day;
};

// Value of a BCD field; 0xffff if a digit is above 9.
std::uint32_t decimal(std::uint32_t bcd, int digits) {
  std::uint32_t value = 0;
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) {
    const std::uint32_t digit = (bcd >> shift) & 0xf;
    if (digit > 9) return 0xffff;
    value = value * 10 + digit;
  }
  return value;
}

Date split(std::uint32_t bcd) {
  return {decimal(bcd & 0xffff, 4), decimal(bcd >> 24, 2), decimal((bcd >> 16) & 0xff, 2)};
}

}  // namespace

bool is_newer(Vendor vendor, std::uint32_t a, std::uint32_t b) {
  if (vendor == Vendor::kAmd) return a > b;
  return static_cast<std::int32_t>(a) > static_cast<std::int32_t>(b);
}

std::vector<Target> distinct_targets(const Update& update) {
  std::vector<Target> targets;
  for (const Target& target : update.targets) {
    if (std::find(targets.begin(), targets.end(), target) == targets.end())
      targets.push_back(target);
  }
  return targets;
}

std::string date_text(std::uint32_t bcd) {
  return fmt::format("{:04x}-{:02x}-{:02x}", bcd & 0xffff, bcd >> 24, (bcd >> 16) & 0xff);
}

bool date_plausible(std::uint32_t bcd) {
  const Date date = split(bcd);
  return date.year >= 1990 && date.year <= 2099 && date.month >= 1 && date.month <= 12 &&
         date.day >= 1 && date.day <= 31;
}

std::int64_t date_seconds(std::uint32_t bcd) {
  if (!date_plausible(bcd)) return 0;
  const Date date = split(bcd);
  const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(date.year)),
                                        std::chrono::month(date.month), std::chrono::day(date.day)};
  if (!day.ok()) return 0;
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::sys_days(day).time_since_epoch())
      .count();
}

}  // namespace kip::ucode
