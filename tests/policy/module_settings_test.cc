// [Modules] and [Image] of kip.conf.d: what the keys take, and each refusal.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <ostream>

#include "src/policy/settings.h"

namespace kip::policy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Settings modules(const std::string& lines) {
  return settings_from({parse_conf("[Modules]\n" + lines, "f")});
}

// "Include zfs f:2"
std::vector<std::string> words_of(const Settings& settings) {
  std::vector<std::string> words;
  for (const ModuleWord& word : settings.modules.words) {
    const char* const effect = word.effect == Effect::kInclude ? "Include"
                               : word.effect == Effect::kOmit  ? "Omit"
                                                               : "Require";
    words.push_back(fmt::format("{} {} {}", effect, word.pattern, to_text(word.origin)));
  }
  return words;
}

std::vector<std::string> findings_of(const Settings& all) {
  std::vector<std::string> findings;
  for (const Finding& finding : all.findings) findings.push_back(to_line(finding));
  return findings;
}

TEST(ModuleSettings, HaveTheseDefaults) {
  const Settings none = modules("");
  EXPECT_THAT(none.modules.words, IsEmpty());
  EXPECT_EQ(none.modules.unsigned_modules.value, Unsigned::kWarn);
  EXPECT_EQ(none.modules.on_require.value, OnRequire::kFail);
  EXPECT_EQ(none.modules.firmware_limit.value, 64u << 20);
  EXPECT_EQ(none.image.compression.value, Compression::kAuto);
  EXPECT_FALSE(none.image.compression.origin);
}

TEST(ModuleSettings, TakeSeveralWordsALine) {
  const Settings all = modules("Include=zfs spl\nOmit=nvidia*\t?fbcon\nRequire=dm-writeboost\n");
  EXPECT_THAT(findings_of(all), IsEmpty());
  EXPECT_THAT(words_of(all), ElementsAre("Include zfs f:2", "Include spl f:2", "Omit nvidia* f:3",
                                         "Omit ?fbcon f:3", "Require dm-writeboost f:4"));
}

TEST(ModuleSettings, KeepTheOrderOfKeys) {
  EXPECT_THAT(words_of(modules("Omit=a\nInclude=b\nOmit=c\n")),
              ElementsAre("Omit a f:2", "Include b f:3", "Omit c f:4"));
}

TEST(ModuleSettings, EmptyOneKeyAlone) {
  EXPECT_THAT(words_of(modules("Include=a\nOmit=b\nRequire=c\nInclude=\nInclude=d\n")),
              ElementsAre("Omit b f:3", "Require c f:4", "Include d f:6"));
  EXPECT_THAT(words_of(modules("Omit=a\nOmit=\n")), IsEmpty());
  EXPECT_THAT(words_of(modules("Require=a\nRequire=\n")), IsEmpty());
}

TEST(ModuleSettings, EmptyAKeyOfAnEarlierFile) {
  const Settings all = settings_from({
      parse_conf("[Modules]\nInclude=a\nOmit=b\n", "vendor"),
      parse_conf("[Modules]\nInclude=\n", "admin"),
  });
  EXPECT_THAT(words_of(all), ElementsAre("Omit b vendor:3"));
}

TEST(ModuleSettings, TakeAliases) {
  const Settings all = modules(
      "Include=pci:v000010DEd*sv*sd*bc03sc00i00* of:N*T*Cnvidia,tegra20-spi "
      "crypto-rfc7539esp(chacha20,poly1305) "
      "dmi*:bvn*:bvr* char-major-10-249 acpi*:PNP0C0A:* [!a-c]x []x]\n");
  EXPECT_THAT(findings_of(all), IsEmpty());
  EXPECT_EQ(all.modules.words.size(), 8u);
}

TEST(ModuleSettings, TakeEveryWordOfSingleKeys) {
  const auto unsigned_of = [](const char* line) {
    return modules(line).modules.unsigned_modules.value;
  };
  EXPECT_EQ(unsigned_of("Unsigned=skip\n"), Unsigned::kSkip);
  EXPECT_EQ(unsigned_of("Unsigned=fail\n"), Unsigned::kFail);
  EXPECT_EQ(unsigned_of("Unsigned=fail\nUnsigned=warn\n"), Unsigned::kWarn);
  EXPECT_EQ(modules("OnRequire=warn\n").modules.on_require.value, OnRequire::kWarn);
  EXPECT_EQ(modules("OnRequire=warn\nOnRequire=fail\n").modules.on_require.value, OnRequire::kFail);
  const std::pair<const char*, Compression> kMethods[] = {{"auto", Compression::kAuto},
                                                          {"none", Compression::kNone},
                                                          {"zstd", Compression::kZstd},
                                                          {"xz", Compression::kXz},
                                                          {"gzip", Compression::kGzip}};
  for (const auto& [word, method] : kMethods) {
    const Settings all =
        modules(std::string("[Image]\nCompression=zstd\nCompression=") + word + "\n");
    EXPECT_EQ(all.image.compression.value, method);
    EXPECT_EQ(all.image.compression.origin, (Origin{"f", 4}));
  }
}

TEST(ModuleSettings, TakeSizes) {
  const std::pair<const char*, std::uint64_t> kSizes[] = {
      {"0", 0},
      {"1", 1},
      {"100000", 100'000},
      {"3K", 3072},
      {"64M", 64u << 20},
      {"2G", 2ull << 30},
      {"18446744073709551615", UINT64_MAX},
      {"17179869183G", 17179869183ull << 30},
  };
  for (const auto& [text, size] : kSizes) {
    const Settings all = modules(std::string("FirmwareLimit=") + text + "\n");
    EXPECT_THAT(findings_of(all), IsEmpty()) << text;
    EXPECT_EQ(all.modules.firmware_limit.value, size) << text;
    EXPECT_EQ(all.modules.firmware_limit.origin, (Origin{"f", 2})) << text;
  }
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
    {"Path", "Include=/lib/modules/6.1/extra/zfs",
     "Include='/lib/modules/6.1/extra/zfs': a module is named "
     "without its path"},
    {"Directory", "Omit=drivers/net", "Omit='drivers/net': a module is named without its path"},
    {"File", "Include=zfs.ko", "Include='zfs.ko': a module is named without .ko"},
    {"CompressedFile", "Require=zfs.ko.zst", "Require='zfs.ko.zst': a module is named without .ko"},
    {"Quotes", "Include=\"zfs\"", "Include='\"zfs\"': '\"' is in no module's name or alias"},
    {"AsInDracut", "Include==drivers", "Include='=drivers': '=' is in no module's name or alias"},
    {"Commas", "Include=zfs,spl", "Include='zfs,spl': names are separated by blanks"},
    {"CommaBehind", "Include=zfs, spl",
     "Include='zfs, spl': 'zfs,': names are separated by blanks"},
    {"Backslash", "Include=a\\*", "Include='a\\\\*': '\\\\' is in no module's name or alias"},
    {"Comment", "Include=zfs # root",
     "Include='zfs # root': '#': '#' is in no module's name or alias"},
    {"Exclamation", "Omit=!zfs", "Omit='!zfs': '!' outside of [ ]"},
    {"OpenBracket", "Omit=a[bc", "Omit='a[bc': '[' without a ']'"},
    {"EmptyBracket", "Omit=a[]", "Omit='a[]': '[' without a ']'"},
    {"ClosingBracket", "Omit=ab]", "Omit='ab]': ']' outside of [ ]"},
    {"BeyondAscii", "Omit=z\xc3\xa4", "Omit='z\xc3\xa4': '\\xc3' is in no module's name or alias"},
    {"Unsigned", "Unsigned=no", "Unsigned='no': is warn, skip or fail"},
    {"EmptyUnsigned", "Unsigned=", "Unsigned='': is warn, skip or fail"},
    {"OnRequire", "OnRequire=skip", "OnRequire='skip': is fail or warn"},
    {"EmptySize",
     "FirmwareLimit=", "FirmwareLimit='': is a size in bytes, or with K, M or G behind it"},
    {"UnitAlone", "FirmwareLimit=M",
     "FirmwareLimit='M': is a size in bytes, or with K, M or G behind it"},
    {"SmallUnit", "FirmwareLimit=1m",
     "FirmwareLimit='1m': is a size in bytes, or with K, M or G behind it"},
    {"UnitWithByte", "FirmwareLimit=1MB",
     "FirmwareLimit='1MB': is a size in bytes, or with K, M or G behind it"},
    {"NegativeSize", "FirmwareLimit=-1",
     "FirmwareLimit='-1': is a size in bytes, or with K, M or G behind it"},
    {"BlankInASize", "FirmwareLimit=1 M",
     "FirmwareLimit='1 M': is a size in bytes, or with K, M or G behind it"},
    {"HugeSize", "FirmwareLimit=18446744073709551616",
     "FirmwareLimit='18446744073709551616': is a size in bytes, or with K, M or G behind it"},
    {"HugeSizeByUnit", "FirmwareLimit=17179869184G",
     "FirmwareLimit='17179869184G': is more than any file can have"},
};

class BrokenModuleValue : public testing::TestWithParam<ValueRow> {};

TEST_P(BrokenModuleValue, IsAnErrorAtItsLine) {
  const Settings all = modules(GetParam().line);
  EXPECT_THAT(findings_of(all), ElementsAre(std::string("'f:2': ") + GetParam().finding));
  EXPECT_EQ(all.findings.at(0).rule, "conf-value");
  EXPECT_TRUE(all.broken());
  EXPECT_THAT(all.modules.words, IsEmpty());
  EXPECT_EQ(all.modules.firmware_limit.value, kFirmwareLimit);
}

INSTANTIATE_TEST_SUITE_P(Rows, BrokenModuleValue, testing::ValuesIn(kBroken),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(BrokenModuleValue, OfALineLeavesOutTheWholeLine) {
  const Settings all = modules("Include=a b/c d\nInclude=e\n");
  EXPECT_THAT(words_of(all), ElementsAre("Include e f:3"));
  EXPECT_TRUE(all.broken());
}

TEST(BrokenModuleValue, OfCompression) {
  const Settings all = modules("[Image]\nCompression=lz4\n");
  EXPECT_THAT(findings_of(all),
              ElementsAre("'f:3': Compression='lz4': is auto, none, zstd, xz or gzip"));
}

TEST(ModuleSettings, AreKnownInTheirSectionOnly) {
  const Settings all =
      settings_from({parse_conf("[Image]\nInclude=zfs\n[Modules]\nCompression=xz\n", "f")});
  EXPECT_THAT(findings_of(all), ElementsAre("'f:2': unknown key 'Include' in [Image]",
                                            "'f:4': unknown key 'Compression' in [Modules]"));
}

}  // namespace
}  // namespace kip::policy
