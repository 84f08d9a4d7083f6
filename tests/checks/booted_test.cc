// What runs after a boot, held against what the image had for it.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "src/checks/booted.h"
#include "ucode/amd.h"

namespace kip::checks {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using ucode::LoaderCpu;
using ucode::Update;
using ucode::Vendor;

Update amd(std::uint32_t id) {
  Update update;
  update.vendor = Vendor::kAmd;
  update.revision = id;
  update.size = 5568;
  const ucode::CpuSignature cpu = ucode::zen_cpu(id);
  update.targets = {{cpu, 0}};
  update.table_cpus = {cpu};
  update.equivalence_id = static_cast<std::uint16_t>(((cpu.family() - 0xf) << 12) |
                                                     (cpu.value >> 8 & 0xf00) | (cpu.value & 0xff));
  return update;
}

Update intel(std::uint32_t revision, std::uint32_t platforms = 0x10) {
  Update update;
  update.revision = revision;
  update.targets = {{{0x806f8}, platforms}};
  return update;
}

constexpr LoaderCpu kSapphire = {Vendor::kIntel, {0x806f8}, 0x10, 0};
constexpr LoaderCpu kMilan = {Vendor::kAmd, {0xa00f11}, 0, 0};
const std::vector<Update> kPair = {amd(0x0a0011d5), amd(0x0a0011de)};
constexpr ucode::LoaderSwitches kOff = {.off = true};

struct Row {
  const char* name;
  std::vector<Update> stream;
  LoaderCpu cpu;
  std::uint32_t running;
  const char* kernel;
  const char* expected;  // kind, packed revision, what the reasons have in them
  const char* reason = "";
  ucode::LoaderSwitches switches = {};
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

class BootedCpu : public testing::TestWithParam<Row> {};

std::string summary(const Booted& booted) {
  constexpr const char* kKinds[] = {"taken", "not-needed", "not-taken", "nothing"};
  const std::string kind = kKinds[static_cast<std::size_t>(booted.kind)];
  return booted.packed ? fmt::format("{} {:x}", kind, *booted.packed) : kind;
}

TEST_P(BootedCpu, IsJudged) {
  const Row& row = GetParam();
  LoaderCpu cpu = row.cpu;
  cpu.revision = row.running;
  const Booted booted = check_booted(
      row.stream, cpu,
      {ucode::kernel_ranges(ucode::KernelVersion::parse(row.kernel)), true, row.switches, {}});
  EXPECT_EQ(summary(booted), row.expected);
  std::string reasons;
  for (const Outcome& it : booted.reasons) reasons += it.kernels + "|" + it.text + "\n";
  if (std::string_view(row.reason).empty()) {
    EXPECT_THAT(reasons, IsEmpty());
  } else {
    EXPECT_THAT(reasons, HasSubstr(row.reason));
  }
}

const Row kRows[] = {
    {"Intel", {intel(0x2b)}, kSapphire, 0x2b, "6.12.30", "taken 2b"},
    {"IntelNewest", {intel(0x2a), intel(0x2b)}, kSapphire, 0x2b, "6.12.30", "taken 2b"},
    {"IntelBehindInTheStream", {intel(0x2b), intel(0x2a)}, kSapphire, 0x2b, "6.1.1", "taken 2b"},
    {"IntelOlderOneOfTwo", {intel(0x2a), intel(0x2b)}, kSapphire, 0x2a, "6.12.30", "not-taken 2b"},
    {"IntelNewerBios", {intel(0x2c), intel(0x2b)}, kSapphire, 0x2d, "6.12.30", "not-needed 2c"},
    {"IntelNotLoaded", {intel(0x2b)}, kSapphire, 0x2a, "6.12.30", "not-taken 2b"},
    {"IntelOtherPlatform", {intel(0x2b, 0x87)}, kSapphire, 0x2a, "6.12.30", "nothing"},
    {"IntelTwoPlatforms",
     {intel(0x2b, 0x87), intel(0x29)},
     kSapphire,
     0x2a,
     "6.12.30",
     "not-needed 29"},
    {"NothingAtAll", {}, kSapphire, 0x2a, "6.12.30", "nothing"},
    {"Off",
     {intel(0x2b), intel(0x2a)},
     kSapphire,
     0x29,
     "6.12.30",
     "not-taken 2b",
     "|0x0000002b is not looked at: dis_ucode_ldr turns the loader off",
     kOff},
    {"OffAndNewer", {intel(0x2b)}, kSapphire, 0x2c, "6.12.30", "not-needed 2b", "", kOff},
    {"OffAndAsNew", {intel(0x2b)}, kSapphire, 0x2b, "6.12.30", "not-needed 2b", "", kOff},
    // A BIOS from before the EntrySign fix: an old kernel loads the last one, then digests are asked for, then kernels select.
    {"PairOldKernel", kPair, kMilan, 0x0a0011de, "6.1.120", "taken a0011de"},
    {"PairRefused", kPair, kMilan, 0x0a0011ce, "6.14.1", "not-taken a0011de",
     "|0x0a0011de is refused: its digest is not in the kernel's list"},
    {"PairRefusedAndOlderOneRuns", kPair, kMilan, 0x0a0011d5, "6.14.1", "not-taken a0011de",
     "|0x0a0011de is refused: its digest"},
    {"PairSelected", kPair, kMilan, 0x0a0011d5, "6.18.10", "taken a0011d5"},
    {"PairSelectedNewerBios", kPair, kMilan, 0x0a0011da, "6.18.10", "not-needed a0011d5"},
    {"PairSelectedNotLoaded", kPair, kMilan, 0x0a0011ce, "6.18.10", "not-taken a0011d5"},
    {"PairFixedBios", kPair, kMilan, 0x0a0011de, "6.18.10", "taken a0011de"},
    {"FixedAlone",
     {amd(0x0a0011de)},
     kMilan,
     0x0a0011ce,
     "6.18.10",
     "not-taken a0011de",
     "|0x0a0011de is passed over without a word: it has the EntrySign fix"},
    {"OldAloneFixedBios", {amd(0x0a0011d5)}, kMilan, 0x0a0011df, "6.18.10", "not-needed a0011d5"},
    {"PairOff", kPair, kMilan, 0x0a0011ce, "6.18.10", "not-taken a0011d5",
     "|0x0a0011d5 is not looked at: dis_ucode_ldr", kOff},
    // A vendor's kernel may have what a later one has: nothing is amiss if one of these explains it.
    {"VendorSelects", kPair, kMilan, 0x0a0011da, "6.8.0-45-generic", "not-needed a0011d5"},
    {"VendorRefuses",
     {amd(0x0a0011de)},
     kMilan,
     0x0a0011ce,
     "6.8.0-45-generic",
     "not-taken a0011de",
     "6.18.4"},
};
INSTANTIATE_TEST_SUITE_P(Table, BootedCpu, testing::ValuesIn(kRows),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(BootedCpuRemedy, IsABiosWhereEntrySignStandsInTheWay) {
  LoaderCpu cpu = kMilan;
  cpu.revision = 0x0a0011ce;
  const Booted booted = check_booted(
      kPair, cpu, {ucode::kernel_ranges(ucode::KernelVersion::parse("6.14.1")), true, {}, {}});
  EXPECT_THAT(booted.remedy, HasSubstr("install a BIOS that brings a revision later than"));
}

TEST(BootedCpuDigest, IsThatOfTheBytesInTheImage) {
  LoaderCpu cpu = kMilan;
  cpu.revision = 0x0a0011ce;
  // Its digest is in the list, and that of these bytes is another.
  const Question question{ucode::kernel_ranges(ucode::KernelVersion::parse("6.14.1")),
                          true,
                          {},
                          [](std::size_t, std::string_view) { return false; }};
  const std::vector<Update> stream = {amd(0x0a0011d5)};
  const Booted booted = check_booted(stream, cpu, question);
  EXPECT_EQ(summary(booted), "not-taken a0011d5");
  ASSERT_EQ(booted.reasons.size(), 1U);
  EXPECT_THAT(booted.reasons[0].text, HasSubstr("not the bytes whose digest the kernel lists"));
}

}  // namespace
}  // namespace kip::checks
