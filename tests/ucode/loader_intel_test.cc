// The model of Linux's Intel loader, and the walk in front of it, held against the independent
// re-telling of the kernel's scanner on random streams. Seeds are fixed.
#include <gtest/gtest.h>
#include <random>
#include <vector>

#include "tests/support/intel_blob.h"
#include "tests/support/kernel_intel.h"
#include "tests/ucode/model_of.h"
#include "tests/ucode/packed.h"
#include "tests/ucode/walked.h"
#include "ucode/loader.h"

namespace kip::ucode {
namespace {

using support::Blob;
using support::IntelBlob;

// 0x1632 differs from 0x632 in its type bits only.
constexpr std::uint32_t kSignatures[] = {0xB06F2, 0xB06F6, 0x806F8, 0x632, 0x1632};
constexpr std::uint32_t kRevisions[] = {0, 1, 2, 3, 0x2B000650, 0x7FFFFFFF, 0x80000000, 0x8000001A};
constexpr std::uint32_t kMasks[] = {0, 0x01, 0x02, 0x12, 0x80, 0x87};
constexpr std::uint32_t kPlatforms[] = {0, 0x01, 0x02, 0x10, 0x80};

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  std::uint32_t below(std::uint32_t limit) { return std::uint32_t(engine_() % limit); }
  bool once_in(std::uint32_t times) { return below(times) == 0; }
  template <std::size_t N>
  std::uint32_t of(const std::uint32_t (&values)[N]) {
    return values[below(N)];
  }

 private:
  std::mt19937 engine_;
};

IntelBlob sound_update(Random& random) {
  IntelBlob blob;
  blob.signature(random.of(kSignatures)).platform_flags(random.of(kMasks));
  blob.revision(random.of(kRevisions)).seed(random.below(100));
  if (random.once_in(40)) return blob.old_form();
  // An odd size or no date, never both: behind another update, what has two oddities is taken for
  // no update at all.
  const bool odd_size = random.once_in(4);
  blob.body_size(16 + random.below(4) * (odd_size ? 1 : 4));
  if (!odd_size && random.once_in(10)) blob.date(0);
  if (!random.once_in(3)) return blob;
  std::vector<support::IntelTarget> targets;
  for (std::uint32_t i = random.below(4); i > 0; --i)
    targets.push_back({random.of(kSignatures), random.of(kMasks)});
  return blob.extended(targets);
}

Blob sound_stream(Random& random) {
  Blob stream;
  for (std::uint32_t i = random.below(6); i > 0; --i)
    support::append(stream, sound_update(random).bytes());
  return stream;
}

// Something a stream had better not hold, sometimes harmless all the same.
Blob odd_piece(Random& random) {
  IntelBlob blob = sound_update(random);
  switch (random.below(9)) {
    case 0:
      return blob.break_main_sum().bytes();
    case 1:
      return blob.header_version(random.below(4)).bytes();
    case 2:
      return blob.loader_revision(random.below(3)).bytes();
    case 3:
      return support::zeros(random.below(60));
    case 4:
      return support::noise(random.below(60), random.below(100));
    case 5:
      return blob.raw_data_size(random.below(80)).bytes();
    case 6:
      return blob.raw_total_size(random.below(200)).bytes();
    case 7: {
      Blob bytes = blob.bytes();
      bytes.resize(random.below(std::uint32_t(bytes.size())));
      return bytes;
    }
    default: {
      const auto bits = std::uint32_t(blob.bytes().size() * 8);
      return blob.flip_bit(random.below(bits)).bytes();
    }
  }
}

TEST(IntelLoader, AgreesWithTheKernelOnRandomStreams) {
  Random random(20251111);
  int combinations = 0;
  int picks = 0;
  for (int round = 0; round < 2000; ++round) {
    const Blob stream = sound_stream(random);
    const Walked seen = walked(StreamKind::kIntel, stream);
    ASSERT_TRUE(seen.faults.empty()) << "round " << round << ": " << seen.events.front();
    for (const std::uint32_t signature : kSignatures) {
      for (const std::uint32_t platform : kPlatforms) {
        const std::uint32_t running = random.of(kRevisions);
        for (const unsigned rule : {0U, 1U, 2U}) {
          support::KernelRules kernel;
          kernel.pf_new = rule == 2;
          kernel.rework = rule != 0;
          const auto theirs = support::kernel_intel(stream, signature, platform, running, kernel);
          ASSERT_EQ(theirs.fault, support::IntelFault::kNone);
          const LoaderCpu cpu{Vendor::kIntel, {signature}, platform, running};
          const auto ours = loader_pick(seen.updates, cpu, model_of(kernel));
          ASSERT_EQ(ours.has_value(), theirs.picked.has_value()) << "round " << round;
          if (ours) {
            ASSERT_EQ(seen.updates[*ours].offset, theirs.picked->offset) << round;
          }
          ++combinations;
          picks += ours ? 1 : 0;
        }
      }
    }
  }
  EXPECT_EQ(combinations, 150000);
  EXPECT_GT(picks, 5000) << "streams that hold nothing for anyone prove nothing";
}

constexpr LoaderRules kSince6_7{KernelRule::kRework};

struct PickRow {
  const char* name;
  Blob stream;
  std::uint32_t signature, platform, running;
  std::uint32_t picked;  // revision, 0: none
  bool any_platform = false;
};

TEST(IntelLoader, PicksWhatTheCatalogueSays) {
  const Blob good = IntelBlob().bytes();
  const auto f4a = [](std::uint32_t revision, std::uint32_t mask) {
    return IntelBlob().signature(0xF4A).platform_flags(mask).revision(revision).bytes();
  };
  const Blob overlapping = support::join({f4a(4, 0x5C), f4a(2, 0x5D)});
  const Blob flags_zero = IntelBlob().signature(0x1632).platform_flags(0).revision(2).bytes();
  const Blob debug =
      support::join({IntelBlob().revision(0x8000001A).bytes(), IntelBlob().revision(0x1A).bytes()});
  const Blob in_table = IntelBlob().signature(0x90672).extended({{0xB06F6, 7}}).bytes();
  const PickRow rows[] = {
      {"I01 nothing", {}, 0xB06F2, 1, 0, 0},
      {"I23 signature in the table", in_table, 0xB06F6, 1, 0, 0x3A},
      {"I26 bit 0", overlapping, 0xF4A, 0x01, 0, 2},
      {"I26 bit 2", overlapping, 0xF4A, 0x04, 0, 4},
      {"I29 flags 0 up to 7.0", flags_zero, 0x1632, 1, 0, 0},
      {"I29 flags 0 since 7.1", flags_zero, 0x1632, 1, 0, 2, true},
      {"I29 flags 0 and no platform id", flags_zero, 0x1632, 0, 0, 2},
      {"I30 same as running", good, 0xB06F2, 1, 0x3A, 0},
      {"I31 older than running", good, 0xB06F2, 1, 0x3B, 0},
      {"I32 debug beats production", debug, 0xB06F2, 1, 0x10, 0x8000001A},
      {"I33 running a debug revision", good, 0xB06F2, 1, 0x80000001, 0},
      {"I34 revision 0", IntelBlob().revision(0).bytes(), 0xB06F2, 1, 0, 0},
      {"I35 type bits differ", flags_zero, 0x632, 0, 0, 0},
      {"I36 minimum revision above", IntelBlob().min_revision(0x39).bytes(), 0xB06F2, 1, 1, 0x3A},
  };
  for (const PickRow& row : rows) {
    const Walked seen = walked(StreamKind::kIntel, row.stream);
    const LoaderCpu cpu{Vendor::kIntel, {row.signature}, row.platform, row.running};
    const LoaderRules rules =
        row.any_platform ? kSince6_7.with(KernelRule::kAnyPlatform) : kSince6_7;
    const auto pick = loader_pick(seen.updates, cpu, rules);
    EXPECT_EQ(pick ? seen.updates[*pick].revision : 0, row.picked) << row.name;
  }
}

TEST(IntelLoader, TakesTheFirstOfEquallyNewOnes) {
  const Walked seen = walked(support::join({IntelBlob().bytes(), IntelBlob().seed(2).bytes()}));
  EXPECT_EQ(loader_pick(seen.updates, {Vendor::kIntel, {0xB06F2}, 1, 0}, kSince6_7), 0U) << "I25";
}

TEST(IntelWalk, FindsNoFaultExactlyWhereTheKernelScansTheWholeStream) {
  Random random(4);
  int sound = 0;
  int void_streams = 0;
  for (int round = 0; round < 60000; ++round) {
    Blob stream;
    for (std::uint32_t i = 1 + random.below(3); i > 0; --i)
      support::append(stream, random.once_in(4) ? odd_piece(random) : sound_update(random).bytes());
    const auto fault = support::kernel_intel(stream, 0xB06F2, 1, 0).fault;
    const Walked seen = walked(StreamKind::kIntel, stream);
    const bool whole = fault == support::IntelFault::kNone;
    ASSERT_EQ(seen.faults.empty(), whole)
        << "round " << round << ": " << to_string(fault) << ", " << seen.events.back();
    whole ? ++sound : ++void_streams;
    if (!whole) continue;
    std::uint64_t total = 0;
    for (const Update& update : seen.updates) {
      ASSERT_EQ(update.offset, total);
      total += update.size;
    }
    ASSERT_EQ(total, stream.size());
  }
  EXPECT_GT(sound, 5000);
  EXPECT_GT(void_streams, 5000);
}

// The newest production revision for one CPU, of those that leave what is behind them aligned; 0 if
// there is none.
std::uint32_t newest_for(std::span<const Update> updates, std::uint32_t signature,
                         std::uint32_t platform) {
  std::uint32_t newest = 0;
  for (const Update& update : updates) {
    if (update.size % 4 != 0) continue;
    for (const Target& target : update.targets) {
      const bool fits =
          target.signature.value == signature && ((target.platform_flags & platform) != 0 ||
                                                  (target.platform_flags == 0 && platform == 0));
      if (fits && update.revision < 0x80000000) newest = std::max(newest, update.revision);
    }
  }
  return newest;
}

std::uint32_t loaded(const Blob& stream, std::uint32_t signature, std::uint32_t platform,
                     const support::KernelRules& kernel) {
  const auto pick = support::kernel_intel(stream, signature, platform, 0, kernel);
  EXPECT_EQ(pick.fault, support::IntelFault::kNone);
  return pick.picked ? pick.picked->revision : 0;
}

// One update a CPU is what makes kernels before 6.7 agree: they hold a candidate against the header
// of their last pick.
TEST(SelectIntel, OfAKnownPlatformGivesEveryKernelTheNewest) {
  Random random(5);
  for (int round = 0; round < 2000; ++round) {
    const Walked source = walked(StreamKind::kIntel, sound_stream(random));
    const std::vector<Candidate> candidates = candidates_of(source);
    const std::uint32_t signature = random.of(kSignatures);
    const std::uint32_t platform = random.of(kPlatforms);
    const CpuQuery asked{selector_for(Vendor::kIntel, {signature}, platform), std::nullopt};
    const Selection selection = select(candidates, {&asked, 1}, {});
    ASSERT_LE(selection.choices.size(), 1U);
    const Blob stream = packed_intel(selection, candidates, source.wholes);
    const std::uint32_t wanted = newest_for(source.updates, signature, platform);
    for (const auto& kernel :
         {support::KernelRules::linux_6_1(), support::KernelRules::linux_6_19()})
      ASSERT_EQ(loaded(stream, signature, platform, kernel), wanted) << "round " << round;
  }
}

TEST(SelectIntel, OfEveryCpuGivesEachPlatformTheNewest) {
  Random random(6);
  const auto kernel = support::KernelRules::linux_6_19();
  for (int round = 0; round < 2000; ++round) {
    const Walked source = walked(StreamKind::kIntel, sound_stream(random));
    const std::vector<Candidate> candidates = candidates_of(source);
    const Selection selection = select(candidates, every_cpu(candidates), {});
    const Blob stream = packed_intel(selection, candidates, source.wholes);
    for (const std::uint32_t signature : kSignatures) {
      for (const std::uint32_t platform : kPlatforms) {
        ASSERT_EQ(loaded(stream, signature, platform, kernel),
                  newest_for(source.updates, signature, platform))
            << "round " << round;
      }
    }
  }
}

}  // namespace
}  // namespace kip::ucode
