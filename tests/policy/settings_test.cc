// What the lines of kip.conf.d and the environment come to, and what is said about the rest.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <ostream>

#include "src/policy/settings.h"
#include "tests/base/must.h"
#include "tests/support/temp_dir.h"

namespace kip::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Settings settings(const std::string& text) {
  return settings_from({parse_conf(text, "f")});
}

Settings microcode(const std::string& lines) {
  return settings("[Microcode]\n" + lines);
}

std::vector<std::string> findings_of(const Settings& all) {
  std::vector<std::string> findings;
  findings.reserve(all.findings.size());
  for (const Finding& finding : all.findings) findings.push_back(to_line(finding));
  return findings;
}

TEST(Settings, HaveTheseDefaults) {
  const Settings none = settings("");
  EXPECT_THAT(values_of(none.microcode.cpu), IsEmpty());
  EXPECT_THAT(values_of(none.microcode.firmware), IsEmpty());
  EXPECT_THAT(values_of(none.microcode.hold), IsEmpty());
  EXPECT_THAT(values_of(none.microcode.pin), IsEmpty());
  EXPECT_EQ(none.microcode.on_none.value, OnNone::kWarn);
  EXPECT_EQ(none.microcode.on_none.origin, std::nullopt);
  EXPECT_EQ(none.microcode.conflict.value, Conflict::kUnion);
  EXPECT_TRUE(none.image.enabled.value);
  EXPECT_FALSE(none.broken());
}

TEST(Settings, TakeEveryKey) {
  const Settings all = settings(
      "[Microcode]\nCpu=host\nFirmware=/srv/my firmware\nHold=06-8f-08\nPin=0x806f8,,eq:0x1\n"
      "OnNone=fail\nConflict=strip\n[Image]\nEnabled=no\n");
  EXPECT_THAT(findings_of(all), IsEmpty());
  EXPECT_THAT(values_of(all.microcode.cpu), ElementsAre("host"));
  EXPECT_THAT(values_of(all.microcode.firmware), ElementsAre("/srv/my firmware"));
  EXPECT_THAT(values_of(all.microcode.hold), ElementsAre("06-8f-08"));
  EXPECT_THAT(values_of(all.microcode.pin), ElementsAre("0x806f8,,eq:0x1"));
  EXPECT_EQ(all.microcode.on_none.value, OnNone::kFail);
  EXPECT_EQ(all.microcode.conflict.value, Conflict::kStrip);
  EXPECT_FALSE(all.image.enabled.value);
}

TEST(Settings, TakeTheOtherWordsToo) {
  const Settings all = settings(
      "[Microcode]\nOnNone=fail\nOnNone=warn\nConflict=strip\nConflict=union\n"
      "[Image]\nEnabled=no\nEnabled=yes\n");
  EXPECT_THAT(findings_of(all), IsEmpty());
  EXPECT_EQ(all.microcode.on_none.value, OnNone::kWarn);
  EXPECT_EQ(all.microcode.conflict.value, Conflict::kUnion);
  EXPECT_TRUE(all.image.enabled.value);
}

TEST(Settings, SayWhereEachValueComesFrom) {
  const Settings all = settings_from({
      parse_conf("[Microcode]\nHold=06-8f-08\nOnNone=fail\n", "/usr/lib/a.conf"),
      parse_conf("\n[Microcode]\nHold=cpu00A20F12\n", "/etc/b.conf"),
  });
  ASSERT_EQ(all.microcode.hold.size(), 2u);
  EXPECT_EQ(all.microcode.hold[0].origin, (Origin{"/usr/lib/a.conf", 2}));
  EXPECT_EQ(all.microcode.hold[1].origin, (Origin{"/etc/b.conf", 3}));
  EXPECT_EQ(all.microcode.on_none.origin, (Origin{"/usr/lib/a.conf", 3}));
}

TEST(Settings, AppendToLists) {
  EXPECT_THAT(values_of(microcode("Cpu=host\nCpu=06-8f-08\nCpu=@/etc/fleet\n").microcode.cpu),
              ElementsAre("host", "06-8f-08", "@/etc/fleet"));
}

TEST(Settings, EmptyAListByAnEmptyValue) {
  EXPECT_THAT(values_of(microcode("Hold=06-8f-08\nHold=\n").microcode.hold), IsEmpty());
  EXPECT_THAT(values_of(microcode("Hold=06-8f-08\nHold=\nHold=06-55-07\n").microcode.hold),
              ElementsAre("06-55-07"));
}

TEST(Settings, EmptyAListOfAnEarlierFile) {
  const Settings all = settings_from({
      parse_conf("[Microcode]\nCpu=all\nFirmware=/a\n", "a"),
      parse_conf("[Microcode]\nCpu=\n", "b"),
  });
  EXPECT_THAT(values_of(all.microcode.cpu), IsEmpty());
  EXPECT_THAT(values_of(all.microcode.firmware), ElementsAre("/a")) << "another list";
}

TEST(Settings, TakeTheLastOfSingleValues) {
  const Settings all = settings_from({
      parse_conf("[Image]\nEnabled=no\n", "a"),
      parse_conf("[Image]\nEnabled=yes\n", "b"),
  });
  EXPECT_TRUE(all.image.enabled.value);
  EXPECT_EQ(all.image.enabled.origin, (Origin{"b", 2}));
}

struct ValueRow {
  const char* name;
  const char* line;
  const char* finding;  // behind the place
};

void PrintTo(const ValueRow& row, std::ostream* out) {
  *out << row.name;
}

const std::vector<ValueRow> kBroken = {
    {"HoldOfNothing", "Hold=0xzz", "Hold='0xzz': a signature is written as 0x806f8"},
    {"HoldWithExclamation", "Hold=!06-8f-08",
     "Hold='!06-8f-08': '!' deselects CPUs, and has no meaning here"},
    {"HoldOfTheHost", "Hold=host",
     "Hold='host': no CPU, which is written as 06-8f-08, 0x806f8 or cpu00A20F12"},
    {"HoldOfTwo", "Hold=0x806f8 0x50657",
     "Hold='0x806f8 0x50657': a signature is written as 0x806f8"},
    {"HoldInQuotes", "Hold=\"0x806f8\"",
     "Hold='\"0x806f8\"': no CPU, which is written as 06-8f-08, 0x806f8 or cpu00A20F12"},
    {"PinWithoutRevision", "Pin=06-8f-08",
     "Pin='06-8f-08': a pin needs a revision, as in 0x806f8,,eq:0x2b000650"},
    {"PinWithExclamation", "Pin=!0x806f8,,eq:0x1",
     "Pin='!0x806f8,,eq:0x1': '!' deselects CPUs, and has no meaning here"},
    {"PinOfNothing", "Pin=0x806f8,,0x1",
     "Pin='0x806f8,,0x1': a revision bound begins with lt:, eq: or gt:"},
    {"CpuOfNothing", "Cpu=Host",
     "Cpu='Host': no CPU, which is written as 06-8f-08, 0x806f8 or cpu00A20F12"},
    {"CpuOfARelativeFile", "Cpu=@fleet", "Cpu='@fleet': a path here begins with '/'"},
    {"CpuOfNoFile", "Cpu=@", "Cpu='@': a path here begins with '/'"},
    {"RelativeFirmware", "Firmware=lib/firmware",
     "Firmware='lib/firmware': a path here begins with '/'"},
    {"OnNone", "OnNone=Fail", "OnNone='Fail': is warn or fail"},
    {"EmptyOnNone", "OnNone=", "OnNone='': is warn or fail"},
    {"Conflict", "Conflict=keep", "Conflict='keep': is union or strip"},
};

class BrokenValue : public testing::TestWithParam<ValueRow> {};

TEST_P(BrokenValue, IsAnErrorAtItsLine) {
  const Settings all = microcode(GetParam().line);
  EXPECT_THAT(findings_of(all), ElementsAre(std::string("'f:2': ") + GetParam().finding));
  EXPECT_EQ(all.findings.at(0).rule, "conf-value");
  EXPECT_TRUE(all.broken());
}

INSTANTIATE_TEST_SUITE_P(Rows, BrokenValue, testing::ValuesIn(kBroken),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(BrokenValue, OfAListLeavesTheOthersOfTheList) {
  const Settings all = microcode("Hold=06-8f-08\nHold=06-8f\nHold=06-55-07\n");
  EXPECT_THAT(values_of(all.microcode.hold), ElementsAre("06-8f-08", "06-55-07"));
  EXPECT_TRUE(all.broken());
}

TEST(BrokenValue, OfASingleKeyLeavesTheOlderOne) {
  const Settings all = settings("[Image]\nEnabled=no\nEnabled=ja\n");
  EXPECT_FALSE(all.image.enabled.value);
  EXPECT_EQ(all.image.enabled.origin, (Origin{"f", 2}));
  EXPECT_THAT(findings_of(all), ElementsAre("'f:3': Enabled='ja': is yes or no"));
  EXPECT_TRUE(all.broken());
}

TEST(BrokenValue, StaysAnErrorThoughTheListIsEmptiedBehindIt) {
  EXPECT_TRUE(microcode("Hold=06-8f\nHold=\n").broken());
}

TEST(BrokenValue, IsShownUpToALength) {
  const Settings all = microcode("Cpu=" + std::string(100'000, 'x') + "\n");
  ASSERT_EQ(all.findings.size(), 1u);
  EXPECT_LT(to_line(all.findings[0]).size(), 200u);
}

TEST(Settings, AreBrokenByAnUnknownKey) {
  const Settings all = microcode("Holds=06-8f-08\nHold=06-55-07\n");
  EXPECT_THAT(findings_of(all), ElementsAre("'f:2': unknown key 'Holds' in [Microcode]"));
  EXPECT_EQ(all.findings.at(0).rule, "conf-key");
  EXPECT_TRUE(all.broken());
  EXPECT_THAT(values_of(all.microcode.hold), ElementsAre("06-55-07"));
}

TEST(Settings, AreBrokenByAnUnknownSection) {
  const Settings all = settings("[Mikrocode]\nHold=06-8f-08\n");
  EXPECT_THAT(findings_of(all), ElementsAre("'f:2': unknown section 'Mikrocode'"));
  EXPECT_TRUE(all.broken());
}

TEST(Settings, KnowAKeyInItsSectionOnly) {
  const Settings all = settings("[Image]\nHold=06-8f-08\n[Microcode]\nEnabled=no\n");
  EXPECT_THAT(findings_of(all), ElementsAre("'f:2': unknown key 'Hold' in [Image]",
                                            "'f:4': unknown key 'Enabled' in [Microcode]"));
  EXPECT_THAT(values_of(all.microcode.hold), IsEmpty());
  EXPECT_TRUE(all.image.enabled.value);
}

TEST(Settings, AreBrokenByALineThatIsNone) {
  const Settings all = microcode("Hold 06-8f-08\n");
  EXPECT_THAT(findings_of(all), ElementsAre("'f:2': no '=' in 'Hold 06-8f-08'"));
  EXPECT_TRUE(all.broken());
}

TEST(Environment, ReplacesWhatFilesSay) {
  Settings all = microcode("Cpu=host\nFirmware=/srv/a\nHold=06-8f-08\n");
  apply_environment(all, "06-8f-08  !cpu00A20F12\tall\n", "/b /c");
  EXPECT_THAT(findings_of(all), IsEmpty());
  EXPECT_THAT(values_of(all.microcode.cpu), ElementsAre("06-8f-08", "!cpu00A20F12", "all"));
  EXPECT_EQ(all.microcode.cpu[2].origin, (Origin{"KIP_CPU", 0}));
  EXPECT_THAT(values_of(all.microcode.firmware), ElementsAre("/b", "/c"));
  EXPECT_EQ(all.microcode.firmware[0].origin, (Origin{"KIP_FIRMWARE", 0}));
  EXPECT_THAT(values_of(all.microcode.hold), ElementsAre("06-8f-08"));
}

TEST(Environment, WithoutAWordIsNotSet) {
  for (const char* const words : {"", " ", " \t\n"}) {
    Settings all = microcode("Cpu=host\n");
    apply_environment(all, words, std::nullopt);
    EXPECT_THAT(values_of(all.microcode.cpu), ElementsAre("host"));
    EXPECT_FALSE(all.broken());
  }
}

TEST(Environment, ThatIsBrokenReplacesNothing) {
  Settings all = microcode("Cpu=host\n");
  apply_environment(all, "06-8f-08 hots", "firmware");
  EXPECT_THAT(values_of(all.microcode.cpu), ElementsAre("host"));
  EXPECT_THAT(values_of(all.microcode.firmware), IsEmpty());
  EXPECT_THAT(
      findings_of(all),
      ElementsAre("'KIP_CPU': 'hots': no CPU, which is written as 06-8f-08, 0x806f8 or cpu00A20F12",
                  "'KIP_FIRMWARE': 'firmware': a path here begins with '/'"));
  EXPECT_TRUE(all.broken());
}

TEST(ReadSettings, TakesFilesInTheOrderOfTheirNames) {
  const support::TempDir place;
  place.write("usr/lib/kip/kip.conf.d/50-vendor.conf", "[Microcode]\nOnNone=fail\nHold=06-8f-08\n");
  place.write("etc/kip/kip.conf.d/10-early.conf", "[Microcode]\nOnNone=warn\n");
  place.write("etc/kip/kip.conf.d/90-late.conf", "[Microcode]\nHold=06-55-07\n");
  const Settings all = must(read_settings(must(Root::at(place.path()))));
  EXPECT_EQ(all.microcode.on_none.value, OnNone::kFail);
  EXPECT_EQ(all.microcode.on_none.origin, (Origin{"/usr/lib/kip/kip.conf.d/50-vendor.conf", 2}));
  EXPECT_THAT(values_of(all.microcode.hold), ElementsAre("06-8f-08", "06-55-07"));
}

TEST(ReadSettings, IsBrokenByAFileThatCannotBeRead) {
  const support::TempDir place;
  place.directory("etc/kip/kip.conf.d/hold.conf");
  const Settings all = must(read_settings(must(Root::at(place.path()))));
  EXPECT_THAT(findings_of(all),
              ElementsAre("'/etc/kip/kip.conf.d/hold.conf': is not a regular file"));
  EXPECT_TRUE(all.broken());
}

// What it holds is commented out; behind a '#' without a blank stands what would count.
TEST(SampleConfiguration, IsRightOnceItsCommentsAreTakenAway) {
  const support::Blob bytes = support::read_file(KIP_SOURCE_ROOT "/install.d/kip.conf.sample");
  const std::string text = support::to_string(bytes);
  EXPECT_THAT(parse_conf(text, "sample").lines, IsEmpty());
  EXPECT_THAT(parse_conf(text, "sample").findings, IsEmpty());

  std::string taken = "\n" + text;
  for (std::size_t at = 0; (at = taken.find("\n#", at)) != taken.npos; ++at) {
    if (taken.at(at + 2) != ' ') taken.erase(at + 1, 1);
  }
  const Settings all = settings(taken);
  EXPECT_THAT(findings_of(all), IsEmpty());
  EXPECT_EQ(all.microcode.cpu.size(), 1u);
  EXPECT_EQ(all.microcode.firmware.size(), 1u);
  EXPECT_EQ(all.microcode.hold.size(), 1u);
  EXPECT_EQ(all.microcode.pin.size(), 1u);
  const Settings defaults = settings("");
  EXPECT_EQ(all.microcode.on_none.value, defaults.microcode.on_none.value);
  EXPECT_EQ(all.microcode.conflict.value, defaults.microcode.conflict.value);
  EXPECT_EQ(all.image.enabled.value, defaults.image.enabled.value);
  EXPECT_TRUE(all.image.enabled.origin) << "the sample names it";
  EXPECT_EQ(all.modules.words.size(), 4u);
  EXPECT_EQ(all.modules.unsigned_modules.value, defaults.modules.unsigned_modules.value);
  EXPECT_TRUE(all.modules.unsigned_modules.origin);
  EXPECT_EQ(all.modules.on_require.value, defaults.modules.on_require.value);
  EXPECT_TRUE(all.modules.on_require.origin);
  EXPECT_EQ(all.modules.firmware_limit.value, defaults.modules.firmware_limit.value);
  EXPECT_TRUE(all.modules.firmware_limit.origin);
  EXPECT_EQ(all.image.compression.value, defaults.image.compression.value);
  EXPECT_TRUE(all.image.compression.origin);
}

}  // namespace
}  // namespace kip::policy
