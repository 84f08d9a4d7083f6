// The model of Xen's loader against the re-telling of Xen, on random streams, sound and broken. Seeds are fixed.
#include <algorithm>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/ucode/walked.h"
#include "tests/ucode/xen_model.h"
#include "ucode/amd.h"

namespace kip::ucode {
namespace {

using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;
using support::XenOutcome;

class Random {
 public:
  explicit Random(std::uint32_t seed) : engine_(seed) {}
  std::uint32_t below(std::uint32_t limit) { return std::uint32_t(engine_() % limit); }
  bool once_in(std::uint32_t times) { return below(times) == 0; }
  template <class T, std::size_t N>
  const T& of(const T (&values)[N]) {
    return values[below(N)];
  }

 private:
  std::mt19937 engine_;
};

// ---- Intel

constexpr std::uint32_t kSignatures[] = {0xB06F2, 0xB06F6, 0x806F8};
constexpr std::uint32_t kRevisions[] = {0, 1, 2, 3, 0x2B000650, 0x7FFFFFFF, 0x80000000, 0x8000001A};
constexpr std::uint32_t kMasks[] = {0, 0x01, 0x02, 0x12, 0x87};
constexpr std::uint32_t kPlatforms[] = {0x01, 0x02, 0x10, 0x80};

Blob intel_piece(Random& random) {
  IntelBlob blob;
  blob.signature(random.of(kSignatures)).platform_flags(random.of(kMasks));
  blob.revision(random.of(kRevisions)).seed(random.below(100));
  if (random.once_in(20)) return blob.old_form().bytes();
  if (random.once_in(15)) blob.body_size(976 + 4 * random.below(3));
  if (random.once_in(4)) {
    // 20 + 12 * 2 bytes of table, and 1024 in all.
    blob.body_size(1024 - 48 - 44);
    blob.extended(
        {{random.of(kSignatures), random.of(kMasks)}, {random.of(kSignatures), random.of(kMasks)}});
  }
  switch (random.below(60)) {
    case 0:
      return blob.break_main_sum().bytes();
    case 1:
      return blob.loader_revision(2).bytes();
    case 2:
      return blob.header_version(2).bytes();
    case 3:
      return support::zeros(random.below(60));
    case 4: {
      Blob bytes = blob.bytes();
      bytes.resize(random.below(std::uint32_t(bytes.size())));
      return bytes;
    }
    default:
      return blob.bytes();
  }
}

TEST(XenModelOfIntel, AgreesOnRandomStreams) {
  Random random(20251027);
  int loaded = 0, broken = 0, kept = 0;
  for (int round = 0; round < 3000; ++round) {
    Blob stream;
    for (std::uint32_t i = random.below(7); i > 0; --i)
      support::append(stream, intel_piece(random));
    const Walked walk = walked(StreamKind::kIntel, stream);
    const auto seen = seen_by_xen(walk.updates, walk.faults, Vendor::kIntel);
    for (const std::uint32_t signature : kSignatures) {
      for (const std::uint32_t platform : kPlatforms) {
        const std::uint32_t running = random.once_in(30) ? 0xFFFFFFFF : random.of(kRevisions);
        const auto theirs = support::xen_intel(stream, signature, platform, running);
        for (const XenForm& xen : xen_forms()) {
          const LoaderAnswer ours =
              ask_xen(seen, {Vendor::kIntel, {signature}, platform, running}, xen);
          if (theirs.outcome != XenOutcome::kOff || !seen.empty()) {
            ASSERT_EQ(outcome_of(ours), theirs.outcome) << "round " << round;
          }
          ASSERT_EQ(place_of(ours, seen), theirs.offset) << "round " << round;
        }
        const bool is_loaded = theirs.outcome == XenOutcome::kLoaded;
        loaded += is_loaded ? 1 : 0;
        broken += walk.faults.empty() ? 0 : 1;
        kept += is_loaded && !walk.faults.empty() ? 1 : 0;
      }
    }
  }
  RecordProperty("loaded", loaded);
  RecordProperty("kept", kept);
  EXPECT_GT(loaded, 5000);
  EXPECT_GT(broken, 3000);
  EXPECT_GT(kept, 300) << "what is found in front of a fault stays";
}

// ---- AMD

struct PatchKind {
  std::uint32_t id;
  std::uint16_t equivalence;  // 0: what a Zen id says
  std::uint32_t cpuid;
};
constexpr PatchKind kKinds[] = {
    {0x0A0011DA, 0, 0x00A00F11},      {0x0A0011CE, 0, 0x00A00F11},
    {0x0A0011D5, 0, 0x00A00F11},      {0x0A0011D7, 0, 0x00A00F11},
    {0x0A0011DE, 0, 0x00A00F11},      {0x0A001238, 0, 0x00A00F12},
    {0x0A001247, 0, 0x00A00F12},      {0x08108109, 0, 0x00810F81},
    {0x0B404108, 0, 0x00B40F41},      {0x010000C8, 0x1043, 0x00100F63},
    {0x010000BF, 0x1041, 0x00100F42}, {0x0700010F, 0x7001, 0x00700F01},
};
constexpr std::uint32_t kCpus[] = {0x00A00F11, 0x00A00F12, 0x00810F81, 0x00B40F41,
                                   0x00100F63, 0x00100F42, 0x00700F01};
constexpr std::uint32_t kRunning[] = {0,          0x0A0011CE, 0x0A0011D5, 0x0A0011D9, 0x0A0011DB,
                                      0x0A0011DE, 0x0A001244, 0x08108102, 0x0B404101, 0x0B404102,
                                      0x01000083, 0x010000AF, 0x07000100, 0xFFFFFFFF};

// A container whose table may lend, lack, repeat or contradict, and end early.
Blob amd_container(Random& random) {
  AmdBlob blob;
  for (std::uint32_t i = random.below(5); i > 0; --i) {
    const PatchKind& kind = random.of(kKinds);
    AmdPatch patch(kind.id);
    patch.size(64 + 4 * random.below(4)).seed(random.below(100));
    // On both sides of what families 17h and 10h may have.
    if (random.once_in(12))
      patch.size(random.once_in(2) ? 3200 + 4 * random.below(2) : 2048 + 4 * random.below(2));
    if (kind.equivalence != 0) patch.equivalence(kind.equivalence);
    if (random.once_in(3))
      patch.min_base(random.once_in(4) ? 0x12345678 : kind.id - random.below(6));
    if (!random.once_in(6)) blob.entry(kind.cpuid, patch.equivalence_id());
    if (random.once_in(8)) blob.entry(random.of(kCpus), patch.equivalence_id());
    if (random.once_in(20)) blob.entry(0, 0);
    blob.patch(patch);
  }
  if (random.once_in(10)) blob.terminator(false);
  if (random.once_in(25)) blob.table_tail(support::zeros(4));
  if (random.once_in(40)) blob.raw_section_type(random.below(3), 2);
  if (random.once_in(40)) blob.raw_section_size(random.below(3), random.below(64));
  return blob.bytes();
}

// Whether the model sees what Xen sees: no patch is left out, and no container without any lies between others, whose table
// may give a CPU another id.
bool is_in_sight(const Walked& walk) {
  std::set<std::uint32_t> containers;
  for (const Update& update : walk.updates) containers.insert(update.container);
  const bool left_out = std::any_of(walk.faults.begin(), walk.faults.end(),
                                    [](const Finding& it) { return it.rule == kRuleAmdPatch; });
  return !left_out && !containers.empty() && *containers.rbegin() + 1 == containers.size();
}

bool is_broken(const Walked& walk) {
  return std::any_of(walk.faults.begin(), walk.faults.end(), [](const Finding& it) {
    return it.rule != kRuleAmdOddity && it.rule != kRuleAmdData && it.rule != "amd-table";
  });
}

TEST(XenModelOfAmd, AgreesOnRandomStreams) {
  Random random(20251028);
  std::map<XenOutcome, int> outcomes;
  int streams = 0, broken = 0, fell_through = 0;
  for (int round = 0; round < 5000; ++round) {
    Blob stream;
    for (std::uint32_t i = 1 + random.below(3); i > 0; --i)
      support::append(stream, amd_container(random));
    if (random.once_in(20)) support::append(stream, support::zeros(1 + random.below(20)));
    const Walked walk = walked(StreamKind::kAmd, stream);
    if (!is_in_sight(walk)) continue;
    ++streams;
    const auto seen = seen_by_xen(walk.updates, walk.faults, Vendor::kAmd);
    broken += is_broken(walk) ? 1 : 0;
    for (const std::uint32_t cpuid : kCpus) {
      for (const std::uint32_t running : kRunning) {
        const auto rules = retold_forms();
        for (std::size_t form = 0; form < rules.size(); ++form) {
          const auto theirs = support::xen_amd(stream, cpuid, running, rules[form]);
          const LoaderAnswer ours =
              ask_xen(seen, {Vendor::kAmd, {cpuid}, 0, running}, xen_forms()[form]);
          if (theirs.outcome != XenOutcome::kOff || !seen.empty()) {
            ASSERT_EQ(outcome_of(ours), theirs.outcome) << fmt::format(
                "round {}, {:#x} runs {:#x}, {}", round, cpuid, running, xen_forms()[form].name);
          }
          ASSERT_EQ(place_of(ours, seen), theirs.offset) << fmt::format(
              "round {}, {:#x} runs {:#x}, {}", round, cpuid, running, xen_forms()[form].name);
          ++outcomes[theirs.outcome];
          fell_through += theirs.outcome == XenOutcome::kLoaded &&
                                  std::count(ours.verdicts.begin(), ours.verdicts.end(),
                                             LoaderVerdict::kNoDigest) != 0
                              ? 1
                              : 0;
        }
      }
    }
  }
  for (const auto& [outcome, count] : outcomes)
    RecordProperty("outcome " + std::to_string(int(outcome)), count);
  RecordProperty("fell through", fell_through);
  RecordProperty("broken", broken);
  EXPECT_GT(streams, 1000);
  EXPECT_GT(broken, 50);
  EXPECT_GT(fell_through, 300) << "a digest is missed, and the next one taken";
  EXPECT_GT(outcomes[XenOutcome::kLoaded], 10000);
  EXPECT_GT(outcomes[XenOutcome::kNotNewer], 1000);
  EXPECT_GT(outcomes[XenOutcome::kMinRev], 300);
  EXPECT_GT(outcomes[XenOutcome::kOff], 1000);
}

}  // namespace
}  // namespace kip::ucode
