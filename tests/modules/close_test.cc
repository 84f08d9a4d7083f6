// What comes along with a module.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/base/must.h"
#include "tests/modules/workshop.h"

namespace kip::modules {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Close : public testing::Test {
 protected:
  Closure close(const std::vector<std::string>& paths) const {
    auto tree = shop.open();
    std::vector<ModuleFile> wanted;
    for (const std::string& path : paths) wanted.push_back(shop.file(path));
    return must(tree.close(wanted));
  }

  Workshop shop;
};

TEST_F(Close, PutsWhatAModuleDependsOnInFrontOfIt) {
  shop.add_in_tree("kernel/a-core.ko", {}, {.exports = {"a_core_init"}});
  shop.add("updates/b-top.ko", {{"depends", "middle"}}, {.needs = {"middle_do"}});
  shop.add("updates/middle.ko", {{"depends", "a-core"}},
           {.exports = {"middle_do"}, .needs = {"a_core_init"}});
  shop.depmod();
  const Closure closure = close({"updates/b-top.ko"});
  EXPECT_THAT(texts_of(closure.modules),
              ElementsAre("kernel/a-core.ko: depends middle", "updates/middle.ko: depends b_top",
                          "updates/b-top.ko: policy"));
  EXPECT_THAT(closure.missing, IsEmpty());
  EXPECT_THAT(closure.findings, IsEmpty());
}

TEST_F(Close, SortsByNameWhateverTheOrderAskedFor) {
  for (const char* path : {"updates/c.ko", "extra/b.ko", "kernel/d.ko", "misc/a.ko"})
    shop.add(path);
  shop.depmod();
  const std::vector<std::string> sorted = {"misc/a.ko: policy", "extra/b.ko: policy",
                                           "updates/c.ko: policy", "kernel/d.ko: policy"};
  EXPECT_EQ(texts_of(close({"kernel/d.ko", "updates/c.ko", "misc/a.ko", "extra/b.ko"}).modules),
            sorted);
  EXPECT_EQ(texts_of(close({"extra/b.ko", "misc/a.ko", "kernel/d.ko", "updates/c.ko"}).modules),
            sorted);
}

// modpost writes direct dependencies of modules it knew; the index has what depmod found by symbols.
TEST_F(Close, TakesTheIndexsDependenciesToo) {
  shop.add_in_tree("kernel/core.ko", {}, {.exports = {"core_init"}});
  shop.add("updates/top.ko", {{"depends", ""}}, {.needs = {"core_init"}});
  shop.depmod();
  EXPECT_THAT(texts_of(close({"updates/top.ko"}).modules),
              ElementsAre("kernel/core.ko: depends top", "updates/top.ko: policy"));
}

TEST_F(Close, TakesModinfosDependenciesWithoutAnIndex) {
  shop.add_in_tree("kernel/core.ko");
  shop.add("updates/top.ko", {{"depends", "core"}});
  EXPECT_THAT(texts_of(close({"updates/top.ko"}).modules),
              ElementsAre("kernel/core.ko: depends top", "updates/top.ko: policy"));
}

// DKMS has just built a new one: the twin that was added is what depmod will make of it.
TEST_F(Close, TakesTheAddedTwinWithoutAnIndex) {
  shop.add_in_tree("kernel/ec.ko");
  shop.add("updates/ec.ko");
  shop.add("updates/top.ko", {{"depends", "ec"}});
  EXPECT_THAT(texts_of(close({"updates/top.ko"}).modules),
              ElementsAre("updates/ec.ko: depends top", "updates/top.ko: policy"));
}

TEST_F(Close, TakesTheTwinThatDepmodChose) {
  shop.add_in_tree("kernel/ec.ko", {}, {.exports = {"ec_in_tree"}});
  shop.add("extra/ec.ko", {}, {.exports = {"ec_extra"}});
  shop.add("extra/top.ko", {{"depends", "ec"}});
  shop.depmod();  // "updates built-in": extra/ ranks with the kernel's own
  const std::string first = texts_of(close({"extra/top.ko"}).modules)[0];
  auto tree = shop.open();
  EXPECT_EQ(first, tree.find("ec")->path + ": depends top");
}

TEST_F(Close, FollowsSoftdepsByNameAndByAlias) {
  shop.add_in_tree("kernel/crc32c_generic.ko", {{"alias", "crypto-crc32c"}});
  shop.add_in_tree("kernel/crc32c-intel.ko", {{"alias", "crypto-crc32c"}});
  shop.add_in_tree("kernel/late.ko", {{"softdep", "pre: later"}});
  shop.add_in_tree("kernel/later.ko");
  shop.add("updates/top.ko", {{"softdep", "pre: crypto-crc32c post: late"}});
  shop.depmod();
  EXPECT_THAT(texts_of(close({"updates/top.ko"}).modules),
              ElementsAre("kernel/crc32c_generic.ko: softdep top",
                          "kernel/crc32c-intel.ko: softdep top", "kernel/late.ko: softdep top",
                          "kernel/later.ko: softdep late", "updates/top.ko: policy"));
}

TEST_F(Close, EndsCirclesOfSoftdeps) {
  shop.add("updates/a.ko", {{"softdep", "pre: b"}});
  shop.add("updates/b.ko", {{"softdep", "pre: c post: b"}});
  shop.add("updates/c.ko", {{"softdep", "post: a"}});
  shop.depmod();
  EXPECT_THAT(
      texts_of(close({"updates/b.ko"}).modules),
      ElementsAre("updates/a.ko: softdep c", "updates/b.ko: policy", "updates/c.ko: softdep b"));
}

// depmod refuses such; .modinfo may say it all the same.
TEST_F(Close, EndsCirclesOfDependencies) {
  shop.add("updates/a.ko", {{"depends", "b"}});
  shop.add("updates/b.ko", {{"depends", "a,b"}});
  EXPECT_THAT(texts_of(close({"updates/a.ko"}).modules),
              ElementsAre("updates/b.ko: depends a", "updates/a.ko: policy"));
}

TEST_F(Close, FollowsWeakdeps) {
  shop.add_in_tree("kernel/weak.ko");
  shop.add("updates/top.ko", {{"weakdep", "weak"}});
  shop.depmod();
  EXPECT_THAT(texts_of(close({"updates/top.ko"}).modules),
              ElementsAre("updates/top.ko: policy", "kernel/weak.ko: weakdep top"));
}

TEST_F(Close, KeepsTheStrongestReason) {
  shop.add_in_tree("kernel/both.ko");
  shop.add("updates/a.ko", {{"weakdep", "both"}, {"softdep", "pre: both"}});
  shop.add("updates/b.ko", {{"depends", "both"}, {"softdep", "pre: a"}});
  shop.depmod();
  EXPECT_THAT(
      texts_of(close({"updates/a.ko", "updates/b.ko"}).modules),
      ElementsAre("updates/a.ko: policy", "kernel/both.ko: depends b", "updates/b.ko: policy"));
}

TEST_F(Close, NamesWhatIsBuiltInNotAtAll) {
  shop.directory.write(shop.path("modules.builtin"), "kernel/lib/crc.ko\n");
  shop.directory.write(shop.path("modules.builtin.modinfo"),
                       std::string("crc.alias=crypto-crc") + '\0');
  shop.add("updates/top.ko", {{"depends", "crc"}, {"softdep", "pre: crypto-crc"}});
  shop.depmod();
  const Closure closure = close({"updates/top.ko"});
  EXPECT_THAT(texts_of(closure.modules), ElementsAre("updates/top.ko: policy"));
  EXPECT_THAT(closure.missing, IsEmpty());
}

TEST_F(Close, SaysWhatIsMissing) {
  shop.add(
      "updates/top.ko",
      {{"depends", "gone,other-gone"}, {"softdep", "pre: soft post: gone"}, {"weakdep", "weak"}});
  shop.depmod();
  const Closure closure = close({"updates/top.ko"});
  EXPECT_THAT(texts_of(closure.modules), ElementsAre("updates/top.ko: policy"));
  EXPECT_THAT(texts_of(closure.missing), ElementsAre("gone: depends top", "other_gone: depends top",
                                                     "soft: softdep top", "weak: weakdep top"));
}

// The index is older than what was taken away.
TEST_F(Close, SaysWhatTheIndexHasAndIsGone) {
  shop.add_in_tree("kernel/core.ko", {}, {.exports = {"core_init"}});
  shop.add("updates/top.ko", {}, {.needs = {"core_init"}});
  shop.depmod();
  ASSERT_EQ(::unlink((shop.directory / shop.path("kernel/core.ko")).c_str()), 0);
  EXPECT_THAT(texts_of(close({"updates/top.ko"}).missing),
              ElementsAre("kernel/core.ko: depends top"));
}

TEST_F(Close, LeavesOutWhatCannotBeRead) {
  shop.add("updates/top.ko", {{"depends", "broken"}});
  shop.add("updates/also.ko", {{"depends", "broken"}});
  shop.write("updates/broken.ko", support::text("no module"));
  const Closure closure = close({"updates/top.ko", "updates/also.ko"});
  EXPECT_THAT(texts_of(closure.modules),
              ElementsAre("updates/also.ko: policy", "updates/top.ko: policy"));
  EXPECT_THAT(texts_of(closure.missing),
              ElementsAre("broken: depends also", "broken: depends top"));
  ASSERT_EQ(closure.findings.size(), 1U);
  EXPECT_EQ(closure.findings[0].place, "/lib/modules/6.1.0-test/updates/broken.ko");
}

TEST_F(Close, GivesUpOnModulesThatNeedEverything) {
  std::string names;
  for (int i = 0; i < 30'000; ++i) names += "n" + std::to_string(i) + ",";
  shop.add("updates/top.ko", {{"depends", names}});
  auto tree = shop.open();
  const auto closure = tree.close({shop.file("updates/top.ko")});
  EXPECT_EQ(code_of(closure), Errc::kLimit);
}

// A line of ten megabytes, as modules.dep has it and as its index would.
TEST_F(Close, StandsADependencyLineOfTenMegabytes) {
  shop.add("updates/top.ko");
  shop.depmod();
  std::string line = "updates/top.ko:";
  while (line.size() < 10'000'000) line += " updates/top.ko";
  shop.directory.write(shop.path("modules.dep"), line + "\n");
  EXPECT_THAT(texts_of(close({"updates/top.ko"}).modules), ElementsAre("updates/top.ko: policy"));
}

TEST_F(Close, TakesSoftdepsOfTheRootsConfiguration) {
  for (const char* path : {"kernel/one.ko", "kernel/two.ko", "kernel/three.ko", "kernel/four.ko"})
    shop.add_in_tree(path);
  shop.add("updates/my-top.ko");
  shop.depmod();
  shop.directory.write(
      "etc/modprobe.d/a.conf",
      "softdep my-top pre: one\n# softdep my_top pre: three\nsoftdep other pre: three\n");
  shop.directory.write("usr/lib/modprobe.d/a.conf", "softdep my_top pre: three\n");
  shop.directory.write("usr/lib/modprobe.d/b.conf",
                       "softdep my* \\\n  post: two\nweakdep my_top four\nsoftdep my_top\n");
  shop.directory.write("etc/modprobe.d/c.conf.bak", "softdep my_top pre: three\n");
  EXPECT_THAT(texts_of(close({"updates/my-top.ko"}).modules),
              ElementsAre("kernel/four.ko: weakdep my_top", "updates/my-top.ko: policy",
                          "kernel/one.ko: softdep my_top", "kernel/two.ko: softdep my_top"));
}

TEST_F(Close, SaysWhichConfigurationItCannotRead) {
  shop.add("updates/top.ko");
  shop.directory.link("etc/modprobe.d/gone.conf", "/nowhere");
  shop.directory.fifo("etc/modprobe.d/fifo.conf");
  const auto findings = close({"updates/top.ko"}).findings;
  ASSERT_EQ(findings.size(), 2U);
  EXPECT_EQ(findings[0].rule, "kmod-config");
  EXPECT_EQ(findings[0].place, "/etc/modprobe.d/fifo.conf");
  EXPECT_EQ(findings[1].place, "/etc/modprobe.d/gone.conf");
}

TEST_F(Close, GivesTheLinesOfModprobeAboutItsModules) {
  shop.add("updates/vpoll.ko", {{"alias", "char-major-10-99"}});
  shop.add("updates/other.ko");
  shop.depmod();
  shop.directory.write("etc/modprobe.d/b.conf",
                       "options vpoll  period=5\toffset=1\nblacklist vpoll\noptions other x=1\n");
  shop.directory.write("etc/modprobe.d/a.conf",
                       "softdep vp*l post: other\noptions char-major-10-99 by=alias\n"
                       "install vpoll /bin/true\noptions vpoll\n");
  const Closure closure = close({"updates/vpoll.ko"});
  auto tree = shop.open();
  EXPECT_THAT(tree.modprobe_lines({closure.modules.begin() + 1, closure.modules.end()}),
              ElementsAre("softdep vp*l post: other", "options char-major-10-99 by=alias",
                          "options vpoll period=5 offset=1"));
}

}  // namespace
}  // namespace kip::modules
