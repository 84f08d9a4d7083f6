// kip refresh: the minimum, in the right order, or nothing.
#include <filesystem>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "tests/kip/refresh_machine.h"

namespace kip::kip_test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

const std::string kOne = "0.0.1-one", kTwo = "0.0.2-two";

class Refresh : public testing::Test {
 protected:
  void SetUp() override {
    if (!plugins_test::may_mount()) GTEST_SKIP() << "needs the right to mount (root)";
    machine_.install(kOne);
    machine_.install(kTwo);
  }

  // Of a file that was replaced, the number is another one.
  [[nodiscard]] ino_t inode(const std::string& kernel) const {
    struct stat status = {};
    EXPECT_EQ(::stat(machine_.image(kernel).c_str(), &status), 0);
    return status.st_ino;
  }

  void expect_current() const { EXPECT_EQ(machine_.status().code, 0) << machine_.status().out[0]; }

  RefreshMachine machine_;
};

const auto kChanged = StartsWith("    microcode 06-bf-02: 0x0000003a -> 0x0000003b ('");

TEST_F(Refresh, DoesNothingWhereAllIsCurrent) {
  const ino_t before = inode(kOne);
  const Refreshed done = machine_.refresh();
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.out, ElementsAre(kOne + ": current", kTwo + ": current"));
  EXPECT_EQ(done.err, "");
  EXPECT_THAT(machine_.calls(), IsEmpty());
  EXPECT_EQ(inode(kOne), before);
}

TEST_F(Refresh, SwapsTheEarlyPartWhereOnlyMicrocodeChanged) {
  machine_.firmware(0x3B);
  const Refreshed done = machine_.refresh();
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.out, ElementsAre(kOne + ": swapped", kChanged, kTwo + ": swapped", kChanged));
  EXPECT_THAT(machine_.calls(), IsEmpty());
  EXPECT_EQ(machine_.revision(kOne), 0x3BU);
  expect_current();
  const auto swapped = machine_.bytes(kTwo);
  machine_.install(kTwo);
  EXPECT_EQ(machine_.bytes(kTwo), swapped) << "not what kernel-install makes of it";
}

TEST_F(Refresh, SwapsUpdatesThatAreForMoreCpusThanThisOne) {
  machine_.dir().write("firmware/intel",
                       support::IntelBlob().revision(0x3B).extended({{0xB06F5, 0x07}}).bytes());
  EXPECT_THAT(machine_.refresh({kOne}).out, ElementsAre(kOne + ": swapped", kChanged));
}

TEST_F(Refresh, SwapsOnlyWhatItWasAskedFor) {
  machine_.firmware(0x3B);
  const ino_t before = inode(kOne);
  EXPECT_THAT(machine_.refresh({kTwo}).out, ElementsAre(kTwo + ": swapped", kChanged));
  EXPECT_EQ(inode(kOne), before);
  EXPECT_EQ(machine_.revision(kOne), 0x3AU);
}

TEST_F(Refresh, SaysWhatItWouldDoAndDoesNothing) {
  machine_.firmware(0x3B);
  fs::remove(machine_.image(kOne));
  const ino_t before = inode(kTwo);
  const Refreshed said = machine_.refresh({"-n"});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.out,
              ElementsAre(kOne + ": to be rebuilt", kChanged, kTwo + ": to be swapped", kChanged));
  EXPECT_THAT(machine_.calls(), IsEmpty());
  EXPECT_EQ(inode(kTwo), before);
  EXPECT_FALSE(fs::exists(machine_.dir() / "var/lib/kip/lock"));
}

TEST_F(Refresh, InstallsAgainWhatWasCopiedHalf) {
  const auto whole = machine_.bytes(kOne);
  fs::resize_file(machine_.image(kOne), whole.size() / 2);
  const Refreshed done = machine_.refresh();
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.out, ElementsAre(kOne + ": rebuilt", kTwo + ": current"));
  EXPECT_THAT(done.files, ElementsAre("    image '" + machine_.image(kOne) +
                                      "' is another one than was installed"));
  EXPECT_THAT(machine_.calls(), ElementsAre("add " + kOne + " " + machine_.dir() / "vmlinuz" +
                                            " ENTRY_TOKEN=token BOOT_ROOT=" +
                                            machine_.dir() / "boot" + " KIP_REFRESH=1 KIP_CPU="));
  EXPECT_THAT(done.err, HasSubstr("kernel-install add " + kOne));
  EXPECT_THAT(done.err, HasSubstr("installing " + kOne)) << "what others print is no result";
  EXPECT_EQ(machine_.bytes(kOne), whole);
  expect_current();
}

TEST_F(Refresh, WritesAnEntryThatIsGone) {
  const std::string entry = machine_.dir() / ("boot/loader/entries/token-" + kOne + ".conf");
  fs::rename(entry, machine_.dir() / ("boot/loader/entries/token-" + kOne + "+2-1.conf"));
  expect_current();
  fs::remove(machine_.dir() / ("boot/loader/entries/token-" + kOne + "+2-1.conf"));
  EXPECT_THAT(machine_.status().files, ElementsAre("    entry '" + entry + "' is not there"));
  EXPECT_EQ(machine_.refresh().code, 0);
  EXPECT_TRUE(fs::exists(entry));
  expect_current();
}

TEST_F(Refresh, MendsWhatWasInstalledWhileTheConfigurationWasBroken) {
  machine_.dir().write("etc/kip/kip.conf.d/typo.conf", "[Microcode]\nHold=nonsense\n");
  machine_.install(kOne);
  EXPECT_EQ(machine_.revision(kOne), 0U);
  fs::remove(machine_.dir() / "etc/kip/kip.conf.d/typo.conf");
  EXPECT_THAT(machine_.refresh().out[0], kOne + ": swapped");
  EXPECT_EQ(machine_.revision(kOne), 0x3AU);
}

TEST_F(Refresh, DoesNotSwapInFrontOfABaseThatIsNotTheRecordedOne) {
  auto bytes = machine_.bytes(kOne);
  const auto whole = bytes;
  bytes.back() ^= 1;
  machine_.dir().write("boot/token/" + kOne + "/initrd", bytes);
  machine_.firmware(0x3B);
  EXPECT_THAT(machine_.refresh({kOne}).out, ElementsAre(kOne + ": rebuilt", kChanged));
  EXPECT_EQ(machine_.bytes(kOne).back(), whole.back());
  EXPECT_EQ(machine_.revision(kOne), 0x3BU);
}

TEST_F(Refresh, CompletesASwapThatWasKilledBeforeItsRecord) {
  const auto record = machine_.dir() / ("var/lib/kip/manifests/token@" + kOne + ".json");
  fs::copy_file(record, machine_.dir() / "before");
  machine_.firmware(0x3B);
  EXPECT_EQ(machine_.refresh().code, 0);
  const auto swapped = machine_.bytes(kOne);
  fs::copy_file(machine_.dir() / "before", record, fs::copy_options::overwrite_existing);
  EXPECT_THAT(machine_.refresh().out,
              ElementsAre(kOne + ": swapped", kChanged, kTwo + ": current"));
  EXPECT_EQ(machine_.bytes(kOne), swapped);
  EXPECT_THAT(machine_.calls(), IsEmpty());
  expect_current();
}

TEST_F(Refresh, DoesTheRunningKernelLast) {
  utsname here;
  ASSERT_EQ(::uname(&here), 0);
  const std::string running = here.release, later = "999.0.0-later";
  machine_.install(later);
  machine_.install(running);
  for (const std::string& kernel : {kOne, kTwo, later, running}) fs::remove(machine_.image(kernel));
  EXPECT_EQ(machine_.refresh().code, 0);
  const auto calls = machine_.calls();
  ASSERT_EQ(calls.size(), 4U);
  EXPECT_THAT(calls.back(), StartsWith("add " + running + " "));
}

TEST_F(Refresh, StopsAtTheFirstFailure) {
  fs::remove(machine_.image(kOne));
  const auto before = machine_.bytes(kTwo);
  fs::resize_file(machine_.image(kTwo), 100);
  machine_.dir().write("fail-" + kOne, "");
  const Refreshed done = machine_.refresh();
  EXPECT_EQ(done.code, 4);
  EXPECT_THAT(done.out,
              ElementsAre(kOne + ": failed",
                          AllOf(HasSubstr("kernel-install add"), HasSubstr("ended with 3")),
                          kTwo + ": not tried"));
  EXPECT_THAT(done.err, HasSubstr("kip: error: kernel '" + kOne + "': "));
  EXPECT_EQ(machine_.calls().size(), 1U);
  fs::remove(machine_.dir() / ("fail-" + kOne));
  EXPECT_EQ(machine_.refresh().code, 0);
  EXPECT_EQ(machine_.bytes(kTwo), before);
}

TEST_F(Refresh, FailsWhereTheInstalledImageIsNotTheRecordedOne) {
  fs::remove(machine_.image(kOne));
  machine_.dir().write("half-" + kOne, "");
  const Refreshed done = machine_.refresh();
  EXPECT_EQ(done.code, 4);
  EXPECT_THAT(done.out, ElementsAre(kOne + ": failed", "    the entry is foreign all the same",
                                    kTwo + ": not tried"));
}

TEST_F(Refresh, RefusesWhereTheCommandLineWouldBecomeAnotherOne) {
  fs::remove(machine_.image(kOne));
  machine_.command_line("quiet systemd.unit=rescue.target");
  Refreshed done = machine_.refresh();
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.out,
              ElementsAre(kOne + ": refused",
                          "    its command line would become 'quiet systemd.unit=rescue.target' of "
                          "'/etc/kernel/cmdline', and is 'quiet' (kernel-install add " +
                              kOne + " " + machine_.dir() / "vmlinuz" + ", if that is meant)",
                          kTwo + ": current"));
  fs::remove(machine_.dir() / "etc/kernel/cmdline");
  done = machine_.refresh();
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.out[1],
              AllOf(HasSubstr("' of '/proc/cmdline', and is 'quiet' (printf '%s\\n' quiet > "
                              "/etc/kernel/cmdline)")));
  EXPECT_THAT(machine_.calls(), IsEmpty());
  machine_.command_line("  quiet\tsystemd.machine_id=token ");
  EXPECT_EQ(machine_.refresh().code, 0);
}

TEST_F(Refresh, RefusesWhereSomebodyEditedTheEntry) {
  machine_.dir().write("boot/loader/entries/token-" + kOne + ".conf", "options quiet debug\n");
  fs::remove(machine_.image(kOne));
  const Refreshed done = machine_.refresh({kOne});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.out[1], HasSubstr("its command line would become 'quiet' of "
                                     "'/etc/kernel/cmdline', and is 'quiet debug' ("));
  EXPECT_THAT(machine_.calls(), IsEmpty());
  machine_.command_line("quiet debug");
  EXPECT_EQ(machine_.refresh({kOne}).code, 0);
}

TEST_F(Refresh, RefusesWhereKipsPluginsWouldNotRun) {
  fs::remove(machine_.image(kOne));
  machine_.set_plugins("/p/45-kip-microcode /p/95-kip-record /p/90-loaderentry.install");
  const Refreshed done = machine_.refresh({kOne});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.out, ElementsAre(kOne + ": refused",
                                    "    '58-kip-image' is not among KERNEL_INSTALL_PLUGINS"));
  EXPECT_THAT(machine_.calls(), IsEmpty());
}

TEST_F(Refresh, RefusesWhereSomethingIsGone) {
  fs::remove(machine_.image(kOne));
  fs::rename(machine_.dir() / "vmlinuz", machine_.dir() / "aside");
  const Refreshed done = machine_.refresh();
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.out[1],
              AllOf(HasSubstr("/vmlinuz', which it was made of, is not there"),
                    HasSubstr("(kernel-install remove " + kOne + ", if the kernel is gone)")));
  fs::rename(machine_.dir() / "aside", machine_.dir() / "vmlinuz");
  fs::rename(machine_.dir() / "boot", machine_.dir() / "unmounted");
  machine_.dir().directory("boot");
  EXPECT_THAT(machine_.refresh().out[1],
              AllOf(HasSubstr("/boot/loader/entries' is not there (mount "), HasSubstr("/boot)")));
  EXPECT_THAT(machine_.calls(), IsEmpty());
  EXPECT_THAT(support::names_in(machine_.dir() / "boot"), IsEmpty());
}

TEST_F(Refresh, WaitsForAModuleThatIsRequired) {
  machine_.dir().write("etc/kip/kip.conf.d/zfs.conf", "[Modules]\nRequire=zfs\n");
  machine_.dir().write(
      "var/lib/kip/pending/0.0.3-new",
      "kip pending 1\nmodule zfs\nrule Require=zfs at /etc/kip/a.conf:2\nargument add\n"
      "argument 0.0.3-new\nargument " +
          machine_.dir() / "vmlinuz" + "\n");
  const Refreshed done = machine_.refresh();
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.out, ElementsAre(kOne + ": current", kTwo + ": current", "0.0.3-new: waiting",
                                    "    module 'zfs' is not there"));
  EXPECT_THAT(machine_.calls(), IsEmpty());
}

TEST_F(Refresh, DoesNotWaitForWhatIsNotRequiredAnyMore) {
  const std::string rule = machine_.dir().write("etc/kip/kip.conf.d/zfs.conf",
                                                "[Modules]\nRequire=zfs\nOnRequire=warn\n");
  machine_.install(kOne);
  EXPECT_EQ(machine_.refresh({kOne}).code, 1);
  fs::remove(rule);
  EXPECT_EQ(machine_.refresh({kOne}).out[0], kOne + ": rebuilt");
  expect_current();
}

TEST_F(Refresh, DoesNotWaitWithOtherChangesWhereKernelsAreInstalledWithoutTheModule) {
  machine_.dir().write("etc/kip/kip.conf.d/zfs.conf", "[Modules]\nRequire=zfs\nOnRequire=warn\n");
  machine_.install(kOne);
  machine_.firmware(0x3B);
  EXPECT_THAT(machine_.refresh({kOne}).out, ElementsAre(kOne + ": rebuilt", kChanged));
  EXPECT_THAT(machine_.refresh({kOne}).out,
              ElementsAre(kOne + ": waiting", "    module 'zfs' is not there"));
  machine_.dir().write("etc/kip/kip.conf.d/zfs.conf", "[Modules]\nRequire=zfs\n");
  machine_.firmware(0x3C);
  EXPECT_EQ(machine_.refresh({kOne}).code, 1);
  EXPECT_EQ(machine_.calls().size(), 1U) << "it would have failed, and stopped the others";
}

TEST_F(Refresh, PassesOnTheCpusThatTheImageWasMadeFor) {
  machine_.install(kOne, "KIP_CPU=" + plugins_test::kAmd);
  fs::remove(machine_.image(kOne));
  EXPECT_EQ(machine_.refresh({kOne}).code, 0);
  EXPECT_THAT(machine_.calls(), ElementsAre(HasSubstr(" KIP_CPU=" + plugins_test::kAmd)));
}

TEST_F(Refresh, MakesImagesWithoutKipWhereItIsTurnedOff) {
  machine_.dir().write("etc/kip/kip.conf.d/off.conf", "[Image]\nEnabled=no\n");
  const Refreshed done = machine_.refresh();
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.out[0], kOne + ": rebuilt");
  EXPECT_EQ(machine_.bytes(kOne), plugins_test::generated());
  EXPECT_THAT(machine_.refresh().out, IsEmpty());
}

TEST_F(Refresh, WarnsWhereATpmOpensADisk) {
  machine_.dir().write("etc/crypttab", "# one\nroot UUID=1-2 - tpm2-device=auto\n");
  EXPECT_THAT(machine_.refresh().err, Not(HasSubstr("TPM"))) << "nothing is changed";
  machine_.firmware(0x3B);
  EXPECT_THAT(machine_.refresh().err,
              HasSubstr("warning: '/etc/crypttab:2': a disk is opened by a TPM"));
}

TEST_F(Refresh, DoesNothingWithinAnother) {
  machine_.firmware(0x3B);
  const support::RunResult result = support::run_program(
      {std::string(KIP_PROGRAM_DIR) + "/kip", "refresh"}, {.env = {{"KIP_REFRESH", "1"}}});
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("nothing is done"));
}

TEST_F(Refresh, ReportsAsJson) {
  machine_.firmware(0x3B);
  fs::rename(machine_.dir() / "vmlinuz", machine_.dir() / "aside");
  fs::remove(machine_.image(kTwo));
  const Refreshed done = machine_.refresh({"--json"});
  EXPECT_EQ(done.code, 1);
  std::string text;
  for (const std::string& line : done.out) text += line + "\n";
  const auto json = nlohmann::json::parse(text);
  EXPECT_EQ(json["report"], "refresh");
  EXPECT_EQ(json["dry_run"], false);
  EXPECT_EQ(json["entries"][0]["outcome"], "swapped");
  EXPECT_EQ(json["entries"][0]["changes"][0]["is"], "0x0000003b");
  EXPECT_EQ(json["entries"][1]["outcome"], "refused");
  EXPECT_THAT(json["entries"][1]["remedy"].get<std::string>(), StartsWith("kernel-install remove"));
}

TEST(RefreshUsage, KnowsNoOtherRoot) {
  const support::RunResult result =
      support::run_program({std::string(KIP_PROGRAM_DIR) + "/kip", "refresh", "--root", "/tmp"});
  EXPECT_EQ(result.exit_code, 2);
}

}  // namespace
}  // namespace kip::kip_test
