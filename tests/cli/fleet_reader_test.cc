// A fleet's file in pieces: what is in it does not depend on where they end, and neither does the line of a fault.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "src/cli/fleet.h"
#include "src/cli/json.h"
#include "tests/base/must.h"
#include "tests/host/cpuinfo.h"
#include "tests/support/temp_dir.h"

namespace kip::cli {
namespace {

constexpr const char* kNoCpu = "no CPU, which is written as 06-8f-08, 0x806f8 or cpu00A20F12";

// What was told, a line each.
class Listener : public FleetVisitor {
 public:
  Status machine(const host::Machine& machine, bool counts) override {
    std::string line = counts ? "machine" : "more";
    for (const host::Cpu& cpu : machine.cpus)
      line += fmt::format(" {:#x}x{}", cpu.signature.value, cpu.count);
    told.push_back(line);
    return {};
  }
  Status spec(std::string_view text) override {
    told.push_back("spec " + std::string(text));
    return {};
  }

  std::vector<std::string> told;
};

Result<std::vector<std::string>> read(std::string_view text, std::size_t piece) {
  Listener listener;
  FleetReader reader(listener);
  for (std::size_t at = 0; at < text.size(); at += piece) TRY(reader.feed(text.substr(at, piece)));
  TRY(reader.finish());
  return listener.told;
}

std::string record(int indent) {
  host::Machine machine = must(host::parse_cpuinfo(host::cpuinfo({{}})));
  machine.kernel_release = "6.1.0 \"} \\";  // neither ends a record
  std::string text = to_json(HostReport{machine});
  if (indent < 0) std::erase(text, '\n');
  return text;
}

std::string metric(int cpu, const char* revision = "0x1") {
  return fmt::format(
      "node_cpu_info{{core=\"0\",cpu=\"{}\",family=\"6\",microcode=\"{}\",model=\"143\","
      "stepping=\"8\",vendor=\"GenuineIntel\"}} 1\n",
      cpu, revision);
}

const std::string kMixed = "# the fleet\n0x806f8   # rack 1\r\n" + record(2) + record(2) + "\n" +
                           record(-1) + " " + record(-1) + " # two on a line\n[" + record(2) + "," +
                           record(-1) + "\n]\n" + host::cpuinfo({{}, {}}) + host::cpuinfo({{}}) +
                           "# HELP node_cpu_info CPU information\n# TYPE node_cpu_info gauge\n" +
                           metric(0) + metric(1) + "node_load1 0.3\n" +
                           "node_cpu_seconds_total{cpu=\"0\"} 7\n06-9e-0a";

const std::vector<std::string> kTold = {
    "spec 0x806f8",      "machine 0x806f8x1", "machine 0x806f8x1", "machine 0x806f8x1",
    "machine 0x806f8x1", "machine 0x806f8x1", "machine 0x806f8x1", "machine 0x806f8x2",
    "machine 0x806f8x1", "machine 0x806f8x1", "more 0x806f8x1",    "spec 06-9e-0a"};

TEST(FleetReader, ReadsEveryFormBehindEachOther) {
  EXPECT_EQ(must(read(kMixed, kMixed.size())), kTold);
}

TEST(FleetReader, ReadsTheSameInPiecesOfAnySize) {
  for (const std::size_t piece : {1, 2, 3, 7, 64, 1000})
    EXPECT_EQ(must(read(kMixed, piece)), kTold);
}

TEST(FleetReader, NamesTheLineWhereverPiecesEnd) {
  const std::pair<std::string, std::string> rows[] = {
      {"0x1\n\n{\"schema\": 1,\n\n\"cpus\": 7}\n0x2\n",
       "line 3: not a record of `host --json`, or of a newer version"},
      {"0x1\n{\"schema\": 1,\n", "line 2: a JSON record that does not end"},
      {"0x1\n{\"a\": \"}\n", "line 2: a JSON record that does not end"},
      {"{\"schema\": 1}}\n", "line 1: not a record of `host --json`, or of a newer version"},
      {"{\"schema\": 1, \"report\": \"list\", \"cpus\": []}\n",
       "line 1: not a record of `host --json`, or of a newer version"},
      {"\n\nnode_cpu_info{cpu=\"0\"} 1\n", "line 3: node_cpu_info: no label 'vendor'"},
      {"0x1\nprocessor\t: 0\nvendor_id\t: GenuineIntel\n\n0x2\n",
       "line 4: a CPU without family or model in a cpuinfo"},
      {"processor\t: 0\nvendor_id\t: GenuineIntel",
       "line 2: a CPU without family or model in a cpuinfo"},
      {"host\n", "line 1: a list of CPUs names each of them: no host, all or @FILE in it"},
  };
  for (const auto& [text, message] : rows) {
    for (const std::size_t piece : {std::size_t{1}, std::size_t{5}, text.size()})
      EXPECT_EQ(error_of(read(text, piece)), message) << piece;
  }
}

TEST(FleetReader, TakesSamplesForSpecsUnlessTheyAreMetrics) {
  EXPECT_EQ(must(read("node_load1 1\n", 100)), std::vector<std::string>{"spec node_load1 1"});
  EXPECT_EQ(must(read("# TYPE node_load1 gauge\nnode_load1 1\n", 100)), std::vector<std::string>{});
  EXPECT_EQ(must(read("node_load1{} 1\n", 100)), std::vector<std::string>{});
}

TEST(FleetReader, KeepsLinesAndRecordsWithinBounds) {
  const std::string line(FleetReader::kLineLimit, 'x');
  EXPECT_EQ(must(read(line, 1000)).size(), 1u);
  EXPECT_EQ(error_of(read("0x1\n" + line + "x", 1000)), "line 2: longer than 65536 bytes");
  const std::string open = "\n{\"a\": \"" + std::string(FleetReader::kRecordLimit, 'x');
  EXPECT_EQ(error_of(read(open, 4096)), "line 2: a JSON record of more than 1048576 bytes");
  EXPECT_EQ(code_of(read(open, 4096)), Errc::kLimit);
}

class FleetFile : public testing::Test {
 protected:
  Fleet fleet(const std::string& text) {
    Fleet fleet;
    must(fleet.read(directory_.write("fleet", text)));
    return fleet;
  }

  support::TempDir directory_;
};

TEST_F(FleetFile, CountsMachinesOfEachKind) {
  host::CpuinfoCpu old;
  old.revision = "0x2b000001";
  const auto metric = [](int cpu) { return kip::cli::metric(cpu, "0x2b000002"); };
  const Fleet fleet =
      this->fleet(host::cpuinfo({{}, {}}) + host::cpuinfo({old}) + host::cpuinfo({{}, old}) +
                  metric(0) + metric(1) + metric(0) + "0x806F8\n0x806f8\n");
  EXPECT_EQ(fleet.machines, 7u);
  ASSERT_EQ(fleet.cpus.size(), 4u);
  EXPECT_EQ(fleet.cpus[0].running, 0x2b000639u);
  EXPECT_EQ(fleet.cpus[0].machines, 2u);
  EXPECT_EQ(fleet.cpus[1].running, 0x2b000001u);
  EXPECT_EQ(fleet.cpus[1].machines, 2u);
  EXPECT_EQ(fleet.cpus[2].running, 0x2b000002u);
  EXPECT_EQ(fleet.cpus[2].machines, 2u);
  EXPECT_EQ(fleet.cpus[3].running, std::nullopt);
  EXPECT_EQ(fleet.cpus[3].machines, 2u);
}

TEST_F(FleetFile, KeepsNamesOnlyIfAsked) {
  host::Machine machine = must(host::parse_cpuinfo(host::cpuinfo({{}})));
  machine.cpus[0].model_name = "Xeon";
  machine.cpus[0].exact = true;
  std::string text;
  for (const char* const name : {"web01", "web02", ""}) {
    machine.name = name;
    text += to_json(HostReport{machine});
  }
  const std::string path = directory_.write("fleet", text);
  for (const bool keeps : {false, true}) {
    Fleet fleet(keeps);
    must(fleet.read(path));
    ASSERT_EQ(fleet.cpus.size(), 1u);
    EXPECT_EQ(fleet.cpus[0].machines, 3u);
    EXPECT_EQ(fleet.cpus[0].model, "Xeon");
    EXPECT_EQ(fleet.cpus[0].names,
              keeps ? (std::vector<std::string>{"web01", "web02"}) : std::vector<std::string>{});
  }
}

TEST_F(FleetFile, KeepsGuestsApart) {
  const Fleet fleet = this->fleet(host::cpuinfo({{.flags = "hypervisor"}}) + host::cpuinfo({{}}));
  ASSERT_EQ(fleet.cpus.size(), 2u);
  EXPECT_TRUE(fleet.cpus[0].guest);
  EXPECT_FALSE(fleet.cpus[1].guest);
}

TEST_F(FleetFile, CountsMachinesWithoutLoaderAndSaysSoOnce) {
  const std::string hygon = host::cpuinfo({{"HygonGenuine", 24, 0, 1, "0x1"}});
  const Fleet fleet = this->fleet(hygon + hygon + hygon);
  EXPECT_TRUE(fleet.cpus.empty());
  ASSERT_EQ(fleet.others.size(), 1u);
  EXPECT_EQ(fleet.others[0].machines, 3u);
  EXPECT_EQ(fleet.notes.size(), 1u);
  EXPECT_EQ(fleet.machines, 3u);
}

}  // namespace
}  // namespace kip::cli
