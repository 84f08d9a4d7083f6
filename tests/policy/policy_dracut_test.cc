// Policy by dracut's files alone: what Gentoo's packages write, what its news item of 2024-05-17 says about overriding
// them, and what cannot be read.
#include <gtest/gtest.h>

#include "tests/policy/policy_case.h"

namespace kip::policy {
namespace {

const PolicyFile kZfsIn = {kDracutPackage + "10-zfs-kmod.conf", "add_drivers+=\" zfs spl \"\n"};
const PolicyFile kZfsOut = {kDracutPackage + "10-zfs-kmod.conf", "omit_drivers+=\" zfs spl \"\n"};
const PolicyFile kNvidia = {
    kDracutPackage + "10-nvidia-drivers.conf",
    "omit_drivers+=\" nvidia nvidia-drm nvidia-modeset nvidia-peermem nvidia-uvm \"\n"
    "install_items+=\" /etc/modprobe.d/nvidia.conf \"\n"};
const PolicyFile kGentoo = {
    kDracutPackage + "01-gentoo.conf",
    "hostonly=\"yes\"\nhostonly_mode=\"sloppy\"\nhostonly_cmdline=\"no\"\nukify=\"no\"\n"
    "uefi=\"no\"\nearly_microcode=\"no\"\n"};
const PolicyFile kFirmware = {kDracutPackage + "10-linux-firmware.conf", "early_microcode=yes\n"};
const PolicyFile kIntel = {kDracutPackage + "15-intel-microcode.conf", "early_microcode=no\n"};

const std::vector<PolicyCase> kGentooCases = {
    {"NothingInstalled", {}, "zfs", "out"},
    {"NoSnippetForIt", {kGentoo, kFirmware, kIntel, kZfsIn, kNvidia}, "vpoll", "out"},
    {"PackageOptsIn",
     {kZfsIn},
     "zfs",
     "in add_drivers=zfs at /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:1"},
    {"ItsSecondModule",
     {kZfsIn},
     "spl",
     "in add_drivers=spl at /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:1"},
    {"AmongAllSnippets",
     {kGentoo, kFirmware, kIntel, kZfsIn, kNvidia},
     "zfs",
     "in add_drivers=zfs at /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:1"},
    {"PackageOptsOut",
     {kZfsOut},
     "zfs",
     "out omit_drivers=zfs at /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:1"},
    {"Nvidia",
     {kNvidia},
     "nvidia",
     "out omit_drivers=nvidia at /usr/lib/dracut/dracut.conf.d/10-nvidia-drivers.conf:1"},
    {"NvidiaWithADash",
     {kNvidia},
     "nvidia_drm",
     "out omit_drivers=nvidia-drm at /usr/lib/dracut/dracut.conf.d/10-nvidia-drivers.conf:1"},
    {"NvidiaWithALaterDash",
     {kNvidia},
     "nvidia_uvm",
     "out omit_drivers=nvidia-uvm at /usr/lib/dracut/dracut.conf.d/10-nvidia-drivers.conf:1"},
    {"OtherLinesOfASnippet", {kNvidia}, "/etc/modprobe.d/nvidia.conf", "out"},
    {"OnlyMicrocode", {kGentoo, kFirmware, kIntel}, "zfs", "out"},
};

// "Any add_drivers, or omit_drivers lines in /etc/dracut.conf or /etc/dracut.conf.d/* may override …"; "create a new
// file /etc/dracut.conf.d/10-PACKAGENAME.conf … Add to this file: omit_drivers+=… add_drivers+=…"
const std::vector<PolicyCase> kNewsCases = {
    {"OverriddenToOmit",
     {kZfsIn, {kDracutAdmin + "10-zfs-kmod.conf", "omit_drivers+=\" zfs spl \"\n"}},
     "zfs",
     "out omit_drivers=zfs at /etc/dracut.conf.d/10-zfs-kmod.conf:1"},
    {"OverriddenToInclude",
     {kNvidia, {kDracutAdmin + "10-nvidia-drivers.conf", "add_drivers+=\" nvidia nvidia-drm \"\n"}},
     "nvidia_drm",
     "in add_drivers=nvidia-drm at /etc/dracut.conf.d/10-nvidia-drivers.conf:1"},
    {"OverriddenToIncludeOthersOnly",
     {kNvidia, {kDracutAdmin + "10-nvidia-drivers.conf", "add_drivers+=\" nvidia \"\n"}},
     "nvidia_drm",
     "out"},
    {"OverriddenByBothLines",
     {kNvidia,
      {kDracutAdmin + "10-nvidia-drivers.conf",
       "omit_drivers+=\" nvidia-uvm \"\nadd_drivers+=\" nvidia \"\n"}},
     "nvidia",
     "in add_drivers=nvidia at /etc/dracut.conf.d/10-nvidia-drivers.conf:2"},
    {"OverriddenByBothLinesTheOther",
     {kNvidia,
      {kDracutAdmin + "10-nvidia-drivers.conf",
       "omit_drivers+=\" nvidia-uvm \"\nadd_drivers+=\" nvidia \"\n"}},
     "nvidia_uvm",
     "out omit_drivers=nvidia-uvm at /etc/dracut.conf.d/10-nvidia-drivers.conf:1"},
    {"IncludedForAPackageWithoutSnippet",
     {{kDracutAdmin + "10-vpoll.conf", "add_drivers+=\" vpoll \"\n"}},
     "vpoll",
     "in add_drivers=vpoll at /etc/dracut.conf.d/10-vpoll.conf:1"},
    {"OverriddenByALinkToNull",
     {kZfsIn, {kDracutAdmin + "10-zfs-kmod.conf", "-> /dev/null"}},
     "zfs",
     "out"},
    {"OverriddenByAnEmptyFile", {kZfsIn, {kDracutAdmin + "10-zfs-kmod.conf", ""}}, "zfs", "out"},
    {"NotOverriddenByALinkToNothing",
     {kZfsIn, {kDracutAdmin + "10-zfs-kmod.conf", "-> nowhere"}},
     "zfs",
     "in add_drivers=zfs at /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:1"},
    {"NotOverriddenByAnotherName",
     {kZfsIn, {kDracutAdmin + "10-zfs.conf", "omit_drivers+=\" zfs spl \"\n"}},
     "zfs",
     "in add_drivers=zfs at /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:1",
     {"omit_drivers=zfs at /etc/dracut.conf.d/10-zfs.conf:1"}},
    {"OmittedInTheOneFile",
     {kZfsIn, {kDracut, "omit_drivers+=\" zfs \"\n"}},
     "zfs",
     "in add_drivers=zfs at /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:1",
     {"omit_drivers=zfs at /etc/dracut.conf:1"}},
    {"AddedInTheOneFile",
     {kNvidia, {kDracut, "add_drivers+=\" nvidia \"\n"}},
     "nvidia",
     "in add_drivers=nvidia at /etc/dracut.conf:1",
     {"omit_drivers=nvidia at /usr/lib/dracut/dracut.conf.d/10-nvidia-drivers.conf:1"}},
    {"SetInTheOneFileComesFirst",
     {kZfsIn, {kDracut, "add_drivers=\" vpoll \"\n"}},
     "zfs",
     "in add_drivers=zfs at /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:1"},
    {"OmissionSetInTheOneFile",
     {kZfsIn, {kDracut, "omit_drivers=\" zfs \"\n"}},
     "zfs",
     "in add_drivers=zfs at /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:1",
     {"omit_drivers=zfs at /etc/dracut.conf:1"}},
    {"SetBehindThePackage",
     {kZfsIn, {kDracutAdmin + "99-local.conf", "add_drivers=\" vpoll \"\n"}},
     "zfs",
     "out"},
    {"SetBehindThePackageIncludes",
     {kZfsIn, {kDracutAdmin + "99-local.conf", "add_drivers=\" vpoll \"\n"}},
     "vpoll",
     "in add_drivers=vpoll at /etc/dracut.conf.d/99-local.conf:1"},
    {"SetInFrontOfThePackage",
     {kZfsIn, {kDracutAdmin + "05-local.conf", "add_drivers=\" vpoll \"\n"}},
     "zfs",
     "in add_drivers=zfs at /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:1"},
    {"SetToNothing", {kZfsIn, {kDracutAdmin + "99-local.conf", "add_drivers=\n"}}, "zfs", "out"},
    {"OmissionSetToNothing",
     {kNvidia, {kDracutAdmin + "99-local.conf", "omit_drivers=\n"}},
     "nvidia",
     "out"},
};

const std::string kUnknownHere = " (name modules with Include= in a file of /etc/kip/kip.conf.d)";

const std::vector<PolicyCase> kRuleCases = {
    {"AddBeatsOmitWhateverTheOrder",
     {{kDracutPackage + "10-a.conf", "add_drivers+=\" a \"\n"},
      {kDracutAdmin + "90-b.conf", "omit_drivers+=\" a \"\n"}},
     "a",
     "in add_drivers=a at /usr/lib/dracut/dracut.conf.d/10-a.conf:1",
     {"omit_drivers=a at /etc/dracut.conf.d/90-b.conf:1"}},
    {"ForcedBeatsOmitted",
     {{kDracut, "omit_drivers+=\" a \"\nforce_drivers+=\" a \"\n"}},
     "a",
     "in force_drivers=a at /etc/dracut.conf:2",
     {"omit_drivers=a at /etc/dracut.conf:1"}},
    {"DriversBeatsOmitted",
     {{kDracut, "omit_drivers+=\" a \"\ndrivers=\" a \"\n"}},
     "a",
     "in drivers=a at /etc/dracut.conf:2",
     {"omit_drivers=a at /etc/dracut.conf:1"}},
    {"AllListsAtOnce",
     {{kDracut,
       "force_drivers+=\" a \"\ndrivers+=\" a \"\nadd_drivers+=\" a \"\nomit_drivers+=\" a \"\n"}},
     "a",
     "in add_drivers=a at /etc/dracut.conf:3",
     {"drivers=a at /etc/dracut.conf:2", "force_drivers=a at /etc/dracut.conf:1",
      "omit_drivers=a at /etc/dracut.conf:4"}},
    {"LaterVersionWins",
     {{kDracutPackage + "9-a.conf", "add_drivers=\" a \"\n"},
      {kDracutPackage + "10-b.conf", "add_drivers=\" b \"\n"}},
     "a",
     "out"},
    {"ByAnAlias",
     {{kDracut, "add_drivers+=\" fs-zfs \"\n"}},
     "zfs",
     "in add_drivers=fs-zfs at /etc/dracut.conf:1",
     {},
     {},
     {"fs-zfs"}},
    {"ByAFileName",
     {{kDracut, "add_drivers+=\" zfs.ko \"\n"}},
     "zfs",
     "in add_drivers=zfs at /etc/dracut.conf:1"},
    {"ByADirectory",
     {{kDracut, "add_drivers+=\" =extra/zfs \"\n"}},
     "zfs",
     "out",
     {},
     {"'/etc/dracut.conf:1': '=extra/zfs' in add_drivers is no module's name, and dracut's "
      "business alone"}},
    {"GluedTogether",
     {{kDracutPackage + "10-a.conf", "add_drivers+=\" zfs\"\n"},
      {kDracutPackage + "20-b.conf", "add_drivers+=\"spl \"\n"}},
     "zfs",
     "out",
     {},
     {"'/usr/lib/dracut/dracut.conf.d/10-a.conf:1': add_drivers+=' zfs': without a blank at each "
      "end of the value, words "
      "of two lines become one (put blanks inside the quotes)",
      "'/usr/lib/dracut/dracut.conf.d/20-b.conf:1': add_drivers+='spl ': without a blank at each "
      "end of the value, words "
      "of two lines become one (put blanks inside the quotes)"}},
    {"UnreadableAppendKeepsWords",
     {kZfsIn, {kDracutAdmin + "20-x.conf", "add_drivers+=\" $(cat /etc/modules) \"\n"}},
     "zfs",
     "in add_drivers=zfs at /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:1",
     {},
     {"'/etc/dracut.conf.d/20-x.conf:1': needs a shell for '$'; what it adds to add_drivers is not "
      "known"}},
    {"UnreadableSetMeansOut",
     {kZfsIn, {kDracutAdmin + "20-x.conf", "add_drivers=\"$my_drivers\"\n"}},
     "zfs",
     "out",
     {},
     {"'/etc/dracut.conf.d/20-x.conf:1': needs a shell for '$'; from here on add_drivers is not "
      "known",
      "'/etc/dracut.conf.d/20-x.conf:1': no module is included by add_drivers, since what is set "
      "here cannot be read" +
          kUnknownHere}},
    {"UnreadableSetMeansOutBehindIt",
     {{kDracut, "add_drivers=`lsmod`\n"}, kZfsIn},
     "zfs",
     "out",
     {},
     {"'/etc/dracut.conf:1': needs a shell for '`'; from here on add_drivers is not known",
      "'/etc/dracut.conf:1': no module is included by add_drivers, since what is set here cannot "
      "be read" +
          kUnknownHere}},
    {"UnreadableSetOfAnotherList",
     {kZfsIn, {kDracutAdmin + "20-x.conf", "force_drivers=$x\n"}},
     "zfs",
     "in add_drivers=zfs at /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:1",
     {},
     {"'/etc/dracut.conf.d/20-x.conf:1': needs a shell for '$'; from here on force_drivers is not "
      "known",
      "'/etc/dracut.conf.d/20-x.conf:1': no module is included by force_drivers, since what is set "
      "here cannot be read" +
          kUnknownHere}},
    {"UnreadableSetOfTheOmission",
     {kNvidia, {kDracutAdmin + "20-x.conf", "omit_drivers=$x\n"}},
     "nvidia",
     "out",
     {},
     {"'/etc/dracut.conf.d/20-x.conf:1': needs a shell for '$'; from here on omit_drivers is not "
      "known"}},
    {"ReadableSetBehindAnUnreadableOne",
     {{kDracut, "add_drivers=$x\nadd_drivers=\" zfs \"\n"}},
     "zfs",
     "in add_drivers=zfs at /etc/dracut.conf:2",
     {},
     {"'/etc/dracut.conf:1': needs a shell for '$'; from here on add_drivers is not known"}},
    {"InACondition",
     {{kDracut, "[[ $hostonly ]] && add_drivers+=\" zfs \"\n"}},
     "zfs",
     "out",
     {},
     {"'/etc/dracut.conf:1': needs a shell: '[[ $hostonly ]] && add_drivers+=\" zfs \"'; what it "
      "adds to add_drivers is not known"}},
    {"WithCarriageReturns",
     {{kDracut, "add_drivers+=\" zfs \"\r\n"}},
     "zfs",
     "out",
     {},
     {"'/etc/dracut.conf:1': holds a carriage return, which bash takes for a letter; what it adds "
      "to add_drivers is not known"}},
};

class DracutPolicy : public testing::TestWithParam<PolicyCase> {};

TEST_P(DracutPolicy, Decides) {
  expect_decided(GetParam());
}

constexpr auto kNameOf = [](const auto& row) { return std::string(row.param.name); };
INSTANTIATE_TEST_SUITE_P(Gentoo, DracutPolicy, testing::ValuesIn(kGentooCases), kNameOf);
INSTANTIATE_TEST_SUITE_P(News, DracutPolicy, testing::ValuesIn(kNewsCases), kNameOf);
INSTANTIATE_TEST_SUITE_P(Rules, DracutPolicy, testing::ValuesIn(kRuleCases), kNameOf);

}  // namespace
}  // namespace kip::policy
