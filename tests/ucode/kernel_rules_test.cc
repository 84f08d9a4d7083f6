// Kernel versions and what they do: the table, and where it leaves a version open.
#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <optional>
#include <set>
#include <string>

#include "tests/support/kernel_amd.h"
#include "ucode/digests.h"
#include "ucode/entrysign.h"
#include "ucode/kernel_rules.h"
#include "ucode/loader.h"

namespace kip::ucode {
namespace {

struct ParseRow {
  const char* release;
  const char* version;  // "major.minor.patch", then " vendor"; "none"
};

std::string describe(const std::optional<KernelVersion>& version) {
  if (!version) return "none";
  return fmt::format("{}.{}.{}{}", version->major, version->minor, version->patch,
                     version->vendor ? " vendor" : "");
}

TEST(KernelVersion, IsReadFromTheseReleases) {
  constexpr ParseRow kRows[] = {
      {"6.12.117+deb13-amd64", "6.12.117"},
      {"6.12.64", "6.12.64"},
      {"6.12", "6.12.0"},
      {"6.12.0", "6.12.0"},
      {"6.6.121-1-lts", "6.6.121"},
      {"6.18.4-arch1-1", "6.18.4"},
      {"6.1.0-56-amd64", "6.1.0 vendor"},
      {"6.8.0-45-generic", "6.8.0 vendor"},
      {"5.14.0-427.13.1.el9_4.x86_64", "5.14.0 vendor"},
      {"6.4.0-150600.23.7-default", "6.4.0 vendor"},
      {"6.19-rc3", "6.19.0 vendor"},
      {"6.19.0-rc3", "6.19.0 vendor"},
      {"6.12.", "6.12.0"},
      {"6.12.x", "6.12.0 vendor"},
      {"10.0.1", "10.0.1"},
      {"", "none"},
      {"6", "none"},
      {"6.", "none"},
      {"6.x", "none"},
      {".6.12", "none"},
      {"v6.12", "none"},
      {" 6.12", "none"},
      {"-6.12", "none"},
      {"4294967296.1", "none"},
  };
  for (const ParseRow& row : kRows)
    EXPECT_EQ(describe(KernelVersion::parse(row.release)), row.version) << row.release;
}

struct RuleRow {
  const char* release;
  const char* answers;  // one letter a rule, in the order of the table: y, n, ? (unknown)
};

std::string answers(const char* release) {
  const KernelVersion version = KernelVersion::parse(release).value_or(KernelVersion{});
  std::string out;
  for (const KernelRuleRow& row : kernel_rule_table()) {
    const Answer answer = holds(row.rule, version);
    out += answer == Answer::kYes ? 'y' : answer == Answer::kNo ? 'n' : '?';
  }
  return out;
}

// same-revision rework zen-id | sha sha-zen5 sha-tsa old-list no-revision options old-refreshed | naples more-models shimada known-models strix-halo |
// select any-platform old-platforms revision-zero
TEST(KernelRules, HoldFromTheseVersionsOn) {
  constexpr RuleRow kRows[] = {
      {"4.19.325", "nnnnnnnnnnnnnnnnnnn"}, {"5.15.75", "nnnnnnnnnnnnnnnnnnn"},
      {"5.15.76", "ynnnnnnnnnnnnnnnnnn"},  {"6.0.5", "nnnnnnnnnnnnnnnnnnn"},
      {"6.0.6", "ynnnnnnnnnnnnnnnnnn"},    {"6.1.131", "ynnnnnnnnnnnnnnnnnn"},
      {"6.6.80", "ynnnnnnnnnnnnnnnnnn"},   {"6.6.81", "yyyynnnnnnnnnnnnnnn"},
      {"6.6.88", "yyyyynnnnnnnnnnnnnn"},   {"6.6.97", "yyyyyynnnnnnnnnnnnn"},
      {"6.6.104", "yyyyyynynnnnnnnnnnn"},  {"6.6.115", "yyyyyynynnynnnnnnnn"},
      {"6.6.116", "yyyyyynynny?nnnnnnn"},  {"6.6.117", "yyyyyynynnyyynnnnnn"},
      {"6.6.118", "yyyyyynynnyyyynnnnn"},  {"6.6.120", "yyyyyynynnyyyyynnnn"},
      {"6.6.121", "yyyyyynynnyyyyyynnn"},  {"6.7.12", "yynnnnnnnnnnnnnnnnn"},
      {"6.11.11", "yynnnnnnnnnnnnnnnnn"},  {"6.12.17", "yyynnnnnnnnnnnnnnnn"},
      {"6.12.18", "yyyynnnnnnnnnnnnnnn"},  {"6.12.25", "yyyyynnnnnnnnnnnnnn"},
      {"6.12.63", "yyyyyynynnyyyynnnnn"},  {"6.12.64", "yyyyyynynnyyyyyynnn"},
      {"6.13.6", "yyyynnnnnnnnnnnnnnn"},   {"6.14.3", "yyyynnnnnnnnnnnnnnn"},
      {"6.14.4", "yyyyynnnnnnnnnnnnnn"},   {"6.15.6", "yyyyyynnnnnnnnnnnnn"},
      {"6.17.5", "yyyyyyyynnnnnnnnnnn"},   {"6.17.10", "yyyyyyyynnyyyynnnnn"},
      {"6.18", "yyyyyyyyyyyyyynnnnn"},     {"6.18.4", "yyyyyyyyyyyyyyyynnn"},
      {"6.19", "yyyyyyyyyyyyyyyynnn"},     {"7.0.9", "yyyyyyyyyyyyyyyynnn"},
      {"7.1", "yyyyyyyyyyyyyyyyyyn"},      {"7.2", "yyyyyyyyyyyyyyyyyyy"},
  };
  for (const RuleRow& row : kRows) EXPECT_EQ(answers(row.release), row.answers) << row.release;
}

// What came with mainline is there; everything later may have been carried back.
TEST(KernelRules, AreUnknownForVendorsUpToMainline) {
  constexpr RuleRow kRows[] = {
      {"5.14.0-427.el9", "???????????????????"},  {"6.1.0-56-amd64", "y??????????????????"},
      {"6.12.0-55.el10", "yyy????????????????"},  {"6.14.0-15-generic", "yyyy???????????????"},
      {"7.3.0-2-generic", "yyyyyyyyyyyyyyyyyyy"}, {"6.12.117+deb13-amd64", "yyyyyynynnyyyyyynnn"},
  };
  for (const RuleRow& row : kRows) EXPECT_EQ(answers(row.release), row.answers) << row.release;
}

TEST(KernelRules, HaveOneRowEachInOrderWithNameAndSource) {
  const auto table = kernel_rule_table();
  ASSERT_EQ(table.size(), kKernelRules);
  std::set<std::string> names;
  for (std::size_t i = 0; i < table.size(); ++i) {
    const KernelRuleRow& row = table[i];
    EXPECT_EQ(static_cast<std::size_t>(row.rule), i) << row.name;
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(std::string(row.source).starts_with("Linux ")) << row.name;
    std::set<std::pair<std::uint32_t, std::uint32_t>> branches;
    for (const auto& stable : row.stable) {
      if (!stable.used()) continue;
      EXPECT_TRUE(branches.insert({stable.from.major, stable.from.minor}).second) << row.name;
      EXPECT_LT(stable.certain(), row.mainline.certain()) << row.name;
      EXPECT_LE(stable.from, stable.certain()) << row.name;
    }
  }
}

TEST(LoaderRules, TakeAnOpenQuestionAsNo) {
  const auto selects = [](const char* release) {
    return LoaderRules::of(*KernelVersion::parse(release)).has(KernelRule::kSelect);
  };
  EXPECT_FALSE(selects("6.1.131"));
  EXPECT_FALSE(selects("6.8.0-45-generic"));
  EXPECT_FALSE(selects("6.12.18"));
  EXPECT_TRUE(selects("6.12.64"));
  EXPECT_TRUE(selects("7.1"));
}

std::string ranges(const std::optional<KernelVersion>& kernel) {
  const auto all = kernel_ranges(std::nullopt);
  return to_text(kernel_ranges(kernel), all);
}

TEST(KernelRanges, FollowEachOtherFrom5_0On) {
  const auto all = kernel_ranges(std::nullopt);
  EXPECT_EQ(all.front().first, (KernelRelease{5, 0, 0}));
  EXPECT_EQ(all.back().end, std::nullopt);
  for (std::size_t i = 1; i < all.size(); ++i) {
    EXPECT_EQ(all[i - 1].end, all[i].first);
    EXPECT_LT(all[i - 1].first, all[i].first);
  }
}

TEST(KernelRanges, AreThoseThatAVersionMayBehaveLike) {
  EXPECT_EQ(ranges(KernelVersion::parse("6.12.20")), "6.12.18 to 6.12.24");
  EXPECT_EQ(ranges(KernelVersion::parse("6.6.200")), "6.6.121 to 6.6.y");
  EXPECT_EQ(ranges(KernelVersion::parse("6.10.3")), "6.7 to 6.11.y");
  EXPECT_EQ(ranges(KernelVersion::parse("4.19.1")), "before 5.4.221");
  EXPECT_EQ(ranges(KernelVersion::parse("6.6.116")), "6.6.115 to 6.6.117")
      << "the rows of that release are not known for sure";
  EXPECT_EQ(ranges(KernelVersion::parse("6.19.0-rc1")), "6.19 and later");
  EXPECT_EQ(ranges(KernelVersion::parse("7.4")), "7.2 and later");
}

TEST(KernelRanges, AreNamedShort) {
  const auto all = kernel_ranges(std::nullopt);
  const auto with = [&](KernelRule rule, bool has) {
    std::vector<KernelRange> some;
    std::copy_if(all.begin(), all.end(), std::back_inserter(some),
                 [&](const KernelRange& it) { return it.rules.has(rule) == has; });
    return to_text(some, all);
  };
  EXPECT_EQ(with(KernelRule::kSelect, true),
            "6.6.121 to 6.6.y, 6.12.64 to 6.12.y, 6.18.4 and later");
  EXPECT_EQ(with(KernelRule::kSelect, false), "before 6.6.121, 6.7 to 6.12.63, 6.13 to 6.18.3");
  EXPECT_EQ(with(KernelRule::kAnyPlatform, false), "before 7.1");
  EXPECT_EQ(to_text(all, all), "");
}

TEST(EntrySign, TableAscendsByKeyAndHasNoneTwice) {
  const auto rows = entrysign_cutoffs();
  ASSERT_EQ(rows.size(), 34U);
  for (std::size_t i = 1; i < rows.size(); ++i) EXPECT_LT(rows[i - 1].key, rows[i].key);
}

TEST(EntrySign, EveryCutoffBelongsToItsKey) {
  for (const EntrySignCutoff& row : entrysign_cutoffs()) EXPECT_EQ(row.cutoff >> 8, row.key);
}

TEST(EntrySign, AgreesWithTheKernelsTableForEveryKey) {
  const auto rules = support::KernelRules::linux_6_19();
  for (std::uint32_t key = 0; key <= 0xFFFFF; ++key) {
    ASSERT_EQ(entrysign_cutoff(key << 8), support::kernel_amd_cutoff(key << 8, rules)) << key;
  }
}

TEST(EntrySign, CutoffItselfIsOfTheOldClass) {
  for (const EntrySignCutoff& row : entrysign_cutoffs()) {
    EXPECT_EQ(entrysign_class(row.cutoff), EntrySignClass::kOld) << row.key;
    EXPECT_EQ(entrysign_class(row.cutoff + 1), EntrySignClass::kFixed) << row.key;
    EXPECT_EQ(entrysign_class(row.key << 8), EntrySignClass::kOld) << row.key;
    EXPECT_EQ(entrysign_class(row.key << 8 | 0xFF), EntrySignClass::kFixed) << row.key;
  }
}

TEST(EntrySign, HasNoClassWithoutARow) {
  EXPECT_EQ(entrysign_class(0), std::nullopt);
  EXPECT_EQ(entrysign_class(0x08108109), std::nullopt) << "A38: Picasso";
  EXPECT_EQ(entrysign_class(0x010000C8), std::nullopt);
  EXPECT_EQ(entrysign_class(0x0A0111D5), std::nullopt) << "A20: reserved nibble";
  EXPECT_EQ(entrysign_class(0xFFFFFFFF), std::nullopt);
}

TEST(PatchDigests, Ascend63And16EachAtOrBelowItsCutoff) {
  const auto rows = patch_digests();
  ASSERT_EQ(rows.size(), 79U);
  const auto later = std::count_if(rows.begin(), rows.end(), [](const PatchDigest& row) {
    return row.since == KernelRule::kShaTsa;
  });
  EXPECT_EQ(later, 16);
  std::set<std::string_view> digests;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (i != 0) {
      EXPECT_LT(rows[i - 1].patch_id, rows[i].patch_id);
    }
    EXPECT_EQ(rows[i].sha256.size(), 64U);
    EXPECT_EQ(rows[i].sha256.find_first_not_of("0123456789abcdef"), rows[i].sha256.npos);
    EXPECT_TRUE(digests.insert(rows[i].sha256).second);
    EXPECT_LE(rows[i].patch_id, entrysign_cutoff(rows[i].patch_id).value_or(0));
  }
}

TEST(PatchDigests, AreListedFromTheirKernelOn) {
  const auto listed = [](std::uint32_t id, const char* kernel) {
    return listed_digest(id, LoaderRules::of(*KernelVersion::parse(kernel))) != nullptr;
  };
  EXPECT_TRUE(listed(0x0A0011D5, "6.14"));
  EXPECT_FALSE(listed(0x0A0011D5, "6.1.131"));
  EXPECT_FALSE(listed(0x0A0011D7, "6.14"));
  EXPECT_TRUE(listed(0x0A0011D7, "6.16"));
  EXPECT_TRUE(listed(0x0A0011D7, "6.12.37"));
  EXPECT_FALSE(listed(0x0A0011DE, "7.3"));
}

}  // namespace
}  // namespace kip::ucode
