// Environments as directories: the same signs a kernel or a container's manager leaves below '/'.
#include <gtest/gtest.h>
#include <ostream>
#include <sys/utsname.h>

#include "src/host/cpus.h"
#include "src/host/situation.h"
#include "tests/base/must.h"
#include "tests/host/cpuinfo.h"
#include "tests/support/temp_dir.h"

namespace kip::host {
namespace {

enum class Type : std::uint8_t { kFile, kDirectory, kLink, kFifo };

struct Entry {
  std::string path;
  std::string content;  // of a link: its target
  Type type = Type::kFile;
};

// As /proc/PID/environ has them: each ends with a NUL.
std::string environment_of(const std::vector<std::string>& variables) {
  std::string text;
  for (const std::string& variable : variables) text += variable + '\0';
  return text;
}

Entry cpus_with(const std::string& flags) {
  CpuinfoCpu cpu;
  cpu.flags = flags;
  return {"proc/cpuinfo", cpuinfo({cpu, cpu})};
}

Entry variables(const std::vector<std::string>& all) {
  return {"proc/1/environ", environment_of(all)};
}

const Entry kRealCpus = cpus_with("fpu vme sse2");
const Entry kVirtualCpus = cpus_with("fpu vme hypervisor");
const Entry kOtherRoot = {"proc/1/root", "", Type::kDirectory};
const Entry kDom0 = {"proc/xen/capabilities", "control_d\n"};

struct Row {
  const char* name;
  std::vector<Entry> entries;
  Environment environment;
  const char* text;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class SituationTest : public testing::TestWithParam<Row> {};

TEST_P(SituationTest, IsToldByItsSigns) {
  const support::TempDir directory;
  for (const Entry& entry : GetParam().entries) {
    if (entry.type == Type::kFile) directory.write(entry.path, entry.content);
    if (entry.type == Type::kDirectory) directory.directory(entry.path);
    if (entry.type == Type::kLink) directory.link(entry.path, entry.content);
    if (entry.type == Type::kFifo) directory.fifo(entry.path);
  }
  const Situation situation = read_situation(must(Root::at(directory.path())));
  EXPECT_EQ(situation.environment, GetParam().environment);
  EXPECT_EQ(to_text(situation), GetParam().text);
}

const std::vector<Row> kMachines = {
    {"BareMetal", {kRealCpus}, Environment::kBareMetal, "bare metal"},
    {"Guest", {kVirtualCpus}, Environment::kGuest, "a guest"},
    {"Nothing", {}, Environment::kUnknown, "an unknown environment"},
    {"CpuinfoOfArm",
     {{"proc/cpuinfo", "processor\t: 0\nCPU implementer\t: 0x41\n\n"}},
     Environment::kUnknown,
     "an unknown environment"},
    {"CpuinfoThatCannotBeRead",
     {{"proc/cpuinfo", "", Type::kDirectory}},
     Environment::kUnknown,
     "an unknown environment"},
    {"Dom0", {kRealCpus, kDom0}, Environment::kXenDom0, "Xen's dom0"},
    {"Dom0WithTheHypervisorFlag", {kVirtualCpus, kDom0}, Environment::kXenDom0, "Xen's dom0"},
    {"Dom0WithoutCpuinfo", {kDom0}, Environment::kXenDom0, "Xen's dom0"},
    {"Dom0AmongCapabilities",
     {kVirtualCpus, {"proc/xen/capabilities", "other,control_d more"}},
     Environment::kXenDom0,
     "Xen's dom0"},
    {"XenGuest", {kVirtualCpus, {"proc/xen/capabilities", ""}}, Environment::kGuest, "a guest"},
    {"XenGuestWithOtherCapabilities",
     {kVirtualCpus, {"proc/xen/capabilities", "control control_domain xcontrol_d\n"}},
     Environment::kGuest,
     "a guest"},
};

INSTANTIATE_TEST_SUITE_P(Machines, SituationTest, testing::ValuesIn(kMachines),
                         [](const auto& row) { return std::string(row.param.name); });

const std::vector<Row> kChroots = {
    {"OtherRoot", {kRealCpus, kOtherRoot}, Environment::kChroot, "a chroot"},
    {"OfAGuest", {kVirtualCpus, kOtherRoot}, Environment::kChroot, "a chroot"},
    {"OfDom0", {kVirtualCpus, kDom0, kOtherRoot}, Environment::kChroot, "a chroot"},
    {"WithoutCpuinfo", {kOtherRoot}, Environment::kChroot, "a chroot"},
    {"LinkToADirectory",
     {kRealCpus, {"srv/root/etc/fstab", ""}, {"proc/1/root", "/srv/root", Type::kLink}},
     Environment::kChroot,
     "a chroot"},
    {"NotForALinkToTheRoot",
     {kRealCpus, {"proc/1/root", "/", Type::kLink}},
     Environment::kBareMetal,
     "bare metal"},
    {"NotForALinkToNothing",
     {kRealCpus, {"proc/1/root", "/gone", Type::kLink}},
     Environment::kBareMetal,
     "bare metal"},
    {"NotForAFile", {kRealCpus, {"proc/1/root", ""}}, Environment::kBareMetal, "bare metal"},
};

INSTANTIATE_TEST_SUITE_P(Chroots, SituationTest, testing::ValuesIn(kChroots),
                         [](const auto& row) { return std::string(row.param.name); });

const std::vector<Row> kContainers = {
    {"SystemdsFile",
     {kRealCpus, {"run/systemd/container", "systemd-nspawn\n"}},
     Environment::kContainer,
     "a container (systemd-nspawn)"},
    {"SystemdsFileAmongSpace",
     {kRealCpus, {"run/systemd/container", " \tlxc \r\n"}},
     Environment::kContainer,
     "a container (lxc)"},
    {"VariableOfProcess1",
     {kRealCpus, variables({"PATH=/bin", "container=lxc", "TERM=linux"})},
     Environment::kContainer,
     "a container (lxc)"},
    {"VariableWithoutItsEnd",
     {kRealCpus, {"proc/1/environ", "container=lxc"}},
     Environment::kContainer,
     "a container (lxc)"},
    {"VariableBeforeMoreThanWeRead",
     {kRealCpus, variables({"container=lxc", "A=" + std::string(1 << 20, 'a')})},
     Environment::kContainer,
     "a container (lxc)"},
    {"Podman",
     {kRealCpus, {"run/.containerenv", ""}},
     Environment::kContainer,
     "a container (podman)"},
    {"Docker", {kRealCpus, {".dockerenv", ""}}, Environment::kContainer, "a container (docker)"},
    {"InAGuest",
     {kVirtualCpus, {".dockerenv", ""}},
     Environment::kContainer,
     "a container (docker)"},
    {"InDom0",
     {kRealCpus, kDom0, {".dockerenv", ""}},
     Environment::kContainer,
     "a container (docker)"},
    {"AlsoAChroot",
     {kRealCpus, kOtherRoot, {".dockerenv", ""}},
     Environment::kContainer,
     "a container (docker)"},
    {"WithoutCpuinfo", {{".dockerenv", ""}}, Environment::kContainer, "a container (docker)"},
    {"SystemdsFileBeforeTheVariable",
     {kRealCpus, {"run/systemd/container", "lxc\n"}, variables({"container=oci"})},
     Environment::kContainer,
     "a container (lxc)"},
    {"VariableBeforeTheMarkOfADockerImage",
     {kRealCpus, {".dockerenv", ""}, variables({"container=systemd-nspawn"})},
     Environment::kContainer,
     "a container (systemd-nspawn)"},
    {"MarkWhereTheFileIsEmpty",
     {kRealCpus, {"run/systemd/container", "\n"}, {"run/.containerenv", ""}},
     Environment::kContainer,
     "a container (podman)"},
};

INSTANTIATE_TEST_SUITE_P(Containers, SituationTest, testing::ValuesIn(kContainers),
                         [](const auto& row) { return std::string(row.param.name); });

const std::vector<Row> kNoContainers = {
    {"EmptyFileOfSystemd",
     {kRealCpus, {"run/systemd/container", ""}},
     Environment::kBareMetal,
     "bare metal"},
    {"BlankFileOfSystemd",
     {kRealCpus, {"run/systemd/container", " \n"}},
     Environment::kBareMetal,
     "bare metal"},
    {"FileOfSystemdThatCannotBeRead",
     {kRealCpus, {"run/systemd/container", "", Type::kDirectory}},
     Environment::kBareMetal,
     "bare metal"},
    {"FileOfSystemdThatNobodyWrites",
     {kRealCpus, {"run/systemd/container", "", Type::kFifo}},
     Environment::kBareMetal,
     "bare metal"},
    {"VariableWithoutValue",
     {kRealCpus, variables({"container=", "TERM=linux"})},
     Environment::kBareMetal,
     "bare metal"},
    {"VariablesThatOnlyContainIt",
     {kRealCpus, variables({"FOO=container=x", "xcontainer=lxc", "container_uuid=1", "container",
                            "CONTAINER=lxc", " container=lxc", "A=\ncontainer=lxc"})},
     Environment::kBareMetal,
     "bare metal"},
    {"EmptyEnvironment",
     {kRealCpus, {"proc/1/environ", ""}},
     Environment::kBareMetal,
     "bare metal"},
    {"VariableOfAnotherProcess",
     {kRealCpus, {"proc/2/environ", environment_of({"container=lxc"})}},
     Environment::kBareMetal,
     "bare metal"},
    {"MarksElsewhere",
     {kRealCpus, {"run/.dockerenv", ""}, {".containerenv", ""}, {"run/container", "lxc"}},
     Environment::kBareMetal,
     "bare metal"},
};

INSTANTIATE_TEST_SUITE_P(NoContainers, SituationTest, testing::ValuesIn(kNoContainers),
                         [](const auto& row) { return std::string(row.param.name); });

const std::vector<Row> kHostileKinds = {
    {"TerminalCodes",
     {kRealCpus, {"run/systemd/container", "\x1b[31mlxc\x1b[0m\n"}},
     Environment::kContainer,
     "a container ([31mlxc[0m)"},
    {"SeveralLines",
     {kRealCpus, variables({"container=lxc\nerror: no\r"})},
     Environment::kContainer,
     "a container (lxcerror: no)"},
    {"NoAscii",
     {kRealCpus, variables({"container=l\xc3\xa4x\x7f\xff"
                            "c"})},
     Environment::kContainer,
     "a container (lxc)"},
    {"NothingToShow",
     {kRealCpus, {"run/systemd/container", "\x01\x02\xff\n"}},
     Environment::kContainer,
     "a container"},
    {"Longest",
     {kRealCpus, variables({"container=0123456789abcdef0123456789abcdef"})},
     Environment::kContainer,
     "a container (0123456789abcdef0123456789abcdef)"},
    {"TooLong",
     {kRealCpus, {"run/systemd/container", "0123456789abcdef0123456789abcdefX\n"}},
     Environment::kContainer,
     "a container (0123456789abcdef0123456789abcdef)"},
    {"FarTooLong",
     {kRealCpus, {"run/systemd/container", std::string(1 << 20, 'a')}},
     Environment::kContainer,
     "a container (aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa)"},
};

INSTANTIATE_TEST_SUITE_P(HostileKinds, SituationTest, testing::ValuesIn(kHostileKinds),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(Situation, OwnsMicrocodeOnBareMetalAndInDom0Only) {
  for (const Environment owner : {Environment::kBareMetal, Environment::kXenDom0}) {
    EXPECT_TRUE((Situation{owner, {}}.owns_microcode())) << to_text({owner, {}});
  }
  for (const Environment other : {Environment::kGuest, Environment::kContainer,
                                  Environment::kChroot, Environment::kUnknown}) {
    EXPECT_FALSE((Situation{other, {}}.owns_microcode())) << to_text({other, {}});
  }
}

TEST(HostSituation, IsNoBareMetalWhereAHypervisorIs) {
  const Environment here = read_situation(Root()).environment;
  EXPECT_NE(here, Environment::kUnknown);
  if (must(read_machine(Root())).hypervisor) {
    EXPECT_NE(here, Environment::kBareMetal);
  }
}

TEST(HostSituation, HasEarlyMicrocodeOnX86) {
  utsname names;
  ASSERT_EQ(::uname(&names), 0);
  const std::string machine = names.machine;
  EXPECT_EQ(has_early_microcode(), machine == "x86_64" || machine.ends_with("86")) << machine;
}

}  // namespace
}  // namespace kip::host
