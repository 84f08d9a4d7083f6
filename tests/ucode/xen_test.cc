// Xen's loader where it is not Linux's: each rule, on streams as walk() reads them.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/support/amd_blob.h"
#include "tests/support/intel_blob.h"
#include "tests/ucode/walked.h"
#include "ucode/command_line.h"
#include "ucode/xen.h"

namespace kip::ucode {
namespace {

using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;
using support::join;
using testing::ElementsAre;

enum Form : std::size_t { kBefore, kXsn2, kOctober, kLate2025 };

// "superseded 3, loads 4": the verdict on every update that Xen reaches.
std::string told(StreamKind kind, const Blob& stream, const LoaderCpu& cpu, Form form = kLate2025,
                 const XenSwitches& switches = {}, const HasDigest& has_digest = {}) {
  const Walked walk = walked(kind, stream);
  const auto seen = seen_by_xen(walk.updates, walk.faults, cpu.vendor);
  const LoaderAnswer answer = ask_xen(seen, cpu, xen_forms()[form], has_digest, switches);
  std::string text;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    text += fmt::format("{}{} {:x}", i == 0 ? "" : ", ", verdict_name(answer.verdicts[i]),
                        seen[i].revision & 0xff);
  }
  return text + (answer.below_base ? ", below its base" : "");
}

// ---- Intel

Blob intel(std::uint32_t revision, std::uint32_t mask = 0x02) {
  return IntelBlob().revision(revision).platform_flags(mask).bytes();
}

std::string intel_told(const Blob& stream, std::uint32_t running = 0, std::uint32_t platform = 2) {
  return told(StreamKind::kIntel, stream, {Vendor::kIntel, {0xB06F2}, platform, running});
}

TEST(XenIntel, KeepsWhatIsInFrontOfAFault) {
  EXPECT_EQ(intel_told(join({intel(3), support::zeros(4)})), "loads 3");
  EXPECT_EQ(
      intel_told(join({intel(3), IntelBlob().revision(4).break_main_sum().bytes(), intel(5)})),
      "loads 3");
  EXPECT_EQ(intel_told(join({IntelBlob().break_main_sum().bytes(), intel(5)})), "");
}

TEST(XenIntel, EndsAtASizeThatIsNoMultipleOf1024) {
  const Blob odd = IntelBlob().revision(9).signature(0x106C0).body_size(980).bytes();
  EXPECT_EQ(intel_told(join({intel(3), odd, intel(5)})), "loads 3, ends-scan 9, not-reached 5");
  EXPECT_EQ(intel_told(join({intel(3), odd, intel(5, 0x10)})),
            "loads 3, ends-scan 9, other-platform 5");
}

TEST(XenIntel, TakesBit31ForNewerThanAll) {
  const std::uint32_t debug = 0x80000001;
  EXPECT_EQ(intel_told(intel(debug), 0x7FFFFFFF), "loads 1");
  EXPECT_EQ(intel_told(intel(debug), 0x80000005), "loads 1");
  EXPECT_EQ(intel_told(intel(debug), debug), "not-newer 1");
  EXPECT_EQ(intel_told(intel(2), 0x80000005), "loads 2");
  EXPECT_EQ(intel_told(join({intel(7), intel(debug)})), "superseded 7, loads 1");
  EXPECT_EQ(intel_told(join({intel(debug), intel(7)})), "superseded 1, loads 7");
  EXPECT_EQ(intel_told(join({intel(0x80000009), intel(debug)})), "superseded 9, loads 1");
}

TEST(XenIntel, TakesTheNewestAndTheFirstOfEquals) {
  EXPECT_EQ(intel_told(join({intel(4), intel(3), intel(4)}), 2),
            "loads 4, superseded 3, superseded 4");
  EXPECT_EQ(intel_told(join({intel(4), intel(3)}), 4), "not-newer 4, superseded 3");
}

TEST(XenIntel, WantsAPlatformInCommon) {
  EXPECT_EQ(intel_told(join({intel(3, 0), intel(4, 0x12), intel(5, 0x10)})),
            "other-platform 3, loads 4, other-platform 5");
  EXPECT_EQ(intel_told(intel(3, 0), 0, 0), "other-platform 3") << "no CPU of Xen's has no platform";
  const Blob extended = IntelBlob()
                            .signature(0x806F8)
                            .revision(6)
                            .body_size(1024 - 48 - 32)
                            .extended({{0xB06F2, 0x02}})
                            .bytes();
  EXPECT_EQ(intel_told(extended), "loads 6");
}

TEST(XenIntel, LeavesCpusAlone) {
  EXPECT_EQ(intel_told(intel(3), 0xFFFFFFFF), "loader-off 3");
  EXPECT_EQ(told(StreamKind::kIntel, intel(3), {Vendor::kIntel, {0xB06F2}, 2, 0}, kLate2025,
                 {.locked = true}),
            "loader-off 3");
}

// ---- AMD

constexpr std::uint32_t kMilan = 0x00A00F11;

std::string milan_told(const Blob& stream, std::uint32_t running, Form form = kLate2025,
                       const XenSwitches& switches = {}) {
  return told(StreamKind::kAmd, stream, {Vendor::kAmd, {kMilan}, 0, running}, form, switches);
}

AmdPatch milan(std::uint32_t last) {
  return AmdPatch(0x0A001100 | last);
}

const Blob kPair = AmdBlob().zen(milan(0xD5)).zen(milan(0xDE).min_base(0x0A0011D9)).bytes();

TEST(XenAmd, GoesByTheTableOnZenToo) {
  const Blob lacking = AmdBlob().entry(0x00A00F12, 0xA012).patch(milan(0xD5)).bytes();
  EXPECT_EQ(milan_told(lacking, 0), "other-cpu d5");
  const Blob lent = AmdBlob().entry(kMilan, 0xA012).patch(AmdPatch(0x0A001238)).bytes();
  EXPECT_EQ(milan_told(lent, 0), "loads 38");
}

TEST(XenAmd, ReadsEveryContainerAndTakesTheHighest) {
  const Blob one = AmdBlob().zen(milan(0xD5)).bytes(), other = AmdBlob().zen(milan(0xD7)).bytes();
  EXPECT_EQ(milan_told(join({one, other}), 0, kBefore), "superseded d5, loads d7");
  EXPECT_EQ(milan_told(join({other, one}), 0, kBefore), "loads d7, superseded d5");
  const Blob foreign = AmdBlob().zen(AmdPatch(0x0A001238)).bytes();
  EXPECT_EQ(milan_told(join({foreign, one}), 0, kBefore), "other-cpu 38, loads d5");
}

TEST(XenAmd, DoesNotApplyWhatRuns) {
  const Blob one = AmdBlob().zen(milan(0xD5)).bytes();
  EXPECT_EQ(milan_told(one, 0x0A0011D5), "not-newer d5");
  EXPECT_EQ(milan_told(one, 0x0A0011D4), "loads d5");
}

TEST(XenAmd, TriesTheNextWhereADigestIsMissing) {
  const std::uint32_t old_bios = 0x0A0011CE, fixed_bios = 0x0A0011DB;
  EXPECT_EQ(milan_told(kPair, old_bios, kBefore), "superseded d5, loads de, below its base");
  EXPECT_EQ(milan_told(kPair, old_bios, kXsn2), "loads d5, no-digest de");
  EXPECT_EQ(milan_told(kPair, old_bios, kLate2025), "loads d5, no-digest de");
  EXPECT_EQ(milan_told(kPair, fixed_bios, kBefore), "superseded d5, loads de");
  EXPECT_EQ(milan_told(kPair, fixed_bios, kXsn2), "not-newer d5, no-digest de")
      << "whatever the BIOS left";
  EXPECT_EQ(milan_told(kPair, fixed_bios, kLate2025), "superseded d5, loads de");
  EXPECT_EQ(milan_told(kPair, fixed_bios, kXsn2, {.digests_off = true}), "superseded d5, loads de");
}

TEST(XenAmd, ComparesTheDigest) {
  const Blob two = AmdBlob().zen(milan(0xD3)).zen(milan(0xD5)).bytes();
  const auto never = [](std::size_t index, std::string_view) { return index != 1; };
  EXPECT_EQ(told(StreamKind::kAmd, two, {Vendor::kAmd, {kMilan}, 0, 0x0A0011CE}, kXsn2, {}, never),
            "loads d3, digest-mismatch d5");
}

TEST(XenAmd, AsksOfFamiliesAsItWasToldToOneByOne) {
  const Blob zen5 = AmdBlob().zen(AmdPatch(0x0B404108)).bytes();
  const auto told_of = [&](std::uint32_t running, Form form) {
    return told(StreamKind::kAmd, zen5, {Vendor::kAmd, {0x00B40F41}, 0, running}, form);
  };
  EXPECT_EQ(told_of(0x0B404100, kXsn2), "loads 8");
  EXPECT_EQ(told_of(0x0B404102, kOctober), "no-digest 8");
  EXPECT_EQ(told_of(0x0B404101, kLate2025), "no-digest 8");
  EXPECT_EQ(told_of(0x0B404102, kLate2025), "loads 8");
  const Blob long_list = AmdBlob().zen(milan(0xD7)).bytes();
  EXPECT_EQ(milan_told(long_list, 0x0A0011CE, kXsn2), "no-digest d7");
  EXPECT_EQ(milan_told(long_list, 0x0A0011CE, kOctober), "loads d7");
}

TEST(XenAmd, RefusesThePickBelowItsBaseAndTriesNoOther) {
  const Blob pair = AmdBlob().zen(milan(0xD5)).zen(milan(0xDE).min_base(0x0A0011DD)).bytes();
  EXPECT_EQ(milan_told(pair, 0x0A0011DB), "superseded d5, below-base de");
  EXPECT_EQ(milan_told(pair, 0x0A0011DD), "superseded d5, loads de");
  const Blob other = AmdBlob().zen(milan(0xDE).min_base(0x0B0011DD)).bytes();
  EXPECT_EQ(milan_told(other, 0x0A0011DB), "loads de") << "of another CPU: no revision at all";
}

TEST(XenAmd, PassesOverWhatIsTooLarge) {
  const Blob large = AmdBlob().zen(milan(0xD7).size(5569)).zen(milan(0xD5).size(5568)).bytes();
  EXPECT_EQ(milan_told(large, 0, kBefore), "too-large d7, loads d5");
}

TEST(XenAmd, EndsAtATableItCannotRead) {
  const Blob good = AmdBlob().zen(milan(0xD5)).bytes();
  const Blob uneven = AmdBlob().zen(milan(0xD7)).table_tail(support::zeros(4)).bytes();
  EXPECT_EQ(milan_told(join({good, uneven}), 0, kBefore), "loads d5");
  EXPECT_EQ(milan_told(join({uneven, good}), 0, kBefore), "");
  EXPECT_EQ(milan_told(join({good, support::zeros(16), good}), 0, kBefore), "loads d5");
  const Blob contradicts =
      AmdBlob().entry(kMilan, 0xA099).patch(milan(0xD7).equivalence(0xA099)).bytes();
  EXPECT_EQ(milan_told(join({good, contradicts}), 0, kBefore), "loads d5, not-reached d7");
  const Blob behind = AmdBlob().entry(0, 0).zen(milan(0xD5)).bytes();
  EXPECT_EQ(milan_told(behind, 0, kBefore), "other-cpu d5")
      << "the first entry of zeros is the last";
}

TEST(XenAmd, LeavesTheLastRevisionsOfFamily10hAlone) {
  const Blob stream =
      AmdBlob().entry(0x00100F63, 0x1043).patch(AmdPatch(0x010000C8).equivalence(0x1043)).bytes();
  const auto told_at = [&](std::uint32_t running) {
    return told(StreamKind::kAmd, stream, {Vendor::kAmd, {0x00100F63}, 0, running});
  };
  EXPECT_EQ(told_at(0x010000AF), "loader-off c8");
  EXPECT_EQ(told_at(0x010000AE), "loads c8");
  EXPECT_EQ(told_at(0xFFFFFFFF), "loader-off c8");
}

// ---- the command line

struct OptionsRow {
  const char* line;
  XenOptions::Source source;
  std::string_view module;
  bool digests_off;
};

TEST(XenOptions, AreReadAsXenReadsThem) {
  using Source = XenOptions::Source;
  const OptionsRow rows[] = {
      {"dom0_mem=4G", Source::kNone, "", false},
      {"dom0_mem=4G ucode=scan", Source::kScan, "", false},
      {"ucode=scan,digest-check=no", Source::kScan, "", true},
      {"ucode=digest-check=0 ucode=scan", Source::kScan, "", true},
      {"ucode=no-digest-check,digest-check", Source::kNone, "", false},
      {"ucode=2", Source::kModule, "2", false},
      {"ucode=-1,nmi=no", Source::kModule, "-1", false},
      {"ucode=2,scan", Source::kScan, "2", false},
      {"ucode=scan ucode=2", Source::kModule, "2", false},
      {"ucode=scan ucode=0", Source::kNone, "", false},
      {"ucode=scan,scan=no", Source::kNone, "", false},
      {"ucode=scans noucode=scan", Source::kNone, "", false},
      {"-- ucode=scan", Source::kNone, "", false},
  };
  for (const OptionsRow& row : rows) {
    const XenOptions options = xen_options_of(row.line);
    EXPECT_EQ(options.source, row.source) << row.line;
    if (row.source == Source::kModule) {
      EXPECT_EQ(options.module, row.module) << row.line;
    }
    EXPECT_EQ(options.switches.digests_off, row.digests_off) << row.line;
  }
}

}  // namespace
}  // namespace kip::ucode
