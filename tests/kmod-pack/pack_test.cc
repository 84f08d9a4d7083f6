// kmod-pack pack, from outside: the archive, by cpio and modprobe; the codes it ends with; that nothing else is written.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/kmod-pack/desk.h"

namespace kip::kmod_pack_test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kModules = "usr/lib/modules/6.12.0-example/";

// zfs needs spl and firmware, and has an option; nvidia is out.
class KmodPackPack : public testing::Test {
 protected:
  KmodPackPack() {
    desk.root()
        .in_tree("kernel/fs/ext4/ext4.ko")
        .out_of_tree("extra/spl.ko")
        .out_of_tree("extra/zfs.ko",
                     {{"depends", "spl"}, {"alias", "fs-zfs"}, {"firmware", "zfs/blob.bin"}})
        .out_of_tree("video/nvidia.ko")
        .file("usr/lib/firmware/zfs/blob.bin", "seven bytes")
        .file("etc/modprobe.d/zfs.conf", "options zfs zfs_arc_max=1\noptions nvidia x=1\n")
        .index();
    desk.write("base", desk.base());
  }

  Said pack(Lines more = {"-o", "out"}) {
    more.insert(more.begin(), {"pack", "--base", "base"});
    return desk.run(more);
  }

  // What is there after the base and the archive were unpacked, as paths of regular files.
  Lines unpacked(const std::string& archive) const {
    const std::string script =
        "set -eu; rm -rf tree; mkdir tree; (cd tree; cpio -idmu --quiet < ../base; cpio -idmu "
        "--quiet "
        "< ../" +
        archive + "); cd tree; find * -type f ! -name 'modules.*' | sort";
    return lines_of(support::must_run({"bash", "-c", script}, {.cwd = desk.dir().path()}));
  }

  std::string modprobe(const std::string& name) const {
    const support::RunResult result =
        support::run_program({"/sbin/modprobe", "-d", desk.dir() / "tree", "-S", kExampleKernel,
                              "--show-depends", name});
    return result.out + result.err;
  }

  Desk desk;
};

TEST_F(KmodPackPack, HasWhatIsSelectedAndWhatThatNeeds) {
  desk.policy("Include=zfs\n");
  const Said said = pack();
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.complaints, IsEmpty());
  const Lines files = unpacked("out");
  EXPECT_THAT(files, Contains(std::string(kModules) + "extra/spl.ko"));
  EXPECT_THAT(files, Contains(std::string(kModules) + "extra/zfs.ko"));
  EXPECT_THAT(files, Contains("usr/lib/firmware/zfs/blob.bin"));
  EXPECT_THAT(files, Not(Contains(HasSubstr("nvidia"))));
  EXPECT_THAT(files, Not(Contains(HasSubstr("ext4"))));
  const Blob config = support::read_file(desk.dir() / "tree/etc/modprobe.d/kip-modules.conf");
  EXPECT_THAT(lines_of(support::to_string(config)),
              ElementsAre(StartsWith("# "), "options zfs zfs_arc_max=1"));
}

TEST_F(KmodPackPack, HasIndexesThatModprobeGoesBy) {
  desk.policy("Include=zfs\n");
  ASSERT_EQ(pack().code, 0);
  unpacked("out");
  const std::string said = modprobe("fs-zfs");
  EXPECT_THAT(said, HasSubstr("/extra/spl.ko"));
  EXPECT_LT(said.find("/extra/spl.ko"), said.find("/extra/zfs.ko"));
  EXPECT_THAT(modprobe("nvidia"), HasSubstr("not found"));
}

TEST_F(KmodPackPack, SaysWhatIsInAndWhy) {
  desk.policy("Include=zfs\n");
  const Said said = pack();
  const auto size = [&](const std::string& path) {
    return support::read_file(desk.root().path() + "/usr/lib/" + path).size();
  };
  ASSERT_EQ(said.notes.size(), 5u);
  EXPECT_THAT(said.notes, Contains(fmt::format("spl: {} bytes, zfs depends on it",
                                               size("modules/6.12.0-example/extra/spl.ko"))));
  EXPECT_THAT(said.notes,
              Contains(fmt::format("zfs: {} bytes, Include=zfs at /etc/kip/kip.conf.d/10.conf:2",
                                   size("modules/6.12.0-example/extra/zfs.ko"))));
  EXPECT_THAT(said.notes, Contains("firmware zfs/blob.bin: 11 bytes, of zfs"));
  EXPECT_THAT(said.notes.back(), StartsWith("'out': 4 files and "));
  EXPECT_THAT(said.notes.back(), HasSubstr(fmt::format(", {} bytes", desk.read("out").size())));
}

TEST_F(KmodPackPack, SaysHowLargeAModuleIsThatReplacesTheBases) {
  desk.policy("Include=zfs\n");
  desk.write(
      "base",
      support::join(
          {desk.base(),
           support::NewcBlob()
               .directory("usr/lib/modules")
               .directory("usr/lib/modules/6.12.0-example")
               .directory(std::string(kModules) + "extra")
               .file(std::string(kModules) + "extra/zfs.ko", desk.root().module("zfs.ko", {}))
               .file(std::string(kModules) + "extra/spl.ko",
                     support::read_file(desk.root().path() + "/" + kModules + "extra/spl.ko"))
               .bytes()}));
  const Said said = pack();
  const auto size = support::read_file(desk.root().path() + "/" + kModules + "extra/zfs.ko").size();
  EXPECT_THAT(said.notes, Contains(StartsWith(fmt::format("zfs: {} bytes, ", size))));
  EXPECT_THAT(said.notes, Contains("spl: in the base already, zfs depends on it"));
}

TEST_F(KmodPackPack, ReportsAsJson) {
  desk.policy("Include=zfs\n");
  const auto report = nlohmann::json::parse(pack({"-o", "out", "--json"}).out);
  EXPECT_EQ(report["report"], "overlay");
  EXPECT_EQ(report["output"], "out");
  EXPECT_EQ(report["bytes"], desk.read("out").size());
  ASSERT_EQ(report["files"].size(), 4u);
  for (const auto& file : report["files"]) {
    const bool selected = file["name"] == "zfs" || file["kind"] == "config";
    EXPECT_EQ(file["cause"] == "policy", selected);
    EXPECT_EQ(file["detail"] == "zfs", !selected);
    EXPECT_GT(file["size"], 0);
  }
}

TEST_F(KmodPackPack, IsTheSameTwiceAndOnStdout) {
  desk.policy("Include=zfs\n");
  ASSERT_EQ(pack().code, 0);
  ASSERT_EQ(pack({"-o", "again"}).code, 0);
  EXPECT_EQ(desk.read("out"), desk.read("again"));
  EXPECT_EQ(support::text(pack({}).out), desk.read("out"));
}

TEST_F(KmodPackPack, TakesItsTimeFromTheEnvironment) {
  desk.policy("Include=zfs\nUnsigned=warn\n");
  desk.root().file("etc/kip/kip.conf.d/20.conf", "[Image]\nCompression=none\n");
  const auto times = [&](const support::RunOptions& options) {
    desk.run({"pack", "--base", "base", "-o", "out", "--force"}, options);
    return support::must_run({"cpio", "-itv", "--quiet", "-F", desk.dir() / "out"},
                             {.env = {{"TZ", "UTC"}, {"LC_ALL", "C"}}});
  };
  EXPECT_THAT(times({}), HasSubstr("Jan  1  1970"));
  const std::string set = times({.env = {{"SOURCE_DATE_EPOCH", "86400000"}}});
  EXPECT_THAT(set, HasSubstr("Sep 27  1972"));
  EXPECT_THAT(set, Not(HasSubstr("1970")));
}

TEST_F(KmodPackPack, CompressesAsTheSettingsSay) {
  desk.policy("Include=zfs\n");
  for (const auto& [word, head] :
       {std::pair{"none", Blob{'0', '7', '0'}}, std::pair{"zstd", Blob{0x28, 0xb5, 0x2f}},
        std::pair{"xz", Blob{0xfd, '7', 'z'}}, std::pair{"gzip", Blob{0x1f, 0x8b, 8}}}) {
    desk.root().file("etc/kip/kip.conf.d/20.conf",
                     std::string("[Image]\nCompression=") + word + "\n");
    ASSERT_EQ(pack({"-o", "out", "--force"}).code, 0) << word;
    Blob begin = desk.read("out");
    begin.resize(3);
    EXPECT_EQ(begin, head) << word;
  }
}

TEST_F(KmodPackPack, WritesNothingWhenAskedTo) {
  desk.policy("Include=zfs\n");
  const Lines before = desk.names();
  const Said said = pack({"-n"});
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(said.out, "");
  EXPECT_THAT(said.notes.back(), HasSubstr(", nothing written"));
  EXPECT_EQ(desk.names(), before);
}

TEST_F(KmodPackPack, LeavesNoWorkingFiles) {
  desk.policy("Include=zfs\n");
  const support::TempDir work;
  const Said said =
      desk.run({"pack", "--base", "base", "-o", "out"}, {.env = {{"TMPDIR", work.path()}}});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(support::names_in(work.path()), IsEmpty());
}

TEST_F(KmodPackPack, KeepsAnExistingFile) {
  desk.policy("Include=zfs\n");
  desk.write("out", support::text("mine"));
  EXPECT_EQ(pack().code, 4);
  EXPECT_EQ(support::to_string(desk.read("out")), "mine");
  EXPECT_EQ(pack({"-o", "out", "--force"}).code, 0);
  EXPECT_NE(support::to_string(desk.read("out")), "mine");
}

TEST_F(KmodPackPack, WarnsOfADependencyThatARuleOfTheSameWeightLeavesOut) {
  const std::string text =
      "warning: '/lib/modules/6.12.0-example/extra/spl.ko': comes along, since 'zfs' needs it, "
      "although Omit=spl at /etc/kip/kip.conf.d/10.conf:3 leaves it out";
  desk.policy("Include=zfs\nOmit=spl\n");
  EXPECT_THAT(pack({"-n"}).complaints, ElementsAre(text));
  desk.policy("Include=zfs\n");
  desk.root().file("etc/dracut.conf", "omit_drivers+=\" spl \"\n");
  EXPECT_THAT(pack({"-n"}).complaints, IsEmpty()) << "dracut's weighs less";
}

// What ends without an archive.

TEST_F(KmodPackPack, EndsWith3IfPolicySelectsNothing) {
  const Said said = pack();
  EXPECT_EQ(said.code, 3);
  EXPECT_THAT(said.complaints,
              ElementsAre("error: policy selects no module of kernel '6.12.0-example'"));
  EXPECT_FALSE(support::exists(desk.dir() / "out"));
}

TEST_F(KmodPackPack, EndsWith3IfNothingCanBeHad) {
  desk.root().out_of_tree("extra/old.ko", {{"vermagic", vermagic_of("6.11.0")}}).index();
  desk.policy("Include=old\n");
  const Said said = pack();
  EXPECT_EQ(said.code, 3);
  EXPECT_THAT(said.complaints, Contains("error: of what policy selects, no module can be had"));
  EXPECT_THAT(said.complaints, Contains(HasSubstr("was built for kernel '6.11.0'")));
}

TEST_F(KmodPackPack, EndsWith1IfAModuleThatIsRequiredIsMissing) {
  desk.policy("Include=zfs\nRequire=bcachefs\n");
  const Said said = pack();
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.complaints,
              ElementsAre("error: 'bcachefs' is in neither the base nor the archive, and "
                          "Require=bcachefs at /etc/kip/kip.conf.d/10.conf:3 wants it"));
  EXPECT_FALSE(support::exists(desk.dir() / "out"));
  desk.policy("Include=zfs\nRequire=bcachefs\nOnRequire=warn\n");
  EXPECT_EQ(pack().code, 0);
}

TEST_F(KmodPackPack, IsContentWithARequiredModuleThatIsThere) {
  for (const char* const word : {"zfs", "fs-zfs", "z*", "ramfs", "ext4"}) {
    desk.policy(std::string("Include=zfs\nRequire=") + word + "\n");
    desk.write("base", support::join({desk.base(), support::NewcBlob()
                                                       .directory("usr/lib/modules")
                                                       .directory("usr/lib/modules/6.12.0-example")
                                                       .file(std::string(kModules) + "ext4.ko",
                                                             desk.root().module("ext4.ko", {}))
                                                       .bytes()}));
    const Said said = pack({"-o", "out", "--force"});
    EXPECT_EQ(said.code, 0) << word;
    EXPECT_THAT(said.complaints, IsEmpty()) << word;
  }
}

TEST_F(KmodPackPack, LetsTheAdministratorTakeARequirementBack) {
  desk.root().file("usr/lib/kip/kip.conf.d/50.conf", "[Modules]\nRequire=bcachefs\n");
  desk.policy("Include=zfs\nOmit=bcachefs\n");
  EXPECT_EQ(pack().code, 0);
}

TEST_F(KmodPackPack, TreatsUnsignedModulesAsTold) {
  desk.root().file("boot/config-6.12.0-example",
                   "CONFIG_MODULE_SIG=y\nCONFIG_MODULE_SIG_FORCE=y\n");
  desk.policy("Include=zfs\n");
  const Said warned = pack({"-n"});
  EXPECT_EQ(warned.code, 0);
  EXPECT_THAT(warned.complaints, Contains(AllOf(StartsWith("warning: "), HasSubstr("extra/zfs.ko'"),
                                                HasSubstr("has no signature"))));
  desk.policy("Include=zfs\nUnsigned=skip\n");
  EXPECT_EQ(pack({"-n"}).code, 3);
  desk.policy("Include=zfs\nUnsigned=fail\n");
  const Said failed = pack();
  EXPECT_EQ(failed.code, 1);
  EXPECT_THAT(failed.complaints, Contains(StartsWith("error: ")));
  EXPECT_FALSE(support::exists(desk.dir() / "out"));
  desk.root().file("boot/config-6.12.0-example", "# CONFIG_MODULE_SIG_FORCE is not set\n");
  EXPECT_EQ(pack().code, 0);
}

TEST_F(KmodPackPack, FailsForABaseThatCannotBeRead) {
  desk.policy("Include=zfs\n");
  desk.write("base", support::text("no initrd at all"));
  const Said said = pack();
  EXPECT_EQ(said.code, 4);
  EXPECT_THAT(said.complaints, ElementsAre(StartsWith("error: 'base': ")));
  EXPECT_FALSE(support::exists(desk.dir() / "out"));
}

TEST_F(KmodPackPack, DoesNotDependOnTheOrderOfInstallation) {
  desk.policy("Include=zfs\n");
  ASSERT_EQ(pack().code, 0);
  Desk other;
  other.root()
      .file("etc/modprobe.d/zfs.conf", "options zfs zfs_arc_max=1\noptions nvidia x=1\n")
      .file("usr/lib/firmware/zfs/blob.bin", "seven bytes")
      .out_of_tree("video/nvidia.ko")
      .out_of_tree("extra/zfs.ko",
                   {{"depends", "spl"}, {"alias", "fs-zfs"}, {"firmware", "zfs/blob.bin"}})
      .index()
      .out_of_tree("extra/spl.ko")
      .in_tree("kernel/fs/ext4/ext4.ko")
      .index();
  other.policy("Include=zfs\n");
  other.write("base", other.base());
  ASSERT_EQ(other.run({"pack", "--base", "base", "-o", "out"}).code, 0);
  EXPECT_EQ(other.read("out"), desk.read("out"));
}

}  // namespace
}  // namespace kip::kmod_pack_test
