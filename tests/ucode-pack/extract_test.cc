// extract: one file an update, and back again.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

#include "tests/support/amd_blob.h"
#include "tests/support/corpus.h"
#include "tests/support/intel_blob.h"
#include "tests/ucode-pack/archive.h"
#include "tests/ucode-pack/scene.h"

namespace kip::ucode_pack_test {
namespace {

using nlohmann::json;
using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;

Blob intel(std::uint32_t revision) {
  return IntelBlob().revision(revision).seed(revision).bytes();
}

void in_each_scene(const std::function<void(const Scene&)>& body) {
  with_each_program([&](const std::string& program) {
    const Scene scene(program);
    scene.dir().write("tree/06-bf-02", support::join({intel(0x39), intel(0x3A)}));
    scene.dir().write("tree/copy", intel(0x3A));
    scene.dir().write("tree/microcode_amd_fam19h.bin",
                      AmdBlob().zen(AmdPatch(0x0A0011D4)).zen(AmdPatch(0x0A0011DE)).bytes());
    body(scene);
  });
}

TEST(Extract, WritesAFileForEachUpdateOnce) {
  in_each_scene([](const Scene& scene) {
    const Told told = scene.run({"extract", "-d", "out/new", "tree"});
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_EQ(told.complaints, std::vector<std::string>());
    EXPECT_EQ(support::names_in(scene.dir() / "out/new"),
              (std::vector<std::string>{"amd-00a00f11-0a0011d4.bin", "amd-00a00f11-0a0011de.bin",
                                        "intel-000b06f2-07-00000039.bin",
                                        "intel-000b06f2-07-0000003a.bin"}));
    EXPECT_TRUE(support::read_file(scene.dir() / "out/new/intel-000b06f2-07-0000003a.bin") ==
                intel(0x3A));
    EXPECT_TRUE(support::read_file(scene.dir() / "out/new/amd-00a00f11-0a0011d4.bin") ==
                AmdBlob().zen(AmdPatch(0x0A0011D4)).bytes());
  });
}

TEST(Extract, ForOneCpuOnly) {
  in_each_scene([](const Scene& scene) {
    ASSERT_EQ(scene.run({"extract", "-d", "out", "--cpu", "0xb06f2,,eq:0x39", "tree"}).code, 0);
    EXPECT_EQ(support::names_in(scene.dir() / "out"),
              std::vector<std::string>{"intel-000b06f2-07-00000039.bin"});
  });
}

TEST(Extract, TellsUpdatesOfOneNameApart) {
  in_each_scene([](const Scene& scene) {
    scene.dir().write("tree/other", IntelBlob().revision(0x3A).seed(77).bytes());
    ASSERT_EQ(scene.run({"extract", "-d", "out", "--cpu", "0xb06f2,,eq:0x3a", "tree"}).code, 0);
    EXPECT_EQ(support::names_in(scene.dir() / "out"),
              (std::vector<std::string>{"intel-000b06f2-07-0000003a-2.bin",
                                        "intel-000b06f2-07-0000003a.bin"}));
  });
}

TEST(Extract, RefusesExistingFilesUnlessForced) {
  in_each_scene([](const Scene& scene) {
    const std::string name = "out/intel-000b06f2-07-00000039.bin";
    scene.dir().write(name, std::string_view("old"));
    const Told refused = scene.run({"extract", "-d", "out", "tree"});
    EXPECT_EQ(refused.code, 4);
    EXPECT_EQ(refused.complaints,
              std::vector<std::string>{"error: '" + name + "': exists (--force replaces it)"});
    EXPECT_EQ(support::to_string(support::read_file(scene.dir() / name)), "old");
    EXPECT_EQ(support::names_in(scene.dir() / "out").size(), 4U) << "the rest is served";
    EXPECT_EQ(scene.run({"extract", "-d", "out", "--force", "tree"}).code, 0);
    EXPECT_TRUE(support::read_file(scene.dir() / name) == intel(0x39));
  });
}

TEST(Extract, WritesNothingInADryRunOrForNobody) {
  in_each_scene([](const Scene& scene) {
    EXPECT_EQ(scene.run({"extract", "-n", "-d", "out/new", "tree"}).code, 0);
    const Told nobody = scene.run({"extract", "-d", "out/new", "--cpu", "06-55-04", "tree"});
    EXPECT_EQ(nobody.code, 3);
    EXPECT_EQ(nobody.complaints, std::vector<std::string>{"error: no microcode found"});
    const Told missing = scene.run({"extract", "-d", "out/new", "missing"});
    EXPECT_EQ(missing.code, 4);
    EXPECT_TRUE(support::names_in(scene.dir() / "out").empty());
    const Told nowhere = scene.run({"extract", "-d", "no/where", "tree"});
    EXPECT_EQ(nowhere.code, 4);
    EXPECT_EQ(nowhere.complaints,
              std::vector<std::string>{"error: 'no/where': No such file or directory"});
    const Told onto = scene.run({"extract", "-d", "tree/copy", "tree"});
    EXPECT_EQ(onto.code, 4);
    EXPECT_EQ(onto.complaints, std::vector<std::string>{"error: 'tree/copy': Not a directory"});
  });
}

TEST(Extract, SaysAsJsonWhatItWrote) {
  in_each_scene([](const Scene& scene) {
    const Told told = scene.run({"extract", "--json", "-d", "out", "tree"});
    EXPECT_EQ(told.code, 0);
    std::set<std::string> said, written;
    const json report = json::parse(told.out);
    for (const json& update : report["updates"]) said.insert(update["file"]);
    for (const std::string& name : support::names_in(scene.dir() / "out"))
      written.insert("out/" + name);
    EXPECT_EQ(said, written);
  });
}

TEST(Extract, RoundTripGivesTheSameArchive) {
  in_each_scene([](const Scene& scene) {
    ASSERT_EQ(scene.run({"extract", "-d", "parts", "tree"}).code, 0);
    ASSERT_EQ(scene.pack({"--cpu", "all"}).code, 0);
    check_archive(scene.archive());
    ASSERT_EQ(scene.run({"--cpu", "all", "--firmware", "parts", "-o", "out/again.cpio"}).code, 0);
    EXPECT_TRUE(support::read_file(scene.archive()) ==
                support::read_file(scene.dir() / "out/again.cpio"));
    // From the archive as well.
    ASSERT_EQ(scene.run({"extract", "-d", "unpacked", "out/early.cpio"}).code, 0);
    ASSERT_EQ(scene.run({"--cpu", "all", "--firmware", "unpacked", "-o", "out/third.cpio"}).code,
              0);
    EXPECT_TRUE(support::read_file(scene.archive()) ==
                support::read_file(scene.dir() / "out/third.cpio"));
  });
}

TEST(Extract, RoundTripOfTheCorpus) {
  KIP_NEEDS_CORPUS();
  const Scene scene(quick_program());
  const auto& corpus = support::corpus();
  const std::vector<std::string> trees = {
      corpus / "intel-ucode", corpus / "intel-ucode-with-caveats", corpus / "amd-ucode"};
  std::vector<std::string> extract = {"extract", "-d", "parts", "-q"};
  std::vector<std::string> pack = {"--cpu", "all", "-q", "-o", "out/early.cpio"};
  for (const std::string& tree : trees) {
    extract.push_back(tree);
    pack.insert(pack.end(), {"--firmware", tree});
  }
  ASSERT_EQ(scene.run(extract).code, 0);
  ASSERT_EQ(scene.run(pack).code, 0);
  check_archive(scene.archive());
  ASSERT_EQ(scene.run({"--cpu", "all", "--firmware", "parts", "-o", "out/again.cpio"}).code, 0);
  EXPECT_TRUE(support::read_file(scene.archive()) ==
              support::read_file(scene.dir() / "out/again.cpio"));
  // 219 distinct Intel updates and the caveat's one; iucode_tool has its own opinion of each.
  std::set<std::string> digests;
  std::size_t patches = 0;
  for (const std::string& name : support::names_in(scene.dir() / "parts")) {
    if (name.starts_with("amd-")) {
      ++patches;
      continue;
    }
    digests.insert(sha256_hex(support::read_file(scene.dir() / ("parts/" + name))));
  }
  std::set<std::string> expected;
  for (const support::Row& row : corpus.table("intel.tsv")) expected.insert(row["sha256"]);
  EXPECT_EQ(digests, expected);
  EXPECT_EQ(patches, 113U);
  if (!support::have_program("iucode_tool")) return;
  const auto verdict = support::run_program({"sh", "-c", "exec iucode_tool -q -tb intel-*"},
                                            {.input = {}, .cwd = scene.dir() / "parts", .env = {}});
  EXPECT_TRUE(verdict.ok()) << verdict.err;
}

}  // namespace
}  // namespace kip::ucode_pack_test
