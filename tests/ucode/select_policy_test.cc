// Holds, pins, excludes, broken candidates, several CPUs at once, and the order of candidates.
#include <algorithm>
#include <gtest/gtest.h>
#include <random>

#include "tests/ucode/pool.h"

namespace kip::ucode {
namespace {

using Verdicts = std::vector<std::string>;

Pool three() {
  return Pool().intel(0x3A, {{0xB06F2, 7}}).intel(0x3B, {{0xB06F2, 7}}).intel(0x3C, {{0xB06F2, 7}});
}

SelectOptions holding(std::initializer_list<const char*> specs) {
  SelectOptions options;
  options.holds = selectors(specs);
  return options;
}

SelectOptions pinning(std::initializer_list<const char*> specs) {
  SelectOptions options;
  options.pins = selectors(specs);
  return options;
}

TEST(SelectHold, GoesBeforeNewest) {
  EXPECT_EQ(three().revisions("0xb06f2", holding({"0xb06f2,,eq:0x3c"})), "0x3b");
  EXPECT_EQ(three().verdicts("0xb06f2", holding({"0xb06f2,,eq:0x3c"})),
            (Verdicts{"superseded", "chosen", "held back"}));
}

TEST(SelectHold, OfACpuHoldsEverythingForIt) {
  EXPECT_EQ(three().revisions("0xb06f2", holding({"0xb06f2"})), "nothing");
}

TEST(SelectHold, OfAPlatformHoldsForItAlone) {
  const Pool pool = Pool().intel(4, {{0xF4A, 0x5C}}).intel(2, {{0xF4A, 0x5D}});
  EXPECT_EQ(pool.revisions("0xf4a,0x1", holding({"0xf4a,0x2"})), "0x2");
  EXPECT_EQ(pool.revisions("0xf4a,0x1", holding({"0xf4a,0x1"})), "nothing");
}

TEST(SelectHold, HoldsForTheTargetThatMatchesOnly) {
  const Pool pool = Pool().intel(0x3A, {{0x90672, 7}, {0xB06F6, 7}});
  EXPECT_EQ(pool.revisions("0xb06f6", holding({"0x90672"})), "0x3a");
}

TEST(SelectHold, OfACpuAskedForHoldsTheUpdateForTheOthersToo) {
  const Pool pool = Pool().intel(0x3A, {{0x90672, 7}, {0xB06F6, 7}}).intel(0x39, {{0xB06F6, 7}});
  const Selection selection = pool.answer({"0xb06f6", "0x90672"}, holding({"0x90672"}));
  EXPECT_EQ(selection.choices.size(), 1u);
  EXPECT_EQ(selection.choices.at(0).candidates, std::vector<std::size_t>{1});
  EXPECT_TRUE(selection.answers.at(1).choices.empty());
}

TEST(SelectPin, OfACpuAskedForBindsTheOthersToo) {
  const Pool pool =
      Pool().intel(0x3A, {{0x90672, 7}, {0xB06F6, 7}}).intel(0x39, {{0x90672, 7}, {0xB06F6, 7}});
  const Selection selection = pool.answer({"0xb06f6", "0x90672"}, pinning({"0x90672,,lt:0x3a"}));
  EXPECT_EQ(selection.choices.size(), 1u);
  EXPECT_EQ(selection.choices.at(0).candidates, std::vector<std::size_t>{1});
}

TEST(SelectHold, WithPlatformFlagsHoldsAmdPatchesToo) {
  EXPECT_EQ(Pool().zen(0x0B404108).revisions("0xb40f41", holding({"0xb40f41,0x1"})), "nothing");
}

TEST(SelectPin, TakesThePinnedRevisionThoughOlder) {
  EXPECT_EQ(three().revisions("0xb06f2", pinning({"0xb06f2,,eq:0x3a"})), "0x3a");
  EXPECT_EQ(three().verdicts("0xb06f2", pinning({"0xb06f2,,eq:0x3a"})),
            (Verdicts{"chosen", "another revision is pinned", "another revision is pinned"}));
}

TEST(SelectPin, OfARevisionThatIsNotThereGivesNothing) {
  EXPECT_EQ(three().revisions("0xb06f2", pinning({"0xb06f2,,eq:0x39"})), "nothing");
}

TEST(SelectPin, OfAnotherCpuChangesNothing) {
  EXPECT_EQ(three().revisions("0xb06f2", pinning({"0x806f8,,eq:0x39"})), "0x3c");
  EXPECT_EQ(three().revisions("0xb06f2", pinning({"0xb06f2,0x80,eq:0x39"})), "0x3c");
}

TEST(SelectPin, OfSeveralTakesTheNewestThatOneAllows) {
  EXPECT_EQ(three().revisions("0xb06f2", pinning({"0xb06f2,,eq:0x3a", "0xb06f2,,eq:0x3b"})),
            "0x3b");
}

TEST(SelectPin, AndHoldOfTheSameRevisionGiveNothing) {
  SelectOptions options = pinning({"0xb06f2,,eq:0x3c"});
  options.holds = selectors({"0xb06f2,,eq:0x3c"});
  EXPECT_EQ(three().revisions("0xb06f2", options), "nothing");
}

TEST(SelectExclude, TakesCpusOut) {
  const Pool pool = Pool().intel(0x3A, {{0xB06F2, 7}}).intel(0x50, {{0x806F8, 7}});
  SelectOptions options;
  options.excludes = selectors({"!0x806f8"});
  const Selection selection = select(pool.candidates(), every_cpu(pool.candidates()), options);
  EXPECT_EQ(verdicts_of(selection), (Verdicts{"chosen", "excluded"}));
}

TEST(SelectBroken, ReportsTheOneThatWouldHaveBeenChosen) {
  const Pool pool = three().intel(0x3D, {{0xB06F2, 7}}).broken();
  const Selection selection = pool.answer({"0xb06f2"});
  EXPECT_EQ(selection.answers.at(0).broken, std::vector<std::size_t>{3});
  EXPECT_EQ(pool.revisions_of(selection, 0), "0x3c");
  EXPECT_EQ(selection.verdicts.at(3), Verdict::kBroken);
}

TEST(SelectBroken, ReportsItWhereItIsAllThereIs) {
  const Pool pool = Pool().intel(0x3D, {{0xB06F2, 7}}).broken();
  const Selection selection = pool.answer({"0xb06f2"});
  EXPECT_EQ(selection.answers.at(0).broken, std::vector<std::size_t>{0});
  EXPECT_TRUE(selection.choices.empty());
}

TEST(SelectBroken, IsSilentWhereASoundOneIsAsNew) {
  const Pool pool = three().intel(0x3C, {{0xB06F2, 7}}).broken().intel(0x3B, {{0xB06F2, 7}});
  EXPECT_TRUE(pool.answer({"0xb06f2"}).answers.at(0).broken.empty());
}

TEST(SelectBroken, IsSilentWhereItWasHeldAnyway) {
  const Pool pool = three().intel(0x3D, {{0xB06F2, 7}}).broken();
  EXPECT_TRUE(pool.answer({"0xb06f2"}, holding({"0xb06f2,,eq:0x3d"})).answers.at(0).broken.empty());
}

TEST(SelectBroken, IsReportedForTheNewestOnly) {
  const Pool pool =
      Pool().zen(0x0A0011D5).zen(0x0A0011DE).broken().zen(0x0A0011DF).broken().zen(0x0A0011D3);
  const Selection selection = pool.answer({"amd:0xa00f11"});
  EXPECT_EQ(selection.answers.at(0).broken, std::vector<std::size_t>{2});
  EXPECT_EQ(pool.revisions_of(selection, 0), "0xa0011d5");
}

TEST(SelectSeveral, AnswersEachQueryAndWritesOnce) {
  const Pool pool =
      Pool().intel(0x3A, {{0xB06F2, 7}, {0xB06F6, 7}}).intel(0x50, {{0x806F8, 7}}).zen(0x0B404108);
  const Selection selection = pool.answer({"0xb06f6", "0xb06f2", "0x806f8", "0xb40f41", "0x632"});
  ASSERT_EQ(selection.answers.size(), 5U);
  EXPECT_EQ(pool.revisions_of(selection, 0), "0x3a");
  EXPECT_EQ(pool.revisions_of(selection, 1), "0x3a");
  EXPECT_EQ(pool.revisions_of(selection, 2), "0x50");
  EXPECT_EQ(pool.revisions_of(selection, 3), "0xb404108");
  EXPECT_EQ(pool.revisions_of(selection, 4), "nothing");
  ASSERT_EQ(selection.choices.size(), 3U);
  EXPECT_EQ(selection.choices[1].cpus, (std::set<CpuSignature>{{0xB06F2}, {0xB06F6}}))
      << "0x806f8 goes in front of it";
}

TEST(SelectSeveral, SaysTheVerdictNearestToBeingChosen) {
  const Pool pool = Pool().intel(0x3A, {{0xB06F2, 1}}).intel(0x3B, {{0xB06F2, 2}});
  const Selection selection = pool.answer({"0xb06f2,0x80", "0xb06f2,0x1"});
  EXPECT_EQ(verdicts_of(selection), (Verdicts{"chosen", "for another platform"}));
}

TEST(SelectSeveral, WritesIntelBySignatureFlagsAndRevision) {
  const Pool pool =
      Pool().intel(9, {{0xB06F2, 1}}).intel(7, {{0x806F8, 0x87}}).intel(8, {{0x806F8, 0x10}});
  const Selection selection = pool.answer({"0xb06f2", "0x806f8"});
  std::vector<std::size_t> order;
  order.reserve(selection.choices.size());
  for (const Choice& choice : selection.choices) order.push_back(choice.candidates.front());
  EXPECT_EQ(order, (std::vector<std::size_t>{2, 1, 0}));
}

TEST(EveryCpu, IsEveryTargetOfSoundCandidatesOnce) {
  const Pool pool = Pool()
                        .intel(0x3A, {{0xB06F2, 7}, {0xB06F6, 7}})
                        .intel(0x3B, {{0xB06F2, 7}})
                        .intel(0x50, {{0x806F8, 7}})
                        .broken()
                        .zen(0x0B404108);
  std::vector<std::uint32_t> cpus;
  for (const CpuQuery& query : every_cpu(pool.candidates()))
    cpus.push_back(query.selector.signature);
  EXPECT_EQ(cpus, (std::vector<std::uint32_t>{0xB06F2, 0xB06F6, 0xB40F41}));
}

TEST(Verdict, EachHasWordsOfItsOwn) {
  std::set<std::string> words;
  for (int i = 0; i <= static_cast<int>(Verdict::kChosen); ++i)
    words.insert(verdict_text(static_cast<Verdict>(i)));
  EXPECT_EQ(words.size(), static_cast<std::size_t>(Verdict::kChosen) + 1);
  EXPECT_FALSE(words.contains(""));
}

// Which updates are chosen for which CPUs, by what they are and not by where they stand.
std::vector<std::string> chosen(std::span<const Candidate> candidates, const Selection& selection) {
  std::vector<std::string> out;
  for (const Choice& choice : selection.choices) {
    const Update& update = *candidates[choice.candidates.front()].update;
    std::string line = std::to_string(update.revision) + " of " + std::to_string(update.checksum);
    for (const CpuSignature cpu : choice.cpus) line += " " + cpu.name();
    out.push_back(line);
  }
  return out;
}

TEST(SelectOrder, OfCandidatesDoesNotMatter) {
  std::mt19937 random(20251111);
  const auto any = [&](std::uint32_t below) { return std::uint32_t(random() % below); };
  for (int round = 0; round < 500; ++round) {
    Pool pool;
    for (std::uint32_t i = 0; i < 12; ++i) {
      const std::uint32_t revision = i * 3 + any(3) + 1;  // no two alike
      if (any(3) != 0) {
        pool.intel(revision | (any(8) == 0 ? 0x80000000 : 0),
                   {{0x80600 + any(3), 1 + any(15)}, {0x80600 + any(3), any(16)}});
      } else {
        pool.zen((any(2) != 0 ? 0x0A001100 : 0x0A001200) | (0xC0 + revision));
      }
      if (any(10) == 0) pool.broken();
    }
    std::vector<Candidate> shuffled = pool.candidates();
    const std::vector<CpuQuery> queries = every_cpu(shuffled);
    const auto wanted = chosen(shuffled, select(shuffled, queries, {}));
    for (int i = 0; i < 5; ++i) {
      std::shuffle(shuffled.begin(), shuffled.end(), random);
      ASSERT_EQ(chosen(shuffled, select(shuffled, queries, {})), wanted) << "round " << round;
    }
  }
}

}  // namespace
}  // namespace kip::ucode
