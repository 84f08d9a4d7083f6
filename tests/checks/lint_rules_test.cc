// Rules against each other, against what is there, and the lines in /etc that defeat a package's.
#include <gtest/gtest.h>

#include "tests/checks/lint_scene.h"

namespace kip::checks {
namespace {

class LintRulesTest : public testing::TestWithParam<LintCase> {};

TEST_P(LintRulesTest, Finds) {
  expect_lint(GetParam());
}

std::string name_of(const testing::TestParamInfo<LintCase>& row) {
  return row.param.name;
}

constexpr char kOwn[] = "/etc/kip/kip.conf.d/10.conf:2";

const std::vector<LintCase> kRequired = {
    {"There", {.files = {kip_etc("10.conf", "Require=zfs")}}, {}},
    {"ThereByItsAlias", {.files = {kip_etc("10.conf", "Require=fs-zfs")}}, {}},
    {"InTree", {.files = {kip_etc("10.conf", "Require=dm-mod fat")}}, {}},
    {"NotThere",
     {.files = {kip_etc("10.conf", "Require=nvidia")}},
     {{std::string("error lint-required ") + kOwn,
       {"Require=nvidia: kernel 6.12.0-amd64 has no such module", "take nvidia out of Require="}}}},
    {"NotThereAndThatIsNoFault",
     {.files = {kip_etc("10.conf", "Require=nvidia\nOnRequire=warn")}},
     {{std::string("warning lint-required ") + kOwn, {"no such module"}}}},
    {"OfAPackageLeftOutByTheAdministrator",
     {.files = {kip_package("zfs.conf", "Require=zfs"), kip_etc("10.conf", "Omit=z*")}},
     {{"note lint-defeated /etc/kip/kip.conf.d/10.conf:2", {}}}},
    {"LeftOutByALaterLine",
     {.files = {kip_etc("10.conf", "Require=zfs\nOmit=zfs")}},
     {{std::string("warning lint-contradiction ") + kOwn,
       {"Require=zfs has no effect on zfs: Omit=zfs at /etc/kip/kip.conf.d/10.conf:3 counts, being "
        "the later line"}}}},
    {"TakenBackByALaterLineAndNotThere",
     {.files = {kip_etc("10.conf", "Require=nvidia\nOmit=nvidia")}},
     {{"note lint-unknown-name /etc/kip/kip.conf.d/10.conf:3", {}}}},
    {"GlobOfWhichOneIsIn",
     {.files = {kip_etc("10.conf", "Require=*l\nOmit=spl\nInclude=spl")}},
     {{"warning lint-contradiction /etc/kip/kip.conf.d/10.conf:3", {}}}},
    {"GlobOfNothing",
     {.files = {kip_etc("10.conf", "Require=nvidia*")}},
     {{std::string("error lint-required ") + kOwn, {"nvidia*"}}}},
};

INSTANTIATE_TEST_SUITE_P(Required, LintRulesTest, testing::ValuesIn(kRequired), name_of);

const std::vector<LintCase> kUnknown = {
    {"Misspelt",
     {.files = {kip_etc("10.conf", "Include=v4l2lopback")}},
     {{std::string("warning lint-unknown-name ") + kOwn,
       {"Include names no module of kernel 6.12.0-amd64: v4l2lopback", "is v4l2loopback meant?"}}}},
    {"NothingNear",
     {.files = {kip_etc("10.conf", "Omit=nvidia nvidia_drm")}},
     {{std::string("note lint-unknown-name ") + kOwn,
       {"Omit names no module of kernel 6.12.0-amd64: nvidia, nvidia_drm (nothing, if another "
        "kernel has it; else correct the name)"}}}},
    {"MisspeltAndLeftOut",
     {.files = {kip_etc("10.conf", "Omit=v4l2lopback")}},
     {{std::string("note lint-unknown-name ") + kOwn, {"is v4l2loopback meant?"}}}},
    {"MisspeltByAPackage",
     {.files = {kip_package("a.conf", "Include=v4l2lopback")}},
     {{"note lint-unknown-name /usr/lib/kip/kip.conf.d/a.conf:2",
       {"build that package's modules for this kernel; is v4l2loopback meant?"}}}},
    {"MisspeltListOfDracuts",
     {.files = {dracut_etc("x.conf",
                           "add_driver+=\" zfs \"\nadd_dracutmodules+=\" zfs \"\n"
                           "drivers_dir=x\nfilesystems+=\" ext4 \"")}},
     {{"note lint-unknown-name /etc/dracut.conf.d/x.conf:1",
       {"add_driver is no list of dracut's", "is add_drivers meant?"}}}},
    {"GlobOfNone",
     {.files = {kip_etc("10.conf", "Include=nvidia*")}},
     {{std::string("warning lint-unknown-name ") + kOwn, {"nvidia*"}}}},
    {"DracutsInEtc",
     {.files = {dracut_etc("x.conf", "add_drivers+=\" nvidia zfs \"")}},
     {{"warning lint-unknown-name /etc/dracut.conf.d/x.conf:1", {"add_drivers", "nvidia"}}}},
    {"OfAPackage",
     {.files = {dracut_package("10-nvidia-drivers.conf", "omit_drivers+=\" nvidia nvidia-drm \"")}},
     {{"note lint-unknown-name /usr/lib/dracut/dracut.conf.d/10-nvidia-drivers.conf:1",
       {"nvidia, nvidia-drm", "nothing, if another kernel has it"}}}},
    {"OfAPackagesOwnFile",
     {.files = {kip_package("nvidia.conf", "Include=nvidia")}},
     {{"note lint-unknown-name /usr/lib/kip/kip.conf.d/nvidia.conf:2", {"nvidia"}}}},
    {"InTreeNames",
     {.files = {kip_etc("10.conf", "Include=dm_mod dm-mod hdaps ext4 fs-ext4\nOmit=video*")}},
     {}},
    {"BuiltInNames", {.files = {kip_etc("10.conf", "Omit=fat virtio-blk virtio*")}}, {}},
    {"MoreThanIsListed",
     {.files = {kip_etc("10.conf", "Omit=a1 a2 a3 a4 a5 a6 a7 a8 a9 a10")}},
     {{std::string("note lint-unknown-name ") + kOwn,
       {"a1, a2, a3, a4, a5, a6, a7, a8 and 2 more"}}}},
};

INSTANTIATE_TEST_SUITE_P(Unknown, LintRulesTest, testing::ValuesIn(kUnknown), name_of);

const std::vector<LintCase> kContradictions = {
    {"BothInOneFile",
     {.files = {kip_etc("10.conf", "Omit=zfs\nInclude=zfs")}},
     {{std::string("warning lint-contradiction ") + kOwn,
       {"Omit=zfs has no effect on zfs", "Include=zfs at /etc/kip/kip.conf.d/10.conf:3 counts",
        "the later line"}}}},
    {"InTwoFilesOfPackages",
     {.files = {kip_package("a.conf", "Include=zfs"), kip_package("b.conf", "Omit=zfs")}},
     {{"warning lint-contradiction /usr/lib/kip/kip.conf.d/a.conf:2",
       {"Omit=zfs at /usr/lib/kip/kip.conf.d/b.conf:2"}}}},
    {"NameAndAlias",
     {.files = {kip_etc("10.conf", "Include=fs-zfs\nOmit=zfs")}},
     {{std::string("warning lint-contradiction ") + kOwn,
       {"Include=fs-zfs has no effect on zfs"}}}},
    {"NameBelowItsGlob", {.files = {kip_etc("10.conf", "Omit=*\nInclude=zfs")}}, {}},
    {"GlobBelowAWiderOne", {.files = {kip_etc("10.conf", "Omit=*\nInclude=z*\nOmit=zf*")}}, {}},
    {"GlobBelowAName",
     {.files = {kip_etc("10.conf", "Include=zfs\nOmit=*")}},
     {{std::string("warning lint-contradiction ") + kOwn, {"Omit=* at"}}}},
    {"DracutOmitsInEtcWhatAPackageAdds",
     {.files = {dracut_package("10-zfs.conf", "add_drivers+=\" zfs \""),
                dracut_etc("z.conf", "omit_drivers+=\" zfs \"")}},
     {{"warning lint-contradiction /etc/dracut.conf.d/z.conf:1",
       {"omit_drivers=zfs has no effect on zfs", "what dracut includes it does not omit",
        "Omit=zfs below [Modules]"}}}},
    {"DracutAddsInEtcWhatAPackageOmits",
     {.files = {dracut_package("10-zfs.conf", "omit_drivers+=\" zfs \""),
                dracut_etc("z.conf", "add_drivers+=\" zfs \"")}},
     {}},
    {"PackagesOfDracut",
     {.files = {dracut_package("10-a.conf", "omit_drivers+=\" zfs \""),
                dracut_package("b.conf", "add_drivers+=\" zfs \"")}},
     {{"note lint-contradiction /usr/lib/dracut/dracut.conf.d/10-a.conf:1", {}}}},
    {"DecidedByTheAdministrator",
     {.files = {dracut_package("10-a.conf", "omit_drivers+=\" zfs \""),
                dracut_etc("z.conf", "add_drivers+=\" zfs \""), kip_etc("10.conf", "Include=zfs")}},
     {}},
    {"LeftOutAndBroughtAlong",
     {.files = {kip_etc("10.conf", "Include=zfs\nOmit=spl")},
      .along = {{{"spl", "extra/spl.ko"}, modules::Cause::kDepends, "zfs"},
                {{"zfs", "extra/zfs.ko"}, modules::Cause::kPolicy, ""}}},
     {{"warning lint-contradiction /etc/kip/kip.conf.d/10.conf:3",
       {"leaves spl out, and it is in all the same: zfs needs it", "leave zfs out too"}}}},
    {"BroughtAlongByDefault",
     {.files = {kip_etc("10.conf", "Include=zfs")},
      .along = {{{"spl", "extra/spl.ko"}, modules::Cause::kDepends, "zfs"}}},
     {}},
};

INSTANTIATE_TEST_SUITE_P(Contradictions, LintRulesTest, testing::ValuesIn(kContradictions),
                         name_of);

}  // namespace
}  // namespace kip::checks
