// Two patches for one CPU, one of each EntrySign class: what the boot CPU takes (A34, A44, A46),
// and what all others find in its cache. Also the tables behind the digest question.
#include <cstdio>
#include <gtest/gtest.h>
#include <iterator>
#include <optional>
#include <string>

#include "tests/support/amd_blob.h"
#include "tests/support/kernel_amd.h"

namespace kip::support {
namespace {

constexpr std::uint32_t kMilan = 0x00A00F11;  // cutoff 0x0A0011DA

AmdPatch milan(std::uint32_t low_byte) {
  return AmdPatch(0x0A001100 | low_byte);
}

Blob one(const AmdPatch& patch) {
  return AmdBlob().zen(patch).bytes();
}

Blob two(std::uint32_t first, std::uint32_t second) {
  return AmdBlob().zen(milan(first)).zen(milan(second)).bytes();
}

std::string describe(const AmdPick& pick) {
  std::string out(to_string(pick.outcome));
  char revision[16];
  if (pick.candidate) {
    std::snprintf(revision, sizeof revision, " %x",
                  static_cast<unsigned>(pick.candidate->revision));
    out += revision;
  }
  return out;
}

const KernelRules kOld = KernelRules::linux_6_1();
const KernelRules kNew = KernelRules::linux_6_19();

struct Kernel {
  const char* name;
  KernelRules rules;
};

// The columns of the table below.
const Kernel kKernels[] = {{"without sha", kOld},
                           {"sha only", {}},
                           {"select", kNew},
                           {"revision 0 replaced early", KernelRules::linux_7_1()}};

// By the BIOS's revision (low byte; 0: none loaded): the outcome and the candidate's low byte.
struct DualRow {
  std::uint32_t current;
  const char* verdicts[4];
};

constexpr DualRow kDualAscending[] = {
    {0x00, {"loaded de", "no digest de", "no digest de", "loaded d5"}},
    {0xCE, {"loaded de", "no digest de", "loaded d5", "loaded d5"}},
    {0xD5, {"loaded de", "no digest de", "loaded d5", "loaded d5"}},
    {0xD9, {"loaded de", "no digest de", "not newer d5", "not newer d5"}},
    {0xDA, {"loaded de", "no digest de", "not newer d5", "not newer d5"}},
    {0xDB, {"loaded de", "loaded de", "loaded de", "loaded de"}},
    {0xDE, {"loaded de", "loaded de", "loaded de", "loaded de"}},
    {0xDF, {"not newer de", "not newer de", "not newer de", "not newer de"}},
};

constexpr DualRow kDualDescending[] = {
    {0xCE, {"loaded d5", "loaded d5", "loaded d5", "loaded d5"}},
    {0xDB, {"not newer d5", "not newer d5", "loaded de", "loaded de"}},
};

void expect_dual(const DualRow& row, const Blob& member) {
  const std::uint32_t current = row.current == 0 ? 0 : 0x0A001100 | row.current;
  for (std::size_t i = 0; i < std::size(kKernels); ++i) {
    std::string wanted = row.verdicts[i];
    wanted.insert(wanted.size() - 2, "a0011");
    EXPECT_EQ(describe(kernel_amd(member, kMilan, current, kKernels[i].rules)), wanted)
        << kKernels[i].name << ", current " << std::hex << current;
  }
}

TEST(KernelAmdDual, AscendingFollowsTheTable) {
  for (const DualRow& row : kDualAscending) expect_dual(row, two(0xD5, 0xDE));
}

TEST(KernelAmdDual, DescendingFollowsTheTable) {
  for (const DualRow& row : kDualDescending) expect_dual(row, two(0xDE, 0xD5));
}

KernelRules without(bool KernelRules::*feature) {
  KernelRules rules;
  rules.*feature = false;
  return rules;
}

std::string cached(const Blob& member, std::uint32_t current, const KernelRules& rules) {
  std::string out;
  for (const AmdPick& pick : kernel_amd_cache(member, kMilan, current, rules)) {
    out += describe(pick) + ";";
  }
  return out;
}

TEST(KernelAmdCache, KeepsTheNewestWhereTheBootCpuTakesTheLast) {
  const Blob descending = two(0xD5, 0xD1);
  EXPECT_EQ(cached(descending, 0x0A0011CE, {}), "loaded a0011d5;");
}

TEST(KernelAmdCache, HoldsAllSteppingsOfTheMatchingContainer) {
  const Blob mixed = AmdBlob().zen(milan(0xD5)).zen(AmdPatch(0x0A001238)).bytes();
  EXPECT_EQ(cached(mixed, 0x0A0011CE, {}), "loaded a0011d5;loaded a001238;");
  EXPECT_EQ(cached(mixed, 0x0A0011CE, kOld), "loaded a0011d5;loaded a001238;");
}

TEST(KernelAmdCache, LeavesOutOtherContainers) {
  EXPECT_EQ(cached(join({one(AmdPatch(0x0A001238)), one(milan(0xD5))}), 0x0A0011CE, {}),
            "loaded a0011d5;");
}

TEST(KernelAmdCache, FiltersByClassWithSelect) {
  EXPECT_EQ(cached(two(0xD5, 0xDE), 0x0A0011CE, kNew), "loaded a0011d5;");
  EXPECT_EQ(cached(two(0xD5, 0xDE), 0x0A0011CE, {}), "loaded a0011de;");
}

TEST(KernelAmdTables, CutoffsFollowTheSwitches) {
  EXPECT_EQ(kernel_amd_cutoff(0x08001250), 0x08001277U);
  EXPECT_EQ(kernel_amd_cutoff(0x08001250, without(&KernelRules::naples)), 0x0800126FU);
  EXPECT_EQ(kernel_amd_cutoff(0x0B002140, without(&KernelRules::sha_zen5)), std::nullopt);
  EXPECT_EQ(kernel_amd_cutoff(0x0B008100, without(&KernelRules::more_models)), std::nullopt);
}

TEST(KernelAmdTables, ListHolds63And79IdsAllAtOrBelowTheirCutoff) {
  const KernelRules first_list = without(&KernelRules::sha_tsa);
  int first = 0;
  int all = 0;
  for (std::uint32_t key = 0x80000; key < 0xC0000; ++key) {
    const std::optional<std::uint32_t> cutoff = kernel_amd_cutoff(key << 8);
    for (std::uint32_t id = key << 8; cutoff && id < (key + 1) << 8; ++id) {
      if (!kernel_amd_listed(id)) continue;
      EXPECT_LE(id, *cutoff);
      ++all;
      first += kernel_amd_listed(id, first_list) ? 1 : 0;
    }
  }
  EXPECT_EQ(first, 63);
  EXPECT_EQ(all, 79);
}

}  // namespace
}  // namespace kip::support
