// pack --split: each archive is what pack writes for its CPUs, and the index leads every CPU to its own.
#include <filesystem>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <set>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/ucode-pack/archive.h"
#include "tests/ucode-pack/records.h"
#include "tests/ucode-pack/scene.h"

namespace kip::ucode_pack_test {
namespace {

using nlohmann::json;
using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;

const MadeCpu kOne = {0xB06F2, 0x01, 0x20}, kOneLater = {0xB06F2, 0x01, 0x3A},
              kTwo = {0xB06F2, 0x10, 0x20}, kTwin = {0xB06F2, 0x02, 0x20},
              kMilan = {0xA00F11, {}, 0x0A001100, true}, kNobody = {0x000906E9, 0x02, 0x5};

class Groups : public Scene {
 public:
  explicit Groups(const std::string& program = quick_program()) : Scene(program) {
    dir().write("tree/06-bf-02", support::join({IntelBlob().bytes(),
                                                IntelBlob().platform_flags(0x10).seed(4).bytes()}));
    dir().write("tree/amd.bin",
                AmdBlob().zen(AmdPatch(0x0A0011D5)).zen(AmdPatch(0x0A0011DE)).bytes());
    write({kOne, kTwo, kOneLater, kMilan, kNobody, kTwin});
  }

  void write(const std::vector<MadeCpu>& cpus) const {
    std::string text;
    for (const MadeCpu& cpu : cpus) text += record_of(cpu).dump() + "\n";
    dir().write("fleet", text);
  }

  [[nodiscard]] Told split(const std::string& by, std::vector<std::string> more = {}) const {
    more.insert(more.begin(),
                {"--cpu", "@fleet", "--firmware", "tree", "--split", by, "-d", "out"});
    return run(more);
  }

  [[nodiscard]] json index() const {
    return json::parse(support::to_string(support::read_file(dir() / "out/index.json")));
  }

  // What pack writes for these alone.
  [[nodiscard]] Blob packed(const std::vector<MadeCpu>& cpus) const {
    std::string text;
    for (const MadeCpu& cpu : cpus) text += record_of(cpu).dump() + "\n";
    dir().write("some", text);
    const Told told = run({"--cpu", "@some", "--firmware", "tree", "-o", "some.cpio", "--force"});
    EXPECT_EQ(told.code, 0) << told.err;
    return support::read_file(dir() / "some.cpio");
  }

  [[nodiscard]] Blob archive(const json& row) const {
    return support::read_file(dir() / ("out/" + row["file"].get<std::string>()));
  }
};

const json* find(const json& index, const MadeCpu& cpu) {
  for (const json& row : index["cpus"]) {
    if (row["signature"] != fmt::format("{:#010x}", cpu.signature)) continue;
    if (row["vendor"] != (cpu.amd ? "amd" : "intel")) continue;
    if (!cpu.platform_flags && !row.contains("platform_flags")) return &row;
    if (cpu.platform_flags && row.contains("platform_flags") &&
        row["platform_flags"] == fmt::format("{:#04x}", *cpu.platform_flags))
      return &row;
  }
  return nullptr;
}

void expect_sound(const Groups& scene, const json& index) {
  std::set<std::string> names = {"index.json"};
  for (const json& row : index["archives"]) {
    const Blob bytes = scene.archive(row);
    EXPECT_EQ(row["sha256"], sha256_hex(bytes));
    EXPECT_EQ(row["file"], sha256_hex(bytes) + ".cpio");
    EXPECT_EQ(row["size"], bytes.size());
    check_archive(scene.dir() / ("out/" + row["file"].get<std::string>()));
    EXPECT_TRUE(names.insert(row["file"]).second);
  }
  const auto there = support::names_in(scene.dir() / "out");
  EXPECT_EQ(std::set<std::string>(there.begin(), there.end()), names);
}

TEST(Split, GivesEachCpuTheArchiveThatPackWritesForIt) {
  with_each_program([](const std::string& program) {
    const Groups scene(program);
    const Told told = scene.split("cpu");
    EXPECT_EQ(told.code, 0) << told.err;
    const json index = scene.index();
    expect_sound(scene, index);
    EXPECT_EQ(index["schema"], 1);
    EXPECT_EQ(index["report"], "split");
    EXPECT_EQ(index["split"], "cpu");
    EXPECT_EQ(index["cpus"].size(), 5u);
    EXPECT_EQ(index["archives"].size(), 4u);  // two platforms of one update share one
    for (const MadeCpu& cpu : {kOne, kTwo, kTwin, kMilan}) {
      const json* const row = find(index, cpu);
      ASSERT_NE(row, nullptr);
      EXPECT_TRUE(scene.archive(*row) == scene.packed({cpu}));
      EXPECT_EQ((*row)["vendor_id"], record_of(cpu)["cpus"][0]["vendor"]);
    }
    EXPECT_EQ((*find(index, kOne))["file"], (*find(index, kTwin))["file"]);
    EXPECT_EQ((*find(index, kOne))["revisions"], json({"0x0000003a"}));
    EXPECT_EQ((*find(index, kMilan))["revisions"], json({"0x0a0011d5", "0x0a0011de"}));
    ASSERT_EQ(index["unserved"].size(), 1u);
    EXPECT_EQ(index["unserved"][0]["signature"], "0x000906e9");
  });
}

// A machine whose kernel does not show its platform finds what all platforms of the fleet get, and no other platform's.
TEST(Split, HasEachIntelSignatureWithoutItsPlatformToo) {
  const Groups scene;
  scene.dir().write("tree/of-nobody", IntelBlob().platform_flags(0x80).seed(9).bytes());
  EXPECT_EQ(scene.split("cpu").code, 0);
  json index = scene.index();
  const MadeCpu any = {0xB06F2, {}, 0x20};
  const json* row = find(index, any);
  ASSERT_NE(row, nullptr);
  EXPECT_TRUE(scene.archive(*row) == scene.packed({kOne, kTwo, kTwin}));
  EXPECT_EQ((*row)["cpu"], "06-bf-02 0x000b06f2");
  EXPECT_EQ((*row)["revisions"], json({"0x0000003a"}));
  EXPECT_EQ(find(index, {kNobody.signature, {}}), nullptr);
  for (const json& it : index["unserved"]) EXPECT_TRUE(it.contains("platform_flags")) << it;
  // Platforms that share an archive have it as theirs.
  scene.write({kOne, kTwin, kMilan});
  EXPECT_EQ(scene.split("cpu", {"--force"}).code, 0);
  index = scene.index();
  EXPECT_EQ(index["archives"].size(), 2u);
  row = find(index, any);
  ASSERT_NE(row, nullptr);
  EXPECT_EQ((*row)["file"], (*find(index, kOne))["file"]);
  // What was asked for without a platform is what it was: updates for every platform.
  scene.write({kOne, any});
  EXPECT_EQ(scene.split("cpu", {"--force"}).code, 0);
  index = scene.index();
  EXPECT_EQ(index["cpus"].size(), 2u);
  EXPECT_TRUE(scene.archive(*find(index, any)) == scene.packed({any}));
}

TEST(Split, ByVendorAndNoneAtAll) {
  const Groups scene;
  EXPECT_EQ(scene.split("vendor").code, 0);
  json index = scene.index();
  expect_sound(scene, index);
  EXPECT_EQ(index["archives"].size(), 2u);
  EXPECT_TRUE(scene.archive(*find(index, kOne)) == scene.packed({kOne, kTwo}));
  EXPECT_EQ((*find(index, kOne))["file"], (*find(index, kTwo))["file"]);
  EXPECT_TRUE(scene.archive(*find(index, kMilan)) == scene.packed({kMilan}));
  const MadeCpu any = {0xB06F2, {}, 0x20};
  ASSERT_NE(find(index, any), nullptr);
  EXPECT_EQ((*find(index, any))["file"], (*find(index, kOne))["file"]);
  const Told told = scene.split("none", {"--force"});
  EXPECT_EQ(told.code, 0) << told.err;
  index = scene.index();
  EXPECT_EQ(index["archives"].size(), 1u);
  EXPECT_TRUE(scene.archive(*find(index, kMilan)) == scene.packed({kOne, kTwo, kMilan}));
  EXPECT_EQ((*find(index, kOne))["revisions"], json({"0x0000003a"}));
}

TEST(Split, DoneTwiceChangesNothing) {
  const Groups scene;
  EXPECT_EQ(scene.split("cpu").code, 0);
  std::map<std::string, std::filesystem::file_time_type> times;
  const std::filesystem::path out = scene.dir() / "out";
  const auto earlier = std::filesystem::file_time_type::clock::now() - std::chrono::hours(1);
  for (const auto& it : std::filesystem::directory_iterator(out))
    std::filesystem::last_write_time(it.path(), earlier);
  const Told told = scene.split("cpu");
  EXPECT_EQ(told.code, 0) << told.err;
  EXPECT_EQ(told.notes.back(), "'out/index.json': 4 archives, 5 kinds of CPU, 0 files written");
  for (const auto& it : std::filesystem::directory_iterator(out))
    EXPECT_LT(it.last_write_time(), earlier + std::chrono::minutes(1)) << it.path();
}

TEST(Split, LeavesWhatNoIndexNamesAnyMore) {
  const Groups scene;
  EXPECT_EQ(scene.split("cpu").code, 0);
  const auto before = support::names_in(scene.dir() / "out");
  scene.write({kTwo});
  const Told refused = scene.split("cpu");
  EXPECT_EQ(refused.code, 4);
  EXPECT_EQ(refused.complaints,
            std::vector<std::string>{"error: 'out/index.json': exists (--force replaces it)"});
  EXPECT_EQ(scene.index()["cpus"].size(), 5u);
  EXPECT_EQ(scene.split("cpu", {"--force"}).code, 0);
  EXPECT_EQ(scene.index()["cpus"].size(), 2u);
  EXPECT_EQ(support::names_in(scene.dir() / "out"), before);
}

TEST(Split, MendsADamagedArchive) {
  const Groups scene;
  EXPECT_EQ(scene.split("none").code, 0);
  const std::string file = "out/" + scene.index()["archives"][0]["file"].get<std::string>();
  Blob flipped = support::read_file(scene.dir() / file);
  flipped[flipped.size() / 2] ^= 1;
  for (const Blob& damage : {Blob(), Blob(5, 'x'), flipped}) {
    scene.dir().write(file, damage);
    const Told told = scene.split("none");
    EXPECT_EQ(told.code, 0) << told.err;
    expect_sound(scene, scene.index());
  }
}

// Whoever reads an index finds what it names.
TEST(Split, HasNoIndexWhereAnArchiveCannotBeWritten) {
  const Groups scene;
  const json index = json::parse(scene.split("cpu", {"-n", "--json"}).out);
  const std::string last = index["archives"].back()["file"];
  scene.dir().directory("out/" + last);
  const Told told = scene.split("cpu");
  EXPECT_EQ(told.code, 4);
  EXPECT_EQ(told.complaints.back(),
            fmt::format("error: 'out/{}': exists and is not a regular file", last));
  EXPECT_FALSE(support::exists(scene.dir() / "out/index.json"));
}

TEST(Split, SaysItsIndexAsJsonAndWritesNothingInADryRun) {
  const Groups scene;
  const Told dry = scene.split("cpu", {"-n", "--json"});
  EXPECT_EQ(dry.code, 0);
  EXPECT_TRUE(support::names_in(scene.dir() / "out").empty());
  EXPECT_EQ(scene.split("cpu").code, 0);
  EXPECT_EQ(json::parse(dry.out), scene.index());
  EXPECT_EQ(dry.out, support::to_string(support::read_file(scene.dir() / "out/index.json")));
}

TEST(Split, MakesItsDirectory) {
  const Groups scene;
  EXPECT_EQ(
      scene.run({"--cpu", "@fleet", "--firmware", "tree", "--split", "cpu", "-d", "new"}).code, 0);
  EXPECT_TRUE(support::exists(scene.dir() / "new/index.json"));
}

// Microcode that was withdrawn is not to be served any longer.
TEST(Split, WritesAnIndexForAFleetThatNothingServes) {
  const Groups scene;
  EXPECT_EQ(scene.split("cpu").code, 0);
  scene.write({kNobody, {kNobody.signature, 0x02, 0x6}});
  const Told told = scene.split("cpu", {"--force"});
  EXPECT_EQ(told.code, 0);
  EXPECT_EQ(
      told.complaints,  // once, whatever runs there
      std::vector<std::string>{"warning: 06-9e-09 0x000906e9,0x02: no microcode found for it"});
  EXPECT_EQ(told.notes.back(), "'out/index.json': 0 archives, 1 kind of CPU, 0 files written");
  const json index = scene.index();
  EXPECT_TRUE(index["cpus"].empty());
  EXPECT_TRUE(index["archives"].empty());
  EXPECT_EQ(index["unserved"].size(), 1u);
}

// A firmware package that is missing is not to look like a successful run.
TEST(Split, LeavesTheIndexWhereThereIsNoMicrocodeAtAll) {
  const Groups scene;
  EXPECT_EQ(scene.split("cpu").code, 0);
  const auto before = support::read_file(scene.dir() / "out/index.json");
  scene.dir().directory("bare");
  const std::vector<std::string> bare = {"--cpu", "@fleet", "--firmware", "bare",   "--split",
                                         "cpu",   "-d",     "out",        "--force"};
  std::vector<std::string> words = bare;
  words.emplace_back("-q");
  const Told told = scene.run(words);
  EXPECT_EQ(told.code, 3);
  EXPECT_EQ(told.err, "ucode-pack: error: no microcode found\n");
  EXPECT_TRUE(support::read_file(scene.dir() / "out/index.json") == before);
  words.back() = "--allow-none";
  EXPECT_EQ(scene.run(words).code, 0);
  EXPECT_EQ(scene.index()["unserved"].size(), 5u);
}

// The same CPU by a record, which knows all bits of its signature, and by a cpuinfo, which does not; and with a BIOS of either kind.
TEST(Split, NamesACpuOnce) {
  const Groups scene;
  scene.dir().write(
      "fleet", record_of({0xA00F11, {}, 0x0A0011CE, true}).dump() + "\n" +
                   record_of({0xA00F11, {}, 0x0A0011DE, true}, "6.14.0").dump() +
                   "\nprocessor\t: 0\nvendor_id\t: AuthenticAMD\ncpu family\t: 25\nmodel\t: 1\n"
                   "stepping\t: 1\n\ncpu00A00F11\n");
  EXPECT_EQ(scene.split("cpu", {"--kernel", "6.12.60"}).code, 0);
  const json index = scene.index();
  ASSERT_EQ(index["cpus"].size(), 1u);
  EXPECT_EQ(index["cpus"][0]["revisions"], json({"0x0a0011d5", "0x0a0011de"}));
}

TEST(Split, SaysWhatItNeeds) {
  const Groups scene;
  const std::pair<std::vector<std::string>, std::string> rows[] = {
      {{"--split", "cpu"}, "--split needs -d DIR"},
      {{"--split", "rack", "-d", "out"}, "--split: 'rack' is none of cpu, vendor and none"},
      {{"--split", "cpu", "-d", "out", "-o", "x"},
       "--split and -o exclude each other: archives are named by their content"},
      {{"-d", "out"}, "-d is where --split writes: it is missing"},
  };
  for (const auto& [words, message] : rows) {
    std::vector<std::string> all = {"--cpu", "@fleet", "--firmware", "tree"};
    all.insert(all.end(), words.begin(), words.end());
    const Told told = scene.run(all);
    EXPECT_EQ(told.code, 2);
    EXPECT_EQ(told.complaints, std::vector<std::string>{"error: " + message});
  }
}

TEST(Split, FailsWithoutAnyFileWhereAnUpdateIsBroken) {
  const Groups scene;
  scene.dir().write("tree/broken", IntelBlob().revision(0x3B).flip_bit(500).bytes());
  EXPECT_EQ(scene.split("cpu").code, 4);
  EXPECT_TRUE(support::names_in(scene.dir() / "out").empty());
}

}  // namespace
}  // namespace kip::ucode_pack_test
