// The model of Linux's AMD loader, held against the independent re-telling of the kernel's scanner
// on random streams (seeds are fixed), and the catalogue's rows that ask what the kernel does.
#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <vector>

#include "tests/support/amd_blob.h"
#include "tests/support/kernel_amd.h"
#include "tests/ucode/model_of.h"
#include "tests/ucode/packed.h"
#include "tests/ucode/walked.h"
#include "ucode/amd.h"
#include "ucode/loader.h"

namespace kip::ucode {
namespace {

using support::AmdBlob;
using support::AmdOutcome;
using support::AmdPatch;
using support::Blob;

// Ids around a cutoff, without a row, with a reserved bit set, and of older families.
struct PatchKind {
  std::uint32_t id;
  std::uint16_t equivalence;  // 0: what a Zen id says
  std::uint32_t cpuid;
};
constexpr PatchKind kKinds[] = {
    {0x0A0011DA, 0, 0x00A00F11},      {0x0A0011CE, 0, 0x00A00F11},
    {0x0A0011D5, 0, 0x00A00F11},      {0x0A0011DE, 0, 0x00A00F11},
    {0x0A0F11DC, 0, 0x00A00F11},      {0x0A001238, 0, 0x00A00F12},
    {0x0A001247, 0, 0x00A00F12},      {0x08108109, 0, 0x00810F81},
    {0x0B404108, 0, 0x00B40F41},      {0x010000C8, 0x1043, 0x00100F63},
    {0x010000BF, 0x1041, 0x00100F42}, {0x05000119, 0x5020, 0x00500F20},
    {0x0700010F, 0x7001, 0x00700F01},
};
constexpr std::uint32_t kCpus[] = {0x00A00F11, 0x00A00F12, 0x00810F81, 0x00B40F41, 0x00100F63,
                                   0x00100F42, 0x00100F52, 0x00500F20, 0x00700F01};

std::vector<std::uint32_t> running_revisions(std::uint32_t cpuid) {
  switch (cpuid) {
    case 0x00A00F11:
      return {0, 0x0A0011CE, 0x0A0011D5, 0x0A0011DA, 0x0A0011DB, 0x0A0011DE, 0x0A0011DF};
    case 0x00A00F12:
      return {0, 0x0A001238, 0x0A001243, 0x0A001244, 0x0A001248};
    default:
      return {0, 0x01000083, 0x05000119, 0x08108102, 0x0B404101, 0xFFFFFFFF};
  }
}

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : engine_(seed) {}

  std::uint32_t below(std::uint32_t limit) { return std::uint32_t(engine_() % limit); }
  bool once_in(std::uint32_t times) { return below(times) == 0; }

  Blob stream() {
    Blob out;
    for (std::uint32_t i = 1 + below(3); i > 0; --i) support::append(out, container());
    if (once_in(30)) support::append(out, support::zeros(below(20)));
    return out;
  }

 private:
  Blob container() {
    AmdBlob blob;
    if (once_in(10)) blob.entry(0, 0x1041);
    for (std::uint32_t i = below(5); i > 0; --i) {
      const PatchKind& kind = kKinds[below(std::size(kKinds))];
      AmdPatch patch(kind.id);
      // Sizes on both sides of the limits of 1824 and 2048; what is for an old family fits all.
      const std::uint32_t large = kind.equivalence != 0 ? 1720 + below(105) : 1800 + below(300);
      patch.size(once_in(15) ? large : 64 + below(20)).seed(below(100));
      if (kind.equivalence != 0) patch.equivalence(kind.equivalence);
      if (once_in(40)) patch.nb_dev(1);
      if (once_in(40)) patch.equivalence(std::uint16_t(0x1000 * below(16) + below(3)));
      if (!once_in(6)) blob.entry(kind.cpuid, patch.equivalence_id());
      if (once_in(8)) blob.entry(kCpus[below(std::size(kCpus))], patch.equivalence_id());
      blob.patch(patch);
    }
    if (once_in(20)) blob.terminator(false);
    if (once_in(20)) blob.table_tail(support::zeros(4));
    return blob.bytes();
  }

  std::mt19937 engine_;
};

// Whether the stream is one that loader_pick() may be asked about: nothing was left out of it, and
// nothing ends the kernel's scan.
bool loader_reads_on(const Walked& seen) {
  return std::all_of(seen.faults.begin(), seen.faults.end(), [](const Finding& fault) {
    return fault.rule == kRuleAmdOddity || fault.rule == kRuleAmdData ||
           ((fault.rule == "amd-table" || fault.rule == kRuleAmdTableSize) &&
            fault.text.find("stop here") == std::string::npos);
  });
}

TEST(AmdLoader, AgreesWithTheKernelOnRandomStreams) {
  Generator random(20251111);
  int combinations = 0;
  int picks = 0;
  int streams = 0;
  for (int round = 0; round < 2500; ++round) {
    const Blob stream = random.stream();
    const Walked seen = walked(StreamKind::kAmd, stream);
    if (!loader_reads_on(seen)) continue;
    ++streams;
    for (const std::uint32_t cpuid : kCpus) {
      for (const std::uint32_t running : running_revisions(cpuid)) {
        for (const unsigned rule : {0U, 1U, 2U, 3U, 4U, 5U, 6U, 7U}) {
          support::KernelRules kernel = support::KernelRules::linux_6_19();
          kernel.zen_id = (rule & 1) != 0;
          kernel.select = (rule & 2) != 0;
          kernel.sha = (rule & 4) != 0;
          const auto theirs = support::kernel_amd(stream, cpuid, running, kernel);
          ASSERT_NE(theirs.outcome, AmdOutcome::kUndefined);
          ASSERT_NE(theirs.outcome, AmdOutcome::kLoaderOff);
          const LoaderCpu cpu{Vendor::kAmd, {cpuid}, 0, running};
          const auto ours = loader_pick(seen.updates, cpu, model_of(kernel));
          ASSERT_EQ(ours.has_value(), theirs.loaded())
              << "round " << round << ", cpu " << std::hex << cpuid << ", running " << running
              << ", rules " << rule << ": " << to_string(theirs.outcome);
          if (ours) {
            ASSERT_EQ(seen.updates[*ours].offset, theirs.candidate->offset) << round;
          }
          ++combinations;
          picks += ours ? 1 : 0;
        }
      }
    }
  }
  EXPECT_GT(streams, 1500);
  EXPECT_GT(combinations, 600000);
  EXPECT_GT(picks, 20000) << "streams that hold nothing for anyone prove nothing";
}

std::uint32_t picked(const Blob& stream, std::uint32_t cpuid, std::uint32_t running,
                     const LoaderRules& rules) {
  const Walked seen = walked(StreamKind::kAmd, stream);
  const auto pick = loader_pick(seen.updates, {Vendor::kAmd, {cpuid}, 0, running}, rules);
  return pick ? seen.updates[*pick].revision : 0;
}

constexpr std::uint32_t kMilan = 0x00A00F11;
constexpr LoaderRules kById{KernelRule::kSameRevision, KernelRule::kZenId};
constexpr LoaderRules kByTable{KernelRule::kSameRevision};
constexpr LoaderRules kSelecting = kById.with(KernelRule::kSelect);

// A34: what the scan offers by the BIOS's revision (low byte); the digest question comes behind it.
TEST(AmdLoader, OffersOfTwoClassesTheOneOfTheRunningRevision) {
  const struct {
    std::uint32_t running, without_select, with_select;
  } rows[] = {{0xCE, 0xDE, 0xD5}, {0xD5, 0xDE, 0xD5}, {0xD9, 0xDE, 0}, {0xDA, 0xDE, 0},
              {0xDB, 0xDE, 0xDE}, {0xDE, 0xDE, 0xDE}, {0xDF, 0, 0}};
  const Blob pair = AmdBlob().zen(AmdPatch(0x0A0011D5)).zen(AmdPatch(0x0A0011DE)).bytes();
  for (const auto& row : rows) {
    const std::uint32_t running = 0x0A001100 | row.running;
    EXPECT_EQ(picked(pair, kMilan, running, kById) & 0xFF, row.without_select) << row.running;
    EXPECT_EQ(picked(pair, kMilan, running, kSelecting) & 0xFF, row.with_select) << row.running;
  }
}

// A44: key 0 has no row, so nothing is filtered.
TEST(AmdLoader, OffersTheLastOfTwoClassesToRevisionZero) {
  const Blob pair = AmdBlob().zen(AmdPatch(0x0A0011D5)).zen(AmdPatch(0x0A0011DE)).bytes();
  EXPECT_EQ(picked(pair, kMilan, 0, kSelecting), 0x0A0011DEU);
}

// A20: no row is the patch's, but the CPU's row decides.
TEST(AmdLoader, HoldsAPatchWithReservedBitsAgainstTheRunningRevisionsCutoff) {
  const Blob odd = AmdBlob().zen(AmdPatch(0x0A0F11D5)).bytes();
  EXPECT_EQ(picked(odd, kMilan, 0x0A0011DB, kSelecting), 0x0A0F11D5U);
  EXPECT_EQ(picked(odd, kMilan, 0x0A0011CE, kSelecting), 0U);
}

TEST(AmdLoader, TakesTheLastOfSeveralThoughOlder) {
  const Blob descending = AmdBlob().zen(AmdPatch(0x0A0011D5)).zen(AmdPatch(0x0A0011D1)).bytes();
  EXPECT_EQ(picked(descending, kMilan, 0x0A0011CE, kById), 0x0A0011D1U) << "A22";
}

TEST(AmdLoader, ReadsNoContainerBehindTheFirstMatch) {
  const Blob two = support::join(
      {AmdBlob().zen(AmdPatch(0x0A0011D3)).bytes(), AmdBlob().zen(AmdPatch(0x0A0011D5)).bytes()});
  EXPECT_EQ(picked(two, kMilan, 0x0A0011CE, kById), 0x0A0011D3U) << "A23";
}

TEST(AmdLoader, GoesByTheTableBefore6_12) {
  const Blob lent =
      AmdBlob().entry(kMilan, 0xA012).patch(AmdPatch(0x0A001238).equivalence(0xA012)).bytes();
  EXPECT_EQ(picked(lent, kMilan, 0x0A0011CE, kByTable), 0x0A001238U) << "A19";
  EXPECT_EQ(picked(lent, kMilan, 0x0A0011CE, kById), 0U);
  const Blob missing = AmdBlob().entry(0x00A00F12, 0xA012).patch(AmdPatch(0x0A0011D5)).bytes();
  EXPECT_EQ(picked(missing, kMilan, 0x0A0011CE, kByTable), 0U) << "A17";
  EXPECT_EQ(picked(missing, kMilan, 0x0A0011CE, kById), 0x0A0011D5U);
}

TEST(AmdLoader, EndsAtAPatchTooLargeForItsCpu) {
  const AmdPatch fam10 = AmdPatch(0x010000C8).equivalence(0x1043).size(960);
  const AmdPatch zen = AmdPatch(0x08301072).size(3200);
  const Blob zen_first = AmdBlob().zen(zen).entry(0x00100F63, 0x1043).patch(fam10).bytes();
  const Blob zen_last = AmdBlob().entry(0x00100F63, 0x1043).patch(fam10).zen(zen).bytes();
  EXPECT_EQ(picked(zen_first, 0x00100F63, 0x01000086, kById), 0U) << "A25";
  EXPECT_EQ(picked(zen_last, 0x00100F63, 0x01000086, kById), 0x010000C8U);
  EXPECT_EQ(picked(zen_last, 0x00830F10, 0x08301055, kById), 0x08301072U) << "A26";
}

// One packed stream, every CPU in it, old and new kernels.
TEST(SelectAmd, GivesEveryKernelTheNewestItTakes) {
  Generator random(7);
  for (int round = 0; round < 1000; ++round) {
    const Walked source = walked(StreamKind::kAmd, random.stream());
    const std::vector<Candidate> candidates = candidates_of(source);
    const Selection selection = select(candidates, every_cpu(candidates), {});
    const Blob stream = packed_amd(selection, candidates, source.wholes);
    for (const std::uint32_t cpuid : kCpus) {
      std::uint32_t newest = 0;
      for (const Update& update : source.updates) {
        for (const Target& target : update.targets)
          if (target.signature.value == cpuid) newest = std::max(newest, update.revision);
      }
      for (const auto& kernel : {support::KernelRules::linux_6_1(), support::KernelRules{}}) {
        const auto pick = support::kernel_amd(stream, cpuid, 0, kernel);
        ASSERT_EQ(pick.candidate ? pick.candidate->revision : 0, newest)
            << "round " << round << ", cpu " << std::hex << cpuid;
      }
    }
  }
}

}  // namespace
}  // namespace kip::ucode
