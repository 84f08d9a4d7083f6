// Which modules there are, and which of them are out-of-tree.
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/base/must.h"
#include "tests/modules/workshop.h"

namespace kip::modules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> listed(const Workshop& shop) {
  std::vector<std::string> paths;
  const Tree tree = shop.open();
  for (const ModuleFile& file : tree.files()) paths.push_back(file.path);
  return paths;
}

TEST(ModuleName, IsThatOfTheKernel) {
  struct Case {
    const char *given, *name;
  };
  for (const Case& c :
       {Case{"updates/dkms/dm-writeboost.ko", "dm_writeboost"}, Case{"vpoll.ko.xz", "vpoll"},
        Case{"a/b.c.ko.zst", "b.c"}, Case{"x.ko.gz", "x"}, Case{"nvidia-drm", "nvidia_drm"},
        Case{"kernel/odd.ko.bak", "odd.ko.bak"}, Case{".ko", ""}, Case{"", ""}})
    EXPECT_EQ(module_name(c.given), c.name) << c.given;
}

TEST(Tree, HasTheFilesThatAreModulesInOrderOfTheirPaths) {
  Workshop shop;
  for (const char* file : {"updates/z.ko", "updates/dkms/a.ko.xz", "kernel/b.ko.zst",
                           "kernel/c.ko.gz", "d.ko", "build/include/no.ko", "source/no.ko",
                           ".hidden/no.ko", "kernel/.no.ko", "kernel/no.ko.bak", "kernel/no.o"})
    shop.write(file, {});
  shop.directory.directory(shop.path("kernel/directory.ko"));
  EXPECT_THAT(listed(shop), ElementsAre("d.ko", "kernel/b.ko.zst", "kernel/c.ko.gz",
                                        "updates/dkms/a.ko.xz", "updates/z.ko"));
}

TEST(Tree, DoesNotGoThroughLinksToDirectories) {
  Workshop shop;
  shop.add("kernel/here.ko");
  shop.directory.link(shop.path("kernel/loop"), "..");
  shop.directory.write("elsewhere/other.ko", "");
  shop.directory.link(shop.path("build"), "/elsewhere");
  shop.directory.link(shop.path("outside"), "/elsewhere");
  EXPECT_THAT(listed(shop), ElementsAre("kernel/here.ko"));
}

TEST(Tree, IsFoundBelowUsrToo) {
  support::TempDir directory;
  directory.write("usr/lib/modules/6.1.0-test/updates/a.ko", "");
  const Root root = must(Root::at(directory.path()));
  const Tree tree = must(Tree::open(root, kKernel));
  EXPECT_EQ(tree.directory(), "/usr/lib/modules/6.1.0-test");
  EXPECT_EQ(tree.files().size(), 1U);
  EXPECT_EQ(Tree::open(root, "6.1.0-other").error().system_errno, ENOENT);
}

TEST(Tree, TakesNoPathForAKernel) {
  Workshop shop;
  for (const char* kernel : {"", ".", "..", "../modules/6.1.0-test", "/6.1.0-test"})
    EXPECT_EQ(Tree::open(shop.root(), kernel).error().code, Errc::kInvalid) << kernel;
}

// The path proves nothing: in-tree drivers are rebuilt in extra/, and foreign ones lie below kernel/.
TEST(OutOfTree, IsWhatDoesNotSayThatItIsInTree) {
  Workshop shop;
  shop.add_in_tree("kernel/fs/ext4/ext4.ko");
  shop.add("extra/rebuilt.ko", {{"intree", "Y"}});
  shop.add("kernel/drivers/foreign.ko");
  shop.add("updates/dkms/vpoll.ko");
  auto tree = shop.open();
  const auto found = must(tree.out_of_tree());
  EXPECT_THAT(paths_of(found.modules),
              ElementsAre("kernel/drivers/foreign.ko", "updates/dkms/vpoll.ko"));
  EXPECT_THAT(found.findings, IsEmpty());
}

// Two hundred megabytes of drivers are not read for the few that were added.
TEST(OutOfTree, DoesNotOpenWhatTheKernelCameWith) {
  Workshop shop;
  for (const char* file : {"kernel/plain.ko", "kernel/packed.ko.xz"}) {
    shop.add_in_tree(file);
    shop.write(file, support::text("not read"));
  }
  shop.add("extra/packed.ko.xz");
  auto tree = shop.open();
  const auto found = must(tree.out_of_tree());
  EXPECT_THAT(paths_of(found.modules), ElementsAre("extra/packed.ko.xz"));
  EXPECT_THAT(found.findings, IsEmpty());
}

TEST(OutOfTree, OpensAllWithoutModulesOrder) {
  Workshop shop;
  shop.add("kernel/own.ko", {{"intree", "Y"}});
  shop.add("kernel/foreign.ko");
  auto tree = shop.open();
  EXPECT_THAT(paths_of(must(tree.out_of_tree()).modules), ElementsAre("kernel/foreign.ko"));
}

TEST(OutOfTree, HasBothOfTwins) {
  Workshop shop;
  shop.add("extra/hdaps.ko", {{"version", "1"}});
  shop.add("updates/hdaps.ko", {{"version", "2"}});
  auto tree = shop.open();
  EXPECT_THAT(paths_of(must(tree.out_of_tree()).modules),
              ElementsAre("extra/hdaps.ko", "updates/hdaps.ko"));
}

TEST(OutOfTree, FollowsLinksToFilesWithinTheRoot) {
  Workshop shop;
  shop.directory.write("lib/modules/6.1.0-older/extra/vpoll.ko",
                       support::elf_module({{"version", "7"}}));
  shop.directory.link(shop.path("weak-updates/vpoll.ko"),
                      "/lib/modules/6.1.0-older/extra/vpoll.ko");
  auto tree = shop.open();
  const auto found = must(tree.out_of_tree());
  ASSERT_THAT(paths_of(found.modules), ElementsAre("weak-updates/vpoll.ko"));
  EXPECT_EQ(found.modules[0].version, "7");
}

TEST(OutOfTree, DoesNotFollowThemOutOfIt) {
  support::TempDir outside;
  const std::string target = outside.write("vpoll.ko", support::elf_module({{"version", "7"}}));
  Workshop shop;
  shop.directory.link(shop.path("weak-updates/absolute.ko"), target);
  shop.directory.link(shop.path("weak-updates/relative.ko"),
                      "../../../../../../../../../.." + target);
  auto tree = shop.open();
  const auto found = must(tree.out_of_tree());
  EXPECT_THAT(found.modules, IsEmpty());
  ASSERT_EQ(found.findings.size(), 2U);
  for (const Finding& finding : found.findings) {
    EXPECT_EQ(finding.rule, "module-unread");
    EXPECT_THAT(finding.place, HasSubstr("/weak-updates/"));
    EXPECT_THAT(finding.text, HasSubstr("No such file"));
  }
}

TEST(OutOfTree, GoesOnBehindWhatIsNoModule) {
  Workshop shop;
  shop.add("updates/sound.ko");
  shop.write("updates/empty.ko", {});
  shop.directory.fifo(shop.path("updates/fifo.ko"));
  shop.directory.link(shop.path("updates/directory.ko"), "/lib");
  shop.directory.link(shop.path("updates/loop.ko"), "loop.ko");
  shop.directory.sparse(shop.path("updates/vast.ko"), kModuleLimit + 1);
  auto tree = shop.open();
  const auto found = must(tree.out_of_tree());
  EXPECT_THAT(paths_of(found.modules), ElementsAre("updates/sound.ko"));
  std::vector<std::string> lines;
  for (const Finding& finding : found.findings) lines.push_back(to_line(finding));
  EXPECT_THAT(
      lines,
      ElementsAre(
          HasSubstr("directory.ko': the module cannot be read: is not a regular file"),
          HasSubstr("empty.ko': offset 0x0: the module cannot be read: ends early"),
          HasSubstr("loop.ko': the module cannot be read: Too many levels of symbolic links"),
          HasSubstr("vast.ko': the module cannot be read: is too large")));
}

}  // namespace
}  // namespace kip::modules
