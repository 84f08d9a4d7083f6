// The corpus once more, through every other form in which firmware lies around: compressed, listed
// in another order, in an early archive, in front of a whole initrd. Same CPUs, same bytes.
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <random>
#include <set>
#include <sys/statfs.h>

#include "tests/support/corpus.h"
#include "tests/ucode-pack/archive.h"
#include "tests/ucode-pack/scene.h"

namespace kip::ucode_pack_test {
namespace {

namespace fs = std::filesystem;
using support::Blob;
using support::corpus;
using support::Row;

constexpr long kTmpfsMagic = 0x01021994;
const std::vector<std::string> kIntelTrees = {"intel-ucode", "intel-ucode-with-caveats"};

// Every eighth row, and all rows of the signatures without a file of their own.
std::vector<Row> sample() {
  const std::set<std::string> special = {"0x000806f4", "0x000806f5", "0x000806f6", "0x000b0674",
                                         "0x000b06a8", "0x000b06f6", "0x000b06f7", "0x000c0664",
                                         "0x000c06a2", "0x000c06f1"};
  std::vector<Row> rows;
  std::set<std::string> seen;
  std::size_t index = 0;
  for (const Row& row : corpus().table("select-intel.tsv")) {
    const bool is_special = special.contains(row["sig"]);
    if (is_special) seen.insert(row["sig"]);
    if (is_special || index % 8 == 0) rows.push_back(row);
    ++index;
  }
  EXPECT_EQ(seen, special);
  EXPECT_GE(rows.size(), 70U);
  return rows;
}

std::vector<Row> amd_sample() {
  std::vector<Row> rows;
  for (const Row& row : corpus().table("select-amd.tsv")) {
    if (row["tree"] == "amd-ucode" && rows.size() < 60) rows.push_back(row);
  }
  return rows;
}

void copy_corpus(const Scene& scene) {
  for (const std::string& tree : kIntelTrees) {
    fs::copy(corpus() / tree, scene.dir() / "tree/" + tree, fs::copy_options::recursive);
  }
  fs::copy(corpus() / "amd-ucode", scene.dir() / "tree/amd-ucode", fs::copy_options::recursive);
}

void expect_intel_row(const Scene& scene, const Row& row) {
  const std::string cpu = row["sig"] + "," + row["pf_bit"];
  SCOPED_TRACE(cpu);
  // The AMD tree lies beside, and a signature of family 10h or above may be either vendor's.
  const Told told = scene.pack({"--cpu", "intel:" + cpu});
  ASSERT_EQ(told.code, row["class"] == "none" ? 3 : 0) << told.err;
  if (row["class"] == "none") return;
  const Members members = check_archive(scene.archive());
  EXPECT_EQ(sha256_hex(members.intel), row["payload_sha256"]);
  EXPECT_TRUE(members.amd.empty());
  scene.remove_archive();
}

void expect_amd_row(const Scene& scene, const Row& row) {
  SCOPED_TRACE(row["cpuid"]);
  const Told told = scene.pack({"--cpu", "amd:" + row["cpuid"]});
  ASSERT_EQ(told.code, 0) << told.err;
  const Members members = check_archive(scene.archive());
  EXPECT_EQ(sha256_hex(amd_choice(members.amd, row.number("cpuid"))), row["patch_sha256"]);
  EXPECT_TRUE(members.intel.empty());
  scene.remove_archive();
}

void expect_sample(const Scene& scene) {
  for (const Row& row : sample()) expect_intel_row(scene, row);
  const std::vector<Row> rows = amd_sample();
  EXPECT_EQ(rows.size(), 60U);
  for (const Row& row : rows) expect_amd_row(scene, row);
}

// All CPUs of the corpus as it lies there, in one archive.
Blob everything(const Scene& scene, const std::vector<std::string>& sources) {
  std::vector<std::string> arguments = {"--cpu", "all", "-o", "all.cpio", "--force"};
  for (const std::string& source : sources) {
    arguments.insert(arguments.end(), {"--firmware", source});
  }
  const Told told = scene.run(arguments);
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(told.complaints, std::vector<std::string>());
  check_archive(scene.dir() / "all.cpio");
  return support::read_file(scene.dir() / "all.cpio");
}

std::vector<std::string> originals() {
  return {corpus() / "intel-ucode", corpus() / "intel-ucode-with-caveats", corpus() / "amd-ucode"};
}

class CompressedCorpus : public testing::TestWithParam<const char*> {};

TEST_P(CompressedCorpus, GivesTheSameBytes) {
  KIP_NEEDS_CORPUS();
  const Scene scene(quick_program());
  copy_corpus(scene);
  support::must_run({"sh", "-c", fmt::format("find . -type f -exec {} {{}} +", GetParam())},
                    {.input = {}, .cwd = scene.dir() / "tree", .env = {}});
  expect_sample(scene);
  EXPECT_TRUE(everything(scene, {"tree"}) == everything(scene, originals()));
}

INSTANTIATE_TEST_SUITE_P(By, CompressedCorpus,
                         testing::Values("xz -0 -q", "zstd -q -1 --rm", "gzip -1 -q"),
                         [](const auto& how) {
                           const std::string command = how.param;
                           return command.substr(0, command.find(' '));
                         });

TEST(ShuffledCorpus, GivesTheSameArchivesByteForByte) {
  KIP_NEEDS_CORPUS();
  // The order in which tmpfs lists files is the order of their making.
  struct statfs status {};
  const bool has_tmpfs = ::statfs("/dev/shm", &status) == 0 && status.f_type == kTmpfsMagic;
  const Scene scene(quick_program(), has_tmpfs ? "/dev/shm" : "");
  std::vector<fs::path> files;
  for (const std::string& tree : originals()) {
    for (const auto& entry : fs::directory_iterator(tree)) files.push_back(entry.path());
  }
  std::mt19937 random(20251111);  // NOLINT: the same order in every run
  const Blob expected = everything(scene, originals());
  for (int round = 0; round < 2; ++round) {
    std::shuffle(files.begin(), files.end(), random);
    fs::remove_all(scene.dir() / "tree");
    for (const fs::path& file : files) {
      const fs::path directory = scene.dir() / "tree" / file.parent_path().filename();
      fs::create_directories(directory);
      fs::copy_file(file, directory / file.filename());
    }
    EXPECT_TRUE(everything(scene, {"tree"}) == expected) << "round " << round;
  }
  expect_sample(scene);
}

TEST(EarlyArchiveOfTheCorpus, IsAsGoodASource) {
  KIP_NEEDS_CORPUS();
  const Scene scene(quick_program());
  const Blob all = everything(scene, originals());
  scene.dir().write("tree/early.cpio", all);
  expect_sample(scene);
  EXPECT_TRUE(everything(scene, {"tree"}) == all);
}

TEST(InitrdOfTheCorpus, IsAsGoodASource) {
  KIP_NEEDS_CORPUS();
  const Scene scene(quick_program());
  const Blob all = everything(scene, originals());
  // A main part as generators make it: an archive of ordinary files, compressed with zstd.
  scene.dir().write("main/etc/motd", std::string_view("hello\n"));
  scene.dir().write("main/init", support::noise(100'000, 1));
  Blob image = all;
  support::append(image, support::text(support::must_run(
                             {"sh", "-c", "find . | cpio -o -H newc --quiet | zstd -q -c"},
                             {.input = {}, .cwd = scene.dir() / "main", .env = {}})));
  scene.dir().write("tree/initrd.img", image);
  expect_sample(scene);
  EXPECT_TRUE(everything(scene, {"tree"}) == all);
}

}  // namespace
}  // namespace kip::ucode_pack_test
