// Machines as directories: what is read from /proc and /sys below another root.
#include <gtest/gtest.h>

#include "src/host/cpus.h"
#include "tests/base/must.h"
#include "tests/host/cpuinfo.h"
#include "tests/support/temp_dir.h"

namespace kip::host {
namespace {

class FakeMachine : public testing::Test {
 protected:
  void cpus(const std::vector<CpuinfoCpu>& all) { directory_.write("proc/cpuinfo", cpuinfo(all)); }
  void sysfs(unsigned cpu, const std::string& file, const std::string& text) {
    directory_.write(path_of(cpu, file), text);
  }
  static std::string path_of(unsigned cpu, const std::string& file) {
    return fmt::format("sys/devices/system/cpu/cpu{}/microcode/{}", cpu, file);
  }
  Root root() const { return must(Root::at(directory_.path())); }
  Machine machine() const { return must(read_machine(root())); }

  support::TempDir directory_;
};

TEST_F(FakeMachine, TakesPlatformFlagsFromSysfs) {
  cpus({{}});
  sysfs(0, "processor_flags", "0x10\n");
  EXPECT_EQ(machine().cpus[0].platform_flags, 0x10u);
}

TEST_F(FakeMachine, PrefersTheRevisionOfSysfs) {
  cpus({{}});
  sysfs(0, "version", "0x2b000643\n");
  EXPECT_EQ(machine().cpus[0].revision, 0x2b000643u);
}

TEST_F(FakeMachine, H02KeepsCpuinfosRevisionWithoutSysfs) {
  cpus({{}});
  const Machine it = machine();
  EXPECT_EQ(it.cpus[0].revision, 0x2b000639u);
  EXPECT_EQ(it.cpus[0].platform_flags, std::nullopt);
}

// Permissions do not stop root, so the file is one that nobody can read.
TEST_F(FakeMachine, H03KnowsNoFlagsThatItCannotRead) {
  cpus({{}});
  directory_.directory(path_of(0, "processor_flags"));
  sysfs(0, "version", "0x2b000643\n");
  const Machine it = machine();
  EXPECT_EQ(it.cpus[0].platform_flags, std::nullopt);
  EXPECT_EQ(it.cpus[0].revision, 0x2b000643u);
}

TEST_F(FakeMachine, H03KnowsNoFlagsThatAreNoNumber) {
  cpus({{}});
  sysfs(0, "processor_flags", "none\n");
  EXPECT_EQ(machine().cpus[0].platform_flags, std::nullopt);
}

TEST_F(FakeMachine, H04TellsFlagsOfZeroFromUnknownOnes) {
  cpus({{}});
  sysfs(0, "processor_flags", "0x0\n");
  EXPECT_EQ(machine().cpus[0].platform_flags, 0u);
}

TEST_F(FakeMachine, TakesFlagsByTheProcessorsNumber) {
  cpus({{}, {}, {}});
  sysfs(0, "processor_flags", "0x1\n");
  sysfs(2, "processor_flags", "0x1\n");
  sysfs(1, "processor_flags", "0x80\n");
  const Machine it = machine();
  ASSERT_EQ(it.cpus.size(), 2u);
  EXPECT_EQ(it.cpus[0].platform_flags, 0x1u);
  EXPECT_EQ(it.cpus[0].count, 2u);
  EXPECT_EQ(it.cpus[1].platform_flags, 0x80u);
}

TEST_F(FakeMachine, GivesAmdNoPlatformFlags) {
  cpus({{"AuthenticAMD", 25, 1, 1, "0xa0011d5"}});
  sysfs(0, "processor_flags", "0x0\n");
  EXPECT_EQ(machine().cpus[0].platform_flags, std::nullopt);
}

TEST_F(FakeMachine, AssumesNothingOfTypeBits) {
  cpus({{}});
  EXPECT_FALSE(machine().cpus[0].exact);
}

TEST_F(FakeMachine, KnowsNoKernelRelease) {
  cpus({{}});
  EXPECT_EQ(machine().kernel_release, "");
}

TEST_F(FakeMachine, ReadsTheFirmwarePathOfTheKernel) {
  directory_.write("sys/module/firmware_class/parameters/path", "/srv/firmware\n");
  EXPECT_EQ(read_kernel(root()).firmware_path, "/srv/firmware");
}

TEST_F(FakeMachine, TakesAnEmptyFirmwarePathForNone) {
  directory_.write("sys/module/firmware_class/parameters/path", "\n");
  EXPECT_EQ(read_kernel(root()).firmware_path, "");
}

TEST_F(FakeMachine, NamesTheFileThatIsMissing) {
  EXPECT_EQ(error_of(read_machine(root())), "/proc/cpuinfo: No such file or directory");
}

TEST_F(FakeMachine, SaysThatNoX86CpuIsThere) {
  directory_.write("proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\n\n");
  EXPECT_EQ(error_of(read_machine(root())), "/proc/cpuinfo describes no x86 CPU");
}

TEST(HostMachine, IsDescribedByItsOwnKernel) {
  const Machine machine = must(read_machine(Root()));
  ASSERT_FALSE(machine.cpus.empty());
  EXPECT_FALSE(machine.kernel_release.empty());
  unsigned count = 0;
  for (const Cpu& cpu : machine.cpus) count += cpu.count;
  const auto text = must(read_file(Root(), "/proc/cpuinfo", kCpuinfoLimit));
  const std::string_view cpuinfo_text = as_text(text);
  unsigned paragraphs = 0;
  for (std::size_t at = 0; (at = cpuinfo_text.find("processor\t:", at)) != cpuinfo_text.npos; ++at)
    ++paragraphs;
  EXPECT_EQ(count, paragraphs);
}

TEST_F(FakeMachine, TellsWhenItWasBooted) {
  directory_.write("proc/stat", "cpu  1 2 3\nintr 99 0\nbtime 1700000000\nprocesses 7\n");
  EXPECT_EQ(read_boot_time(root()), 1'700'000'000);
}

TEST_F(FakeMachine, DoesNotGuessWhenItWasBooted) {
  EXPECT_EQ(read_boot_time(root()), std::nullopt);
  for (const char* const text :
       {"cpu  1\n", "cpu  1\nbtime\n", "cpu  1\nbtime x\n", "cpu 1\nmtime 7\n"}) {
    directory_.write("proc/stat", text);
    EXPECT_EQ(read_boot_time(root()), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace kip::host
