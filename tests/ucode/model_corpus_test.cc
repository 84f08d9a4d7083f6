// The model of the loaders against the re-telling of Linux: every CPU of the corpus, every release from which on something
// changes, and revisions on both sides of whatever counts.
#include <algorithm>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "tests/support/corpus.h"
#include "tests/support/kernel_amd.h"
#include "tests/support/kernel_intel.h"
#include "tests/support/kernel_versions.h"
#include "tests/ucode/walked.h"
#include "ucode/amd.h"
#include "ucode/by_kernel.h"
#include "ucode/digests.h"

namespace kip::ucode {
namespace {

using support::AmdOutcome;
using support::Blob;
using support::corpus;
using support::Row;

Blob read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

support::KernelRules retold(const KernelRange& range) {
  return support::rules_at(range.first.major, range.first.minor, range.first.patch);
}

// A container of the corpus, and what its table of expected answers says of the digests.
struct Container {
  Blob bytes;
  Walked seen;
  std::map<std::uint32_t, std::string> sha256;  // by patch id
};

const Container& container(const std::string& name) {
  static std::map<std::string, Container> all;
  const auto [it, is_new] = all.try_emplace(name);
  if (!is_new) return it->second;
  Container& made = it->second;
  made.bytes = read(corpus() / name);
  made.seen = walked(StreamKind::kAmd, made.bytes);
  for (const Row& row : corpus().table("amd.tsv")) {
    if (row["container"] == name) made.sha256[row.number("patch_id")] = row["sha256"];
  }
  return made;
}

// What the re-telling calls the verdict on the candidate.
AmdOutcome outcome_of(const LoaderAnswer& answer) {
  if (!answer.candidate) return AmdOutcome::kNoMatch;
  switch (answer.verdicts[*answer.candidate]) {
    case LoaderVerdict::kLoads:
      return AmdOutcome::kLoaded;
    case LoaderVerdict::kNoDigest:
      return AmdOutcome::kUnlisted;
    case LoaderVerdict::kDigestMismatch:
      return AmdOutcome::kDigestMismatch;
    case LoaderVerdict::kNotNewer:
      return AmdOutcome::kNotNewer;
    default:
      return AmdOutcome::kUndefined;
  }
}

std::set<std::uint32_t> amd_revisions(CpuSignature cpu, std::uint32_t newest) {
  std::set<std::uint32_t> all = {0, newest - 1, newest, newest + 1};
  if (!is_zen(cpu.family())) return all;
  const std::uint32_t lowest = zen_lowest_revision(cpu);
  all.insert(lowest);
  for (const EntrySignCutoff& row : entrysign_cutoffs()) {
    if (row.key == lowest >> 8) all.insert({row.cutoff - 1, row.cutoff, row.cutoff + 1});
  }
  if (lowest >> 8 == 0x80012) all.insert({0x0800126E, 0x0800126F, 0x08001270});
  return all;
}

TEST(ModelOfAmd, AgreesOnEveryCpuOfTheCorpusEveryKernelAndRevision) {
  KIP_NEEDS_CORPUS();
  const auto kernels = kernel_ranges(std::nullopt);
  int compared = 0, refused = 0;
  for (const Row& row : corpus().table("select-amd.tsv")) {
    const Container& held = container(row["container"]);
    const CpuSignature cpu{row.number("cpuid")};
    if (!has_loader(Vendor::kAmd, cpu)) continue;
    const auto is_listed = [&](std::uint32_t id, std::string_view sha256) {
      return held.sha256.at(id) == sha256;
    };
    for (const std::uint32_t revision : amd_revisions(cpu, row.number("patch_id"))) {
      if (is_final_level(revision)) continue;
      for (const KernelRange& kernel : kernels) {
        const auto ours = ask_loader(held.seen.updates, {Vendor::kAmd, cpu, 0, revision},
                                     kernel.rules, [&](std::size_t index, std::string_view sha256) {
                                       return is_listed(held.seen.updates[index].revision, sha256);
                                     });
        const auto theirs = support::kernel_amd(held.bytes, cpu.value, revision, retold(kernel));
        ASSERT_EQ(outcome_of(ours), theirs.outcome)
            << fmt::format("{} {:#x} runs {:#x}, kernel {}", row["container"], cpu.value, revision,
                           to_text(kernel.first));
        if (theirs.candidate) {
          ASSERT_EQ(held.seen.updates[*ours.candidate].offset, theirs.candidate->offset);
        }
        ++compared;
        refused += theirs.outcome == AmdOutcome::kUnlisted ? 1 : 0;
      }
    }
  }
  RecordProperty("compared", compared);
  EXPECT_GT(compared, 15000);
  EXPECT_GT(refused, 500) << "nothing is refused: nothing is proven";
}

// Updates for a signature, in the order of the corpus' table.
Blob stream_for(std::uint32_t signature) {
  Blob stream;
  for (const Row& row : corpus().table("intel.tsv")) {
    const auto extended = row.list("ext_sigs");
    const bool named = std::any_of(extended.begin(), extended.end(), [&](const std::string& it) {
      return it.starts_with(fmt::format("{:#010x}", signature));
    });
    if (row.number("sig") != signature && !named) continue;
    const Blob file = read(corpus() / row["file"]);
    const auto at = file.begin() + std::ptrdiff_t(row.number("offset"));
    stream.insert(stream.end(), at, at + std::ptrdiff_t(row.number("total_size")));
  }
  return stream;
}

TEST(ModelOfIntel, AgreesOnEveryCpuOfTheCorpusEveryKernelAndRevision) {
  KIP_NEEDS_CORPUS();
  std::map<std::uint32_t, Blob> streams;
  int compared = 0, loaded = 0;
  for (const Row& row : corpus().table("select-intel.tsv")) {
    const std::uint32_t signature = row.number("sig"), platform = row.number("pf_bit");
    auto [it, is_new] = streams.try_emplace(signature);
    if (is_new) it->second = stream_for(signature);
    const Walked seen = walked(StreamKind::kIntel, it->second, Depth::kHeaders);
    const std::uint32_t newest = row["class"] == "none" ? 2 : row.number("rev");
    for (const std::uint32_t revision : {0U, newest - 1, newest, newest + 1, 0x80000000U}) {
      // Of Intel's rules there are two, and so three kinds of kernels.
      std::map<std::pair<bool, bool>, std::optional<std::size_t>> told;
      for (const KernelRange& kernel : kernel_ranges(std::nullopt)) {
        const support::KernelRules rules = retold(kernel);
        const auto [answer, unasked] = told.try_emplace({rules.rework, rules.pf_new});
        if (unasked) {
          const auto pick =
              support::kernel_intel(it->second, signature, platform, revision, rules).picked;
          if (pick) answer->second = pick->offset;
        }
        const auto ours = loader_pick(
            seen.updates, {Vendor::kIntel, {signature}, platform, revision}, kernel.rules);
        const auto offset =
            ours ? std::optional<std::size_t>(seen.updates[*ours].offset) : std::nullopt;
        ASSERT_EQ(offset, answer->second)
            << fmt::format("{:#x} pf {:#x} runs {:#x}, kernel {}", signature, platform, revision,
                           to_text(kernel.first));
        ++compared;
        loaded += ours ? 1 : 0;
      }
    }
  }
  RecordProperty("compared", compared);
  EXPECT_GT(compared, 40000);
  EXPECT_GT(loaded, 10000);
}

// Digests that the table has, of the very patches.
TEST(PatchDigests, AreThoseOfTheCorpus) {
  KIP_NEEDS_CORPUS();
  int found = 0;
  for (const Row& row : corpus().table("amd.tsv")) {
    const PatchDigest* const listed = listed_digest(row.number("patch_id"), LoaderRules::newest());
    if (listed == nullptr) continue;
    EXPECT_EQ(listed->sha256, row["sha256"]) << row["patch_id"];
    ++found;
  }
  EXPECT_GE(found, 3);
}

}  // namespace
}  // namespace kip::ucode
