// kmod-pack lint, from outside; each rule by itself is in tests/checks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/kmod-pack/desk.h"

namespace kip::kmod_pack_test {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class KmodPackLint : public testing::Test {
 protected:
  KmodPackLint() {
    desk.root()
        .in_tree("kernel/fs/ext4/ext4.ko", {{"alias", "fs-ext4"}})
        .out_of_tree("extra/zfs.ko", {{"version", "2.2.6"}, {"alias", "fs-zfs"}})
        .index();
  }

  Desk desk;
};

TEST_F(KmodPackLint, FindsNothingWhereNothingIsWrong) {
  const Said said = desk.run({"lint", "--root-fs", "ext4"});
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(said.out, "");
  EXPECT_THAT(said.notes, Contains("nothing is wrong with the modules of kernel '6.12.0-example'"));
}

TEST_F(KmodPackLint, CountsNotesWhereNothingIsWrong) {
  desk.policy("Omit=nvidia\n");
  const Said said = desk.run({"lint", "--root-fs", "ext4"});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.notes, Contains("no warning, 1 note on the modules of kernel '6.12.0-example'"));
}

TEST_F(KmodPackLint, SaysWhatItCouldNotJudge) {
  const Said said = desk.run({"lint"});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.out,
              StartsWith("note: lint-root: the type of the root file system is not known"));
  desk.root().file("etc/fstab", "/dev/sda1 / auto defaults 0 0\n");
  EXPECT_THAT(desk.run({"lint"}).out, StartsWith("note: lint-root: '/etc/fstab:1': the type"));
}

TEST_F(KmodPackLint, GoesOnBehindAnErrorInTheSettings) {
  desk.root().file("etc/kip/kip.conf.d/20.conf", "[Modules]\nInclude=zfs.ko\nInlcude=zfs\n");
  const Said said = desk.run({"lint", "--root-fs", "zfs"});
  EXPECT_EQ(said.code, 4);
  EXPECT_THAT(lines_of(said.out),
              testing::ElementsAre("error: conf-value: '/etc/kip/kip.conf.d/20.conf:2': "
                                   "Include='zfs.ko': a module is named without .ko",
                                   "error: conf-key: '/etc/kip/kip.conf.d/20.conf:3': unknown key "
                                   "'Inlcude' in [Modules]",
                                   StartsWith("error: lint-root: ")));
  EXPECT_THAT(said.complaints, testing::ElementsAre(StartsWith("error: there are errors in the "
                                                               "settings")));
  const Said json = desk.run({"lint", "--root-fs", "zfs", "--json"});
  EXPECT_EQ(json.code, 4);
  EXPECT_EQ(nlohmann::json::parse(json.out)["findings"].size(), 3u);
}

TEST_F(KmodPackLint, HasRemediesForTheRootThatItWasGiven) {
  desk.root().out_of_tree("extra/late.ko");
  EXPECT_THAT(desk.run({"lint", "--root-fs", "ext4"}).out,
              HasSubstr("(depmod -b root 6.12.0-example)"));
}

TEST_F(KmodPackLint, FollowsTheLastLineAsPackDoes) {
  desk.policy("Include=spl\nRequire=zfs\nOmit=zfs\n");
  desk.root().out_of_tree("extra/spl.ko").index();
  desk.write("base", desk.base());
  EXPECT_EQ(desk.run({"pack", "--base", "base", "-n"}).code, 0);
  EXPECT_THAT(lines_of(desk.run({"lint", "--root-fs", "ext4"}).out),
              testing::ElementsAre(StartsWith("warning: lint-contradiction: ")));
}

TEST_F(KmodPackLint, FindsTheModuleOfTheRootFileSystemLeftOut) {
  const Said said = desk.run({"lint", "--root-fs", "zfs"});
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(lines_of(said.out), Contains(StartsWith("error: lint-root: ")));
  desk.policy("Include=zfs\n");
  EXPECT_THAT(desk.run({"lint", "--root-fs", "zfs"}).out, Not(HasSubstr("lint-root")));
}

TEST_F(KmodPackLint, TakesTheRootFileSystemFromFstab) {
  desk.root().file("etc/fstab", "rpool/ROOT / zfs defaults 0 0\n");
  EXPECT_THAT(desk.run({"lint"}).out, HasSubstr("lint-root"));
}

TEST_F(KmodPackLint, FindsAPackagesSnippetDefeated) {
  desk.root()
      .file("usr/lib/dracut/dracut.conf.d/10-zfs.conf", "add_drivers+=\" zfs \"\n")
      .file("etc/dracut.conf.d/10-zfs.conf", "omit_drivers+=\" zfs \"\n");
  const Said said = desk.run({"lint", "--root-fs", "ext4"});
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(lines_of(said.out), Contains(StartsWith("warning: lint-defeated: ")));
}

TEST_F(KmodPackLint, LooksIntoABase) {
  desk.policy("Include=zfs\n");
  desk.write("base", support::NewcBlob()
                         .directory("usr")
                         .directory("usr/lib")
                         .symlink("lib", "usr/lib")
                         .directory("usr/lib/modules")
                         .directory("usr/lib/modules/6.12.0-example")
                         .directory("usr/lib/modules/6.12.0-example/extra")
                         .file("usr/lib/modules/6.12.0-example/extra/zfs.ko",
                               desk.root().module("zfs.ko", {{"version", "2.2.5"}}))
                         .bytes());
  const Said said = desk.run({"lint", "--root-fs", "ext4", "--base", "base"});
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(lines_of(said.out), Contains(StartsWith("warning: lint-stale-twin: ")));
  const Said without = desk.run({"lint", "--root-fs", "ext4"});
  EXPECT_THAT(without.out, Not(HasSubstr("lint-stale-twin")));
}

TEST_F(KmodPackLint, FindsWhatTheImageThatBootsLacks) {
  desk.policy("Require=zfs\n");
  desk.write("base", desk.base());
  const Said bare = desk.run({"lint", "--root-fs", "ext4", "--base", "base"});
  EXPECT_EQ(bare.code, 1);
  EXPECT_THAT(lines_of(bare.out), Contains(StartsWith("error: lint-not-in-image: 'base': zfs ")));
  ASSERT_EQ(desk.run({"pack", "--base", "base", "-o", "modules"}).code, 0);
  const Blob image = support::join({desk.base(), desk.read("modules")});
  desk.write("image", image);
  EXPECT_EQ(desk.run({"lint", "--root-fs", "ext4", "--base", "image"}).out, "");
}

TEST_F(KmodPackLint, FindsWhatKipPackedBefore) {
  desk.policy("Include=zfs\n");
  desk.write("base", desk.base());
  ASSERT_EQ(desk.run({"pack", "--base", "base", "-o", "modules"}).code, 0);
  desk.write("image", support::join({desk.base(), desk.read("modules")}));
  const auto lint = [&] { return desk.run({"lint", "--root-fs", "ext4", "--base", "image"}).out; };
  desk.policy("Omit=zfs\n");
  EXPECT_THAT(lint(), StartsWith("warning: lint-packed: 'image': kip's archive in it has zfs"));
  desk.policy("Include=zfs\n");
  desk.root().out_of_tree("extra/zfs.ko", {{"version", "2.3.0"}, {"alias", "fs-zfs"}}).index();
  EXPECT_THAT(lint(), StartsWith("warning: lint-stale-twin: 'image': kip's archive"));
}

TEST_F(KmodPackLint, JudgesARequiredModuleOfTheKernelAsPackDoes) {
  desk.policy("Include=zfs\nRequire=ext4\n");
  desk.write("base", desk.base());
  EXPECT_EQ(desk.run({"pack", "--base", "base", "-n"}).code, 1);
  EXPECT_THAT(desk.run({"lint", "--root-fs", "ext4", "--base", "base"}).out,
              HasSubstr("error: lint-not-in-image: 'base': ext4 is not in it, and Require=ext4"));
}

TEST_F(KmodPackLint, TellsTheImageOfAnotherKernel) {
  desk.policy("Include=zfs\n");
  desk.write("base", support::join({desk.base(), support::NewcBlob()
                                                     .directory("usr/lib/modules")
                                                     .directory("usr/lib/modules/6.1.0")
                                                     .file("usr/lib/modules/6.1.0/x.ko",
                                                           desk.root().module("x.ko", {}))
                                                     .bytes()}));
  EXPECT_THAT(desk.run({"lint", "--root-fs", "ext4", "--base", "base"}).out,
              HasSubstr("warning: lint-other-kernel: 'base': has modules of 6.1.0, none of "
                        "6.12.0-example ("));
  const Said packed = desk.run({"pack", "--base", "base", "-n"});
  EXPECT_EQ(packed.code, 0);
  EXPECT_THAT(packed.complaints,
              Contains(StartsWith("warning: 'base': has modules of '6.1.0', none of "
                                  "'6.12.0-example' (")));
}

TEST_F(KmodPackLint, FailsForAnEmptyBase) {
  desk.policy("Include=zfs\n");
  desk.write("base", {});
  for (const char* const verb : {"lint", "pack"}) {
    const Said said = desk.run({verb, "--base", "base"});
    EXPECT_EQ(said.code, 4) << verb;
    EXPECT_THAT(said.complaints, testing::ElementsAre("error: 'base': is empty, and so no initrd"))
        << verb;
  }
}

TEST_F(KmodPackLint, FailsForABaseThatCannotBeRead) {
  EXPECT_EQ(desk.run({"lint", "--base", "nowhere"}).code, 4);
  desk.write("junk", support::text("no initrd at all"));
  const Said said = desk.run({"lint", "--base", "junk"});
  EXPECT_EQ(said.code, 4);
  EXPECT_THAT(said.complaints, Contains(HasSubstr("'junk'")));
}

TEST_F(KmodPackLint, ShowsWhatReadingFound) {
  desk.root().file("usr/lib/dracut/dracut.conf.d/10-zfs.conf", "add_drivers+=\" $x zfs \"\n");
  const Said said = desk.run({"lint", "--root-fs", "ext4"});
  EXPECT_EQ(said.code, 1);
  EXPECT_THAT(said.out, HasSubstr("10-zfs.conf:1"));
  EXPECT_THAT(said.complaints, IsEmpty()) << "findings are the report";
}

TEST_F(KmodPackLint, PutsErrorsFirst) {
  desk.root().file("usr/lib/dracut/dracut.conf.d/10-zfs.conf", "add_drivers+=\" $x \"\n");
  const Lines lines = lines_of(desk.run({"lint", "--root-fs", "zfs"}).out);
  ASSERT_GE(lines.size(), 2u);
  EXPECT_THAT(lines.front(), StartsWith("error: "));
  bool warned = false;
  for (const std::string& line : lines) {
    EXPECT_FALSE(warned && line.starts_with("error: ")) << line;
    warned = warned || line.starts_with("warning: ");
  }
}

TEST_F(KmodPackLint, ReportsAsJson) {
  const Said said = desk.run({"lint", "--root-fs", "zfs", "--json"});
  EXPECT_EQ(said.code, 1);
  const auto report = nlohmann::json::parse(said.out);
  EXPECT_EQ(report["report"], "lint");
  EXPECT_EQ(report["kernel"], kExampleKernel);
  EXPECT_EQ(report["findings"][0]["rule"], "lint-root");
  EXPECT_EQ(report["findings"][0]["severity"], "error");
  EXPECT_TRUE(report["findings"][0].contains("remedy"));
}

}  // namespace
}  // namespace kip::kmod_pack_test
