// A large fleet: what is said of a kind of CPU is what is said of it alone, and memory does not grow with machines.
// Scene::run() holds each run against its limit of memory, where the program is not instrumented.
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <random>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/ucode-pack/records.h"
#include "tests/ucode-pack/scene.h"

namespace kip::ucode_pack_test {
namespace {

using nlohmann::json;
using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;

constexpr std::size_t kKinds = 300, kRecords = 100'000;

std::uint32_t intel_signature(std::size_t number) {
  return 0x000A0600U | static_cast<std::uint32_t>(number % 16) |
         static_cast<std::uint32_t>(number / 16 % 16) << 4;
}

std::uint32_t amd_revision(std::size_t number) {
  return 0x0A001000U | static_cast<std::uint32_t>(number % 16) << 8;
}

// Updates for 100 Intel CPUs and patches on both sides of the EntrySign fix for 16 of AMD.
void write_release(const support::TempDir& dir) {
  Blob updates;
  for (std::size_t i = 0; i < 100; ++i) {
    const Blob update =
        IntelBlob().signature(intel_signature(i)).platform_flags(0x07).revision(0x30).bytes();
    updates.insert(updates.end(), update.begin(), update.end());
  }
  dir.write("tree/intel", updates);
  AmdBlob amd;
  for (std::size_t i = 0; i < 16; ++i)
    amd.zen(AmdPatch(amd_revision(i) + 0x20)).zen(AmdPatch(amd_revision(i) + 0xF0));
  dir.write("tree/amd", amd.bytes());
}

// Of each CPU some revisions; of some CPUs no update, or another platform's.
std::vector<MadeCpu> kinds() {
  std::vector<MadeCpu> made;
  for (std::size_t i = 0; made.size() < kKinds - 60; ++i) {
    const auto revision = static_cast<std::uint32_t>(0x2F + i / 120);
    made.push_back(
        {intel_signature(i % 120), i % 7 == 0 ? 0x10U : 0x01U, revision, false, i % 11 == 0});
  }
  for (std::size_t i = 0; made.size() < kKinds; ++i) {
    const auto running = static_cast<std::uint32_t>(amd_revision(i) + 0x10 + i / 16 * 0x38);
    made.push_back({support::zen_cpuid(amd_revision(i)), {}, running, true, i % 5 == 0});
  }
  return made;
}

TEST(LargeFleet, GetsTheAnswersOfEachKindAlone) {
  const Scene scene(quick_program());
  write_release(scene.dir());
  const std::vector<MadeCpu> made = kinds();
  std::mt19937 random(1);
  std::vector<std::size_t> machines(made.size());
  {
    std::vector<std::string> records;
    for (const MadeCpu& cpu : made) records.push_back(record_of(cpu, "6.1.0").dump(2) + "\n");
    std::ofstream file(scene.dir() / "fleet");
    for (std::size_t i = 0; i < kRecords; ++i) {
      const std::size_t kind = i < made.size() ? i : random() % made.size();
      file << records[kind];
      ++machines[kind];
    }
  }
  const auto ask = [&](const std::string& fleet) {
    const Told told = scene.run({"coverage", "--json", "--cpu", fleet, "--firmware", "tree"});
    EXPECT_EQ(told.err.find("error: "), std::string::npos) << told.err;
    return json::parse(told.out);
  };
  const json whole = ask("@fleet");
  EXPECT_EQ(whole["machines"], kRecords);
  ASSERT_EQ(whole["cpus"].size(), made.size());
  for (std::size_t i = 0; i < made.size(); ++i) {
    scene.dir().write("alone", record_of(made[i], "6.1.0").dump());
    const Told told = scene.run({"coverage", "--json", "--cpu", "@alone", "--firmware", "tree"});
    json alone = json::parse(told.out)["cpus"][0];
    const json* const row = row_of(whole, made[i]);
    ASSERT_NE(row, nullptr) << record_of(made[i]);
    ASSERT_EQ((*row)["machines"], machines[i]);
    alone["machines"] = machines[i];
    alone["bytes_alone"] = (*row)["bytes_alone"];  // alone, all of it
    ASSERT_EQ(*row, alone);
  }
}

// Lines of 64 CPUs a machine, the machines mixed as federation mixes them.
TEST(LargeFleet, IsCountedFromMetricsInAnyOrder) {
  const Scene scene(quick_program());
  write_release(scene.dir());
  const auto metric = [](std::size_t machine, std::size_t cpu) {
    return fmt::format(
        "node_cpu_info{{cachesize=\"1 "
        "KB\",core=\"{0}\",cpu=\"{0}\",family=\"6\",instance=\"host{1}:9100\","
        "microcode=\"0x{2:x}\",model=\"165\",package=\"0\",stepping=\"0\",vendor=\"GenuineIntel\"}}"
        " 1 1732700000000\n",
        cpu, machine, 0x2F + machine % 3);
  };
  std::ofstream(scene.dir() / "fleet") << [&] {
    std::string text = "# TYPE node_cpu_info untyped\n";
    for (std::size_t cpu = 0; cpu < 64; ++cpu) {
      for (std::size_t machine = 0; machine < 1000; ++machine)
        text += metric(machine, (cpu + 7) % 64);
    }
    return text;
  }();
  const Told told = scene.run({"coverage", "--json", "--cpu", "@fleet", "--firmware", "tree"});
  EXPECT_EQ(told.code, 0) << told.err;
  const json report = json::parse(told.out);
  EXPECT_EQ(report["machines"], 1000);
  std::map<std::string, int> machines;
  for (const json& row : report["cpus"]) machines[row["running"]] = row["machines"];
  EXPECT_EQ(machines, (std::map<std::string, int>{
                          {"0x0000002f", 334}, {"0x00000030", 333}, {"0x00000031", 333}}));
}

}  // namespace
}  // namespace kip::ucode_pack_test
