// kmod-pack why, from outside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/kmod-pack/desk.h"

namespace kip::kmod_pack_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// zfs is in against two rules, nvidia is out, spl comes along, ext4 is the kernel's own.
class KmodPackWhy : public testing::Test {
 protected:
  KmodPackWhy() {
    desk.root()
        .in_tree("kernel/fs/ext4/ext4.ko", {{"alias", "fs-ext4"}})
        .built_in("kernel/fs/proc/proc.ko")
        .out_of_tree("extra/spl.ko", {{"depends", "solaris-base"}})
        .out_of_tree("extra/solaris-base.ko")
        .out_of_tree("extra/zfs.ko",
                     {{"version", "2.2.6"}, {"depends", "spl"}, {"alias", "fs-zfs"}})
        .out_of_tree("video/nvidia.ko", {{"version", "550"}})
        .file("usr/lib/dracut/dracut.conf.d/10-zfs.conf", "omit_drivers+=\" zfs \"\n")
        .file("usr/lib/kip/kip.conf.d/50-zfs.conf", "[Modules]\nOmit=zfs\nInclude=ext4\n")
        .index();
    desk.policy("Include=zfs\n");
  }

  Lines why(const std::string& module) {
    const Said said = desk.run({"why", module});
    EXPECT_EQ(said.code, 0);
    EXPECT_THAT(said.complaints, IsEmpty());
    return lines_of(said.out);
  }

  Desk desk;
};

const auto kZfs = ElementsAre(
    "zfs 2.2.6, 'extra/zfs.ko': in", "    by Include=zfs at /etc/kip/kip.conf.d/10.conf:2",
    "    beats Omit=zfs at /usr/lib/kip/kip.conf.d/50-zfs.conf:2",
    "    beats omit_drivers=zfs at /usr/lib/dracut/dracut.conf.d/10-zfs.conf:1");

TEST_F(KmodPackWhy, NamesTheRuleAndAllThatItBeats) {
  EXPECT_THAT(why("zfs"), kZfs);
}

TEST_F(KmodPackWhy, TakesAnAlias) {
  EXPECT_THAT(why("fs-zfs"), kZfs);
}

TEST_F(KmodPackWhy, TakesAFile) {
  for (const char* const path : {"extra/zfs.ko", "/lib/modules/6.12.0-example/extra/zfs.ko",
                                 "/usr/lib/modules/6.12.0-example/extra/zfs.ko", "zfs.ko"})
    EXPECT_THAT(why(path), kZfs) << path;
}

TEST_F(KmodPackWhy, ExplainsWhatIsOut) {
  EXPECT_THAT(why("nvidia"), ElementsAre("nvidia 550, 'video/nvidia.ko': out",
                                         "    no rule names it; the default is out"));
}

TEST_F(KmodPackWhy, FollowsWhatComesAlongToWhatARuleSelects) {
  EXPECT_THAT(why("solaris_base"),
              ElementsAre("solaris_base, 'extra/solaris-base.ko': in",
                          "    comes along: spl depends on it", "    spl: zfs depends on it",
                          "    zfs: in by Include=zfs at /etc/kip/kip.conf.d/10.conf:2"));
}

TEST_F(KmodPackWhy, LeavesModulesOfTheKernelsOwnToTheGenerator) {
  EXPECT_THAT(
      why("ext4"),
      ElementsAre("ext4, 'kernel/fs/ext4/ext4.ko': in-tree, the generator's business",
                  "    does not count: Include=ext4 at /usr/lib/kip/kip.conf.d/50-zfs.conf:3"));
  EXPECT_THAT(why("proc"), ElementsAre("proc: built-in"));
}

TEST_F(KmodPackWhy, SaysWhyAModuleIsLeftOut) {
  desk.root()
      .out_of_tree("extra/old.ko", {{"vermagic", vermagic_of("6.11.0")}})
      .file("etc/kip/kip.conf.d/20.conf", "[Modules]\nInclude=old\n")
      .index();
  EXPECT_THAT(why("old"), ElementsAre("old, 'extra/old.ko': left-out",
                                      "    by Include=old at /etc/kip/kip.conf.d/20.conf:2",
                                      "    left out: was built for kernel '6.11.0'"));
}

TEST_F(KmodPackWhy, ShowsTwins) {
  desk.root().out_of_tree("updates/nvidia.ko", {{"version", "560"}}).index();
  EXPECT_THAT(why("nvidia"), ElementsAre("nvidia 560, 'updates/nvidia.ko': out",
                                         "    no rule names it; the default is out",
                                         "    modprobe takes this one of the files of this name",
                                         "nvidia 550, 'video/nvidia.ko': out",
                                         "    no rule names it; the default is out",
                                         "    modprobe takes the other file of this name, "
                                         "'updates/nvidia.ko'"));
}

TEST_F(KmodPackWhy, SaysWhichOfTwinsModprobeTakesWhereOneIsTheKernelsOwn) {
  desk.root().out_of_tree("updates/ext4.ko").index();
  EXPECT_THAT(why("ext4"),
              ElementsAre("ext4, 'kernel/fs/ext4/ext4.ko': in-tree, the generator's business",
                          "    does not count: Include=ext4 at "
                          "/usr/lib/kip/kip.conf.d/50-zfs.conf:3",
                          "    modprobe takes the other file of this name, 'updates/ext4.ko'",
                          "ext4, 'updates/ext4.ko': in",
                          "    by Include=ext4 at /usr/lib/kip/kip.conf.d/50-zfs.conf:3",
                          "    modprobe takes this one of the files of this name"));
}

TEST_F(KmodPackWhy, SaysThatARequirementCountsForTheKernelsOwn) {
  desk.policy("Require=ext4 proc\n");
  EXPECT_THAT(
      why("ext4"),
      ElementsAre(
          "ext4, 'kernel/fs/ext4/ext4.ko': in-tree, the generator's business",
          "    Require=ext4 at /etc/kip/kip.conf.d/10.conf:2 counts: no image without it is "
          "to be installed",
          "    does not count: Include=ext4 at /usr/lib/kip/kip.conf.d/50-zfs.conf:3"));
  EXPECT_THAT(why("proc"), ElementsAre("proc: built-in",
                                       "    Require=proc at /etc/kip/kip.conf.d/10.conf:2 is "
                                       "met: it is part of the kernel"));
}

TEST_F(KmodPackWhy, OffersNamesNearAnUnknownOne) {
  const Said said = desk.run({"why", "zsf"});
  EXPECT_EQ(said.code, 3);
  EXPECT_EQ(said.out, "");
  EXPECT_THAT(
      desk.run({"why", "nvida"}).complaints,
      ElementsAre("error: no module 'nvida' of kernel '6.12.0-example'; near it: 'nvidia'"));
  EXPECT_THAT(desk.run({"why", "solaris"}).complaints,
              ElementsAre("error: no module 'solaris' of kernel '6.12.0-example'; near it: "
                          "'solaris_base'"));
  EXPECT_THAT(desk.run({"why", "quite-another-thing"}).complaints,
              ElementsAre("error: no module 'quite-another-thing' of kernel '6.12.0-example'"));
}

TEST_F(KmodPackWhy, NamesTheRulesThatWantWhatIsNotThere) {
  desk.policy("Require=bcachefs\n");
  const Said said = desk.run({"why", "bcachefs"});
  EXPECT_EQ(said.code, 3);
  EXPECT_THAT(said.notes,
              ElementsAre("Require=bcachefs at /etc/kip/kip.conf.d/10.conf:2 names it"));
}

TEST_F(KmodPackWhy, ReportsAsJson) {
  const auto report = nlohmann::json::parse(desk.run({"why", "spl", "--json"}).out);
  EXPECT_EQ(report["report"], "why");
  EXPECT_EQ(report["asked"], "spl");
  const auto& module = report["modules"][0];
  EXPECT_EQ(module["state"], "in");
  EXPECT_EQ(module["of"], "zfs");
  EXPECT_EQ(module["chain"][0]["name"], "zfs");
  EXPECT_EQ(module["chain"][0]["rule"]["pattern"], "zfs");
}

}  // namespace
}  // namespace kip::kmod_pack_test
