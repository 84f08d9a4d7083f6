// The news item's second trap: lines and files in /etc that defeat a package's snippet.
#include <gtest/gtest.h>

#include "tests/checks/lint_scene.h"

namespace kip::checks {
namespace {

class LintDefeatedTest : public testing::TestWithParam<LintCase> {};

TEST_P(LintDefeatedTest, Finds) {
  expect_lint(GetParam());
}

std::string name_of(const testing::TestParamInfo<LintCase>& row) {
  return row.param.name;
}

const SceneFile kSnippet = dracut_package("10-zfs-kmod.conf", "# zfs\nadd_drivers+=\" zfs spl \"");
const SceneFile kKipSnippet = kip_package("zfs.conf", "Include=zfs");
constexpr char kReplaced[] = "warning lint-defeated /etc/dracut.conf.d/10-zfs-kmod.conf";

const std::vector<LintCase> kReplacing = {
    {"FileOfTheSameName",
     {.files = {kSnippet, dracut_etc("10-zfs-kmod.conf", "add_drivers+=\" v4l2loopback \"")}},
     {{kReplaced,
       {"stands for the package's file of the same name",
        "add_drivers at /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:2 no longer counts",
        "zfs, spl are out", "write add_drivers+=\" zfs spl \" there",
        "Omit=NAME below [Modules]"}}}},
    {"FileThatOmits",
     {.files = {kSnippet,
                dracut_etc("10-zfs-kmod.conf", "omit_drivers+=\" zfs \"\nadd_drivers+=\" spl \"")}},
     {{kReplaced, {"and zfs is out", "Omit=zfs below [Modules]"}}}},
    {"EmptyFile",
     {.files = {kSnippet, {"etc/dracut.conf.d/10-zfs-kmod.conf", ""}}},
     {{kReplaced, {"zfs, spl are out"}}}},
    {"Mask",
     {.files = {kSnippet, {"etc/dracut.conf.d/10-zfs-kmod.conf", "->/dev/null"}}},
     {{kReplaced,
       {"is a link to /dev/null, and masks the package's file of the same name",
        "zfs, spl are out (remove the link; or, if they are to be out, Omit=NAME"}}}},
    {"FileThatSaysTheSame",
     {.files = {kSnippet, dracut_etc("10-zfs-kmod.conf", "add_drivers+=\" zfs spl \"")}},
     {}},
    {"WhatIsInByAnotherFile",
     {.files = {kSnippet, dracut_etc("10-zfs-kmod.conf", "# mine"),
                dracut_etc("z.conf", "add_drivers+=\" zfs spl \"")}},
     {}},
    {"WhatIsInByARuleOfOurs",
     {.files = {kSnippet, dracut_etc("10-zfs-kmod.conf", "# mine"),
                kip_etc("10.conf", "Include=zfs spl")}},
     {}},
    {"WhatIsOutByARuleOfOurs",
     {.files = {kSnippet, dracut_etc("10-zfs-kmod.conf", "# mine"),
                kip_etc("10.conf", "Omit=zfs spl")}},
     {}},
    {"ModulesThatThisKernelHasNot",
     {.files = {dracut_package("10-nvidia.conf", "add_drivers+=\" nvidia \""),
                dracut_etc("10-nvidia.conf", "# mine")}},
     {}},
    {"FileThatOmitted",
     {.files = {dracut_package("10-zfs-kmod.conf", "omit_drivers+=\" zfs \""),
                dracut_etc("10-zfs-kmod.conf", "# mine")}},
     {}},
    {"ForcedDrivers",
     {.files = {dracut_package("10-zfs-kmod.conf", "force_drivers+=\" zfs \""),
                dracut_etc("10-zfs-kmod.conf", "# mine")}},
     {{kReplaced, {"force_drivers at", "write force_drivers+=\" zfs \" there"}}}},
};

INSTANTIATE_TEST_SUITE_P(Replacing, LintDefeatedTest, testing::ValuesIn(kReplacing), name_of);

const std::vector<LintCase> kAssigning = {
    {"LaterAssignment",
     {.files = {kSnippet, dracut_etc("99-mine.conf", "add_drivers=\" v4l2loopback \"")}},
     {{"warning lint-defeated /etc/dracut.conf.d/99-mine.conf:1",
       {"add_drivers= throws away what /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:2 has added",
        "zfs, spl are out", "+= was meant", "write add_drivers+=\" zfs spl \" below it"}}}},
    {"LaterAssignmentThatKeepsOne",
     {.files = {kSnippet, dracut_etc("99-mine.conf", "add_drivers=\" zfs \"")}},
     {{"warning lint-defeated /etc/dracut.conf.d/99-mine.conf:1", {"and spl is out"}}}},
    {"EarlierAssignment",
     {.files = {kSnippet, dracut_etc("01-mine.conf", "add_drivers=\" v4l2loopback \"")}},
     {}},
    {"AssignmentInTheFirstFile",
     {.files = {kSnippet, {"etc/dracut.conf", "add_drivers=\" v4l2loopback \"\n"}}},
     {}},
    {"LaterAddition",
     {.files = {kSnippet, dracut_etc("99-mine.conf", "add_drivers+=\" v4l2loopback \"")}},
     {}},
    {"AssignmentOfAnotherVariable",
     {.files = {kSnippet, dracut_etc("99-mine.conf", "omit_drivers=\" \"")}},
     {}},
    {"AddedAgainBelow",
     {.files = {kSnippet,
                dracut_etc("99-mine.conf", "add_drivers=\"\"\nadd_drivers+=\" zfs spl \"")}},
     {}},
    {"OfAnotherPackage",
     {.files = {kSnippet, dracut_package("50-other.conf", "add_drivers=\" v4l2loopback \"")}},
     {{"warning lint-defeated /usr/lib/dracut/dracut.conf.d/50-other.conf:1",
       {"in a later file of /etc/dracut.conf.d"}}}},
    {"WithinOneFile",
     {.files = {dracut_package("10-zfs-kmod.conf",
                               "add_drivers+=\" zfs \"\nadd_drivers=\" spl \"")}},
     {{"warning lint-defeated /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:2", {}}}},
    {"OfAPackageThoughNothingIsLost",
     {.files = {dracut_package("10-zfs-kmod.conf", "add_drivers=\" zfs \""),
                dracut_package("20-nvidia.conf", "omit_drivers=\" zfs \"")}},
     {{"warning lint-defeated /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:1",
       {"add_drivers= in a package's file throws away whatever a file before it adds",
        "have the package write add_drivers+="}},
      {"warning lint-defeated /usr/lib/dracut/dracut.conf.d/20-nvidia.conf:1",
       {"omit_drivers= in a package's file"}},
      {"note lint-contradiction /usr/lib/dracut/dracut.conf.d/20-nvidia.conf:1", {}}}},
    {"OfTheAdministratorAndNothingIsLost",
     {.files = {dracut_etc("99-mine.conf", "add_drivers=\" zfs \"\nomit_drivers=\" spl \"")}},
     {}},
    {"AssignmentThatCannotBeRead",
     {.files = {kSnippet, dracut_etc("99-mine.conf", "add_drivers=\"$(cat /etc/mine)\"")}},
     {{"warning lint-defeated /etc/dracut.conf.d/99-mine.conf:1",
       {"throws away", "zfs, spl are out"}}}},
};

INSTANTIATE_TEST_SUITE_P(Assigning, LintDefeatedTest, testing::ValuesIn(kAssigning), name_of);

const std::vector<LintCase> kByOurFiles = {
    {"OmitInEtcOfADracutSnippet",
     {.files = {kSnippet, kip_etc("10.conf", "Omit=zfs spl")}},
     {{"note lint-defeated /etc/kip/kip.conf.d/10.conf:2",
       {"Omit=spl leaves spl out",
        "add_drivers=spl at /usr/lib/dracut/dracut.conf.d/10-zfs-kmod.conf:2",
        "nothing, if that is meant"}},
      {"note lint-defeated /etc/kip/kip.conf.d/10.conf:2", {"Omit=zfs leaves zfs out"}}}},
    {"OmitInEtcOfAPackagesFile",
     {.files = {kKipSnippet, kip_etc("10.conf", "Omit=z*")}},
     {{"note lint-defeated /etc/kip/kip.conf.d/10.conf:2",
       {"Omit=z* leaves zfs out", "Include=zfs at /usr/lib/kip/kip.conf.d/zfs.conf:2"}}}},
    {"FileOfTheSameName",
     {.files = {kKipSnippet, kip_etc("zfs.conf", "Include=spl")}},
     {{"warning lint-defeated /etc/kip/kip.conf.d/zfs.conf",
       {"Include=zfs at /usr/lib/kip/kip.conf.d/zfs.conf:2 no longer counts", "zfs is out",
        "write Include=zfs"}}}},
    {"FileOfTheSameNameThatOmits",
     {.files = {kKipSnippet, kip_etc("zfs.conf", "Omit=zfs")}},
     {{"note lint-defeated /etc/kip/kip.conf.d/zfs.conf", {"zfs is out"}}}},
    {"Mask",
     {.files = {kip_package("zfs.conf", "Require=zfs"),
                {"etc/kip/kip.conf.d/zfs.conf", "->/dev/null"}}},
     {{"warning lint-defeated /etc/kip/kip.conf.d/zfs.conf",
       {"is a link to /dev/null", "Require=zfs at",
        "(remove the link; or, if they are to be out, "
        "Omit=zfs"}}}},
    {"FileOfTheSameNameThatIncludes",
     {.files = {kKipSnippet, kip_etc("zfs.conf", "Include=zfs spl")}},
     {}},
    {"IncludeInEtcOfWhatAPackageOmits",
     {.files = {kip_package("zfs.conf", "Omit=zfs"), kip_etc("10.conf", "Include=zfs")}},
     {}},
    {"DracutsFileAgainstOurs",
     {.files = {kKipSnippet, dracut_etc("10.conf", "omit_drivers+=\" zfs \"")}},
     {{"warning lint-contradiction /etc/dracut.conf.d/10.conf:1",
       {"omit_drivers=zfs has no effect on zfs: Include=zfs at "
        "/usr/lib/kip/kip.conf.d/zfs.conf:2 counts for more",
        "write Omit=zfs below [Modules] in a file of /etc/kip/kip.conf.d if it is to be out"}}}},
    {"DracutsFileAgainstOursThatOmits",
     {.files = {kip_package("zfs.conf", "Omit=z*"),
                dracut_etc("10.conf", "add_drivers+=\" zfs \"")}},
     {{"warning lint-contradiction /etc/dracut.conf.d/10.conf:1",
       {"add_drivers=zfs has no effect on zfs: Omit=z* at", "write Include=zfs", "to be in"}}}},
    {"DracutsFileOfAPackageAgainstOurs",
     {.files = {kKipSnippet, dracut_package("10.conf", "omit_drivers+=\" zfs \"")}},
     {}},
    {"OmitInEtcOfWhatAPackageRequires",
     {.files = {kip_package("zfs.conf", "Require=zfs"), kip_etc("10.conf", "Omit=z*")}},
     {{"note lint-defeated /etc/kip/kip.conf.d/10.conf:2",
       {"Omit=z* leaves zfs out, which the package requires by Require=zfs at "
        "/usr/lib/kip/kip.conf.d/zfs.conf:2"}}}},
};

constexpr char kReset[] = "warning lint-defeated /etc/kip/kip.conf.d/zz.conf:2";

const std::vector<LintCase> kResetting = {
    {"OfAPackagesInclude",
     {.files = {kKipSnippet, kip_etc("zz.conf", "Include=\nInclude=spl")}},
     {{kReset,
       {"an empty Include= throws away Include=zfs at /usr/lib/kip/kip.conf.d/zfs.conf:2, and zfs "
        "is out",
        "write Include=zfs below it", "if that is meant, Omit=zfs"}}}},
    {"OfAPackagesRequire",
     {.files = {kip_package("a.conf", "Require=z* spl"), kip_etc("zz.conf", "Require=")}},
     {{kReset, {"throws away Require=spl at"}}, {kReset, {"throws away Require=z* at"}}}},
    {"OfAPackagesOmit",
     {.files = {dracut_package("10.conf", "add_drivers+=\" zfs \""),
                kip_package("a.conf", "Omit=zfs"), kip_etc("zz.conf", "Omit=")}},
     {{kReset, {"an empty Omit= throws away Omit=zfs at", "and zfs is in", "Include=zfs"}}}},
    {"OfAPackagesOmitOfWhatIsOutAnyway",
     {.files = {kip_package("a.conf", "Omit=zfs"), kip_etc("zz.conf", "Omit=")}},
     {}},
    {"ThatNamesItAgain", {.files = {kKipSnippet, kip_etc("zz.conf", "Include=\nInclude=z*")}}, {}},
    {"ThatLeavesItOut", {.files = {kKipSnippet, kip_etc("zz.conf", "Include=\nOmit=zfs")}}, {}},
    {"OfTheAdministratorsOwn",
     {.files = {kip_etc("10.conf", "Include=zfs"), kip_etc("zz.conf", "Include=")}},
     {}},
    {"OfNothing", {.files = {kip_etc("zz.conf", "Include=\nOmit=")}}, {}},
};

INSTANTIATE_TEST_SUITE_P(Resetting, LintDefeatedTest, testing::ValuesIn(kResetting), name_of);

INSTANTIATE_TEST_SUITE_P(ByOurFiles, LintDefeatedTest, testing::ValuesIn(kByOurFiles), name_of);

}  // namespace
}  // namespace kip::checks
