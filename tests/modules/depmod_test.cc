// Indexes in a directory of ours.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "src/modules/depmod.h"
#include "tests/base/must.h"
#include "tests/modules/workshop.h"

namespace kip::modules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string winner(const Workshop& shop) {
  auto tree = shop.open();
  return tree.find("twin").value_or(ModuleFile{"", "none"}).path;
}

class Depmod : public testing::Test {
 protected:
  Depmod() {
    shop.add_in_tree("kernel/twin.ko");
    shop.add("updates/twin.ko");
    shop.add("weak/twin.ko");
    shop.directory.write(shop.path("modules.builtin"), "");
    shop.directory.write(shop.path("modules.builtin.modinfo"), "");
  }

  Status run(const std::string& search = "") const {
    return run_depmod(shop.directory.path(), kKernel, search);
  }

  Workshop shop;
};

TEST_F(Depmod, LetsTheSearchLineDecideBetweenTwins) {
  must(run());
  EXPECT_EQ(winner(shop), "updates/twin.ko");
  must(run("weak updates built-in"));
  EXPECT_EQ(winner(shop), "weak/twin.ko");
  must(run("built-in updates weak"));
  EXPECT_EQ(winner(shop), "kernel/twin.ko");
}

TEST_F(Depmod, LeavesOnlyIndexesBehind) {
  must(run("updates built-in"));
  EXPECT_THAT(support::names_in(shop.directory.path()), ElementsAre("lib"));
  EXPECT_THAT(support::names_in(shop.directory / "lib"), ElementsAre("modules"));
  EXPECT_TRUE(support::exists(shop.directory / shop.path("modules.dep.bin")));
}

TEST_F(Depmod, WorksWhereModulesAreBelowUsrAlone) {
  support::TempDir merged;
  merged.write("usr/lib/modules/6.1.0-test/updates/a.ko", support::elf_module({}));
  must(run_depmod(merged.path(), kKernel, ""));
  EXPECT_TRUE(support::exists(merged / "usr/lib/modules/6.1.0-test/modules.dep.bin"));
  EXPECT_THAT(support::names_in(merged.path()), ElementsAre("usr"));
}

TEST_F(Depmod, TakesNothingFromTheEnvironment) {
  ASSERT_EQ(::setenv("MODPROBE_OPTIONS", "--version", 1), 0);
  ASSERT_EQ(::setenv("LC_ALL", "de_DE.UTF-8", 1), 0);
  const Status status = run();
  ::unsetenv("MODPROBE_OPTIONS");
  ::unsetenv("LC_ALL");
  must(status);
  EXPECT_EQ(winner(shop), "updates/twin.ko");
}

TEST_F(Depmod, SaysWhatDepmodSaid) {
  const Status bad_version = run_depmod(shop.directory.path(), "nonsense", "");
  EXPECT_EQ(code_of(bad_version), Errc::kInvalid);
  EXPECT_THAT(error_of(bad_version), HasSubstr("depmod failed: "));
  EXPECT_THAT(error_of(bad_version), HasSubstr("nonsense"));
  EXPECT_EQ(code_of(run_depmod(shop.directory.path(), "6.2.0-other", "")), Errc::kInvalid);
}

// It goes on behind circles of symbols, and says so; the index lacks both modules.
TEST_F(Depmod, FailsAtCircles) {
  shop.add("updates/a.ko", {}, {.exports = {"a"}, .needs = {"b"}});
  shop.add("updates/b.ko", {}, {.exports = {"b"}, .needs = {"a"}});
  EXPECT_THAT(error_of(run()), HasSubstr("ycle"));
}

TEST_F(Depmod, TakesNoSecondLine) {
  EXPECT_EQ(code_of(run("updates\noverride twin * weak")), Errc::kInvalid);
}

TEST_F(Depmod, GivesTheSameBytesForTheSameModules) {
  must(run());
  const auto first = support::read_file(shop.directory / shop.path("modules.dep.bin"));
  Workshop other;
  other.add("weak/twin.ko");
  other.add("updates/twin.ko");
  other.add_in_tree("kernel/twin.ko");
  must(run_depmod(other.directory.path(), kKernel, ""));
  EXPECT_EQ(first, support::read_file(other.directory / other.path("modules.dep.bin")));
}

TEST(DepmodSearch, IsThatOfTheRootsConfiguration) {
  support::TempDir directory;
  const Root root = must(Root::at(directory.path()));
  EXPECT_EQ(depmod_search(root), "");
  directory.write("lib/depmod.d/a.conf", "search lib\n");
  EXPECT_EQ(depmod_search(root), "lib");
  directory.write("etc/depmod.d/a.conf", "# ours\nsearch updates\textra\noverride x * y\n");
  directory.write("usr/lib/depmod.d/b.conf", "search built-in\nmake_map_files no");
  EXPECT_EQ(depmod_search(root), "updates extra built-in");
  directory.link("etc/depmod.d/b.conf", "/dev/null");
  EXPECT_EQ(depmod_search(root), "updates extra");
}

}  // namespace
}  // namespace kip::modules
