// What Linux calls old microcode: its lists, whole, and how they are looked into.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "src/digest/sha256.h"
#include "tests/support/corpus.h"
#include "ucode/old_microcode.h"

namespace kip::ucode {
namespace {

constexpr LoaderRules kFirst{KernelRule::kOldList};
constexpr LoaderRules kRefreshed = kFirst.with(KernelRule::kOldRefreshed);
constexpr LoaderRules kPlatforms = kRefreshed.with(KernelRule::kOldPlatforms);

struct Row {
  const char* what;
  Target cpu;
  LoaderRules rules;
  std::uint32_t revision;
  std::uint32_t expected;  // 0: not called old
};

TEST(OldMicrocode, IsJudgedAsTheKernelDoes) {
  constexpr CpuSignature kSapphire{0x806f8}, kAlder{0x9a4}, kCascade{0x50656};
  const Row kRows[] = {
      {"no list before 6.16", {kSapphire, 0x10}, {}, 1, 0},
      {"6.16", {kSapphire, 0x10}, kFirst, 0x2c00038f, 0x2c000390},
      {"6.16, as new", {kSapphire, 0x10}, kFirst, 0x2c000390, 0},
      {"6.18", {kSapphire, 0x10}, kRefreshed, 0x2c000390, 0x2c0003f7},
      {"platform 87h has lower revisions", {kSapphire, 0x80}, kRefreshed, 0x2b000639, 0x2c0003f7},
      {"and is told apart from 7.1 on", {kSapphire, 0x80}, kPlatforms, 0x2b000639, 0},
      {"where it may be old as well", {kSapphire, 0x80}, kPlatforms, 0x2b000638, 0x2b000639},
      {"platform not known", {kSapphire, 0}, kPlatforms, 1, 0},
      {"a debug revision is always old", {kSapphire, 0x10}, kRefreshed, 0xffffffff, 0x2c0003f7},
      {"not in any list", {kAlder, 0x10}, kPlatforms, 1, 0},
      {"stepping 6 was dropped", {kCascade, 0x80}, kFirst, 1, 0x04003605},
      {"since 6.18", {kCascade, 0x80}, kRefreshed, 1, 0},
      // The first row that fits counts: 5Ch before 5Dh.
      {"two rows for one platform", {{0xf4a}, 0x04}, kPlatforms, 3, 4},
      {"one row", {{0xf4a}, 0x01}, kPlatforms, 2, 0},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(is_called_old(row.cpu, row.revision, row.rules).value_or(0), row.expected)
        << row.what;
  }
}

// The digest is of the list as it was put together from the sources, by a script that is not here.
TEST(OldMicrocode, HasEveryRowOfTheLists) {
  std::string text;
  for (const OldMicrocodeRow& row : old_microcode_rows())
    text += fmt::format("{:02x} {:02x} {:04x} {:02x} {:08x} {:08x}\n", row.family, row.model,
                        row.steppings, row.platforms, row.revision, row.first_revision);
  EXPECT_EQ(old_microcode_rows().size(), 239U);
  const auto digest = digest::sha256(as_bytes(text));
  ASSERT_TRUE(digest);
  EXPECT_EQ(digest::to_hex(*digest),
            "86ab2d4943868de5e550ad903f325ef9d12671a8bf8344bcc131792954b2ab3b");
}

TEST(OldMicrocode, IsInOrderAndNeverGoesBack) {
  const auto rows = old_microcode_rows();
  for (std::size_t i = 0; i + 1 < rows.size(); ++i) {
    EXPECT_LE(std::pair(rows[i].family, rows[i].model),
              std::pair(rows[i + 1].family, rows[i + 1].model));
  }
  for (const OldMicrocodeRow& row : rows) {
    EXPECT_NE(row.steppings, 0);
    EXPECT_TRUE(row.revision != 0 || row.first_revision != 0);
  }
}

// Intel's release of November 2025 is later than every list.
TEST(OldMicrocode, ListsNothingNewerThanTheCorpusHas) {
  KIP_NEEDS_CORPUS();
  std::size_t compared = 0;
  for (const support::Row& row : support::corpus().table("select-intel.tsv")) {
    if (row["rev"] == "-") continue;
    const Target cpu{{row.number("sig")}, row.number("pf_bit")};
    const auto expected = expected_revision(cpu, kPlatforms);
    if (!expected) continue;
    ++compared;
    EXPECT_LE(*expected, row.number("rev")) << row["sig"] << " " << row["pf"];
  }
  EXPECT_GT(compared, 200U);
}

}  // namespace
}  // namespace kip::ucode
