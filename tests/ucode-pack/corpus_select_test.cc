// Every answer of the corpus: which update each CPU there is gets, byte for byte.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <set>

#include "tests/support/corpus.h"
#include "tests/ucode-pack/archive.h"
#include "tests/ucode-pack/scene.h"

namespace kip::ucode_pack_test {
namespace {

using support::Blob;
using support::corpus;
using support::Row;

std::vector<std::string> intel_trees() {
  return {"--firmware", corpus() / "intel-ucode", "--firmware",
          corpus() / "intel-ucode-with-caveats"};
}

std::vector<std::string> with(std::vector<std::string> arguments,
                              const std::vector<std::string>& more) {
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

void expect_row(const Scene& scene, const Row& row) {
  const std::string cpu = row["sig"] + "," + row["pf_bit"];
  SCOPED_TRACE(cpu);
  const Told told = scene.run(with(intel_trees(), {"--cpu", cpu, "-o", "out/early.cpio"}));
  if (row["class"] == "none") {
    EXPECT_EQ(told.code, 3);
    ASSERT_EQ(told.complaints.size(), 1U) << told.err;
    EXPECT_TRUE(told.complaints[0].starts_with("error: " + cpu + ": no microcode found for it"));
    EXPECT_TRUE(support::names_in(scene.dir() / "out").empty());
    return;
  }
  ASSERT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(told.complaints, std::vector<std::string>());
  const Members members = check_archive(scene.archive());
  EXPECT_EQ(members.intel.size(), row.number("length"));
  EXPECT_EQ(sha256_hex(members.intel), row["payload_sha256"]);
  EXPECT_TRUE(members.amd.empty());
  EXPECT_TRUE(intel_choice(members.intel, row.number("sig"), row.number("pf_bit")) ==
              members.intel);
  scene.remove_archive();
}

// In parts, so that they can run side by side; each takes every fourth row.
class CorpusIntel : public testing::TestWithParam<std::size_t> {};

TEST_P(CorpusIntel, EveryCpuGetsExactlyItsUpdate) {
  KIP_NEEDS_CORPUS();
  const std::vector<Row> rows = corpus().table("select-intel.tsv");
  ASSERT_EQ(rows.size(), 480U);
  const Scene scene(quick_program());
  for (std::size_t i = GetParam(); i < rows.size(); i += 4) expect_row(scene, rows[i]);
}

INSTANTIATE_TEST_SUITE_P(Part, CorpusIntel, testing::Range<std::size_t>(0, 4));

TEST(CorpusIntelNames, TenSignaturesWithoutAFileOfTheirOwnAreServed) {
  KIP_NEEDS_CORPUS();
  const Scene scene(quick_program());
  const std::vector<Row> rows = corpus().table("select-intel.tsv");
  for (const char* const name : {"06-8f-04", "06-8f-05", "06-8f-06", "06-b7-04", "06-ba-08",
                                 "06-bf-06", "06-bf-07", "06-c6-04", "06-ca-02", "06-cf-01"}) {
    SCOPED_TRACE(name);
    ASSERT_FALSE(support::exists(corpus() / "intel-ucode/" + name));
    const Told told = scene.run(with(intel_trees(), {"--cpu", name, "-o", "out/early.cpio"}));
    ASSERT_EQ(told.code, 0) << told.err;
    const Members members = check_archive(scene.archive());
    // By name, any platform: one update for each answer of the table, whatever the platform bit.
    std::set<std::string> expected, packed;
    for (const Row& row : rows) {
      const std::uint32_t sig = row.number("sig");
      const std::string display =
          fmt::format("06-{:x}{:x}-{:02x}", sig >> 16 & 0xF, sig >> 4 & 0xF, sig & 0xF);
      if (display == name && row["class"] != "none") expected.insert(row["payload_sha256"]);
    }
    for (const Blob& update : updates_of(members.intel)) packed.insert(sha256_hex(update));
    EXPECT_FALSE(expected.empty());
    EXPECT_EQ(packed, expected);
    scene.remove_archive();
  }
}

class CorpusAmd : public testing::TestWithParam<const char*> {};

TEST_P(CorpusAmd, EveryCpuGetsExactlyItsPatch) {
  KIP_NEEDS_CORPUS();
  const Scene scene(quick_program());
  std::size_t rows = 0;
  for (const Row& row : corpus().table("select-amd.tsv")) {
    if (row["tree"] != GetParam()) continue;
    ++rows;
    SCOPED_TRACE(row["cpuid"]);
    const std::string cpu = "cpu" + row["cpuid"].substr(2);
    const Told told =
        scene.run({"--cpu", cpu, "--firmware", corpus() / GetParam(), "-o", "out/early.cpio"});
    ASSERT_EQ(told.code, 0) << told.err;
    const Members members = check_archive(scene.archive());
    EXPECT_TRUE(members.intel.empty());
    ASSERT_EQ(patches_of(members.amd).size(), 1U);
    for (const auto& rules :
         {support::KernelRules::linux_6_1(), support::KernelRules::linux_6_12_60()}) {
      const Blob patch = amd_choice(members.amd, row.number("cpuid"), 0, rules);
      EXPECT_EQ(patch.size(), row.number("length"));
      EXPECT_EQ(sha256_hex(patch), row["patch_sha256"]);
    }
    scene.remove_archive();
  }
  EXPECT_EQ(rows, GetParam() == std::string("amd-ucode") ? 118U : 23U);
}

INSTANTIATE_TEST_SUITE_P(Tree, CorpusAmd, testing::Values("amd-ucode", "amd-ucode-vendor"),
                         [](const auto& tree) {
                           return tree.param == std::string("amd-ucode") ? "Collected" : "Vendor";
                         });

}  // namespace
}  // namespace kip::ucode_pack_test
