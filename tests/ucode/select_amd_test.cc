// Which AMD patches a CPU gets: the newest of each EntrySign class, or of the proven one.
#include <gtest/gtest.h>

#include "tests/support/amd_blob.h"
#include "tests/ucode/packed.h"
#include "tests/ucode/pool.h"

namespace kip::ucode {
namespace {

using Verdicts = std::vector<std::string>;

// The cutoff is 0x0a0011da: two of each class.
Pool milan() {
  return Pool().zen(0x0A0011DE).zen(0x0A0011D5).zen(0x0A0011DB).zen(0x0A0011CE);
}

std::string revisions(const Pool& pool, const char* kernel, std::optional<EntrySignClass> proven) {
  SelectOptions options;
  if (kernel != nullptr) options.kernel = KernelVersion::parse(kernel);
  const CpuQuery asked = query("0xa00f11", proven);
  return pool.revisions_of(select(pool.candidates(), {&asked, 1}, options), 0);
}

TEST(SelectAmd, KeepsTheNewestOfEachEntrySignClass) {
  EXPECT_EQ(milan().revisions("0xa00f11"), "0xa0011d5 0xa0011de");
  EXPECT_EQ(milan().verdicts("0xa00f11"),
            (Verdicts{"chosen", "chosen", "superseded", "superseded"}));
}

struct ClassRow {
  const char* kernel;  // nullptr: unknown
  std::optional<EntrySignClass> proven;
  const char* revisions;
};

// Only a kernel that surely cannot select makes the pair a risk, and only a proven class settles
// which of the two is right.
TEST(SelectAmd, KeepsOneClassOnlyWhereItIsProvenAndTheKernelLacksSelect) {
  const char* const both = "0xa0011d5 0xa0011de";
  const ClassRow rows[] = {
      {nullptr, std::nullopt, both},
      {nullptr, EntrySignClass::kOld, both},
      {nullptr, EntrySignClass::kFixed, both},
      {"6.12.63", std::nullopt, both},
      {"6.12.63", EntrySignClass::kOld, "0xa0011d5"},
      {"6.12.63", EntrySignClass::kFixed, "0xa0011de"},
      {"6.1.131", EntrySignClass::kOld, "0xa0011d5"},
      {"6.1.131", EntrySignClass::kFixed, "0xa0011de"},
      {"6.12.64", EntrySignClass::kOld, both},
      {"6.12.64", EntrySignClass::kFixed, both},
      {"6.8.0-45-generic", EntrySignClass::kOld, both},
  };
  for (const ClassRow& row : rows) {
    EXPECT_EQ(revisions(milan(), row.kernel, row.proven), row.revisions)
        << (row.kernel != nullptr ? row.kernel : "any kernel") << ", class "
        << (row.proven ? static_cast<int>(*row.proven) : -1);
  }
}

TEST(SelectAmd, SaysWhichPatchIsOfTheOtherClass) {
  SelectOptions options;
  options.kernel = KernelVersion::parse("6.12.63");
  const CpuQuery asked = query("0xa00f11", EntrySignClass::kFixed);
  const Pool pool = milan();
  EXPECT_EQ(verdicts_of(select(pool.candidates(), {&asked, 1}, options)),
            (Verdicts{"chosen", "of the other EntrySign class", "superseded",
                      "of the other EntrySign class"}));
}

// A33: better the wrong class than nothing; whoever reports says what comes of it.
TEST(SelectAmd, KeepsTheOnlyClassThereIs) {
  const Pool fixed = Pool().zen(0x0A0011DE);
  EXPECT_EQ(revisions(fixed, "6.12.63", EntrySignClass::kOld), "0xa0011de");
}

TEST(SelectAmd, TakesOnePatchWhereACpuHasNoCutoff) {
  const Pool picasso = Pool().zen(0x08108102).zen(0x08108109);
  EXPECT_EQ(picasso.revisions("0x810f81"), "0x8108109");
}

TEST(SelectAmd, TakesOnePatchOfAnOldFamily) {
  const Pool pool = Pool()
                        .amd(0x010000C7, 0x1041, {0x00100F42, 0x00100F52})
                        .amd(0x010000C8, 0x1043, {0x00100F63})
                        .amd(0x010000BF, 0x1041, {0x00100F42});
  EXPECT_EQ(pool.revisions("amd:0x100f42"), "0x10000c7");
  EXPECT_EQ(pool.verdicts("amd:0x100f42"), (Verdicts{"chosen", "for another CPU", "superseded"}));
}

TEST(SelectAmd, IgnoresPlatformFlags) {
  EXPECT_EQ(milan().revisions("0xa00f11,0x1"), "0xa0011d5 0xa0011de");
}

TEST(SelectAmd, NeverTakesRevisionZero) {
  EXPECT_EQ(Pool().amd(0, 0x1041, {0x00100F42}).revisions("amd:0x100f42"), "nothing");
}

// Bit 31 means nothing in a patch id.
TEST(SelectAmd, KnowsNoDebugRevisions) {
  EXPECT_EQ(Pool().amd(0x81000001, 0x1041, {0x00100F42}).revisions("amd:0x100f42"), "0x81000001");
}

TEST(SelectAmd, WritesFamiliesAscendingAndPatchesAscending) {
  const Pool pool = milan().zen(0x0B404108).amd(0x010000C8, 0x1043, {0x00100F63}).zen(0x08301072);
  const Selection selection = select(pool.candidates(), every_cpu(pool.candidates()), {});
  std::vector<std::uint32_t> order;
  order.reserve(selection.choices.size());
  for (const Choice& choice : selection.choices)
    order.push_back(pool.candidates()[choice.candidates.front()].update->revision);
  EXPECT_EQ(order, (std::vector<std::uint32_t>{0x010000C8, 0x08301072, 0x0A0011D5, 0x0A0011DE,
                                               0x0B404108}));
}

// A22 and A23: whatever the source's order and containers, what is written ends with the newest.
TEST(SelectAmd, MendsOrderAndContainersOfASource) {
  using support::AmdBlob;
  using support::AmdPatch;
  const Walked source =
      walked(support::join({AmdBlob().zen(AmdPatch(0x0A0011D5)).zen(AmdPatch(0x0A0011D1)).bytes(),
                            AmdBlob().zen(AmdPatch(0x0A0011DE)).bytes()}));
  const std::vector<Candidate> candidates = candidates_of(source);
  const CpuQuery asked = query("0xa00f11");
  const Selection selection = select(candidates, {&asked, 1}, {});
  EXPECT_EQ(packed_amd(selection, candidates, source.wholes),
            AmdBlob().zen(AmdPatch(0x0A0011D5)).zen(AmdPatch(0x0A0011DE)).bytes());
}

}  // namespace
}  // namespace kip::ucode
