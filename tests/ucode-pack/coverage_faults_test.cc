// coverage: when it is a no, and whom each reason concerns.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/ucode-pack/coverage_scene.h"

namespace kip::ucode_pack_test {
namespace {

using nlohmann::json;
using support::AmdBlob;
using support::AmdPatch;
using testing::HasSubstr;

TEST(CoverageFaults, TellsThoseThatAreRefusedFromThoseWithoutMicrocode) {
  const Fleet fleet;
  fleet.dir().write("tree/amd.bin", AmdBlob().zen(AmdPatch(0x0A0011DE)).bytes());
  const MadeCpu old_bios = {0xA00F11, {}, 0x0A0011CE, true};
  fleet.write({old_bios, old_bios, kNobody, kBehind});
  const json report = fleet.report({"--kernel", "6.14.2"}, 1);
  EXPECT_EQ((*row_of(report, old_bios))["state"], "refused");
  EXPECT_EQ((*row_of(report, old_bios))["faults"], json({"refused"}));
  EXPECT_EQ((*row_of(report, kNobody))["state"], "unserved");
  EXPECT_EQ((*row_of(report, kNobody))["faults"], json::array());
  EXPECT_EQ(report["totals"]["machines_by_state"],
            json({{"behind", 1}, {"refused", 2}, {"unserved", 1}}));
  EXPECT_EQ(report["totals"]["cpus_unserved"], 1);
}

// What the BIOS left is newer: as if that had been loaded.
TEST(CoverageFaults, TakesWhatABiosKeepsForAhead) {
  const Fleet fleet;
  fleet.dir().write("tree/amd.bin", AmdBlob().zen(AmdPatch(0x0A0011D5)).bytes());
  const MadeCpu fixed = {0xA00F11, {}, 0x0A0011DE, true};
  fleet.dir().write("fleet", record_of(fixed, "6.14.2").dump());
  const json report = fleet.report({"--kernel", "6.12.10"});
  EXPECT_EQ((*row_of(report, fixed))["verdict"], "keeps");
  EXPECT_EQ((*row_of(report, fixed))["state"], "ahead");
}

std::string metric(std::uint32_t running) {
  return fmt::format(
      "node_cpu_info{{cpu=\"0\",instance=\"m\",vendor=\"AuthenticAMD\",family=\"25\",model=\"1\","
      "stepping=\"1\",microcode=\"{:#x}\"}} 1\n",
      running);
}

// Metrics do not say which kernel runs, so a fixed revision proves nothing of the BIOS below it.
TEST(CoverageFaults, IsNoNoWhereTheBiosIsNotKnown) {
  const Fleet fleet;
  const std::string when = "with a BIOS without the EntrySign fix";
  for (const auto& [running, state] :
       {std::pair(0x0A0011DEU, "current"), {0x0A0011DFU, "ahead"}, {0x0A0011DCU, "behind"}}) {
    fleet.dir().write("fleet", metric(running));
    const json report = fleet.report();
    const json& row = report["cpus"][0];
    EXPECT_EQ(row["state"], state);
    EXPECT_EQ(row["verdict"], "varies");
    EXPECT_FALSE(row.contains("entrysign"));
    EXPECT_EQ(row["faults"], json::array());
    EXPECT_EQ(row["may_be_refused"], true);
    EXPECT_EQ(row["remedy_bios"], "a BIOS without the EntrySign fix");
    EXPECT_EQ(report["faults"], json::array());
    EXPECT_EQ(report["totals"]["machines_may_be_refused"], 1);
    EXPECT_EQ(report["totals"]["cpus_may_be_refused"], 1);
    const Told told = fleet.ask();
    EXPECT_EQ(told.code, 0);
    EXPECT_THAT(told.out, HasSubstr("  remedy, " + when + ": install a BIOS that brings "));
    EXPECT_THAT(told.out, HasSubstr("\nmay be refused: 1 machine, 1 kind of CPU, "));
  }
}

// But one from before the fix runs on an old BIOS only.
TEST(CoverageFaults, IsANoWhereAnOldBiosIsProven) {
  const Fleet fleet;
  fleet.dir().write("tree/amd.bin", AmdBlob().zen(AmdPatch(0x0A0011D5)).bytes());
  fleet.dir().write("fleet", metric(0x0A0011D5));
  const json report = fleet.report({}, 1);
  const json& row = report["cpus"][0];
  EXPECT_EQ(row["state"], "current");
  EXPECT_EQ(row["entrysign"], "old");
  EXPECT_EQ(row["faults"], json({"refused"}));
  EXPECT_EQ(row["may_be_refused"], false);
}

TEST(CoverageFaults, TellsWhatIsProvenOfTheBios) {
  const Fleet fleet;
  const MadeCpu cpu = {0xA00F11, {}, 0x0A0011DE, true};
  fleet.dir().write("fleet", record_of(cpu, "6.1.0").dump() + record_of(cpu, "6.14.2").dump() +
                                 record_of({0xA00F11, {}, 0x0A0011CE, true}, "6.1.0").dump());
  const json report = fleet.report({}, 1);
  ASSERT_EQ(report["cpus"].size(), 3u);
  EXPECT_EQ(report["cpus"][0]["entrysign"], "old");
  EXPECT_THAT(report["cpus"][0]["remedy"].get<std::string>(), HasSubstr("BIOS"));
  EXPECT_FALSE(report["cpus"][0].contains("remedy_bios"));
  EXPECT_FALSE(report["cpus"][1].contains("entrysign"));
  EXPECT_EQ(report["cpus"][2]["entrysign"], "fixed");
  EXPECT_FALSE(report["cpus"][2].contains("remedy"));
  const Told told = fleet.ask();
  EXPECT_THAT(told.out, HasSubstr("run 0x0a0011ce on a BIOS without the EntrySign fix; packed"));
  EXPECT_THAT(told.out, HasSubstr("run 0x0a0011de; packed"));
  EXPECT_THAT(told.out, HasSubstr("run 0x0a0011de on a BIOS with the EntrySign fix; packed"));
}

TEST(CoverageFaults, NamesEveryReasonForItsNo) {
  const Fleet fleet;
  const MadeCpu older = {0x406E3, 0x40, 1}, gone = {0x306C3, 0x02, 1};
  fleet.dir().write("tree/older", intel(0x406E3, 0xC0, 0xF0));
  fleet.dir().write("old/x",
                    support::join({intel(0x406E3, 0xC0, 0xF1), intel(0x306C3, 0x32, 0x28)}));
  const MadeCpu old_bios = {0xA00F11, {}, 0x0A0011CE, true};
  fleet.write({kBehind, older, older, gone, {0x306C3, 0x02, 2}, old_bios});
  const std::vector<std::string> words = {"--firmware-old", "old", "--max-size", "2K"};
  const json report = fleet.report(words, 1);
  const auto fault = [](const char* name, int machines, int cpus, const char* text) {
    return json{{"fault", name}, {"machines", machines}, {"cpus", cpus}, {"text", text}};
  };
  ASSERT_EQ(report["faults"].size(), 4u);
  EXPECT_EQ(report["faults"][0], fault("refused", 1, 1, "some kernel refuses what is there"));
  EXPECT_EQ(report["faults"][1],
            fault("older", 2, 1, "an older revision than from the old release"));
  EXPECT_EQ(report["faults"][2],
            fault("gone", 2, 2, "nothing any more of what the old release has"));
  EXPECT_EQ(report["faults"][3]["fault"], "budget");
  EXPECT_FALSE(report["faults"][3].contains("machines"));
  EXPECT_EQ((*row_of(report, older))["faults"], json({"older"}));
  EXPECT_EQ((*row_of(report, gone))["faults"], json({"gone"}));
  const Told told = fleet.ask(words);
  EXPECT_THAT(told.out, HasSubstr("; older, was 0x000000f1; fault: older\n"));
  EXPECT_THAT(
      told.out,
      HasSubstr("\nfault: refused: 1 machine, 1 kind of CPU: some kernel refuses what is there\n"
                "fault: older: 2 machines, 1 kind of CPU: an older revision than from the old "
                "release\n"
                "fault: gone: 2 machines, 2 kinds of CPU: nothing any more of what the old release "
                "has\n"
                "fault: budget: the archive is over 2048 bytes by "));
}

}  // namespace
}  // namespace kip::ucode_pack_test
