#include <fmt/format.h>
#include <gtest/gtest.h>
#include <ostream>

#include "src/host/cpus.h"
#include "tests/base/must.h"
#include "tests/host/cpuinfo.h"

namespace kip::host {
namespace {

using ucode::Vendor;

const CpuinfoCpu kSapphire = {"GenuineIntel", 6, 143, 8, "0x2b000639"};
const CpuinfoCpu kMilan = {"AuthenticAMD", 25, 1, 1, "0xa0011d5"};

TEST(ParseCpuinfo, ReadsAnIntelCpu) {
  const Machine machine = must(parse_cpuinfo(cpuinfo({kSapphire})));
  ASSERT_EQ(machine.cpus.size(), 1u);
  const Cpu& cpu = machine.cpus[0];
  EXPECT_EQ(cpu.vendor, Vendor::kIntel);
  EXPECT_EQ(cpu.vendor_id, "GenuineIntel");
  EXPECT_EQ(cpu.signature.value, 0x000806f8u);
  EXPECT_EQ(cpu.revision, 0x2b000639u);
  EXPECT_EQ(cpu.platform_flags, std::nullopt);
  EXPECT_FALSE(cpu.exact);
  EXPECT_EQ(cpu.count, 1u);
  EXPECT_FALSE(machine.hypervisor);
}

TEST(ParseCpuinfo, ReadsAnAmdCpu) {
  const Machine machine = must(parse_cpuinfo(cpuinfo({kMilan})));
  ASSERT_EQ(machine.cpus.size(), 1u);
  EXPECT_EQ(machine.cpus[0].vendor, Vendor::kAmd);
  EXPECT_EQ(machine.cpus[0].signature.value, 0x00a00f11u);
  EXPECT_EQ(machine.cpus[0].revision, 0x0a0011d5u);
}

TEST(ParseCpuinfo, CountsAlikeCpusTogether) {
  const Machine machine = must(parse_cpuinfo(cpuinfo({kSapphire, kSapphire, kSapphire})));
  ASSERT_EQ(machine.cpus.size(), 1u);
  EXPECT_EQ(machine.cpus[0].count, 3u);
}

TEST(ParseCpuinfo, Reads4096Cpus) {
  const Machine machine =
      must(parse_cpuinfo(cpuinfo(std::vector<CpuinfoCpu>(4096, kMilan), /*padding=*/1500)));
  ASSERT_EQ(machine.cpus.size(), 1u);
  EXPECT_EQ(machine.cpus[0].count, 4096u);
}

TEST(ParseCpuinfo, H05TellsSteppingsApart) {
  CpuinfoCpu other = kMilan;
  other.stepping = 2;
  const Machine machine = must(parse_cpuinfo(cpuinfo({kMilan, other, kMilan})));
  ASSERT_EQ(machine.cpus.size(), 2u);
  EXPECT_EQ(machine.cpus[0].signature.value, 0x00a00f11u);
  EXPECT_EQ(machine.cpus[0].count, 2u);
  EXPECT_EQ(machine.cpus[1].signature.value, 0x00a00f12u);
}

TEST(ParseCpuinfo, H06TellsIntelSteppingsApart) {
  CpuinfoCpu other = kSapphire;
  other.stepping = 7;
  EXPECT_EQ(must(parse_cpuinfo(cpuinfo({kSapphire, other}))).cpus.size(), 2u);
}

// A hybrid part has one signature; its cores differ in flags and frequencies only.
TEST(ParseCpuinfo, TakesAHybridPartForOneCpu) {
  CpuinfoCpu performance = {"GenuineIntel", 6, 183, 1, "0x12b"};
  CpuinfoCpu efficient = performance;
  efficient.flags = "fpu vme";
  efficient.more = "cache size\t: 4096 KB\nbogomips\t: 1.0\n";
  const Machine machine = must(parse_cpuinfo(cpuinfo({performance, efficient})));
  ASSERT_EQ(machine.cpus.size(), 1u);
  EXPECT_EQ(machine.cpus[0].signature.value, 0x000b0671u);
}

TEST(ParseCpuinfo, TellsRevisionsApart) {
  CpuinfoCpu late = kSapphire;
  late.revision = "0x2b000643";
  EXPECT_EQ(must(parse_cpuinfo(cpuinfo({kSapphire, late}))).cpus.size(), 2u);
}

TEST(ParseCpuinfo, H09GivesHygonNoVendor) {
  const Machine machine = must(parse_cpuinfo(cpuinfo({{"HygonGenuine", 24, 0, 1, "0x80901047"}})));
  ASSERT_EQ(machine.cpus.size(), 1u);
  EXPECT_EQ(machine.cpus[0].vendor, std::nullopt);
  EXPECT_EQ(machine.cpus[0].vendor_id, "HygonGenuine");
}

TEST(ParseCpuinfo, H09GivesZhaoxinNoVendor) {
  for (const char* const id : {"CentaurHauls", "  Shanghai  ", "GenuineIntelX", "genuineintel"}) {
    const Machine machine = must(parse_cpuinfo(cpuinfo({{id, 7, 11, 0, "0x1"}})));
    EXPECT_EQ(machine.cpus[0].vendor, std::nullopt) << id;
  }
}

TEST(ParseCpuinfo, H01SeesTheHypervisor) {
  CpuinfoCpu guest = kSapphire;
  guest.flags = "fpu vme hypervisor lahf_lm";
  EXPECT_TRUE(must(parse_cpuinfo(cpuinfo({kSapphire, guest}))).hypervisor);
}

TEST(ParseCpuinfo, TakesOnlyTheWholeWordForTheHypervisor) {
  CpuinfoCpu host = kSapphire;
  host.flags = "fpu hypervisor_x xhypervisor";
  host.more = "bugs\t\t: hypervisor\n";
  EXPECT_FALSE(must(parse_cpuinfo(cpuinfo({host}))).hypervisor);
}

TEST(ParseCpuinfo, KnowsNoRevisionWithoutTheLine) {
  CpuinfoCpu none = kSapphire;
  none.revision = "";
  EXPECT_EQ(must(parse_cpuinfo(cpuinfo({none}))).cpus[0].revision, std::nullopt);
}

TEST(ParseCpuinfo, TakesModelForTheNumberAndNotForTheName) {
  CpuinfoCpu named = kSapphire;
  named.more = "model name\t: Intel(R) Xeon(R): model 1\n";
  EXPECT_EQ(must(parse_cpuinfo(cpuinfo({named}))).cpus[0].signature.value, 0x000806f8u);
}

TEST(ParseCpuinfo, ReadsFilesThatLostTheirBlankLines) {
  std::string text = cpuinfo({kSapphire, kMilan, kMilan});
  for (std::size_t at; (at = text.find("\n\n")) != text.npos;) text.erase(at, 1);
  const Machine machine = must(parse_cpuinfo(text));
  ASSERT_EQ(machine.cpus.size(), 2u);
  EXPECT_EQ(machine.cpus[1].count, 2u);
}

TEST(ParseCpuinfo, ReadsFilesWithCarriageReturns) {
  std::string text;
  for (const char c : cpuinfo({kSapphire, kSapphire})) {
    if (c == '\n') text += '\r';
    text += c;
  }
  const Machine machine = must(parse_cpuinfo(text));
  ASSERT_EQ(machine.cpus.size(), 1u);
  EXPECT_EQ(machine.cpus[0].count, 2u);
  EXPECT_EQ(machine.cpus[0].revision, 0x2b000639u);
  EXPECT_EQ(machine.cpus[0].vendor, Vendor::kIntel);
}

TEST(ParseCpuinfo, ReadsALastLineWithoutItsEnd) {
  std::string text = cpuinfo({kSapphire});
  while (text.ends_with('\n')) text.pop_back();
  EXPECT_EQ(must(parse_cpuinfo(text)).cpus.size(), 1u);
}

TEST(ParseCpuinfo, SurvivesBeingCutOffAnywhere) {
  const std::string text = cpuinfo({kSapphire, kMilan});
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const auto machine = parse_cpuinfo(std::string(text, 0, size));
    if (machine) {
      ASSERT_LE(machine->cpus.size(), 2u) << size;
    }
  }
}

struct RefusalRow {
  const char* name;
  std::string text;
};

void PrintTo(const RefusalRow& row, std::ostream* out) {
  *out << row.name;
}

const std::vector<RefusalRow> kRefusals = {
    {"Nothing", ""},
    {"BlankLines", "\n\n\n"},
    {"OtherText", "0x806f8\nall\n"},
    {"Arm", "processor\t: 0\nCPU implementer\t: 0x41\nCPU part\t: 0xd0c\n\n"},
    {"FamilyWithoutModel", "vendor_id\t: GenuineIntel\ncpu family\t: 6\n"},
    {"FamilyThatDoesNotExist", cpuinfo({{"GenuineIntel", 5000, 1, 1, ""}})},
    {"FamilyOutOfRange", "cpu family\t: 99999999999\nmodel\t\t: 1\nstepping\t: 1\n"},
    {"NegativeModel", "cpu family\t: 6\nmodel\t\t: -1\nstepping\t: 1\n"},
};

class CpuinfoRefusal : public testing::TestWithParam<RefusalRow> {};

TEST_P(CpuinfoRefusal, SaysThatNoCpuIsInIt) {
  EXPECT_EQ(error_of(parse_cpuinfo(GetParam().text)), "no x86 CPU is described in it");
}

INSTANTIATE_TEST_SUITE_P(Rows, CpuinfoRefusal, testing::ValuesIn(kRefusals),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(ParseHexLine, TakesWhatSysfsShows) {
  EXPECT_EQ(parse_hex_line("0x80\n"), 0x80u);
  EXPECT_EQ(parse_hex_line("0x0"), 0u);
  EXPECT_EQ(parse_hex_line("0xffffffff"), 0xffffffffu);
  EXPECT_EQ(parse_hex_line(" 2b "), 0x2bu);
}

TEST(ParseHexLine, RefusesEverythingElse) {
  for (const char* const text : {"", "0x", "0xg", "0x100000000", "-1", "0x80 0x1", "80h"}) {
    EXPECT_EQ(parse_hex_line(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace kip::host
