// An overlay behind a base: what the kernel leaves of both, and what modprobe finds there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/base/must.h"
#include "tests/image/kernel_decode.h"
#include "tests/image/overlay_scene.h"

namespace kip::image {
namespace {

using codec::Method;
using support::Blob;
using support::KernelRoot;
using testing::ElementsAre;

const std::string kDirectory = std::string("lib/modules/") + kKernel + "/";

struct Row {
  LibKind lib = LibKind::kLink;
  std::optional<Method> base, overlay;
};

std::vector<Row> rows() {
  std::vector<Row> rows;
  for (const LibKind lib : {LibKind::kLink, LibKind::kDirectory, LibKind::kNone}) {
    for (const auto& base : base_methods()) {
      rows.push_back({lib, base, std::nullopt});
      rows.push_back({lib, base, Method::kZstd});
    }
  }
  rows.push_back({LibKind::kLink, Method::kGzip, Method::kGzip});
  rows.push_back({LibKind::kLink, Method::kLz4Legacy, Method::kXz});
  return rows;
}

class OverlayOn : public testing::TestWithParam<Row> {
 protected:
  Made make(bool linked = false) const {
    const Blob base = packed(GetParam().base, scene_.base(GetParam().lib, linked));
    return scene_.add(base, scene_.files(), {1000, GetParam().overlay});
  }

  OverlayScene scene_;
};

TEST_P(OverlayOn, EverythingOfBaseAndOverlayIsInTheRoot) {
  const Blob plain = scene_.base(GetParam().lib);
  const KernelRoot before(plain, decode_as_kernel);
  const Made made = make();
  const KernelRoot root(made.image, decode_as_kernel);
  EXPECT_EQ(root.error(), "");
  for (const auto& [path, node] : before.nodes()) {
    const auto* const now = root.find_itself(path);
    ASSERT_NE(now, nullptr) << path;
    EXPECT_EQ(now->mode, node->mode) << path;
    EXPECT_EQ(now->target, node->target) << path;
    const bool is_index = path.find("/modules.") != path.npos;
    EXPECT_TRUE(is_index || now->data == node->data) << path;
  }
  for (const OverlayFile& file : scene_.files()) {
    const std::string at = file.kind == OverlayFile::Kind::kModule     ? kDirectory + file.path
                           : file.kind == OverlayFile::Kind::kFirmware ? "lib/firmware/" + file.path
                                                                       : file.path;
    const auto* const node = root.find(at);
    ASSERT_NE(node, nullptr) << at;
    const Blob expected =
        file.source.empty() ? support::text(file.content) : support::read_file(file.source);
    EXPECT_TRUE(node->data == expected) << at;
    EXPECT_EQ(node->mode, 0100644U) << at;
  }
  EXPECT_EQ(made.plan.findings, std::vector<Finding>());
}

TEST_P(OverlayOn, ModprobeFindsEveryModuleWithWhatItNeeds) {
  const KernelRoot root(make().image, decode_as_kernel);
  const support::TempDir unpacked;
  unpack_to(root, unpacked);
  EXPECT_THAT(shown_by_modprobe(unpacked, "hdaps"), ElementsAre(kThinkpad, kHdaps));
  EXPECT_THAT(shown_by_modprobe(unpacked, "dm-writeboost"), ElementsAre(kDmMod, kWriteboost));
  EXPECT_THAT(shown_by_modprobe(unpacked, "boost-9"), ElementsAre(kDmMod, kWriteboost));
  if (GetParam().lib == LibKind::kNone) return;  // that base has no modules
  EXPECT_THAT(shown_by_modprobe(unpacked, "net-pf-99"), ElementsAre(kCfg));
  EXPECT_THAT(shown_by_modprobe(unpacked, "char-major-10-200"), ElementsAre(kCfg, kVpoll));
}

TEST_P(OverlayOn, IndexesOfTheBaseThatAreLinkedToOtherFilesLeaveTheseAlone) {
  if (GetParam().lib == LibKind::kNone) return;  // that base has no indexes
  const KernelRoot root(make(/*linked=*/true).image, decode_as_kernel);
  const std::string dep = kDirectory + "modules.dep", softdep = kDirectory + "modules.softdep";
  ASSERT_NE(root.find(dep), nullptr);
  EXPECT_EQ(root.links(dep), 1U);
  EXPECT_EQ(root.links(softdep), 1U);
  EXPECT_NE(root.find(dep)->data, root.find(softdep)->data);
}

TEST_P(OverlayOn, RunningTwiceIsRunningOnce) {
  const Made once = make();
  EXPECT_TRUE(once.changed);
  const Made twice = scene_.add(once.image, scene_.files(), {1000, GetParam().overlay});
  EXPECT_FALSE(twice.changed);
  EXPECT_TRUE(twice.overlay == once.overlay);
}

TEST_P(OverlayOn, DroppedItGivesTheBaseBack) {
  const Blob base = packed(GetParam().base, scene_.base(GetParam().lib));
  const Made dropped = scene_.add(make().image, {});
  EXPECT_TRUE(dropped.changed);
  EXPECT_TRUE(dropped.image == base);
  EXPECT_FALSE(scene_.add(base, {}).changed);
}

TEST_P(OverlayOn, AnotherOneTakesItsPlace) {
  const Blob base = packed(GetParam().base, scene_.base(GetParam().lib));
  const std::vector<OverlayFile> others = {scene_.module(kVpoll)};
  const Made replaced = scene_.add(make().image, others, {1000, GetParam().overlay});
  EXPECT_TRUE(replaced.image == scene_.add(base, others, {1000, GetParam().overlay}).image);
  const KernelRoot root(replaced.image, decode_as_kernel);
  EXPECT_NE(root.find(kDirectory + kVpoll), nullptr);
  EXPECT_EQ(root.find(kDirectory + kHdaps), nullptr);
}

INSTANTIATE_TEST_SUITE_P(Rows, OverlayOn, testing::ValuesIn(rows()), [](const auto& row) {
  return name_of(row.param.lib) + name_of(row.param.base) + "With" + name_of(row.param.overlay);
});

}  // namespace
}  // namespace kip::image
