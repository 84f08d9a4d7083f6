// Which modules there are, which are out-of-tree, what they say of themselves.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/modules/workshop.h"

namespace kip::modules {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(ModuleName, IsThatOfTheKernel) {
  struct Case {
    const char *given, *name;
  };
  for (const Case& c :
       {Case{"updates/dkms/dm-writeboost.ko", "dm_writeboost"}, Case{"vpoll.ko.xz", "vpoll"},
        Case{"a/b.c.ko.zst", "b.c"}, Case{"x.ko.gz", "x"}, Case{"nvidia-drm", "nvidia_drm"},
        Case{"kernel/odd.ko.bak", "odd.ko.bak"}})
    EXPECT_EQ(module_name(c.given), c.name) << c.given;
}

// The path proves nothing: in-tree drivers are rebuilt in extra/, and foreign ones lie below kernel/.
TEST(OutOfTree, IsWhatSaysNotThatItIsInTree) {
  Workshop shop;
  shop.add_in_tree("kernel/fs/ext4/ext4.ko");
  shop.add("extra/rebuilt.ko", {{"intree", "Y"}});
  shop.add("kernel/drivers/foreign.ko");
  shop.add("updates/dkms/vpoll.ko");
  auto tree = shop.open();
  const auto found = tree.out_of_tree().value();
  EXPECT_THAT(paths_of(found.modules),
              ElementsAre("kernel/drivers/foreign.ko", "updates/dkms/vpoll.ko"));
  EXPECT_THAT(found.findings, IsEmpty());
}

TEST(Close, TakesDependenciesAlongInFrontOfWhoNeedsThem) {
  Workshop shop;
  shop.add_in_tree("kernel/a-core.ko", {}, {.exports = {"a_core_init"}});
  shop.add("updates/top.ko", {{"depends", "middle"}}, {.needs = {"middle_do"}});
  shop.add("updates/middle.ko", {{"depends", "a-core"}},
           {.exports = {"middle_do"}, .needs = {"a_core_init"}});
  shop.depmod();
  auto tree = shop.open();
  const auto closure = tree.close({*tree.find("top")}).value();
  EXPECT_THAT(texts_of(closure.modules),
              ElementsAre("kernel/a-core.ko: depends middle", "updates/middle.ko: depends top",
                          "updates/top.ko: policy"));
  EXPECT_THAT(closure.missing, IsEmpty());
  EXPECT_THAT(closure.findings, IsEmpty());
}

}  // namespace
}  // namespace kip::modules
