// The image that is to boot: what policy wants and it lacks, and what archives of kip's in it still have.
#include <gtest/gtest.h>

#include "tests/checks/lint_scene.h"

namespace kip::checks {
namespace {

class LintImageTest : public testing::TestWithParam<LintCase> {};

TEST_P(LintImageTest, Finds) {
  expect_lint(GetParam());
}

std::string name_of(const testing::TestParamInfo<LintCase>& row) {
  return row.param.name;
}

constexpr char kWarning[] = "warning lint-not-in-image /boot/initrd.img";
constexpr char kError[] = "error lint-not-in-image /boot/initrd.img";
const SceneFile kIncluded = kip_etc("10.conf", "Include=zfs");
const SceneFile kRequired = kip_etc("10.conf", "Require=zfs");
const std::vector<modules::Needed> kAlong = {
    {{"spl", "extra/spl.ko"}, modules::Cause::kDepends, "zfs"},
    {{"zfs", "extra/zfs.ko"}, modules::Cause::kPolicy, ""}};

const std::vector<LintCase> kLacking = {
    {"Included",
     {.files = {kIncluded}, .packed = {{"kernel/fs/ext4/ext4.ko"}}},
     {{kWarning,
       {"zfs is not in it, neither by the generator nor by kip",
        "Include=zfs at /etc/kip/kip.conf.d/10.conf:2 wants it", "make the image again",
        "update-initramfs -u -k 6.12.0-amd64"}}}},
    {"Required",
     {.files = {kRequired}, .packed = {{}}},
     {{kError, {"Require=zfs at /etc/kip/kip.conf.d/10.conf:2 wants it"}}}},
    {"RequiredAndThatIsNoFault",
     {.files = {kip_etc("10.conf", "Require=zfs\nOnRequire=warn")}, .packed = {{}}},
     {{kWarning, {}}}},
    {"OfTheRootFileSystem",
     {.files = {kIncluded}, .root = "zfs", .packed = {{}}, .programs = {"sbin/zpool"}},
     {{kError, {"zfs is not in it"}}}},
    {"WithItsDependency",
     {.files = {kRequired}, .along = kAlong, .packed = {{}}},
     {{kError, {"zfs is not in it"}}}},
    {"ItsDependencyAlone",
     {.files = {kRequired}, .along = kAlong, .packed = {{"extra/zfs.ko"}}},
     {{kError, {"spl is not in it", "zfs needs it"}}}},
    {"ByAnArchiveForAnotherKernel",
     {.files = {kIncluded},
      .packed = {{}},
      .overlay = {"extra/zfs.ko"},
      .overlay_kernel = "6.11.0-amd64"},
     {{kWarning, {}}}},
    {"WhereTheKernelsOwnTwinIsPacked",
     {.files = {kip_etc("10.conf", "Include=hdaps")},
      .modules = {{"updates/dkms/hdaps.ko"}},
      .packed = {{"kernel/drivers/platform/x86/hdaps.ko"}}},
     {{kWarning, {"hdaps is not in it"}},
      {"note lint-twin /lib/modules/6.12.0-amd64/updates/dkms/hdaps.ko", {}}}},
    {"WhatCannotBeHad", {.files = {kIncluded}, .packed = {{}}, .packable = {{}}}, {}},
    {"WithoutAnImage", {.files = {kRequired}}, {}},
};

INSTANTIATE_TEST_SUITE_P(Lacking, LintImageTest, testing::ValuesIn(kLacking), name_of);

const std::vector<LintCase> kThere = {
    {"ByTheGenerator", {.files = {kRequired}, .packed = {{"extra/zfs.ko.xz"}}}, {}},
    {"InOneDirectoryForAll", {.files = {kRequired}, .packed = {{"kernel/zfs.ko"}}}, {}},
    {"ByKip", {.files = {kRequired}, .packed = {{}}, .overlay = {"extra/zfs.ko"}}, {}},
    {"ByKipFromAnotherPlace",
     {.files = {kRequired}, .packed = {{}}, .overlay = {"updates/dkms/zfs.ko"}},
     {}},
    {"ByKipInAnOldBuild",
     {.files = {kRequired},
      .packed = {{}},
      .overlay = {"extra/zfs.ko"},
      .stale_in_overlay = {"zfs"}},
     {{"warning lint-stale-twin /boot/initrd.img",
       {"kip's archive in it has another build of zfs than "
        "/lib/modules/6.12.0-amd64/extra/zfs.ko",
        "make the image again"}}}},
    {"ByKipInFrontOfAnOldBuildOfTheGenerators",
     {.files = {kRequired},
      .packed = {{"extra/zfs.ko"}},
      .stale = {"zfs"},
      .overlay = {"extra/zfs.ko"}},
     {}},
    {"ByKipThoughPolicyLeavesItOutByNow",
     {.files = {kip_etc("10.conf", "Omit=zfs")}, .packed = {{}}, .overlay = {"extra/zfs.ko"}},
     {{"warning lint-packed /boot/initrd.img",
       {"kip's archive in it has zfs", "by Omit=zfs at /etc/kip/kip.conf.d/10.conf:2 by now",
        "make the image again"}}}},
    {"OfTheRootAndOutByNow",
     {.root = "zfs", .packed = {{}}, .overlay = {"extra/zfs.ko"}},
     {{"warning lint-root /lib/modules/6.12.0-amd64/extra/zfs.ko",
       {"only what kip packed before lets the machine boot"}}}},
};

INSTANTIATE_TEST_SUITE_P(There, LintImageTest, testing::ValuesIn(kThere), name_of);

const std::vector<LintCase> kOfTheKernel = {
    {"RequiredAndPacked",
     {.files = {kip_etc("10.conf", "Require=dm-mod fs-ext4 fat video*")},
      .packed = {{"kernel/drivers/md/dm-mod.ko", "kernel/fs/ext4/ext4.ko",
                  "kernel/drivers/media/videodev.ko"}}},
     {}},
    {"RequiredAndNotPacked",
     {.files = {kip_etc("10.conf", "Require=dm-mod")}, .packed = {{"kernel/fs/ext4/ext4.ko"}}},
     {{kError,
       {"dm-mod is not in it, and Require=dm-mod at /etc/kip/kip.conf.d/10.conf:2 wants it",
        "have the generator add it"}}}},
    {"RequiredByItsAliasAndNotPacked",
     {.files = {kip_etc("10.conf", "Require=fs-ext4\nOnRequire=warn")}, .packed = {{}}},
     {{kWarning, {"fs-ext4 is not in it"}}}},
    {"RequiredAndBroughtByKip",
     {.files = {kip_etc("10.conf", "Require=dm-mod video*")},
      .packed = {{}},
      .overlay = {"kernel/drivers/md/dm-mod.ko", "kernel/drivers/media/videodev.ko"}},
     {}},
    {"RequirementTakenBack",
     {.files = {kip_etc("10.conf", "Require=dm-mod\nOmit=dm_mod")}, .packed = {{}}},
     {}},
    {"ImageOfAnother",
     {.packed = {{}},
      .programs = {"usr/lib/modules/6.1.0/kernel/fs/ext4.ko", "usr/lib/modules/6.0.0/x.ko.xz",
                   "usr/lib/modules/6.0.0/modules.dep", "lib/modules/5.0/modules.dep"}},
     {{"warning lint-other-kernel /boot/initrd.img",
       {"has modules of 6.0.0, 6.1.0, none of 6.12.0-amd64", "--base", "--kernel"}}}},
    {"ImageOfBoth",
     {.packed = {{"kernel/fs/ext4/ext4.ko"}},
      .programs = {"usr/lib/modules/6.1.0/kernel/fs/ext4.ko"}},
     {}},
};

INSTANTIATE_TEST_SUITE_P(OfTheKernel, LintImageTest, testing::ValuesIn(kOfTheKernel), name_of);

}  // namespace
}  // namespace kip::checks
