// Texts of cpuinfo behind each other: where a machine ends, and what is no CPU.
#include <gtest/gtest.h>

#include "src/host/cpuinfo.h"
#include "tests/base/must.h"
#include "tests/host/cpuinfo.h"

namespace kip::host {
namespace {

const CpuinfoCpu kSapphire = {"GenuineIntel", 6, 143, 8, "0x2b000639"};
const CpuinfoCpu kMilan = {"AuthenticAMD", 25, 1, 1, "0xa0011d5"};

Result<std::vector<Machine>> read(std::string_view text) {
  CpuinfoReader reader;
  std::vector<Machine> machines;
  const auto keep = [&](const std::optional<Machine>& it) {
    if (it) machines.push_back(*it);
  };
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    keep(TRY(reader.take(text.substr(0, end))));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  keep(TRY(reader.finish()));
  return machines;
}

std::string without_blank_lines(std::string text) {
  for (std::size_t at = 0; (at = text.find("\n\n", at)) != text.npos;) text.erase(at, 1);
  return text;
}

TEST(CpuinfoReader, ReadsOneMachine) {
  const auto machines = must(read(cpuinfo({kSapphire, kSapphire})));
  ASSERT_EQ(machines.size(), 1u);
  EXPECT_EQ(machines[0].cpus.size(), 1u);
  EXPECT_EQ(machines[0].cpus[0].count, 2u);
}

TEST(CpuinfoReader, AgreesWithTheReaderOfWholeTexts) {
  CpuinfoCpu other = kMilan;
  other.stepping = 2;
  for (const std::string& text : {cpuinfo({kMilan, other, kMilan}), cpuinfo({kSapphire}),
                                  cpuinfo({{.flags = "hypervisor"}})}) {
    const Machine whole = must(parse_cpuinfo(text));
    const auto machines = must(read(text));
    ASSERT_EQ(machines.size(), 1u);
    EXPECT_EQ(machines[0].hypervisor, whole.hypervisor);
    ASSERT_EQ(machines[0].cpus.size(), whole.cpus.size());
    for (std::size_t i = 0; i < whole.cpus.size(); ++i) {
      EXPECT_TRUE(machines[0].cpus[i].same_kind(whole.cpus[i]));
      EXPECT_EQ(machines[0].cpus[i].count, whole.cpus[i].count);
    }
  }
}

TEST(CpuinfoReader, TellsMachinesApartByTheNumbersOfTheirCpus) {
  const std::string text = cpuinfo({kSapphire, kSapphire}) + cpuinfo({kMilan}) + cpuinfo({kMilan});
  for (const std::string& it : {text, without_blank_lines(text)}) {
    const auto machines = must(read(it));
    ASSERT_EQ(machines.size(), 3u);
    EXPECT_EQ(machines[0].cpus[0].count, 2u);
    EXPECT_EQ(machines[1].cpus[0].signature.value, 0x00a00f11u);
    EXPECT_EQ(machines[2].cpus[0].count, 1u);
  }
}

TEST(CpuinfoReader, KeepsAGuestApartFromTheNextMachine) {
  const auto machines = must(read(cpuinfo({{.flags = "hypervisor"}}) + cpuinfo({kSapphire})));
  ASSERT_EQ(machines.size(), 2u);
  EXPECT_TRUE(machines[0].hypervisor);
  EXPECT_FALSE(machines[1].hypervisor);
}

TEST(CpuinfoReader, CountsOtherArchitecturesAsMachinesWithoutLoader) {
  const auto machines =
      must(read("processor\t: 0\nBogoMIPS\t: 50.00\nCPU implementer\t: 0x41\n\n"
                "processor\t: 1\nBogoMIPS\t: 50.00\nCPU implementer\t: 0x41\n\n"));
  ASSERT_EQ(machines.size(), 1u);
  ASSERT_EQ(machines[0].cpus.size(), 1u);
  EXPECT_EQ(machines[0].cpus[0].vendor_id, kNotX86);
  EXPECT_EQ(machines[0].cpus[0].vendor, std::nullopt);
}

// Behind the CPUs, what the board is; on LoongArch in front of them. As the kernels' show_cpuinfo() print it.
const char* const kForeign[] = {
    "processor\t: 0\nBogoMIPS\t: 108.00\nCPU implementer\t: 0x41\n\n"
    "Hardware\t: BCM2835\nRevision\t: c03112\nSerial\t\t: 10000000abcdef01\n"
    "Model\t\t: Raspberry Pi 4 Model B Rev 1.2\n",
    "processor\t: 0\ncpu\t\t: POWER9, altivec supported\nclock\t\t: 3800.000000MHz\n"
    "revision\t: 2.2 (pvr 004e 1202)\n\n"
    "timebase\t: 512000000\nplatform\t: PowerNV\nmodel\t\t: 9006-22P\nmachine\t\t: PowerNV 9006\n",
    "vendor_id       : IBM/S390\n# processors    : 2\nbogomips per cpu: 3241.00\n"
    "processor 0: version = 00,  identification = 0AF0C8,  machine = 8561\n\n"
    "cpu number      : 0\nphysical id     : 0\n",
    "system type\t\t: generic-loongson-machine\n\nprocessor\t\t: 0\npackage\t\t\t: 0\n"
    "Model Name\t\t: Loongson-3A5000\n",
};

TEST(CpuinfoReader, TakesWhatOthersSayOfTheirBoards) {
  for (const std::string text : kForeign) {
    const std::string x86 = cpuinfo({kSapphire});
    const auto machines = must(read(x86 + text + "\n" + text + "\n" + x86));
    ASSERT_EQ(machines.size(), 4u) << text;
    EXPECT_EQ(machines[2].cpus[0].vendor, std::nullopt) << text;
    EXPECT_EQ(machines[3].cpus[0].signature.value, 0x000806f8u);
  }
}

TEST(CpuinfoReader, KeepsTheNameOfACpu) {
  const auto machines =
      must(read("processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\n"
                "model\t\t: 143\nmodel name\t: Xeon: made up\n"));
  EXPECT_EQ(machines[0].cpus[0].model_name, "Xeon: made up");
}

TEST(CpuinfoReader, RefusesACpuThatIsCutOff) {
  EXPECT_EQ(error_of(read("processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\n")),
            "a CPU without family or model in a cpuinfo");
}

TEST(CpuinfoReader, RefusesAnImpossibleCpu) {
  CpuinfoCpu odd = kSapphire;
  odd.model = 4096;
  EXPECT_EQ(error_of(read(cpuinfo({odd}))), "no CPU has this family, model and stepping");
}

TEST(CpuinfoReader, KeepsAMachineWithinBounds) {
  std::vector<CpuinfoCpu> cpus;
  for (unsigned i = 0; i <= CpuinfoReader::kKindLimit; ++i) {
    cpus.push_back(kSapphire);
    cpus.back().revision = fmt::format("{:#x}", i);
  }
  EXPECT_EQ(code_of(read(cpuinfo(cpus))), Errc::kLimit);
  cpus.pop_back();
  EXPECT_EQ(must(read(cpuinfo(cpus)))[0].cpus.size(), CpuinfoReader::kKindLimit);
}

TEST(CpuinfoReader, KnowsItsLines) {
  CpuinfoReader reader;
  EXPECT_TRUE(reader.is_line("processor\t: 0"));
  EXPECT_FALSE(reader.is_line("power management:"));
  EXPECT_FALSE(reader.is_line("intel:0x120f00"));
  EXPECT_FALSE(reader.is_line("0x806f8,,gt:0x2b000000"));
  must(reader.take("processor\t: 0"));
  EXPECT_TRUE(reader.is_line("power management:"));
  EXPECT_TRUE(reader.is_line("power management:\r"));
  EXPECT_FALSE(reader.is_line("intel:0x120f00"));
  EXPECT_FALSE(reader.is_line("no colon"));
  must(reader.take("cpu family\t: 6"));
  must(reader.take("model\t\t: 143"));
  must(reader.take(""));
  EXPECT_TRUE(reader.is_line("Hardware\t: BCM2835"));
  EXPECT_FALSE(reader.is_line("# rack 1: the old ones"));
  EXPECT_FALSE(reader.is_line("node_cpu_info{model_name=\"a: b\"} 1"));
}

}  // namespace
}  // namespace kip::host
