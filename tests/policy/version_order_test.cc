// The order of dracut's files, held against the real `sort -V`.
#include <algorithm>
#include <gtest/gtest.h>
#include <random>

#include "src/policy/dracut.h"
#include "tests/support/run_program.h"

namespace kip::policy {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    lines.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

std::vector<std::string> sorted_by_sort(const std::vector<std::string>& names,
                                        const char* options) {
  std::string input;
  for (const std::string& name : names) input += name + "\n";
  return lines_of(support::must_run({"sort", options}, {.input = input, .env = {{"LC_ALL", "C"}}}));
}

// `sort` compares equal lines by their bytes.
std::vector<std::string> sorted_by_us(std::vector<std::string> names) {
  std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
    if (version_before(a, b) || version_before(b, a)) return version_before(a, b);
    return a < b;
  });
  return names;
}

std::vector<std::string> unique_by_us(std::vector<std::string> names) {
  std::stable_sort(names.begin(), names.end(), version_before);
  names.erase(
      std::unique(names.begin(), names.end(),
                  [](const std::string& a, const std::string& b) { return !version_before(a, b); }),
      names.end());
  return names;
}

TEST(VersionOrder, IsThatOfTheReference) {
  const std::vector<std::string> names = {
      "9-foo", "10-a", "10-zfs.conf", "10-zfs-kmod.conf", "15-intel.conf", "100-x"};
  std::vector<std::string> shuffled(names.rbegin(), names.rend());
  EXPECT_EQ(sorted_by_us(shuffled), names);
  EXPECT_EQ(sorted_by_sort(shuffled, "-V"), names);
}

TEST(VersionOrder, TakesLeadingZerosForNothing) {
  EXPECT_FALSE(version_before("10-a.conf", "010-a.conf"));
  EXPECT_FALSE(version_before("010-a.conf", "10-a.conf"));
  EXPECT_EQ(sorted_by_sort({"10-a.conf", "010-a.conf"}, "-Vu"),
            (std::vector<std::string>{"10-a.conf"}));
  EXPECT_EQ(sorted_by_sort({"010-a.conf", "10-a.conf"}, "-Vu"),
            (std::vector<std::string>{"010-a.conf"}));
}

// Short names of few letters, so that many are nearly the same.
std::vector<std::string> names_from(std::mt19937& random, std::string_view letters,
                                    const char* suffix) {
  std::vector<std::string> names;
  for (int i = 0; i < 2000; ++i) {
    std::string name;
    while (name.empty() || name == ".") name = letters[random() % letters.size()];
    for (auto length = random() % 7; length > 0; --length)
      name += letters[random() % letters.size()];
    names.push_back(name + suffix);
  }
  return names;
}

TEST(VersionOrder, IsThatOfSortForManyNames) {
  std::mt19937 random(5);
  for (const std::string_view letters : {"019-a", "01az.~", "0aZ._-+~ ", "10.ab\xc3\xa4~", "a.1"}) {
    for (const char* const suffix : {".conf", "", ".conf.d", "~"}) {
      const auto names = names_from(random, letters, suffix);
      EXPECT_TRUE(sorted_by_us(names) == sorted_by_sort(names, "-V")) << letters << suffix;
      EXPECT_TRUE(unique_by_us(names) == sorted_by_sort(names, "-Vu")) << letters << suffix;
    }
  }
}

TEST(VersionOrder, IsAnOrder) {
  std::mt19937 random(7);
  auto names = names_from(random, "01a.~-", ".conf");
  names.resize(60);
  for (const auto& a : names) {
    EXPECT_FALSE(version_before(a, a));
    for (const auto& b : names) {
      EXPECT_FALSE(version_before(a, b) && version_before(b, a)) << a << " " << b;
      for (const auto& c : names) {
        EXPECT_FALSE(version_before(a, b) && version_before(b, c) && !version_before(a, c));
      }
    }
  }
}

}  // namespace
}  // namespace kip::policy
