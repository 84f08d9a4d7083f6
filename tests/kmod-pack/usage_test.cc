// How kmod-pack is called, and what it says of wrong calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kmod-pack/desk.h"

namespace kip::kmod_pack_test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Row {
  const char* name;
  Lines words;
  const char* line;  // a part of the one complaint
};

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.name;
}

const Row kRows[] = {
    {"NoVerb", {}, "a verb is missing; there are list, why, lint, pack, emit"},
    {"UnknownVerb", {"show"}, "no verb 'show'"},
    {"WhyNothing", {"why"}, "MODULE is required"},
    {"PackWithoutABase", {"pack", "-n"}, "--base is required"},
    {"EmptyBase", {"pack", "-n", "--base", ""}, "is empty"},
    {"EmitForNobody", {"emit"}, "GENERATOR is required"},
    {"EmitForAnother", {"emit", "booster"}, "booster"},
    {"ListTakesNoName", {"list", "zfs"}, "'zfs' is not expected"},
    {"NoRelease", {"list", "--kernel", "linux"}, "'linux' is no kernel release"},
    {"BothOnStdout", {"pack", "--base", "x", "--json"}, "--json needs -o FILE or -n"},
};

class KmodPackUsage : public testing::TestWithParam<Row> {};

INSTANTIATE_TEST_SUITE_P(Rows, KmodPackUsage, testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

TEST_P(KmodPackUsage, IsRefused) {
  const Said said = Desk().run_bare(GetParam().words);
  EXPECT_EQ(said.code, 2);
  EXPECT_EQ(said.out, "");
  EXPECT_THAT(said.complaints, ElementsAre(HasSubstr(GetParam().line)));
}

TEST(KmodPackKernel, ThatIsNotThereIsNamedWithThoseThatAre) {
  Desk desk;
  ModuleRoot(desk.root().path(), "6.9.1-other");
  const Said said = desk.run({"list", "--kernel", "6.13.0"});
  EXPECT_EQ(said.code, 3);
  EXPECT_THAT(said.complaints,
              ElementsAre("error: no directory of modules for kernel '6.13.0'; there are "
                          "6.12.0-example, 6.9.1-other"));
}

TEST(KmodPackKernel, IsNotThereBelowARootWithoutAny) {
  const Desk desk;
  desk.dir().directory("bare");
  const Said said = desk.run_bare({"list", "--root", "bare"});
  EXPECT_EQ(said.code, 3);
  EXPECT_THAT(said.complaints, ElementsAre(HasSubstr("below the root no kernel has modules")));
}

TEST(KmodPackKernel, IsTheOnlyOneBelowARoot) {
  Desk desk;
  desk.root().out_of_tree("extra/vpoll.ko").index();
  EXPECT_THAT(desk.run({"list"}).out, HasSubstr("vpoll"));
  ModuleRoot(desk.root().path(), "6.9.1-other");
  const Said said = desk.run({"list"});
  EXPECT_EQ(said.code, 2);
  EXPECT_THAT(said.complaints, ElementsAre(HasSubstr("there are 6.12.0-example, 6.9.1-other")));
  EXPECT_EQ(desk.run({"list", "--kernel", kExampleKernel}).code, 0);
}

TEST(KmodPackKernel, IsTheRunningOneWithoutARoot) {
  std::string release = support::must_run({"uname", "-r"});
  release.pop_back();
  const Said said = Desk().run_bare({"list"});
  if (support::exists("/lib/modules/" + release)) {
    EXPECT_EQ(said.code, 0);
  } else {
    EXPECT_EQ(said.code, 3);
    EXPECT_THAT(said.complaints, ElementsAre(HasSubstr("no directory of modules for kernel '" +
                                                       release + "'; there ")));
  }
}

TEST(KmodPackUsage, AnswersHelpForEveryVerb) {
  for (const char* const verb : {"list", "why", "lint", "pack", "emit"}) {
    const Said said = Desk().run_bare({verb, "--help"});
    EXPECT_EQ(said.code, 0);
    for (const char* const option : {"--json", "--quiet", "--verbose", "--kernel", "--root"})
      EXPECT_THAT(said.out, HasSubstr(option)) << verb;
  }
}

TEST(KmodPackUsage, SaysNothingButErrorsWhenQuiet) {
  Desk desk;
  desk.root().out_of_tree("extra/vpoll.ko");
  desk.policy("Include=vpoll\n");
  EXPECT_THAT(desk.run({"list"}).complaints, testing::Not(IsEmpty()));
  const Said said = desk.run({"list", "-q"});
  EXPECT_THAT(said.complaints, IsEmpty());
  EXPECT_THAT(said.notes, IsEmpty());
}

}  // namespace
}  // namespace kip::kmod_pack_test
