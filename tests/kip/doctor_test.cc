// kip doctor on healthy machines, where it is silent, and on each of them with one thing broken, where it names that and no more.
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kip/doctor_machine.h"
#include "tests/kip/refresh_machine.h"
#include "tests/support/kernel_finder.h"

namespace kip::kip_test {
namespace {

namespace fs = std::filesystem;
using support::IntelBlob;
using testing::HasSubstr;
using testing::IsEmpty;

// -- Healthy.

struct Healthy {
  const char* name;
  Machines make;
};

void PrintTo(const Healthy& it, std::ostream* out) {
  *out << it.name;
}

class HealthyMachine : public testing::TestWithParam<Healthy> {};

TEST_P(HealthyMachine, IsNoMatterForTheDoctor) {
  const auto machine = GetParam().make();
  const Said said = machine->doctor();
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(said.out, "");
  EXPECT_THAT(said.complaints, IsEmpty());
  EXPECT_THAT(machine->diagnoses(), IsEmpty());
}

constexpr Healthy kHealthy[] = {
    {"SystemdBoot", systemd_boot}, {"WithModule", with_module},
    {"Running", running},          {"SeparateMicrocode", separate_microcode},
    {"Unified", unified},          {"Debian12", debian_12},
    {"DebianGrub", debian_grub},   {"ArchPresets", arch_presets},
    {"GentooGrub", gentoo_grub},   {"Ostree", ostree}};

INSTANTIATE_TEST_SUITE_P(Doctor, HealthyMachine, testing::ValuesIn(kHealthy),
                         [](const auto& it) { return std::string(it.param.name); });

// -- Broken.

struct Broken {
  const char* name;
  Machines make;
  void (*harm)(Machine& machine);
  std::string rule, place, text,
      remedy;  // place with '@' for the scratch directory; text and remedy: parts of them
  std::string severity = "warning";
};

void PrintTo(const Broken& it, std::ostream* out) {
  *out << it.name;
}

const std::string kRefresh = "kip refresh " + kKernel;
const std::string kInstall = "kernel-install add " + kKernel + " @/vmlinuz";
const std::string kHook = "ln -s /usr/lib/kip/hooks/";
const std::string kInstalled = "/boot/initrd.img-" + kKernel;
const std::string kGrub = "/boot/grub/grub.cfg";

const std::string kOwn = "initrd " + kEntryInitrd + "\n";

void rewrite(Machine& machine, const std::string& path, const std::string& from,
             const std::string& to) {
  std::string text = support::to_string(support::read_file(machine.below_root(path)));
  const std::size_t at = text.find(from);
  ASSERT_NE(at, text.npos) << from;
  machine.file(path, text.replace(at, from.size(), to));
}

const std::vector<Broken>& broken_machines() {
  static const std::vector<Broken> kBroken = {
      // Records.
      {"StaleMicrocode", systemd_boot,
       [](Machine& it) { it.firmware("intel", IntelBlob().revision(0x3B).bytes()); },
       "doctor-stale", "@/entry/initrd", "microcode 06-bf-02: 0x0000003a -> 0x0000003b", kRefresh},
      {"StaleModule", with_module,
       [](Machine& it) {
         it.root().out_of_tree(
             "updates/dkms/wanted.ko",
             {{"depends", "helper"}, {"alias", "kip-wanted"}, {"version", "2.0"}});
         it.root().index();
       },
       "doctor-stale", "@/entry/initrd", "module wanted: ", kRefresh},
      {"Pending", systemd_boot,
       [](Machine& it) {
         it.configure("[Modules]\nRequire=absent\n");
         it.write("initrd", it.base());
         EXPECT_EQ(it.run(plugins_test::kImage).code, 1);
       },
       "doctor-pending", "/var/lib/kip/pending/" + kKernel, "without module 'absent'",
       "build the module, then " + kRefresh},
      {"ForeignImage", systemd_boot,
       [](Machine& it) {
         it.dir().write("entry/initrd",
                        support::join({Machine::early(0x3A), it.base(), it.base()}));
       },
       "doctor-foreign", "@/entry/initrd", "another image than was installed", kRefresh},
      {"MissingImage", systemd_boot, [](Machine& it) { fs::remove(it.image()); }, "doctor-missing",
       "@/entry/initrd", "is not there", kRefresh, "error"},
      {"BootNotMounted", systemd_boot, [](Machine& it) { fs::remove_all(it.below_root("/boot")); },
       "doctor-boot-unmounted", "/boot", "'/boot/loader/entries' is not there", "mount /boot",
       "error"},
      // Policy.
      {"ContradictoryRules", systemd_boot,
       [](Machine& it) { it.configure("[Modules]\nInclude=wanted\nOmit=wanted\n"); },
       "lint-contradiction", "/etc/kip/kip.conf.d/test.conf:2", "Omit=wanted", ""},
      // Boot entries.
      {"NoKernelFile", systemd_boot,
       [](Machine& it) { it.remove_file("/boot/" + kToken + "/" + kKernel + "/linux"); },
       "doctor-entry-file", kEntry, "/linux', which is not there", kInstall, "error"},
      {"NoInitrdFileOfGrub", debian_grub, [](Machine& it) { it.remove_file(kInstalled); },
       "doctor-entry-file", kGrub + ":2", "initrd.img-" + kKernel + "', which is not there",
       "update-initramfs -c -k " + kKernel, "error"},
      {"EntryWithoutInitrd", systemd_boot, [](Machine& it) { it.entry(""); }, "doctor-entry-initrd",
       kEntry, "without '@/entry/initrd'", kInstall, "error"},
      {"EntryWithAnotherImage", systemd_boot,
       [](Machine& it) {
         it.put("/boot/other.img", plugins_test::generated()).entry("initrd /other.img\n");
       },
       "doctor-entry-image", kEntry, "with '/boot/other.img', and not with '@/entry/initrd'",
       kInstall},
      {"EntryTwice", systemd_boot,
       [](Machine& it) {
         fs::copy_file(it.below_root(kEntry),
                       it.below_root("/boot/loader/entries/" + kToken + "-" + kKernel + "+3.conf"));
       },
       "doctor-entry-twice", "/boot/loader/entries/" + kToken + "-" + kKernel + "+3.conf",
       "beside '" + kEntry + "'", "rm /boot/loader/entries/"},
      {"MicrocodeBehindTheInitrd", separate_microcode,
       [](Machine& it) { it.entry(kOwn + "initrd /intel-ucode.img\n"); }, "doctor-initrd-order",
       kEntry, "hands over '/boot/intel-ucode.img' behind '/boot" + kEntryInitrd + "'",
       "take the line for '/boot/intel-ucode.img' out of "},
      {"OlderMicrocodeInFront", systemd_boot,
       [](Machine& it) {
         it.put("/boot/intel-ucode.img", Machine::early(0x39));
         it.entry("initrd /intel-ucode.img\n" + kOwn);
       },
       "doctor-microcode-shadowed", kEntry,
       "'/boot/intel-ucode.img' first, which has 0x00000039 for 06-bf-02; '/boot" + kEntryInitrd +
           "' behind it has 0x0000003a",
       "take the line for '/boot/intel-ucode.img' out"},
      {"BrokenMicrocodeInFront", debian_grub,
       [](Machine& it) {
         it.put("/boot/intel-uc.img",
                plugins_test::early_archive(support::kIntelPath,
                                            IntelBlob().revision(0x50).break_main_sum().bytes()));
         rewrite(it, kGrub, "initrd\t", "initrd\t/boot/intel-uc.img ");
       },
       "doctor-microcode-shadowed", kGrub + ":2", "has nothing for 06-bf-02",
       "GRUB_EARLY_INITRD_LINUX_STOCK=\"\""},
      {"OlderMicrocodeInTheUki", unified,
       [](Machine& it) {
         it.unify({{".ucode", Machine::early(0x39)}});
         it.install();
       },
       "doctor-microcode-shadowed", kUnified, "'.ucode' first, which has 0x00000039",
       "take Microcode= out of uki.conf, then " + kInstall},
      // What runs.
      {"RunningIsOlder", running,
       [](Machine& it) { rewrite(it, "/proc/cpuinfo", ": 0x3a", ": 0x39"); },
       "doctor-microcode-old", "@/entry/initrd", "0x0000003a for 06-bf-02, and 0x00000039 runs",
       "reboot"},
      // Plugins.
      {"NoPluginAtAll", systemd_boot,
       [](Machine& it) {
         for (const char* const name :
              {"45-kip-microcode", "58-kip-image", "86-kip-image", "95-kip-record"})
           it.remove_file(kPlugins + name + ".install");
       },
       "doctor-plugin-missing", "/usr/lib/kernel/install.d", "none of kip's plugins", "install"},
      {"PluginGone", systemd_boot,
       [](Machine& it) { it.remove_file(kPlugins + "58-kip-image.install"); },
       "doctor-plugin-missing", kPlugins + "58-kip-image.install", "neither microcode nor modules",
       "install kip's package again"},
      {"PluginNotExecutable", systemd_boot,
       [](Machine& it) {
         fs::permissions(it.below_root(kPlugins + "95-kip-record.install"), fs::perms(0644));
       },
       "doctor-plugin-missing", kPlugins + "95-kip-record.install", "is not executable",
       "chmod 755 " + kPlugins + "95-kip-record.install"},
      {"PluginMasked", systemd_boot,
       [](Machine& it) { it.link(kMasks + "45-kip-microcode.install", "/dev/null"); },
       "doctor-plugin-masked", kMasks + "45-kip-microcode.install", "no microcode",
       "rm " + kMasks + "45-kip-microcode.install"},
      {"LateImageMaskedOnDebian12", debian_12,
       [](Machine& it) { it.link(kMasks + "86-kip-image.install", "/dev/null"); },
       "doctor-plugin-masked", kMasks + "86-kip-image.install", "staged late",
       "rm " + kMasks + "86-kip-image.install"},
      {"PluginMaskedByPlainFileOfTheShell", debian_12,
       [](Machine& it) { it.file(kMasks + "58-kip-image.install", "#!/bin/sh\n"); },
       "doctor-plugin-masked", kMasks + "58-kip-image.install", "86-kip-image.install still runs",
       "rm "},
      {"GeneratorBehindKip", systemd_boot,
       [](Machine& it) { it.plugins({"87-mkinitcpio.install"}); }, "doctor-plugin-order",
       kPlugins + "87-mkinitcpio.install", "behind 86-kip-image.install",
       "ln -s " + kPlugins + "87-mkinitcpio.install " + kMasks +
           "50-mkinitcpio.install; ln -s "
           "/dev/null " +
           kMasks + "87-mkinitcpio.install"},
      {"ReaderInFrontOfKip", systemd_boot,
       [](Machine& it) { it.program(kMasks + "55-ukify.install"); }, "doctor-plugin-order",
       kMasks + "55-ukify.install", "before 58-kip-image.install",
       "mv " + kMasks + "55-ukify.install " + kMasks + "60-ukify.install"},
      // Settings of others.
      {"UkiByItsGenerator", unified,
       [](Machine& it) {
         it.file("/etc/kernel/install.conf", "layout=uki\nuki_generator=mkinitcpio\n");
       },
       "doctor-uki-sealed", "/etc/kernel/install.conf:2", "finished before kip comes to it",
       "uki_generator=ukify"},
      {"MicrocodeOfUkify", unified,
       [](Machine& it) {
         it.file("/etc/kernel/uki.conf", "[UKI]\nMicrocode=/boot/intel-ucode.img\n");
       },
       "doctor-generator-doubles", "/etc/kernel/uki.conf:2", "in front of kip's",
       "take the line away"},
      {"LayoutOstree", ostree,
       [](Machine& it) { it.file("/usr/lib/kernel/install.conf", "layout=ostree\n"); },
       "doctor-layout", "/usr/lib/kernel/install.conf:1", "kip leaves it",
       "rpm-ostree initramfs --enable"},
      // Images of others.
      {"DebianWithoutHook", debian_grub,
       [](Machine& it) {
         it.remove_file("/etc/initramfs/post-update.d/kip-microcode");
         it.put(kInstalled, plugins_test::generated());
       },
       "doctor-unreached", kInstalled, "no microcode is in it",
       kHook +
           "initramfs-tools/kip-microcode /etc/initramfs/post-update.d/; update-initramfs -u "
           "-k " +
           kKernel},
      {"GrubBesideSystemdBoot", debian_12,
       [](Machine& it) {
         it.file(kGrub, "menuentry a {\nlinux /boot/vmlinuz-" + kKernel + "\ninitrd " + kInstalled +
                            "\n}\n");
       },
       "doctor-unreached", kInstalled, "no microcode is in it", kHook + "initramfs-tools/"},
      {"DebianTurnedOff", debian_grub,
       [](Machine& it) {
         it.remove_file("/etc/initramfs/post-update.d/kip-microcode");
         it.put(kInstalled, plugins_test::generated());
         it.file("/etc/default/intel-microcode", "# x\nIUCODE_TOOL_INITRAMFS=no\n");
       },
       "doctor-generator-drops", "/etc/default/intel-microcode:2", "initramfs-tools leaves",
       "IUCODE_TOOL_INITRAMFS=auto"},
      {"ArchWithoutHook", arch_presets,
       [](Machine& it) {
         it.remove_file("/etc/initcpio/post/kip-microcode");
         it.put("/boot/initramfs-linux.img", plugins_test::generated());
       },
       "doctor-generator-drops", "/etc/mkinitcpio.conf", "image of kernel '" + kKernel + "'",
       kHook + "mkinitcpio/kip-microcode /etc/initcpio/post/; mkinitcpio -P"},
      {"FedoraWithoutMicrocode", fedora_grub,
       [](Machine& it) {
         it.put("/boot/initramfs-" + kKernel + ".img", plugins_test::generated());
         it.file("/etc/dracut.conf.d/x.conf", "early_microcode=\"no\"\n");
       },
       "doctor-generator-drops", "/etc/dracut.conf.d/x.conf:1", "early_microcode=no: dracut leaves",
       "early_microcode=yes"},
      {"FedoraWithRules", fedora_grub,
       [](Machine& it) { it.configure("[Modules]\nInclude=wanted\n"); }, "doctor-unreached",
       "/boot/initramfs-" + kKernel + ".img", "lacks the modules that rules ask for",
       "kmod-pack emit dracut --kernel " + kKernel},
      {"KernelOfNoMenu", ostree,
       [](Machine& it) {
         it.put("/boot/initramfs-" + kKernel + ".img", plugins_test::generated());
       },
       "doctor-unreached", "/boot/initramfs-" + kKernel + ".img", "no microcode is in it",
       "kernel-install add " + kKernel + " VMLINUZ"}};
  return kBroken;
}

class BrokenMachine : public testing::TestWithParam<Broken> {};

TEST_P(BrokenMachine, IsNamedWithWhatMendsIt) {
  const Broken& it = GetParam();
  const auto machine = it.make();
  it.harm(*machine);
  EXPECT_EQ(machine->doctor().code, 1);
  std::vector<Diagnosis> faults = machine->diagnoses();
  std::erase_if(faults, [](const Diagnosis& found) { return found.severity == "note"; });
  ASSERT_EQ(faults.size(), 1U) << machine->doctor().out;
  EXPECT_EQ(faults[0].severity, it.severity);
  EXPECT_EQ(faults[0].rule, it.rule);
  EXPECT_EQ(faults[0].place, machine->expanded(it.place));
  EXPECT_THAT(faults[0].text, HasSubstr(machine->expanded(it.text)));
  EXPECT_THAT(faults[0].remedy, HasSubstr(machine->expanded(it.remedy)));
}

INSTANTIATE_TEST_SUITE_P(Doctor, BrokenMachine, testing::ValuesIn(broken_machines()),
                         [](const auto& it) { return std::string(it.param.name); });

// The hook was unlinked since, but the image is still what it made.
TEST(Doctor, KnowsAnImageOfAHookByItsEarlyPart) {
  const auto machine = debian_grub();
  machine->remove_file("/etc/initramfs/post-update.d/kip-microcode");
  EXPECT_EQ(machine->doctor().out, "");
}

// -- Notes.

TEST(Doctor, NotesAnImageThatItsGeneratorServes) {
  const auto machine = fedora_grub();
  EXPECT_EQ(machine->doctor().code, 0);
  const auto found = machine->diagnoses();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, "note");
  EXPECT_EQ(found[0].rule, "doctor-unreached");
}

TEST(Doctor, NotesThatAGeneratorPacksMicrocodeAsWell) {
  const auto machine = systemd_boot();
  machine->generate(support::join({Machine::early(0x39), plugins_test::generated()}));
  machine->install();
  EXPECT_EQ(machine->doctor().code, 0);
  const auto found = machine->diagnoses();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, "note");
  EXPECT_EQ(found[0].rule, "doctor-generator-doubles");
  EXPECT_THAT(found[0].remedy, HasSubstr("early_microcode=no"));
  machine->generate(support::join({Machine::early(0x3A), plugins_test::generated()}));
  machine->install();
  EXPECT_EQ(machine->doctor().out, "") << "it is covered, and left as it is";
}

TEST(Doctor, NotesThatKipIsOff) {
  const auto machine = debian_grub();
  machine->configure("[Image]\nEnabled=no\n");
  EXPECT_EQ(machine->doctor().code, 0);
  const auto found = machine->diagnoses();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].rule, "doctor-disabled");
  EXPECT_EQ(found[0].place, "/etc/kip/kip.conf.d/test.conf:2");
}

TEST(Doctor, SaysWhatRunsIsPackedAndIsThereIfAsked) {
  const auto machine = running();
  const Said said = machine->kip("doctor", {"-v"});
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(said.out, "note: doctor-microcode: '" + machine->dir() / "entry/initrd" +
                          "': microcode 06-bf-02: running 0x0000003a, packed 0x0000003a, available "
                          "0x0000003a\n");
}

// What a newer BIOS brought is no fault of the image.
TEST(Doctor, IsSilentWhereWhatRunsIsNewer) {
  const auto machine = running();
  rewrite(*machine, "/proc/cpuinfo", ": 0x3a", ": 0x40");
  EXPECT_EQ(machine->doctor().out, "");
}

TEST(Doctor, IsSilentInAGuest) {
  const auto machine = running();
  rewrite(*machine, "/proc/cpuinfo", ": 0x3a", ": 0x39");
  rewrite(*machine, "/proc/cpuinfo", "fpu", "fpu hypervisor");
  EXPECT_EQ(machine->doctor().out, "");
}

TEST(Doctor, NotesThatALateImageIsMaskedWhereNothingIsLate) {
  const auto machine = systemd_boot();
  machine->link(kMasks + "86-kip-image.install", "/dev/null");
  EXPECT_EQ(machine->doctor().code, 0);
  const auto found = machine->diagnoses();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].severity, "note");
  EXPECT_EQ(found[0].rule, "doctor-plugin-masked");
}

// What does not mask: a file that is not executable, to the program of systemd 254 on; a link to nothing.
TEST(Doctor, IsSilentWhereNothingMasks) {
  const auto machine = systemd_boot();
  machine->file(kMasks + "58-kip-image.install", "#!/bin/sh\n");
  machine->link(kMasks + "45-kip-microcode.install", "/nowhere");
  EXPECT_EQ(machine->doctor().out, "");
}

// Modules of DKMS that nobody removed with their kernel.
TEST(Doctor, IsSilentAboutModulesOfARemovedKernel) {
  const auto machine = debian_grub();
  machine->file("/usr/lib/modules/5.0.0-gone/updates/dkms/x.ko");
  EXPECT_EQ(machine->doctor().out, "");
}

// -- On this machine, not below a root: what refresh makes of it.

std::vector<std::string> of_records(const RefreshMachine& machine) {
  std::vector<std::string> lines = machine.doctor().out;
  std::erase_if(lines, [](const std::string& it) {
    return it.find(": doctor-missing: ") == it.npos && it.find(": doctor-stale: ") == it.npos;
  });
  return lines;
}

TEST(DoctorsRemedy, IsARefreshThatMends) {
  if (!plugins_test::may_mount()) GTEST_SKIP() << "may not mount a machine's own /etc and /var/lib";
  const RefreshMachine machine;
  machine.install("6.1.0-kip");
  EXPECT_THAT(of_records(machine), IsEmpty());
  machine.firmware(0x3B);
  EXPECT_THAT(of_records(machine),
              testing::ElementsAre(testing::EndsWith("(kip refresh 6.1.0-kip)")));
  EXPECT_EQ(machine.refresh({"6.1.0-kip"}).code, 0);
  EXPECT_THAT(of_records(machine), IsEmpty());
  fs::remove(machine.image("6.1.0-kip"));
  EXPECT_THAT(of_records(machine),
              testing::ElementsAre(testing::EndsWith("(kip refresh 6.1.0-kip)")));
  EXPECT_EQ(machine.refresh({"6.1.0-kip"}).code, 0);
  EXPECT_THAT(of_records(machine), IsEmpty());
}

TEST(DoctorsRemedy, IsAnotherWhereARefreshWouldBeRefused) {
  if (!plugins_test::may_mount()) GTEST_SKIP() << "may not mount a machine's own /etc and /var/lib";
  const RefreshMachine machine;
  machine.install("6.1.0-kip");
  fs::remove(machine.image("6.1.0-kip"));
  fs::remove(machine.dir() / "vmlinuz");
  EXPECT_EQ(machine.refresh({"6.1.0-kip"}).code, 1);
  EXPECT_THAT(of_records(machine),
              testing::ElementsAre(HasSubstr("(kernel-install remove 6.1.0-kip")));
}

// -- What cannot be read, and nothing to look at.

TEST(Doctor, FailsWhereARecordCannotBeReadAndSaysTheRest) {
  const auto machine = systemd_boot();
  machine->file("/var/lib/kip/manifests/t@k.json", "{\"schema\": 2}");
  fs::remove(machine->image());
  EXPECT_EQ(machine->doctor().code, 4);
  const auto found = machine->diagnoses();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].rule, "doctor-missing");
  EXPECT_EQ(found[1].rule, "manifest-unread");
  EXPECT_EQ(found[1].place, "/var/lib/kip/manifests/t@k.json");
  EXPECT_EQ(found[1].remedy, "rm '/var/lib/kip/manifests/t@k.json', and install its kernel again");
}

TEST(Doctor, FailsWhereTheSettingsCannotBeRead) {
  const auto machine = debian_grub();
  machine->configure("nonsense\n");
  const Said said = machine->doctor();
  EXPECT_EQ(said.code, 4);
  EXPECT_EQ(said.out, "");
  EXPECT_THAT(said.complaints, testing::ElementsAre(HasSubstr("test.conf:1")));
}

TEST(Doctor, FailsWhereABootEntryCannotBeRead) {
  const auto machine = systemd_boot();
  machine->dir().fifo("root/boot/loader/entries/x.conf");
  const Said said = machine->doctor();
  EXPECT_EQ(said.code, 4);
  EXPECT_THAT(said.complaints,
              testing::ElementsAre("error: '/boot/loader/entries/x.conf': is not a regular file"));
}

TEST(Doctor, HasNothingToLookAtInAContainer) {
  const support::TempDir empty;
  const auto result = support::run_program(
      {std::string(KIP_PROGRAM_DIR) + "/kip", "doctor", "--root", empty.path()});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("no kernel is installed here"));
}

// kip doctor, with /boot's files on a file system of 1 MiB.
support::RunResult on_small_boot(const Machine& machine) {
  return support::run_program({"unshare", "-m", "sh", "-c",
                               "rm -rf \"$1.copy\" && cp -a \"$1\" \"$1.copy\" && mount -t tmpfs "
                               "-o size=1m tmpfs \"$1\" && "
                               "cp -a \"$1.copy/.\" \"$1\" && exec \"$2\" doctor --root \"$3\"",
                               "sh", machine.below_root("/boot"),
                               std::string(KIP_PROGRAM_DIR) + "/kip", machine.dir() / "root"});
}

TEST(Doctor, FindsThatThereIsNoRoomForOneMoreImage) {
  if (!plugins_test::may_mount()) GTEST_SKIP() << "may not mount a file system that is full";
  const auto machine = systemd_boot();
  machine->generate(support::noise(600 << 10, 3));
  machine->install();
  const auto result = on_small_boot(*machine);
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.out, testing::StartsWith("warning: doctor-space: '"));
  EXPECT_THAT(result.out, HasSubstr("kernel-install remove KVER"));
  EXPECT_EQ(machine->doctor().out, "") << "there is room without";
}

// Which takes two more.
TEST(Doctor, FindsThatThereIsNoRoomForAHook) {
  if (!plugins_test::may_mount()) GTEST_SKIP() << "may not mount a file system that is full";
  const auto machine = debian_grub();
  machine->put(kInstalled, machine->by_kip(support::noise(300 << 10, 3)));
  EXPECT_EQ(on_small_boot(*machine).out, "");
  machine->put(kInstalled, machine->by_kip(support::noise(400 << 10, 3)));
  const auto result = on_small_boot(*machine);
  EXPECT_EQ(result.exit_code, 1) << result.err;
  EXPECT_THAT(result.out, testing::StartsWith("warning: doctor-space: '/boot': has "));
}

}  // namespace
}  // namespace kip::kip_test
