// Words for what the model of the loaders says, with what a user can do about it.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "src/checks/predict.h"
#include "ucode/amd.h"

namespace kip::checks {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using ucode::CpuSignature;
using ucode::KernelVersion;
using ucode::LoaderCpu;
using ucode::Update;
using ucode::Vendor;

Update amd(std::uint32_t id, std::uint32_t minimum = 0) {
  Update update;
  update.vendor = Vendor::kAmd;
  update.revision = id;
  update.size = 5568;
  update.minimum_revision = minimum;
  const CpuSignature cpu = ucode::zen_cpu(id);
  update.targets = {{cpu, 0}};
  update.table_cpus = {cpu};
  update.equivalence_id = static_cast<std::uint16_t>(((cpu.family() - 0xf) << 12) |
                                                     (cpu.value >> 8 & 0xf00) | (cpu.value & 0xff));
  return update;
}

Update intel(std::uint32_t revision, std::uint32_t platforms) {
  Update update;
  update.revision = revision;
  update.targets = {{{0x806f8}, platforms}};
  return update;
}

Predicted ask(const std::vector<Update>& stream, const LoaderCpu& cpu, const char* kernel,
              bool known = true, const ucode::LoaderSwitches& switches = {}) {
  return predict(stream, cpu,
                 {ucode::kernel_ranges(KernelVersion::parse(kernel)), known, switches, {}});
}

// "loads d5", "refused de", "keeps de", by the last two digits of the revision.
std::string summary(const Predicted& predicted, const std::vector<Update>& stream) {
  std::string text;
  for (const Outcome& it : predicted.outcomes) {
    text += (text.empty() ? "" : " | ") + std::string(outcome_name(it.kind));
    if (it.update) text += fmt::format(" {:02x}", stream[*it.update].revision & 0xff);
  }
  return text;
}

struct Pair {
  const char* name;
  std::uint32_t before, after,
      base;  // two patches for one CPU, and the base that the later one states
};

// The five that linux-firmware ships two patches for.
constexpr Pair kPairs[] = {
    {"Milan", 0x0a0011d5, 0x0a0011de, 0x0a0011d9},   {"MilanX", 0x0a001238, 0x0a001247, 0x0a001242},
    {"Genoa", 0x0a101148, 0x0a101158, 0x0a101153},   {"GenoaX", 0x0a101248, 0x0a101253, 0x0a10124e},
    {"Bergamo", 0x0aa00215, 0x0aa0021c, 0x0aa00218},
};

class EntrySignPair : public testing::TestWithParam<Pair> {};

// On an older kernel, one with digests, one that selects.
TEST_P(EntrySignPair, IsToldForEitherBios) {
  const Pair& pair = GetParam();
  const std::vector<Update> stream = {amd(pair.before), amd(pair.after, pair.base)};
  const CpuSignature cpu = ucode::zen_cpu(pair.after);
  const std::uint32_t cutoff = ucode::entrysign_cutoff(pair.after).value_or(0);
  const auto told = [&](std::uint32_t revision, const char* kernel) {
    return summary(ask(stream, {Vendor::kAmd, cpu, 0, revision}, kernel), stream);
  };
  const std::string before = fmt::format("{:02x}", pair.before & 0xff);
  const std::string after = fmt::format("{:02x}", pair.after & 0xff);
  const std::uint32_t old_bios = pair.before - 1, fixed_bios = cutoff + 1;
  EXPECT_EQ(told(old_bios, "6.1.131"), "refused " + after) << "written, below its base";
  EXPECT_EQ(told(old_bios, "6.14.1"), "refused " + after);
  EXPECT_EQ(told(old_bios, "6.12.64"), "loads " + before);
  for (const char* const kernel : {"6.1.131", "6.14.1", "6.12.64"})
    EXPECT_EQ(told(fixed_bios, kernel), "loads " + after) << kernel;
}

// From the base on the CPU takes it, up to the cutoff Linux does not.
TEST_P(EntrySignPair, SaysWhereTheKernelIsStricterThanTheCpu) {
  const Pair& pair = GetParam();
  const std::vector<Update> stream = {amd(pair.before), amd(pair.after, pair.base)};
  const LoaderCpu cpu{Vendor::kAmd, ucode::zen_cpu(pair.after), 0, pair.base};
  EXPECT_EQ(summary(ask(stream, cpu, "6.1.131"), stream),
            fmt::format("loads {:02x}", pair.after & 0xff));
  for (const char* const kernel : {"6.14.1", "6.12.64"}) {
    const Predicted predicted = ask(stream, cpu, kernel);
    const std::string fate = predicted.fates[1].fates[0].text;
    EXPECT_THAT(fate, HasSubstr(fmt::format(
                          "stricter than the CPU, which takes it on top of {:#010x}", pair.base)))
        << kernel;
    EXPECT_THAT(predicted.remedy, HasSubstr("install a BIOS that brings a revision later than"));
  }
}

INSTANTIATE_TEST_SUITE_P(All, EntrySignPair, testing::ValuesIn(kPairs),
                         [](const auto& row) { return row.param.name; });

const std::vector<Update> kMilan = {amd(0x0a0011d5), amd(0x0a0011de, 0x0a0011d9)};
constexpr LoaderCpu kOldBios{Vendor::kAmd, {0x00a00f11}, 0, 0x0a0011ce};

TEST(Predict, QuotesWhatTheKernelWrites) {
  EXPECT_THAT(
      ask(kMilan, kOldBios, "6.14.1").outcomes[0].text,
      HasSubstr(
          "0x0a0011de is refused: its digest is not in the kernel's list (\"No sha256 digest"));
  EXPECT_THAT(ask(kMilan, kOldBios, "6.19").fates[1].fates[0].text,
              HasSubstr("passed over without a word: it has the EntrySign fix, and the BIOS, which "
                        "left 0x0a0011ce, has not"));
}

TEST(Predict, NamesNoRevisionThatIsOnlyAssumed) {
  EXPECT_THAT(ask(kMilan, kOldBios, "6.19", false).fates[1].fates[0].text,
              HasSubstr("fix, and the BIOS has not"));
}

TEST(Predict, HasOneLineForEveryChangeOfTheAnswer) {
  const auto all = ucode::kernel_ranges(std::nullopt);
  const Predicted predicted = predict(kMilan, kOldBios, {all, true, {}, {}});
  ASSERT_EQ(predicted.outcomes.size(), 3U);
  EXPECT_EQ(predicted.outcomes[0].kernels, "before 6.6.81, 6.7 to 6.12.17, 6.13 to 6.13.5");
  EXPECT_EQ(predicted.outcomes[1].kernels,
            "6.6.81 to 6.6.120, 6.12.18 to 6.12.63, 6.13.6 to 6.18.3");
  EXPECT_EQ(predicted.outcomes[2].kernels, "6.6.121 to 6.6.y, 6.12.64 to 6.12.y, 6.18.4 and later");
}

TEST(Predict, GivesBothBranchesWhereAVendorsKernelLeavesItOpen) {
  EXPECT_EQ(summary(ask(kMilan, kOldBios, "6.12.0-55.el10"), kMilan),
            "refused de | refused de | loads d5");
  EXPECT_EQ(summary(ask(kMilan, kOldBios, "6.12.64"), kMilan), "loads d5");
}

TEST(Predict, TellsADamagedPatchOfAListedId) {
  const auto kernels = ucode::kernel_ranges(KernelVersion::parse("6.19"));
  const auto never = [](std::size_t, std::string_view) { return false; };
  const Predicted predicted = predict(kMilan, kOldBios, {kernels, true, {}, never});
  EXPECT_EQ(summary(predicted, kMilan), "refused d5");
  EXPECT_THAT(predicted.outcomes[0].text, HasSubstr("SHA256 digest mismatch"));
}

TEST(Predict, HonoursTheCommandLine) {
  EXPECT_EQ(summary(ask(kMilan, kOldBios, "6.14.1", true, {.digests_off = true}), kMilan),
            "refused de")
      << "written, and below its base";
  EXPECT_EQ(summary(ask(kMilan, {Vendor::kAmd, {0x00a00f11}, 0, 0x0a0011d9}, "6.14.1", true,
                        {.digests_off = true}),
                    kMilan),
            "loads de");
  EXPECT_EQ(summary(ask(kMilan, kOldBios, "6.1.1", true, {.off = true}), kMilan), "off de");
  EXPECT_EQ(summary(ask(kMilan, kOldBios, "6.17.1", true, {.off_by_option = true}), kMilan),
            "refused de");
  EXPECT_EQ(summary(ask(kMilan, kOldBios, "6.18", true, {.off_by_option = true}), kMilan),
            "off de");
  EXPECT_EQ(summary(ask(kMilan, kOldBios, "6.18", true, {.hypervisor = true}), kMilan), "off de");
}

TEST(Predict, KnowsRevisionsThatNothingReplaces) {
  Update update = amd(0x0a0011d5);
  update.revision = 0x010000c8;
  update.targets = {{{0x00100f63}, 0}};
  update.table_cpus = {{0x00100f63}};
  update.equivalence_id = 0x1043;
  update.size = 960;
  const LoaderCpu cpu{Vendor::kAmd, {0x00100f63}, 0, 0x010000af};
  EXPECT_THAT(ask({update}, cpu, "6.12.1").outcomes[0].text,
              HasSubstr("nothing replaces what runs"));
}

TEST(Predict, OfIntelTellsPlatformsAndWhatRunsAlready) {
  const std::vector<Update> stream = {intel(0x2b000650, 0x87), intel(0x2c000410, 0x10),
                                      intel(0x2c000400, 0x10)};
  const auto told = [&](std::uint32_t platform, std::uint32_t revision) {
    return summary(ask(stream, {Vendor::kIntel, {0x806f8}, platform, revision}, "6.12.1"), stream);
  };
  EXPECT_EQ(told(0x80, 0), "loads 50");
  EXPECT_EQ(told(0x10, 0), "loads 10");
  EXPECT_EQ(told(0x10, 0x2c000410), "keeps 00") << "nothing is newer";
  EXPECT_EQ(told(0x08, 0), "nothing 00");
  const Predicted other = ask(stream, {Vendor::kIntel, {0x50654}, 1, 0}, "6.12.1");
  EXPECT_EQ(other.outcomes[0].text, "no update is for this CPU");
  EXPECT_THAT(other.fates, IsEmpty());
}

TEST(Predict, HasNoRemedyWhereNothingIsAmiss) {
  EXPECT_EQ(ask(kMilan, {Vendor::kAmd, {0x00a00f11}, 0, 0x0a0011db}, "6.19").remedy, "");
  EXPECT_EQ(ask({intel(2, 1)}, {Vendor::kIntel, {0x806f8}, 2, 0}, "6.19").remedy, "");
}

// Each kernel has a list of its own, and until 7.1 none of them knows platforms.
TEST(PredictRemark, SaysWhichKernelsCallTheResultOld) {
  const auto remarks = [](std::uint32_t revision, std::uint32_t platform, bool guest = false) {
    const std::vector<Update> stream = {intel(revision, platform)};
    const LoaderCpu cpu{Vendor::kIntel, {0x806f8}, platform, 0};
    std::string text;
    for (const Remark& it : ask(stream, cpu, "", false, {.hypervisor = guest}).remarks)
      text += it.kernels + ": " + it.text + "\n";
    return text;
  };
  EXPECT_EQ(remarks(0x2c000390, 0x10),
            "6.18 and later: 0x2c000390 is called old, since the list there has 0x2c0003f7 "
            "(vulnerabilities/old_microcode)\n");
  EXPECT_EQ(remarks(0x2b000639, 0x80),
            "6.16 to 6.17.y: 0x2b000639 is called old, since the list there has 0x2c000390 "
            "(vulnerabilities/old_microcode)\n"
            "6.18 to 7.0.y: 0x2b000639 is called old, since the list there has 0x2c0003f7 "
            "(vulnerabilities/old_microcode)\n");
  EXPECT_EQ(remarks(0x2c0003f7, 0x10), "");
  EXPECT_EQ(remarks(0x2c000390, 0x10, true), "");
}

TEST(PredictRemark, NamesTheHarmThatIsKnownOfWhatLoads) {
  Update update = intel(0xdc, 0xc0);
  update.targets = {{{0x406e3}, 0xc0}};
  const LoaderCpu cpu{Vendor::kIntel, {0x406e3}, 0x80, 0x74};
  const auto remarks = ask({update}, cpu, "6.12").remarks;
  ASSERT_EQ(remarks.size(), 1U);
  EXPECT_THAT(remarks[0].text, HasSubstr("0x000000dc is known to hang the boot"));
  const LoaderCpu newer{Vendor::kIntel, {0x406e3}, 0x80, 0xf0};
  EXPECT_THAT(ask({update}, newer, "6.12").remarks, IsEmpty());  // it does not load
}

// A BIOS without the fix may have left the base that the later patch asks for, or an older one.
TEST(PredictBase, IsNotJudgedWhereTheRevisionIsNotKnown) {
  const std::vector<Update> stream = {amd(0x0a0011de, 0x0a0011d9)};
  const LoaderCpu cpu{Vendor::kAmd, {0x00a00f11}, 0, 0x0a001100};
  const Predicted open = ask(stream, cpu, "6.1", false), known = ask(stream, cpu, "6.1");
  EXPECT_THAT(open.outcomes[0].text, HasSubstr("unless the BIOS left 0x0a0011d9 or later"));
  EXPECT_THAT(known.outcomes[0].text, HasSubstr("it needs 0x0a0011d9 or later from the BIOS"));
  EXPECT_EQ(known.remedy, "install a BIOS that brings 0x0a0011d9 or later (AMD-SB-7033)");
}

}  // namespace
}  // namespace kip::checks
