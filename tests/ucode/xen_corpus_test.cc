// The model of Xen's loader against the re-telling, on every CPU of the corpus, in every form of Xen, from revisions on both
// sides of whatever counts.
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <set>

#include "tests/support/corpus.h"
#include "tests/ucode/walked.h"
#include "tests/ucode/xen_model.h"
#include "ucode/amd.h"
#include "ucode/entrysign.h"

namespace kip::ucode {
namespace {

using support::Blob;
using support::corpus;
using support::Row;
using support::XenOutcome;

Blob read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Container {
  Blob bytes;
  Walked seen;
  std::map<std::uint32_t, std::string> sha256;  // by patch id
};

Container container(const std::string& name) {
  Container made;
  made.bytes = read(corpus() / name);
  made.seen = walked(StreamKind::kAmd, made.bytes);
  for (const Row& row : corpus().table("amd.tsv")) {
    if (row["container"] == name) made.sha256[row.number("patch_id")] = row["sha256"];
  }
  return made;
}

std::set<std::uint32_t> amd_revisions(CpuSignature cpu, std::uint32_t newest) {
  std::set<std::uint32_t> all = {0, newest - 1, newest, newest + 1};
  if (!is_zen(cpu.family())) return all;
  const std::uint32_t lowest = zen_lowest_revision(cpu);
  all.insert(lowest);
  if (const auto cutoff = entrysign_cutoff(lowest)) all.insert({*cutoff - 1, *cutoff, *cutoff + 1});
  return all;
}

TEST(XenModelOfAmd, AgreesOnEveryCpuOfTheCorpusEveryFormAndRevision) {
  KIP_NEEDS_CORPUS();
  std::map<std::string, Container> containers;
  const auto rules = retold_forms();
  int compared = 0, loaded = 0;
  for (const Row& row : corpus().table("select-amd.tsv")) {
    const CpuSignature cpu{row.number("cpuid")};
    if (!has_loader(Vendor::kAmd, cpu)) continue;
    const auto [it, is_new] = containers.try_emplace(row["container"]);
    if (is_new) it->second = container(row["container"]);
    const Container& held = it->second;
    const auto updates = seen_by_xen(held.seen.updates, held.seen.faults, Vendor::kAmd);
    for (const std::uint32_t revision : amd_revisions(cpu, row.number("patch_id"))) {
      for (std::size_t form = 0; form < rules.size(); ++form) {
        const auto ours = ask_xen(updates, {Vendor::kAmd, cpu, 0, revision}, xen_forms()[form],
                                  [&](std::size_t index, std::string_view sha256) {
                                    return held.sha256.at(updates[index].revision) == sha256;
                                  });
        const auto theirs = support::xen_amd(held.bytes, cpu.value, revision, rules[form]);
        ASSERT_EQ(outcome_of(ours), theirs.outcome)
            << fmt::format("{} {:#x} runs {:#x}, {}", row["container"], cpu.value, revision,
                           xen_forms()[form].name);
        ASSERT_EQ(place_of(ours, updates), theirs.offset);
        ++compared;
        loaded += theirs.outcome == XenOutcome::kLoaded ? 1 : 0;
      }
    }
  }
  RecordProperty("compared", compared);
  EXPECT_GT(compared, 1000);
  EXPECT_GT(loaded, 300);
}

TEST(XenModelOfIntel, AgreesOnEveryCpuOfTheCorpusAndRevision) {
  KIP_NEEDS_CORPUS();
  // Every file as a stream, and all behind one another: the table has more than one file for some CPUs.
  std::map<std::string, Blob> files;
  std::map<std::uint32_t, Blob> streams;
  for (const Row& row : corpus().table("intel.tsv")) {
    const auto [it, is_new] = files.try_emplace(row["file"]);
    if (is_new) it->second = read(corpus() / row["file"]);
    const auto at = it->second.begin() + std::ptrdiff_t(row.number("offset"));
    support::append(streams[row.number("sig")],
                    Blob(at, at + std::ptrdiff_t(row.number("total_size"))));
  }
  int compared = 0, loaded = 0;
  for (const auto& [signature, stream] : streams) {
    const Walked walk = walked(StreamKind::kIntel, stream, Depth::kChecked);
    const auto seen = seen_by_xen(walk.updates, walk.faults, Vendor::kIntel);
    std::set<std::uint32_t> revisions = {0, 0x80000000};
    for (const Update& update : seen) revisions.insert({update.revision - 1, update.revision});
    for (std::uint32_t platform = 1; platform <= 0x80; platform <<= 1) {
      for (const std::uint32_t revision : revisions) {
        if (revision == 0xFFFFFFFF) continue;
        const auto theirs = support::xen_intel(stream, signature, platform, revision);
        const auto ours =
            ask_xen(seen, {Vendor::kIntel, {signature}, platform, revision}, xen_forms().front());
        ASSERT_EQ(outcome_of(ours), theirs.outcome)
            << fmt::format("{:#x} pf {:#x} runs {:#x}", signature, platform, revision);
        ASSERT_EQ(place_of(ours, seen), theirs.offset);
        ++compared;
        loaded += theirs.outcome == XenOutcome::kLoaded ? 1 : 0;
      }
    }
  }
  RecordProperty("compared", compared);
  EXPECT_GT(compared, 1000);
  EXPECT_GT(loaded, 300);
}

}  // namespace
}  // namespace kip::ucode
