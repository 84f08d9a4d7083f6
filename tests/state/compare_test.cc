// What counts as a change of an entry's inputs, and what does not.
#include <functional>
#include <gmock/gmock.h>
#include <ostream>

#include "src/state/compare.h"
#include "tests/state/recorded.h"

namespace kip::state {
namespace {

using testing::ElementsAreArray;

struct Row {
  const char* name;
  std::function<void(Inputs&)> happens;
  std::vector<std::string> lines;
  std::function<void(Manifest&)> before = {};  // how the entry was made, where not as usual
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class Compared : public testing::TestWithParam<Row> {};

TEST_P(Compared, SaysWhatChangedAndNothingElse) {
  Manifest manifest = recorded();
  if (GetParam().before) GetParam().before(manifest);
  Inputs now = manifest.inputs;
  GetParam().happens(now);
  std::vector<std::string> lines;
  for (const Change& change : compare(manifest, now)) lines.push_back(to_text(change));
  EXPECT_THAT(lines, ElementsAreArray(GetParam().lines));
}

MicrocodeInputs& microcode(Inputs& now) {
  return *now.microcode;
}

const std::string kIntelFile = " ('/lib/firmware/intel-ucode/06-8f-08')";
const std::string kAmdFile = " ('/lib/firmware/amd-ucode/microcode_amd_fam19h.bin')";
const std::string kRule = "; Include=zfs at /etc/kip/kip.conf.d/10.conf:3";

const Row kMicrocode[] = {
    {"Nothing", [](Inputs&) {}, {}},
    {"NewerUpdate",
     [](Inputs& now) { microcode(now).updates[0] = intel_update(0x2b000650, 2); },
     {"microcode 06-8f-08: 0x2b000603 -> 0x2b000650" + kIntelFile}},
    {"OtherBytesOfARevision",
     [](Inputs& now) { microcode(now).updates[0].digest = digest_of(2); },
     {"microcode 06-8f-08: 0x2b000603 -> 0x2b000603 with other bytes" + kIntelFile}},
    {"UpdateGone",
     [](Inputs& now) { microcode(now).updates.erase(microcode(now).updates.begin()); },
     {"microcode 06-8f-08: 0x2b000603 -> none" + kIntelFile}},
    {"UpdateThatMoved",
     [](Inputs& now) {
       microcode(now).updates[0].file = "/lib/firmware/updates/intel-ucode/x";
       microcode(now).updates[0].offset = 0;
     },
     {}},
    {"OtherOrder",
     [](Inputs& now) { std::swap(microcode(now).updates[0], microcode(now).updates[1]); },
     {}},
    {"SecondPatchOfAPair",
     [](Inputs& now) { microcode(now).updates.push_back(amd_update(0x0a0011de, 6)); },
     {"microcode 19-01-01: none -> 0x0a0011de" + kAmdFile}},
    // The fixed one is newer than both, and follows the fixed one.
    {"NewerFixedPatchOfAPair",
     [](Inputs& now) { microcode(now).updates[2] = amd_update(0x0a0011df, 7); },
     {"microcode 19-01-01: 0x0a0011de -> 0x0a0011df" + kAmdFile},
     [](Manifest& it) { it.inputs.microcode->updates.push_back(amd_update(0x0a0011de, 6)); }},
    {"AcrossTheCutoff",
     [](Inputs& now) { microcode(now).updates[1] = amd_update(0x0a0011de, 6); },
     {"microcode 19-01-01: 0x0a0011d5 -> 0x0a0011de" + kAmdFile}},
    {"OtherPlatformIsNoSuccessor",
     [](Inputs& now) {
       microcode(now).updates[0] = intel_update(0x2c000410, 2);
       microcode(now).updates[0].targets = {{{0x806f8}, 0x10}};
     },
     {"microcode 06-8f-08: 0x2b000603 -> none" + kIntelFile,
      "microcode 06-8f-08: none -> 0x2c000410" + kIntelFile}},
    {"ClassMoved",
     [](Inputs& now) { microcode(now).cpus[1].proven = ucode::EntrySignClass::kFixed; },
     {"entrysign 19-01-01 0x00a00f11: old -> fixed"}},
    {"ClassNotProvenAnyMore", [](Inputs& now) { microcode(now).cpus[1].proven.reset(); }, {}},
    {"CpuUnderAnotherName", [](Inputs& now) { microcode(now).cpus[0].label = "host"; }, {}},
    {"NotKnownNow", [](Inputs& now) { now.microcode.reset(); }, {}},
    {"NoneThen",
     [](Inputs& now) {
       now.microcode = MicrocodeInputs{{}, {intel_update()}};
     },
     {"microcode 06-8f-08: none -> 0x2b000603" + kIntelFile},
     [](Manifest& it) { it.inputs.microcode.reset(); }},
};

const Row kModules[] = {
    {"NewerModule",
     [](Inputs& now) {
       now.modules.modules[2].version = "2.2.7";
       now.modules.modules[2].digest = digest_of(30);
     },
     {"module zfs: 2.2.6 -> 2.2.7 ('extra/zfs.ko')" + kRule}},
    {"ModuleBuiltAgain",
     [](Inputs& now) { now.modules.modules[2].digest = digest_of(30); },
     {"module zfs: 2.2.6 -> 2.2.6 with other bytes ('extra/zfs.ko')" + kRule}},
    {"SameBytesAtAnotherTime",
     [](Inputs& now) {
       now.modules.modules[2].stamp = {1000, 5};
     },
     {}},
    {"RuleThatMoved",
     [](Inputs& now) {
       now.modules.modules[2].of = "Include=z* at /etc/kip/kip.conf.d/99.conf:1";
       now.modules.decisions[1].why = "Include=z* at /etc/kip/kip.conf.d/99.conf:1";
     },
     {}},
    {"ModuleElsewhere",
     [](Inputs& now) { now.modules.modules[2].path = "updates/zfs.ko"; },
     {"module zfs: 2.2.6 at 'extra/zfs.ko' -> 2.2.6 ('updates/zfs.ko')" + kRule}},
    {"ModuleOmitted",
     [](Inputs& now) {
       now.modules.modules.pop_back();
       now.modules.decisions[1] = {"zfs", "extra/zfs.ko", "out", "Omit=zfs at /x:1"};
     },
     {"module zfs: 2.2.6 -> none ('extra/zfs.ko'); Omit=zfs at /x:1"}},
    {"ModuleNoRuleAsksFor",
     [](Inputs& now) {
       now.modules.modules.pop_back();
       now.modules.decisions[1] = {"zfs", "extra/zfs.ko", "out", ""};
     },
     {"module zfs: 2.2.6 -> none ('extra/zfs.ko'); no rule asks for it"}},
    {"ModuleGone",
     [](Inputs& now) {
       now.modules.modules.pop_back();
       now.modules.decisions.pop_back();
     },
     {"module zfs: 2.2.6 -> none ('extra/zfs.ko'); it is not there"}},
    {"ModuleIncluded",
     [](Inputs& now) {
       now.modules.modules.push_back({"vpoll",
                                      "updates/vpoll.ko",
                                      "1.0",
                                      false,
                                      digest_of(40),
                                      {},
                                      "policy",
                                      "Include=vpoll at /x:2"});
     },
     {"module vpoll: none -> 1.0 ('updates/vpoll.ko'); Include=vpoll at /x:2"}},
    {"OmittedModuleChanged",
     [](Inputs& now) { now.modules.decisions[0].path = "extra/vpoll.ko"; },
     {}},
    {"KernelsOwnThatTheBaseHas",
     [](Inputs& now) {
       now.modules.modules[1].stamp = {5, 5};
     },
     {}},
    {"KernelsOwnReplacedByAnother",
     [](Inputs& now) {
       now.modules.modules[1] = {"xor", "updates/xor.ko", "9",  false, digest_of(50),
                                 {},    "depends",        "zfs"};
     },
     {"module xor: kernel/crypto/xor.ko -> 9 ('updates/xor.ko'); needed by 'zfs'"}},
    {"VersionOfOddBytes",
     [](Inputs& now) {
       now.modules.modules[2].version = "2\n3";
       now.modules.modules[2].digest = digest_of(30);
     },
     {"module zfs: 2.2.6 -> '2\\x0a3' ('extra/zfs.ko')" + kRule}},
    {"FirmwareChanged",
     [](Inputs& now) { now.modules.firmware[0].digest = digest_of(60); },
     {"firmware zfs/blob.bin: 77 bytes -> 77 other bytes ('/lib/firmware/zfs/blob.bin'); "
      "named by 'zfs'"}},
    {"FirmwareThatMoved",
     [](Inputs& now) { now.modules.firmware[0].path = "/lib/firmware/updates/zfs/blob.bin"; },
     {}},
    {"FirmwareGone",
     [](Inputs& now) { now.modules.firmware.clear(); },
     {"firmware zfs/blob.bin: in the image -> none ('/lib/firmware/zfs/blob.bin'); named by "
      "'zfs'"}},
    {"ModprobeLinesChanged",
     [](Inputs& now) { now.modules.modprobe = digest_of(70); },
     {"modprobe modprobe.d: some lines -> other lines"}},
    {"ModprobeLinesGone",
     [](Inputs& now) { now.modules.modprobe.reset(); },
     {"modprobe modprobe.d: some lines -> none"}},
};

// The base serves the machine better than what is chosen.
void with_newer_base(Manifest& manifest) {
  manifest.base->updates = {intel_update(0x2b000700, 20)};
  manifest.inputs.microcode->updates.pop_back();
}

const std::string kOthers = "microcode 06-55-07: 0x05003901 -> none ('initrd')";

const Row kBase[] = {
    {"Stripped", [](Inputs& now) { now.settings.conflict = "strip"; }, {kOthers}},
    {"StrippedOfNothing",
     [](Inputs& now) { now.settings.conflict = "strip"; },
     {},
     [](Manifest& it) { it.base->updates = {intel_update(0x2b000500, 20)}; }},
    {"Held", [](Inputs& now) { now.settings.holds = {"06-55-07"}; }, {kOthers}},
    {"HeldInAnotherRevision",
     [](Inputs& now) { now.settings.holds = {"0x50657,,gt:0x05003901"}; },
     {}},
    {"PinnedAway", [](Inputs& now) { now.settings.pins = {"0x50657,,eq:0x05003900"}; }, {kOthers}},
    {"PinnedToWhatItIs", [](Inputs& now) { now.settings.pins = {"0x50657,,eq:0x05003901"}; }, {}},
    {"HoldOfSomethingElseGone",
     [](Inputs& now) { now.settings.holds.clear(), now.settings.pins.clear(); },
     {}},
    {"NewerThanWhatIsChosenNow",
     [](Inputs& now) { microcode(now).updates[0] = intel_update(0x2b000650, 2); },
     {},
     with_newer_base},
    {"OlderThanWhatIsChosenNow",
     [](Inputs& now) { microcode(now).updates[0] = intel_update(0x2b000750, 2); },
     {"microcode 06-8f-08: 0x2b000700 -> 0x2b000750" + kIntelFile},
     with_newer_base},
    {"OfAnotherPlatform",
     [](Inputs& now) { microcode(now).updates[0] = intel_update(0x2b000650, 2); },
     {"microcode 06-8f-08: 0x2b000603 -> 0x2b000650" + kIntelFile},
     [](Manifest& it) {
       with_newer_base(it);
       it.base->updates[0].targets[0].platform_flags = 0x10;
     }},
    // Held, so that a kernel must not find it: a merged part takes its place.
    {"NewerAndHeldNow",
     [](Inputs& now) { now.settings.holds = {"0x806f8,,eq:0x2b000700"}; },
     {"microcode 06-8f-08: 0x2b000700 -> 0x2b000603" + kIntelFile},
     with_newer_base},
    {"HasWhatThePackageHad",
     [](Inputs& now) { microcode(now).updates.clear(); },
     {},
     [](Manifest& it) {
       with_newer_base(it);
       it.base->updates[0] = it.inputs.microcode->updates[0];
       it.base->updates[0].targets.push_back({{0x806f6}, 0x87});
     }},
};

const Row kSettings[] = {
    {"OtherCompression",
     [](Inputs& now) { now.settings.compression = "xz"; },
     {"setting Compression: zstd -> xz"}},
    {"CompressionOfNothing", [](Inputs& now) { now.settings.compression.clear(); }, {}},
    {"TurnedOff",
     [](Inputs& now) {
       now = {};
       now.settings.enabled = false;
       now.settings.enabled_by = "/etc/kip/kip.conf.d/off.conf:2";
     },
     {"setting Enabled: yes -> no; /etc/kip/kip.conf.d/off.conf:2"}},
    {"TurnedOffWithNothingIn",
     [](Inputs& now) {
       now = {};
       now.settings.enabled = false;
     },
     {},
     [](Manifest& it) { it.files.front().parts.clear(); }},
};

const auto kName = [](const auto& row) { return row.param.name; };
INSTANTIATE_TEST_SUITE_P(Microcode, Compared, testing::ValuesIn(kMicrocode), kName);
INSTANTIATE_TEST_SUITE_P(Modules, Compared, testing::ValuesIn(kModules), kName);
INSTANTIATE_TEST_SUITE_P(Base, Compared, testing::ValuesIn(kBase), kName);
INSTANTIATE_TEST_SUITE_P(Settings, Compared, testing::ValuesIn(kSettings), kName);

}  // namespace
}  // namespace kip::state
