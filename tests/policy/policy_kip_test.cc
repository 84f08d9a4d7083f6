// Policy by kip's own files, alone and together with dracut's.
#include <gtest/gtest.h>

#include "tests/policy/policy_case.h"

namespace kip::policy {
namespace {

const PolicyFile kDracutIn = {kDracutPackage + "10-zfs-kmod.conf", "add_drivers+=\" zfs spl \"\n"};
const PolicyFile kDracutOut = {kDracutAdmin + "10-zfs-kmod.conf", "omit_drivers+=\" zfs spl \"\n"};
const PolicyFile kPackageIn = {kKipPackage + "10-zfs.conf", "[Modules]\nInclude=zfs spl\n"};
const PolicyFile kPackageOut = {kKipPackage + "10-zfs.conf", "[Modules]\nOmit=zfs\n"};

const std::string kDracutInRule =
    "add_drivers=zfs at /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:1";
const std::string kDracutOutRule = "omit_drivers=zfs at /etc/dracut.conf.d/10-zfs-kmod.conf:1";
const std::string kPackageInRule = "Include=zfs at /usr/lib/kip/kip.conf.d/10-zfs.conf:2";
const std::string kPackageOutRule = "Omit=zfs at /usr/lib/kip/kip.conf.d/10-zfs.conf:2";

PolicyFile admin(const std::string& lines, const std::string& name = "50-local.conf") {
  return {kKipAdmin + name, "[Modules]\n" + lines};
}

const std::vector<PolicyCase> kCases = {
    {"PackageIncludes",
     {kPackageIn},
     "zfs",
     "in Include=zfs at /usr/lib/kip/kip.conf.d/10-zfs.conf:2"},
    {"PackageIncludesOthers", {kPackageIn}, "vpoll", "out"},
    {"PackageBeatsDracutsOmission",
     {kDracutOut, kPackageIn},
     "zfs",
     "in Include=zfs at /usr/lib/kip/kip.conf.d/10-zfs.conf:2",
     {kDracutOutRule}},
    {"PackageBeatsDracutsInclusion",
     {kDracutIn, kPackageOut},
     "zfs",
     "out Omit=zfs at /usr/lib/kip/kip.conf.d/10-zfs.conf:2",
     {kDracutInRule}},
    {"AdminBeatsDracutsInclusion",
     {kDracutIn, admin("Omit=zfs\n")},
     "zfs",
     "out Omit=zfs at /etc/kip/kip.conf.d/50-local.conf:2",
     {kDracutInRule}},
    {"AdminBeatsDracutsOmission",
     {kDracutOut, admin("Include=zfs\n")},
     "zfs",
     "in Include=zfs at /etc/kip/kip.conf.d/50-local.conf:2",
     {kDracutOutRule}},
    {"AdminBeatsThePackage",
     {kPackageIn, admin("Omit=zfs\n")},
     "zfs",
     "out Omit=zfs at /etc/kip/kip.conf.d/50-local.conf:2",
     {kPackageInRule}},
    {"AdminBeatsAPackageThatSortsBehind",
     {{kKipPackage + "99-zfs.conf", "[Modules]\nInclude=zfs\n"},
      admin("Omit=zfs\n", "00-first.conf")},
     "zfs",
     "out Omit=zfs at /etc/kip/kip.conf.d/00-first.conf:2",
     {"Include=zfs at /usr/lib/kip/kip.conf.d/99-zfs.conf:2"}},
    {"AdminIncludesWhatThePackageOmits",
     {kPackageOut, admin("Include=z*\n")},
     "zfs",
     "in Include=z* at /etc/kip/kip.conf.d/50-local.conf:2",
     {kPackageOutRule}},
    {"AdminReplacesTheFile", {kPackageIn, admin("Omit=spl\n", "10-zfs.conf")}, "zfs", "out"},
    {"AdminMasksTheFile", {kPackageIn, {kKipAdmin + "10-zfs.conf", "-> /dev/null"}}, "zfs", "out"},
    {"AdminMasksTheFileAndDracutRemains",
     {kDracutIn, kPackageOut, {kKipAdmin + "10-zfs.conf", "-> /dev/null"}},
     "zfs",
     "in add_drivers=zfs at /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:1"},
    {"AdminEmptiesTheKey", {kPackageIn, admin("Include=\n")}, "zfs", "out"},
    {"AdminEmptiesTheKeyAndDracutRemains",
     {kDracutIn, kPackageOut, admin("Omit=\n")},
     "zfs",
     "in add_drivers=zfs at /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:1"},
    {"AdminEmptiesAnotherKey",
     {kPackageIn, admin("Omit=\n")},
     "zfs",
     "in Include=zfs at /usr/lib/kip/kip.conf.d/10-zfs.conf:2"},
    {"ExceptionBelowAGlob",
     {admin("Omit=nvidia*\nInclude=nvidia_drm\n")},
     "nvidia_drm",
     "in Include=nvidia_drm at /etc/kip/kip.conf.d/50-local.conf:3",
     {"Omit=nvidia* at /etc/kip/kip.conf.d/50-local.conf:2"}},
    {"NoExceptionForTheOthers",
     {admin("Omit=nvidia*\nInclude=nvidia_drm\n")},
     "nvidia_uvm",
     "out Omit=nvidia* at /etc/kip/kip.conf.d/50-local.conf:2"},
    {"GlobBelowAnException",
     {admin("Include=nvidia_drm\nOmit=nvidia*\n")},
     "nvidia_drm",
     "out Omit=nvidia* at /etc/kip/kip.conf.d/50-local.conf:3",
     {"Include=nvidia_drm at /etc/kip/kip.conf.d/50-local.conf:2"}},
    {"LastWordOfALine",
     {admin("Include=a zfs\nOmit=zfs b\n")},
     "zfs",
     "out Omit=zfs at /etc/kip/kip.conf.d/50-local.conf:3",
     {"Include=zfs at /etc/kip/kip.conf.d/50-local.conf:2"}},
    {"LastFile",
     {admin("Omit=zfs\n", "20-b.conf"), admin("Include=zfs\n", "30-a.conf")},
     "zfs",
     "in Include=zfs at /etc/kip/kip.conf.d/30-a.conf:2",
     {"Omit=zfs at /etc/kip/kip.conf.d/20-b.conf:2"}},
    {"DashAndUnderscore",
     {admin("Include=dm-writeboost\n")},
     "dm_writeboost",
     "in Include=dm-writeboost at /etc/kip/kip.conf.d/50-local.conf:2"},
    {"UnderscoreAndDash",
     {admin("Omit=nvidia_drm\n"), {kDracut, "add_drivers+=\" nvidia-drm \"\n"}},
     "nvidia_drm",
     "out Omit=nvidia_drm at /etc/kip/kip.conf.d/50-local.conf:2",
     {"add_drivers=nvidia-drm at /etc/dracut.conf:1"}},
    {"ByAlias",
     {admin("Include=fs-zfs\n")},
     "zfs",
     "in Include=fs-zfs at /etc/kip/kip.conf.d/50-local.conf:2",
     {},
     {},
     {"fs-zfs"}},
    {"ByModalias",
     {admin("Include=pci:v000010DEd00002204sv00sd00bc03sc00i00\n")},
     "nvidia",
     "in Include=pci:v000010DEd00002204sv00sd00bc03sc00i00 at /etc/kip/kip.conf.d/50-local.conf:2",
     {},
     {},
     {"pci:v000010DEd*sv*sd*bc03sc00i00*"}},
    {"Required",
     {admin("Require=zfs\n")},
     "zfs",
     "required Require=zfs at /etc/kip/kip.conf.d/50-local.conf:2"},
    {"RequiredOverDracutsOmission",
     {kDracutOut, admin("Require=zfs\n")},
     "zfs",
     "required Require=zfs at /etc/kip/kip.conf.d/50-local.conf:2",
     {kDracutOutRule}},
    {"RequiredByThePackageOmittedByAdmin",
     {{kKipPackage + "10-zfs.conf", "[Modules]\nRequire=zfs\n"}, admin("Omit=zfs\n")},
     "zfs",
     "out Omit=zfs at /etc/kip/kip.conf.d/50-local.conf:2",
     {"Require=zfs at /usr/lib/kip/kip.conf.d/10-zfs.conf:2"}},
    {"RequiredByThePackageIncludedByAdmin",
     {{kKipPackage + "10-zfs.conf", "[Modules]\nRequire=zfs\n"}, admin("Include=z*\n")},
     "zfs",
     "required Include=z* at /etc/kip/kip.conf.d/50-local.conf:2",
     {"Require=zfs at /usr/lib/kip/kip.conf.d/10-zfs.conf:2"}},
    {"UnreadableDracutAndKipsRule",
     {{kDracut, "add_drivers=$x\n"}, kPackageIn},
     "zfs",
     "in Include=zfs at /usr/lib/kip/kip.conf.d/10-zfs.conf:2",
     {},
     {"'/etc/dracut.conf:1': needs a shell for '$'; from here on add_drivers is not known",
      "'/etc/dracut.conf:1': no module is included by add_drivers, since what is set here cannot "
      "be read (name modules "
      "with Include= in a file of /etc/kip/kip.conf.d)"}},
    {"ThreeLevels",
     {kDracutIn, kPackageOut, admin("Require=zfs\n")},
     "zfs",
     "required Require=zfs at /etc/kip/kip.conf.d/50-local.conf:2",
     {kPackageOutRule, kDracutInRule}},
};

class KipPolicy : public testing::TestWithParam<PolicyCase> {};

TEST_P(KipPolicy, Decides) {
  expect_decided(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Cases, KipPolicy, testing::ValuesIn(kCases),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace kip::policy
