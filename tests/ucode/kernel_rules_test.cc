// Kernel versions and what they do: the table, and where it leaves a version open.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <optional>
#include <set>
#include <string>

#include "tests/support/kernel_amd.h"
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

// zen-id, sha, select, any-platform.
TEST(KernelRules, HoldFromTheseVersionsOn) {
  constexpr RuleRow kRows[] = {
      {"4.19.325", "nnnn"}, {"5.15.180", "nnnn"}, {"6.1.131", "nnnn"}, {"6.6.80", "nnnn"},
      {"6.6.81", "yynn"},   {"6.6.120", "yynn"},  {"6.6.121", "yyyn"}, {"6.7.12", "nnnn"},
      {"6.11.11", "nnnn"},  {"6.12", "ynnn"},     {"6.12.17", "ynnn"}, {"6.12.18", "yynn"},
      {"6.12.63", "yynn"},  {"6.12.64", "yyyn"},  {"6.13.5", "ynnn"},  {"6.13.6", "yynn"},
      {"6.14", "yynn"},     {"6.17.13", "yynn"},  {"6.18.3", "yynn"},  {"6.18.4", "yyyn"},
      {"6.19", "yyyn"},     {"7.0.9", "yyyn"},    {"7.1", "yyyy"},     {"8.0", "yyyy"},
  };
  for (const RuleRow& row : kRows) EXPECT_EQ(answers(row.release), row.answers) << row.release;
}

// What came with mainline is there; everything later may have been carried back.
TEST(KernelRules, AreUnknownForVendorsUpToMainline) {
  constexpr RuleRow kRows[] = {
      {"5.14.0-427.el9", "????"},  {"6.1.0-56-amd64", "????"},       {"6.6.0-1-vendor", "????"},
      {"6.12.0-55.el10", "y???"},  {"6.14.0-15-generic", "yy??"},    {"6.19.0-rc1", "yyy?"},
      {"7.1.0-2-generic", "yyyy"}, {"6.12.117+deb13-amd64", "yyyn"},
  };
  for (const RuleRow& row : kRows) EXPECT_EQ(answers(row.release), row.answers) << row.release;
}

TEST(KernelRules, HaveOneRowEachWithNameAndSource) {
  std::set<std::string> names;
  for (const KernelRuleRow& row : kernel_rule_table()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(std::string(row.source).starts_with("Linux ")) << row.name;
    for (const auto& stable : row.stable) {
      if (stable.major == 0) continue;
      EXPECT_LT((std::pair{stable.major, stable.minor}), (std::pair{row.major, row.minor}))
          << row.name << ": a stable branch older than mainline";
    }
  }
  EXPECT_EQ(names, (std::set<std::string>{"any-platform", "select", "sha", "zen-id"}));
}

TEST(LoaderRules, TakeAnOpenQuestionAsNo) {
  const auto rules = [](const char* release) {
    const LoaderRules of = LoaderRules::of(*KernelVersion::parse(release));
    return fmt::format("{:d}{:d}{:d}", of.zen_id, of.select, of.any_platform);
  };
  EXPECT_EQ(rules("6.1.131"), "000");
  EXPECT_EQ(rules("6.8.0-45-generic"), "000");
  EXPECT_EQ(rules("6.12.18"), "100");
  EXPECT_EQ(rules("6.12.64"), "110");
  EXPECT_EQ(rules("7.1"), "111");
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

}  // namespace
}  // namespace kip::ucode
