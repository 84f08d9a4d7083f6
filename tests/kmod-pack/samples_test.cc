// The samples for packages are what the page for packagers says they are.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kmod-pack/desk.h"

namespace kip::kmod_pack_test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

std::string sample(const std::string& name) {
  return support::to_string(support::read_file(KIP_SOURCE_ROOT "/install.d/modules/" + name));
}

class KmodPackSamples : public testing::TestWithParam<bool> {};

INSTANTIATE_TEST_SUITE_P(Forms, KmodPackSamples, testing::Bool(),
                         [](const auto& row) { return row.param ? "Kip" : "Dracut"; });

TEST_P(KmodPackSamples, SayTheSameInEitherForm) {
  Desk desk;
  desk.root()
      .out_of_tree("extra/example_raid.ko")
      .out_of_tree("extra/spl.ko")
      .out_of_tree("extra/zfs.ko", {{"depends", "spl"}})
      .out_of_tree("video/nvidia.ko")
      .out_of_tree("video/nvidia-drm.ko", {{"depends", "nvidia"}});
  for (const char* const package : {"zfs", "nvidia", "example-dkms"}) {
    if (GetParam()) {
      const std::string name = std::string("50-") + package + ".conf";
      desk.root().file("usr/lib/kip/kip.conf.d/" + name, sample("kip/" + name));
    } else {
      const std::string name = std::string("10-") + package + ".conf";
      desk.root().file("usr/lib/dracut/dracut.conf.d/" + name, sample("dracut/" + name));
    }
  }
  desk.root().index();
  const Said said = desk.run({"list"});
  EXPECT_THAT(said.complaints, IsEmpty());
  EXPECT_THAT(lines_of(said.out),
              ElementsAre(StartsWith("in        example_raid "), StartsWith("out       nvidia "),
                          StartsWith("out       nvidia_drm "), StartsWith("in        spl "),
                          StartsWith("in        zfs ")));
  EXPECT_THAT(said.out, testing::Not(testing::HasSubstr("by default")))
      << "each of nvidia's modules is named";
}

}  // namespace
}  // namespace kip::kmod_pack_test
