#include <gmock/gmock.h>

#include "src/checks/boot_space.h"
#include "src/checks/generator_microcode.h"
#include "src/checks/install_conf.h"
#include "src/checks/install_plugins.h"
#include "tests/base/must.h"
#include "tests/support/temp_dir.h"

namespace kip::checks {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto kRuns = PluginFile::kExecutable, kNone = PluginFile::kAbsent;

InstallPlugins with_own(std::optional<unsigned> systemd, std::vector<Plugin> others) {
  InstallPlugins plugins;
  plugins.systemd = systemd;
  for (const char* const name :
       {"45-kip-microcode", "58-kip-image", "86-kip-image", "95-kip-record"})
    others.push_back({std::string(name) + ".install", kNone, kRuns});
  plugins.plugins = std::move(others);
  return plugins;
}

// Names of what is found, the rule's last word in front.
std::vector<std::string> found(const InstallPlugins& plugins) {
  std::vector<std::string> lines;
  for (const Finding& it : check_install_plugins(plugins))
    lines.push_back(it.rule.substr(std::string_view("doctor-plugin-").size()) + " " +
                    it.place.substr(it.place.rfind('/') + 1));
  return lines;
}

// One plugin of kip's with this file in /etc.
std::vector<std::string> masked(std::optional<unsigned> systemd, PluginFile admin) {
  InstallPlugins plugins = with_own(systemd, {});
  plugins.plugins[0].admin = admin;
  return found(plugins);
}

const std::string kMasked = "masked 45-kip-microcode.install";

// systemd 253's kernel-install.in, and 254's conf-files.c with exec-util.c. Up to 253 an empty executable file is run instead, and
// does nothing.
TEST(Mask, IsWhatKernelInstallOfThatVersionTakesForOne) {
  struct Row {
    PluginFile file;
    bool shell, program;
  };
  for (const Row& row :
       {Row{PluginFile::kNull, true, true}, Row{PluginFile::kEmpty, true, true},
        Row{PluginFile::kEmptyExecutable, true, true}, Row{PluginFile::kPlain, true, false},
        Row{PluginFile::kExecutable, false, false}, Row{PluginFile::kAbsent, false, false}}) {
    const auto expected = [](bool is) {
      return is ? std::vector{kMasked} : std::vector<std::string>();
    };
    EXPECT_EQ(masked(253, row.file), expected(row.shell)) << static_cast<int>(row.file);
    EXPECT_EQ(masked(254, row.file), expected(row.program)) << static_cast<int>(row.file);
    EXPECT_EQ(masked(std::nullopt, row.file), expected(row.shell || row.program));
  }
}

TEST(Mask, SaysForWhichSystemdWhereThatIsNotKnown) {
  InstallPlugins plugins = with_own(std::nullopt, {});
  plugins.plugins[0].admin = PluginFile::kPlain;
  EXPECT_THAT(check_install_plugins(plugins)[0].text, testing::StartsWith("up to systemd 253, "));
}

// 100 sorts behind 90 as a version, and in front of 58 as bytes.
TEST(PluginOrder, IsThatOfKernelInstallOfThatVersion) {
  const std::vector<Plugin> generator = {{"100-dracut.install", kNone, kRuns}};
  EXPECT_THAT(found(with_own(253, generator)), ElementsAre("order 100-dracut.install"));
  EXPECT_THAT(found(with_own(254, generator)), IsEmpty());
}

TEST(PluginOrder, IsRightOnEveryDistribution) {
  const auto runs = [](std::vector<std::string> names) {
    std::vector<Plugin> plugins;
    for (const std::string& name : names) plugins.push_back({name + ".install", kNone, kRuns});
    return plugins;
  };
  EXPECT_THAT(found(with_own(252, runs({"50-depmod", "85-initrd", "90-loaderentry"}))), IsEmpty());
  EXPECT_THAT(found(with_own(257, runs({"50-dracut", "55-initrd", "60-ukify", "90-loaderentry"}))),
              IsEmpty());
  EXPECT_THAT(found(with_own(257, runs({"10-copy-prebuilt", "52-dracut", "60-ukify",
                                        "85-check-diskspace", "90-compat"}))),
              IsEmpty());
  EXPECT_THAT(found(with_own(255, runs({"20-grub", "50-dracut", "51-dracut-rescue", "60-kdump",
                                        "92-crashkernel", "95-akmodsposttrans"}))),
              IsEmpty());
  EXPECT_THAT(found(with_own(257, runs({"50-mkosi", "51-mkosi-addon", "50-sdbootutil"}))),
              IsEmpty());
}

// ukify would take what Debian 12's plugin stages, if there were both, before 86.
TEST(PluginOrder, IsWrongWhereTheInitrdIsReadBeforeItIsMerged) {
  EXPECT_THAT(found(with_own(
                  257, {{"59-dracut.install", kNone, kRuns}, {"60-ukify.install", kNone, kRuns}})),
              ElementsAre("order 60-ukify.install"));
  EXPECT_THAT(found(with_own(257, {{"59-dracut.install", PluginFile::kNull, kRuns},
                                   {"60-ukify.install", kNone, kRuns}})),
              IsEmpty())
      << "it is masked";
}

TEST(InstallPlugins, AreReadWithSystemdsVersion) {
  const support::TempDir dir;
  dir.write("usr/lib/kernel/install.d/50-a.install", std::string_view(""));
  dir.write("usr/lib/kernel/install.d/README", std::string_view("x"));
  dir.link("etc/kernel/install.d/50-a.install", "/dev/null");
  dir.link("etc/kernel/install.d/60-b.install", "/nowhere");
  dir.write("usr/lib/x86_64-linux-gnu/systemd/libsystemd-shared-257.13-1.so",
            std::string_view("x"));
  const InstallPlugins plugins = must(read_install_plugins(must(Root::at(dir.path()))));
  EXPECT_EQ(plugins.systemd, 257U);
  ASSERT_EQ(plugins.plugins.size(), 2U);
  EXPECT_EQ(plugins.plugins[0].admin, PluginFile::kNull);
  EXPECT_EQ(plugins.plugins[0].package, PluginFile::kEmpty);
  EXPECT_EQ(plugins.plugins[1].admin, PluginFile::kAbsent);
}

// -- Room.

TEST(BootSpace, IsEnoughForOneMoreImage) {
  const LargestImage image{"/boot/i", 50 << 20};
  EXPECT_FALSE(check_boot_space("/boot", 50 << 20, image));
  const auto finding = check_boot_space("/boot", (50 << 20) - 1, image);
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->severity, Severity::kWarning);
  EXPECT_EQ(finding->place, "/boot");
  EXPECT_THAT(finding->text, HasSubstr("beside '/boot/i' needs 50.0 MiB"));
}

// -- Settings of others.

TEST(KeyLines, AreThoseWithAnEqualsSign) {
  const auto lines =
      parse_key_lines("# a=b\n;c=d\n layout = \"uki\" \r\nnothing\nx=\nlayout='bls'\n[a=b]", "f");
  ASSERT_EQ(lines.size(), 4U);
  EXPECT_EQ(lines[0].key, "layout");
  EXPECT_EQ(lines[0].value, "uki");
  EXPECT_EQ(lines[0].origin.line, 3U);
  EXPECT_EQ(last_of(lines, "layout")->value, "bls");
  EXPECT_EQ(last_of(lines, "y"), nullptr);
}

TEST(InstallConf, IsTheFirstFileAndDropInsBehindIt) {
  const support::TempDir dir;
  dir.write("etc/kernel/install.conf", std::string_view("layout=bls\n"));
  dir.write("usr/lib/kernel/install.conf", std::string_view("layout=other\nuki_generator=x\n"));
  dir.write("usr/lib/kernel/install.conf.d/10.conf", std::string_view("layout=uki\n"));
  dir.write("etc/kernel/install.conf.d/10.conf", std::string_view("layout=ostree\n"));
  const Root root = must(Root::at(dir.path()));
  const auto old = must(read_install_conf(root, 255)), now = must(read_install_conf(root, 256));
  EXPECT_EQ(last_of(old, "layout")->value, "bls");
  EXPECT_EQ(last_of(old, "uki_generator"), nullptr);
  EXPECT_EQ(last_of(now, "layout")->value, "ostree");
}

TEST(InstallConf, SealsUnifiedImagesOnly) {
  const auto lines = [](const char* text) { return parse_key_lines(text, "f"); };
  EXPECT_THAT(check_install_conf(lines("layout=bls\nuki_generator=dracut\n"), {}), IsEmpty());
  EXPECT_THAT(check_install_conf(lines("layout=uki\nuki_generator=ukify\n"), {}), IsEmpty());
  EXPECT_THAT(check_install_conf(lines("layout=uki\n"), {}), IsEmpty());
  EXPECT_EQ(check_install_conf(lines("layout=uki\nuki_generator=mkosi\n"), {}).size(), 1U);
  EXPECT_THAT(check_install_conf(lines("layout=bls\n"), lines("Microcode=/x\n")), IsEmpty());
}

TEST(Hooks, LackMicrocodeWhereTheLastOfThemDo) {
  EXPECT_TRUE(hooks_lack_microcode("HOOKS=(base udev)\n"));
  EXPECT_FALSE(hooks_lack_microcode("HOOKS=(base 'microcode' udev)\n"));
  EXPECT_FALSE(hooks_lack_microcode("HOOKS=(base\n  microcode # here\n udev)\n"));
  EXPECT_TRUE(hooks_lack_microcode("HOOKS=(microcode)\nHOOKS=(base)\n"));
  EXPECT_FALSE(hooks_lack_microcode("HOOKS=(base)\nHOOKS+=(microcode)\n"));
  EXPECT_TRUE(hooks_lack_microcode("# HOOKS=(microcode)\nHOOKS=(base microcodes)\n"));
  EXPECT_FALSE(hooks_lack_microcode("MODULES=(a)\n")) << "it sets none";
  EXPECT_FALSE(hooks_lack_microcode(""));
  EXPECT_TRUE(hooks_lack_microcode("HOOKS=(base"));
}

TEST(MicrocodeOff, IsDracutsLastWord) {
  const support::TempDir dir;
  dir.write("usr/bin/dracut", std::string_view("x"));
  dir.write("usr/lib/dracut/dracut.conf.d/15-a.conf", std::string_view("early_microcode=no\n"));
  const Root root = must(Root::at(dir.path()));
  const auto off = [&] {
    return must(read_microcode_off(root, must(policy::read_dracut_files(root))));
  };
  ASSERT_EQ(off().size(), 1U);
  EXPECT_EQ(off()[0].place, "/usr/lib/dracut/dracut.conf.d/15-a.conf:1");
  dir.write("etc/dracut.conf.d/20-b.conf", std::string_view("early_microcode=yes\n"));
  EXPECT_THAT(off(), IsEmpty());
}

}  // namespace
}  // namespace kip::checks
