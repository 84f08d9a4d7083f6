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
     {{kReplaced, {"zfs, spl are out"}}}},
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
     {{"warning lint-defeated /etc/kip/kip.conf.d/zfs.conf", {"Require=zfs at"}}}},
    {"FileOfTheSameNameThatIncludes",
     {.files = {kKipSnippet, kip_etc("zfs.conf", "Include=zfs spl")}},
     {}},
    {"IncludeInEtcOfWhatAPackageOmits",
     {.files = {kip_package("zfs.conf", "Omit=zfs"), kip_etc("10.conf", "Include=zfs")}},
     {}},
    {"DracutsFileAgainstOurs",
     {.files = {kKipSnippet, dracut_etc("10.conf", "omit_drivers+=\" zfs \"")}},
     {}},
};

INSTANTIATE_TEST_SUITE_P(ByOurFiles, LintDefeatedTest, testing::ValuesIn(kByOurFiles), name_of);

}  // namespace
}  // namespace kip::checks
