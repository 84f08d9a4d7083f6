// What the root file system needs, and what of it is out; what the initrd has and lacks.
#include <gtest/gtest.h>

#include "tests/checks/lint_scene.h"

namespace kip::checks {
namespace {

class LintRootTest : public testing::TestWithParam<LintCase> {};

TEST_P(LintRootTest, Finds) {
  expect_lint(GetParam());
}

std::string name_of(const testing::TestParamInfo<LintCase>& row) {
  return row.param.name;
}

constexpr char kZfs[] = "/lib/modules/6.12.0-amd64/extra/zfs.ko";
const host::NeededBy kDrbd = {"drbd", "the root file system is on drbd0, replicated by drbd"};
const SceneFile kIncluded = kip_etc("zfs.conf", "Include=zfs spl");

const std::vector<LintCase> kOut = {
    {"OutByDefault",
     {.root = "zfs"},
     {{std::string("error lint-root ") + kZfs,
       {"the root file system is zfs", "leaves zfs out by default", "would not boot",
        "Include=zfs below [Modules]"}}}},
    {"OutByTheAdministrator",
     {.files = {kip_etc("10.conf", "Omit=zfs")}, .root = "zfs"},
     {{"error lint-root /etc/kip/kip.conf.d/10.conf:2",
       {"by Omit=zfs at /etc/kip/kip.conf.d/10.conf:2", "take zfs out of Omit="}}}},
    {"OutByAPackage",
     {.files = {dracut_package("10-zfs-kmod.conf", "omit_drivers+=\" zfs \"")}, .root = "zfs"},
     {{"error lint-root /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:1",
       {"omit_drivers=zfs", "Include=zfs below [Modules]"}}}},
    {"OutAndDefeated",
     {.files = {dracut_package("10-zfs-kmod.conf", "add_drivers+=\" zfs \""),
                dracut_etc("10-zfs-kmod.conf", "# mine")},
      .root = "zfs"},
     {{std::string("error lint-root ") + kZfs, {"by default"}},
      {"warning lint-defeated /etc/dracut.conf.d/10-zfs-kmod.conf", {"zfs is out"}}}},
    {"DeviceOut",
     {.modules = {{"updates/drbd.ko"}}, .devices = {kDrbd}},
     {{"error lint-root /lib/modules/6.12.0-amd64/updates/drbd.ko",
       {"on drbd0, replicated by drbd", "leaves drbd out", "Include=drbd"}}}},
    {"ByAliasOfTheFileSystem",
     {.modules = {{"extra/other.ko", {"fs-zfs"}}}, .root = "zfs"},
     {{"error lint-root /lib/modules/6.12.0-amd64/extra/other.ko", {"leaves other out"}}}},
    {"OutWhereTheIndexIsMissing",
     {.root = "zfs", .index = Index::kMissing},
     {{std::string("error lint-root ") + kZfs, {}},
      {"warning lint-index /lib/modules/6.12.0-amd64", {"is missing", "depmod -a 6.12.0-amd64"}}}},
    {"NotThere",
     {.modules = {}, .root = "zfs"},
     {{"error lint-root --root-fs",
       {"kernel 6.12.0-amd64 has no module for it", "build zfs for this kernel, then depmod"}}}},
    {"OnlyPackedByTheGenerator",
     {.root = "zfs", .packed = {{"extra/zfs.ko"}}, .programs = {"usr/sbin/zpool"}},
     {{std::string("warning lint-root ") + kZfs, {"only what the generator packed"}}}},
};

INSTANTIATE_TEST_SUITE_P(Out, LintRootTest, testing::ValuesIn(kOut), name_of);

const std::vector<LintCase> kSilent = {
    {"SelectsNothing", {}, {}},
    {"InByTheAdministrator", {.files = {kIncluded}, .root = "zfs"}, {}},
    {"InByAPackage",
     {.files = {dracut_package("10-zfs-kmod.conf", "add_drivers+=\" zfs spl \"")}, .root = "zfs"},
     {}},
    {"InTree", {.root = "ext4"}, {}},
    {"BuiltIn", {.root = "fat"}, {}},
    {"BuiltInByItsAlias",
     {.root = "vfat", .names = {{"fs-vfat", {KnownName::Kind::kBuiltin}}}},
     {}},
    {"RootNotKnown",
     {.root = ""},
     {{"note lint-root ",
       {"type of the root file system is not known", "not judged", "--root-fs TYPE"}}}},
    {"WhatIsBuiltInNotKnown", {.root = "xfs", .builtin_is_known = false}, {}},
    {"DriverThatThisKernelHasNot",
     {.devices = {{"nvme", "the root file system is on nvme0n1"}}},
     {}},
    {"DriverBuiltIn", {.devices = {{"virtio_blk", "the root file system is on vda"}}}, {}},
    {"BroughtAlong",
     {.files = {kip_etc("10.conf", "Include=v4l2loopback")},
      .root = "zfs",
      .along = {{{"zfs", "extra/zfs.ko"}, modules::Cause::kDepends, "v4l2loopback"}}},
     {}},
    {"TheInTreeTwinWins",
     {.modules = {{"extra/ext4.ko"}},
      .names = {{"ext4", {KnownName::Kind::kFile, "kernel/fs/ext4/ext4.ko"}}}},
     {{"note lint-twin /lib/modules/6.12.0-amd64/extra/ext4.ko", {"modprobe loads the other"}}}},
};

INSTANTIATE_TEST_SUITE_P(Silent, LintRootTest, testing::ValuesIn(kSilent), name_of);

constexpr char kInitrd[] = "/boot/initrd.img";

const std::vector<LintCase> kInitrds = {
    {"WithoutZpool",
     {.files = {kIncluded},
      .root = "zfs",
      .packed = {{"extra/spl.ko", "extra/zfs.ko"}},
      .programs = {"usr/bin/zpool.txt", "zpool", "usr/bin/zfs"}},
     {{std::string("error lint-tool ") + kInitrd,
       {"has no zpool", "the root file system is zfs", "make the initrd again"}}}},
    {"WithZpool",
     {.files = {kIncluded},
      .root = "zfs",
      .packed = {{"extra/spl.ko", "extra/zfs.ko"}},
      .programs = {"sbin/zpool"}},
     {}},
    {"WithZpoolOfMergedUsr",
     {.files = {kIncluded},
      .root = "zfs",
      .packed = {{"extra/spl.ko", "extra/zfs.ko"}},
      .programs = {"usr/bin/zpool"}},
     {}},
    {"SealedAgainstLooking",
     {.files = {kIncluded}, .root = "zfs", .packed = {{}}, .sealed = "squashfs-root.img"},
     {{std::string("note lint-not-in-image ") + kInitrd,
       {"in squashfs-root.img, which is not looked into", "zfs", "lsinitrd"}}}},
    {"ToolOfAModuleThatIsOut",
     {.root = "zfs", .packed = {{}}},
     {{std::string("error lint-root ") + kZfs, {}}}},
    {"FileSystemThatNeedsNone", {.root = "ext4", .packed = {{}}}, {}},
    {"PackedAgainstTheDefault",
     {.packed = {{"extra/zfs.ko.xz", "kernel/fs/ext4/ext4.ko"}}},
     {{std::string("warning lint-packed ") + kInitrd,
       {"packed extra/zfs.ko", "leaves out by default", "kmod-pack emit dracut", "Include=zfs"}}}},
    {"PackedAgainstARule",
     {.files = {kip_etc("10.conf", "Omit=zfs")}, .packed = {{"extra/zfs.ko"}}},
     {{std::string("warning lint-packed ") + kInitrd,
       {"Omit=zfs at /etc/kip/kip.conf.d/10.conf:2"}}}},
    {"PackedWithPolicy", {.files = {kIncluded}, .packed = {{"extra/spl.ko", "extra/zfs.ko"}}}, {}},
    {"PackedInTreeTwin",
     {.modules = {{"updates/dkms/hdaps.ko"}}, .packed = {{"kernel/drivers/platform/x86/hdaps.ko"}}},
     {{"note lint-twin /lib/modules/6.12.0-amd64/updates/dkms/hdaps.ko",
       {"modprobe loads this one"}}}},
    {"OtherBuild",
     {.files = {kIncluded}, .packed = {{"extra/spl.ko", "extra/zfs.ko"}}, .stale = {"zfs"}},
     {{std::string("warning lint-stale-twin ") + kInitrd,
       {"zfs in it is another build", kZfs, "make the image again"}}}},
    {"OtherBuildOfWhatIsOut",
     {.packed = {{"extra/zfs.ko"}}, .stale = {"zfs"}},
     {{std::string("warning lint-packed ") + kInitrd, {}}}},
};

INSTANTIATE_TEST_SUITE_P(Initrds, LintRootTest, testing::ValuesIn(kInitrds), name_of);

}  // namespace
}  // namespace kip::checks
