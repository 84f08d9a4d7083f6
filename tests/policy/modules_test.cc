// Which rule names which module, and what rules about one module come to.
#include <gmock/gmock.h>
#include <ostream>

#include "src/policy/modules.h"

namespace kip::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct NameRow {
  const char* name;
  const char* pattern;
  bool expected;
  const char* module = "dm_writeboost";
  std::vector<std::string> aliases = {};
};

void PrintTo(const NameRow& row, std::ostream* out) {
  *out << row.name;
}

const std::vector<NameRow> kNames = {
    {"Name", "dm_writeboost", true},
    {"Dash", "dm-writeboost", true},
    {"DashInTheModule", "dm_writeboost", true, "dm-writeboost"},
    {"Another", "dm_writeboos", false},
    {"Longer", "dm_writeboosts", false},
    {"UpperCase", "DM_writeboost", false},
    {"Star", "dm*", true},
    {"StarAlone", "*", true},
    {"StarOfAnother", "md*", false},
    {"DashInAGlob", "dm-*", true},
    {"DashInAGlobOfADash", "dm-*", true, "dm-writeboost"},
    {"QuestionMark", "dm?writeboost", true},
    {"QuestionMarkIsOne", "dm?riteboost", false},
    {"Range", "[a-d]m_*", true},
    {"RangeWithout", "[e-z]m_*", false},
    {"NegatedRange", "[!e-z]m_*", true},
    {"DashInBrackets", "dm[-_]writeboost", true},
    {"Alias", "fs-zfs", true, "zfs", {"fs-zfs"}},
    {"AliasOfAnotherDash", "fs_zfs", true, "zfs", {"fs-zfs"}},
    {"AliasOfAnother", "fs-zf", false, "zfs", {"fs-zfs"}},
    {"AliasThatIsAGlob",
     "pci:v000010DEd00001234sv0sd0",
     true,
     "nvidia",
     {"x", "pci:v000010DEd*sv*sd*"}},
    {"AliasThatIsAGlobOfAnother",
     "pci:v00008086d00001234sv0sd0",
     false,
     "nvidia",
     {"pci:v000010DEd*sv*sd*"}},
    {"AliasAsItIsWritten", "pci:v000010DEd*sv*sd*", true, "nvidia", {"pci:v000010DEd*sv*sd*"}},
    {"AliasWithADashInAGlob", "char-major-10-7", true, "m", {"char_major-10-*"}},
    {"GlobIsOfNamesOnly", "fs-*", false, "zfs", {"fs-zfs"}},
    {"GlobAgainstAliasGlob", "n*", false, "evil", {"*"}},
    {"AliasOfNothing", "zfs", false, "evil", {""}},
};

class RuleNames : public testing::TestWithParam<NameRow> {};

TEST_P(RuleNames, TheModuleOrNot) {
  EXPECT_EQ(names(GetParam().pattern, {GetParam().module, GetParam().aliases}),
            GetParam().expected);
}

INSTANTIATE_TEST_SUITE_P(Rows, RuleNames, testing::ValuesIn(kNames),
                         [](const auto& row) { return std::string(row.param.name); });

// A module's file may claim any alias.
TEST(RuleNamesAliases, OfAnyLengthEndSoon) {
  std::string stars;
  for (int i = 0; i < 1000; ++i) stars += "*a";
  EXPECT_FALSE(names(std::string(100'000, 'a'), {"evil", {stars + "b"}}));
  EXPECT_FALSE(names("a", {"evil", {std::string(1'000'000, '*')}}))
      << "longer than any that counts";
  EXPECT_TRUE(names(std::string(1'000'000, 'a'), {"evil", {std::string(1'000'000, 'a')}}));
}

ModuleRules rules(const std::string& admin, const std::string& vendor = "",
                  const std::string& dracut = "") {
  const Settings settings =
      settings_from({parse_conf("[Modules]\n" + vendor, "/usr/lib/kip/kip.conf.d/v.conf"),
                     parse_conf("[Modules]\n" + admin, "/etc/kip/kip.conf.d/a.conf")});
  DracutFiles files;
  files.files.push_back(parse_dracut(dracut, "/usr/lib/dracut/dracut.conf.d/d.conf"));
  return module_rules(settings, files);
}

std::vector<std::string> texts_of(const std::vector<const ModuleRule*>& rules) {
  std::vector<std::string> texts;
  for (const ModuleRule* const rule : rules) texts.push_back(to_text(*rule));
  return texts;
}

TEST(Rules, AreInOrderOfWeightAndLine) {
  const ModuleRules all =
      rules("Omit=a\nInclude=b\n", "Require=c\n",
            "add_drivers+=\" d \"\nomit_drivers+=\" e \"\nforce_drivers+=\" f \"\n");
  std::vector<std::string> texts;
  for (const ModuleRule& rule : all.rules) texts.push_back(to_text(rule));
  EXPECT_THAT(texts, ElementsAre("omit_drivers=e at /usr/lib/dracut/dracut.conf.d/d.conf:2",
                                 "add_drivers=d at /usr/lib/dracut/dracut.conf.d/d.conf:1",
                                 "force_drivers=f at /usr/lib/dracut/dracut.conf.d/d.conf:3",
                                 "Require=c at /usr/lib/kip/kip.conf.d/v.conf:2",
                                 "Omit=a at /etc/kip/kip.conf.d/a.conf:2",
                                 "Include=b at /etc/kip/kip.conf.d/a.conf:3"));
}

TEST(Rules, TakeNoDirectoriesPathsAndPatternsFromDracut) {
  const ModuleRules all = rules(
      "", "",
      "add_drivers+=\" =drivers/net /lib/x.ko zfs.ko.xz a* \"\nomit_drivers+=\" .*snd.* b \"\n");
  std::vector<std::string> texts;
  for (const ModuleRule& rule : all.rules) texts.push_back(rule.key + "=" + rule.pattern);
  EXPECT_THAT(texts, ElementsAre("omit_drivers=b", "add_drivers=zfs"));
  ASSERT_EQ(all.findings.size(), 3u);
  EXPECT_EQ(all.findings[0].severity, Severity::kNote);
  EXPECT_EQ(to_line(all.findings[0]),
            "'/usr/lib/dracut/dracut.conf.d/d.conf:1': '=drivers/net' in add_drivers is no "
            "module's name, and dracut's business alone");
}

TEST(Decide, LeavesOutByDefault) {
  const ModuleRules none = rules("");
  const Decision decision = decide(none, {"zfs", {}});
  EXPECT_FALSE(decision.in);
  EXPECT_FALSE(decision.required);
  EXPECT_EQ(decision.winner, nullptr);
  EXPECT_THAT(decision.beaten, IsEmpty());
}

TEST(Decide, NamesAllThatWasBeatenHeaviestFirst) {
  const ModuleRules all = rules("Include=zfs\nOmit=z*\n", "Include=zfs\n",
                                "add_drivers+=\" zfs \"\nomit_drivers+=\" zfs \"\n");
  const Decision decision = decide(all, {"zfs", {}});
  EXPECT_FALSE(decision.in);
  ASSERT_NE(decision.winner, nullptr);
  EXPECT_EQ(to_text(*decision.winner), "Omit=z* at /etc/kip/kip.conf.d/a.conf:3");
  EXPECT_THAT(texts_of(decision.beaten),
              ElementsAre("Include=zfs at /etc/kip/kip.conf.d/a.conf:2",
                          "Include=zfs at /usr/lib/kip/kip.conf.d/v.conf:2",
                          "add_drivers=zfs at /usr/lib/dracut/dracut.conf.d/d.conf:1",
                          "omit_drivers=zfs at /usr/lib/dracut/dracut.conf.d/d.conf:2"));
}

struct RequireRow {
  const char* name;
  const char* admin;
  const char* vendor;
  bool in, required;
};

void PrintTo(const RequireRow& row, std::ostream* out) {
  *out << row.name;
}

const std::vector<RequireRow> kRequired = {
    {"Alone", "Require=zfs\n", "", true, true},
    {"OfAPackage", "", "Require=zfs\n", true, true},
    {"IncludedByHeavier", "Include=zfs\n", "Require=zfs\n", true, true},
    {"IncludedBelow", "Require=zfs\nInclude=zfs\n", "", true, true},
    {"OmittedByHeavier", "Omit=zfs\n", "Require=zfs\n", false, false},
    {"OmittedBelow", "Require=zfs\nOmit=zfs\n", "", false, false},
    {"OmittedByLighter", "Require=zfs\n", "Omit=zfs\n", true, true},
    {"OmittedAbove", "Omit=zfs\nRequire=zfs\n", "", true, true},
    {"OmittedBetween", "Require=zfs\nOmit=zfs\nInclude=zfs\n", "", true, false},
    {"IncludedOnly", "Include=zfs\n", "", true, false},
};

class Required : public testing::TestWithParam<RequireRow> {};

TEST_P(Required, IsWhatNoHeavierRuleLeavesOut) {
  const ModuleRules all = rules(GetParam().admin, GetParam().vendor);
  const Decision decision = decide(all, {"zfs", {}});
  EXPECT_EQ(decision.in, GetParam().in);
  EXPECT_EQ(decision.required, GetParam().required);
}

INSTANTIATE_TEST_SUITE_P(Rows, Required, testing::ValuesIn(kRequired),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace kip::policy
