// kmod-pack list, from outside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/kmod-pack/desk.h"

namespace kip::kmod_pack_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Files = std::vector<std::pair<std::string, std::string>>;

// What rules say of one module, vpoll: files of the system, and the line of list behind the version.

struct Row {
  const char* name;
  Files files;
  const char* state;
  const char* reason;
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

constexpr const char* kEtc = "etc/kip/kip.conf.d/10.conf";
constexpr const char* kUsr = "usr/lib/kip/kip.conf.d/50-vpoll.conf";
constexpr const char* kDracutUsr = "usr/lib/dracut/dracut.conf.d/10-vpoll.conf";
constexpr const char* kDracutEtc = "etc/dracut.conf.d/10-vpoll.conf";

const Row kRows[] = {
    {"NoRule", {}, "out", "by default"},
    {"AdministratorIncludes",
     {{kEtc, "[Modules]\nInclude=vpoll\n"}},
     "in",
     "Include=vpoll at /etc/kip/kip.conf.d/10.conf:2"},
    {"AdministratorRequires",
     {{kEtc, "[Modules]\n# root is on it\nRequire=vpoll\n"}},
     "required",
     "Require=vpoll at /etc/kip/kip.conf.d/10.conf:3"},
    {"PackageIncludes",
     {{kUsr, "[Modules]\nInclude=vpo*\n"}},
     "in",
     "Include=vpo* at /usr/lib/kip/kip.conf.d/50-vpoll.conf:2"},
    {"AdministratorBeatsPackage",
     {{kUsr, "[Modules]\nInclude=vpoll\n"}, {kEtc, "[Modules]\nOmit=vpoll\n"}},
     "out",
     "Omit=vpoll at /etc/kip/kip.conf.d/10.conf:2"},
    {"SnippetOfDracut",
     {{kDracutUsr, "add_drivers+=\" vpoll \"\n"}},
     "in",
     "add_drivers=vpoll at /usr/lib/dracut/dracut.conf.d/10-vpoll.conf:1"},
    {"SameNameInEtcReplaces",
     {{kDracutUsr, "add_drivers+=\" vpoll \"\n"}, {kDracutEtc, "omit_drivers+=\" vpoll \"\n"}},
     "out",
     "omit_drivers=vpoll at /etc/dracut.conf.d/10-vpoll.conf:1"},
    {"DracutsAddBeatsItsOmit",
     {{kDracutUsr, "add_drivers+=\" vpoll \"\n"},
      {"etc/dracut.conf", "omit_drivers+=\" vpoll \"\n"}},
     "in",
     "add_drivers=vpoll at /usr/lib/dracut/dracut.conf.d/10-vpoll.conf:1"},
    {"KipBeatsDracut",
     {{kDracutUsr, "add_drivers+=\" vpoll \"\n"}, {kUsr, "[Modules]\nOmit=vpoll\n"}},
     "out",
     "Omit=vpoll at /usr/lib/kip/kip.conf.d/50-vpoll.conf:2"},
    {"WhatEmitWroteIsNoPolicy",
     {{"etc/dracut.conf.d/90-kip-modules.conf", "add_drivers+=\" vpoll \"\n"}},
     "out",
     "by default"},
    {"ByAlias",
     {{kEtc, "[Modules]\nInclude=char-major-10-200\n"}},
     "in",
     "Include=char-major-10-200 at /etc/kip/kip.conf.d/10.conf:2"},
};

class KmodPackListDecides : public testing::TestWithParam<Row> {};

INSTANTIATE_TEST_SUITE_P(Rows, KmodPackListDecides, testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

TEST_P(KmodPackListDecides, WithTheRule) {
  Desk desk;
  desk.root().out_of_tree("updates/dkms/vpoll.ko",
                          {{"version", "1.0.4"}, {"alias", "char-major-10-200"}});
  for (const auto& [path, text] : GetParam().files) desk.root().file(path, text);
  desk.root().index();
  const Said said = desk.run({"list"});
  EXPECT_EQ(said.code, 0);
  EXPECT_THAT(said.complaints, IsEmpty());
  std::string state = GetParam().state;
  state.resize(8, ' ');
  EXPECT_EQ(said.out, state + "  vpoll  1.0.4  updates/dkms/vpoll.ko  " + GetParam().reason + "\n");
}

// What is selected and cannot be had, and what comes along.

constexpr const char* kOther = "6.11.0-example";

TEST(KmodPackList, LeavesOutWhatWasBuiltForAnotherKernel) {
  Desk desk;
  desk.root().out_of_tree("extra/vpoll.ko", {{"vermagic", vermagic_of(kOther)}}).index();
  const Said said = desk.policy("Include=vpoll\n").run({"list"});
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(
      said.out,
      "left-out  vpoll  -  extra/vpoll.ko  Include=vpoll at /etc/kip/kip.conf.d/10.conf:2; was "
      "built for kernel '6.11.0-example'\n");
  EXPECT_THAT(said.complaints, IsEmpty()) << "the report says it";
}

TEST(KmodPackList, TakesALinkOfWeakUpdatesWhoseSymbolsHaveVersions) {
  Desk desk;
  desk.root()
      .out_of_tree("weak-updates/vpoll.ko",
                   {{"vermagic", std::string(kOther) + " SMP mod_unload modversions "}})
      .index();
  EXPECT_THAT(desk.policy("Include=vpoll\n").run({"list"}).out, testing::StartsWith("in "));
}

TEST(KmodPackList, LeavesOutWhatLacksADependency) {
  Desk desk;
  desk.root().out_of_tree("extra/zfs.ko", {{"depends", "spl"}}).index();
  EXPECT_EQ(
      desk.policy("Include=zfs\n").run({"list"}).out,
      "left-out  zfs  -  extra/zfs.ko  Include=zfs at /etc/kip/kip.conf.d/10.conf:2; depends on "
      "'spl', which is not there\n");
}

TEST(KmodPackList, LeavesOutWhatDependsOnWhatCannotBeHad) {
  Desk desk;
  desk.root()
      .out_of_tree("extra/spl.ko", {{"vermagic", vermagic_of(kOther)}})
      .out_of_tree("extra/zfs.ko", {{"depends", "spl"}})
      .index();
  EXPECT_THAT(
      lines_of(desk.policy("Include=zfs\n").run({"list"}).out),
      ElementsAre(
          "out       spl  -  extra/spl.ko  by default",
          "left-out  zfs  -  extra/zfs.ko  Include=zfs at /etc/kip/kip.conf.d/10.conf:2; depends "
          "on 'spl', which was built for kernel '6.11.0-example'"));
}

TEST(KmodPackList, BringsDependenciesAlong) {
  Desk desk;
  desk.root().out_of_tree("extra/spl.ko").out_of_tree("extra/zfs.ko", {{"depends", "spl"}}).index();
  const Said said = desk.policy("Include=zfs\n").run({"list"});
  EXPECT_THAT(said.complaints, IsEmpty());
  EXPECT_THAT(lines_of(said.out), ElementsAre("in        spl  -  extra/spl.ko  zfs depends on it",
                                              "in        zfs  -  extra/zfs.ko  Include=zfs at "
                                              "/etc/kip/kip.conf.d/10.conf:2"));
}

TEST(KmodPackList, BringsADependencyAlongAgainstARule) {
  Desk desk;
  desk.root().out_of_tree("extra/spl.ko").out_of_tree("extra/zfs.ko", {{"depends", "spl"}}).index();
  const Said said = desk.policy("Include=zfs\nOmit=spl\n").run({"list"});
  EXPECT_EQ(lines_of(said.out)[0],
            "in        spl  -  extra/spl.ko  zfs depends on it, against Omit=spl at "
            "/etc/kip/kip.conf.d/10.conf:3");
}

TEST(KmodPackList, BringsSoftdepsAlongUnlessARuleLeavesThemOut) {
  Desk desk;
  desk.root()
      .out_of_tree("extra/one.ko")
      .out_of_tree("extra/two.ko")
      .out_of_tree("extra/vpoll.ko", {{"softdep", "pre: one two"}})
      .index();
  EXPECT_THAT(lines_of(desk.policy("Include=vpoll\nOmit=two\n").run({"list"}).out),
              ElementsAre("in        one    -  extra/one.ko  a softdep of vpoll",
                          "out       two    -  extra/two.ko  Omit=two at "
                          "/etc/kip/kip.conf.d/10.conf:3",
                          HasSubstr("in        vpoll")));
}

TEST(KmodPackList, GivesTheTwinThatDepmodPrefersTheDecision) {
  Desk desk;
  desk.root()
      .out_of_tree("extra/vpoll.ko", {{"version", "1"}})
      .out_of_tree("updates/vpoll.ko", {{"version", "2"}})
      .index();
  EXPECT_THAT(
      lines_of(desk.policy("Include=vpoll\n").run({"list"}).out),
      ElementsAre("left-out  vpoll  1  extra/vpoll.ko  Include=vpoll at "
                  "/etc/kip/kip.conf.d/10.conf:2; 'updates/vpoll.ko' is of the same name, and "
                  "wins",
                  "in        vpoll  2  updates/vpoll.ko  Include=vpoll at "
                  "/etc/kip/kip.conf.d/10.conf:2"));
}

TEST(KmodPackList, SaysThatTheIndexIsMissing) {
  Desk desk;
  desk.root().out_of_tree("extra/vpoll.ko");
  EXPECT_THAT(desk.policy("Include=vpoll\n").run({"list"}).complaints,
              testing::Contains(HasSubstr("modules.dep is missing, or older than a module")));
}

TEST(KmodPackList, ListsModulesOfTheKernelsOwnBehindWhenAsked) {
  Desk desk;
  desk.root()
      .in_tree("kernel/a/a.ko", {{"version", "9"}})
      .in_tree("updates/backport.ko")
      .out_of_tree("extra/vpoll.ko")
      .index();
  EXPECT_THAT(lines_of(desk.run({"list"}).out), testing::SizeIs(1));
  EXPECT_THAT(lines_of(desk.run({"list", "--all"}).out),
              ElementsAre("out       vpoll     -  extra/vpoll.ko  by default",
                          "in-tree   a         9  kernel/a/a.ko",
                          "in-tree   backport  -  updates/backport.ko"));
}

TEST(KmodPackList, SaysThatThereIsNone) {
  Desk desk;
  desk.root().in_tree("kernel/a/a.ko").index();
  const Said said = desk.run({"list"});
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(said.out, "");
  EXPECT_THAT(said.notes, ElementsAre("kernel '6.12.0-example' has no out-of-tree modules"));
}

TEST(KmodPackList, ReportsAsJson) {
  Desk desk;
  desk.root()
      .out_of_tree("extra/spl.ko")
      .out_of_tree("extra/zfs.ko", {{"version", "2.2.6"}, {"depends", "spl"}})
      .file(kDracutUsr, "omit_drivers+=\" zfs \"\n")
      .index();
  const Said said = desk.policy("Require=zfs\n").run({"list", "--json"});
  const auto report = nlohmann::json::parse(said.out);
  EXPECT_EQ(report["schema"], 1);
  EXPECT_EQ(report["report"], "modules");
  EXPECT_EQ(report["kernel"], kExampleKernel);
  const auto& spl = report["modules"][0];
  EXPECT_EQ(spl["state"], "in");
  EXPECT_EQ(spl["rule"], nullptr);
  EXPECT_EQ(spl["cause"], "depends");
  EXPECT_EQ(spl["of"], "zfs");
  const auto& zfs = report["modules"][1];
  EXPECT_EQ(zfs["state"], "required");
  EXPECT_EQ(zfs["version"], "2.2.6");
  EXPECT_EQ(zfs["path"], "extra/zfs.ko");
  EXPECT_EQ(zfs["rule"]["key"], "Require");
  EXPECT_EQ(zfs["rule"]["line"], 2);
  EXPECT_EQ(zfs["beaten"][0]["key"], "omit_drivers");
}

}  // namespace
}  // namespace kip::kmod_pack_test
