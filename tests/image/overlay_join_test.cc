// An overlay behind an image, as a file: with an early part, in place of another, for the right image.
#include <gtest/gtest.h>

#include "tests/image/joined.h"
#include "tests/image/kernel_decode.h"
#include "tests/image/overlay_scene.h"
#include "tests/support/newc_blob.h"

namespace kip::image {
namespace {

using codec::Method;
using support::Blob;
using support::join;
using support::KernelRoot;
using support::NewcBlob;
using support::zeros;
using ucode::Vendor;

const ManifestCpu kHost{Vendor::kIntel, {{0x806f8}, 0x10}};
const std::string kVpollPath = std::string("lib/modules/") + kKernel + "/" + kVpoll;

class OverlayJoin : public testing::Test {
 protected:
  OverlayJoin() {
    joining_.set_early({intel(0x806f8, 0x10, 0x20)}, {kHost});
    early_ = joining_.directory() / "early";
  }

  Blob base(std::optional<Method> method = Method::kZstd) const {
    return packed(method, scene_.base(LibKind::kLink));
  }
  std::vector<OverlayFile> vpoll() const { return {scene_.module(kVpoll)}; }
  Blob with(const Blob& image, const std::string& early = "",
            std::optional<Method> method = {}) const {
    return scene_.add(image, vpoll(), {0, method}, early).image;
  }
  static bool has_vpoll(const Blob& image) {
    const KernelRoot root(image, decode_as_kernel);
    EXPECT_EQ(root.error(), "");
    return root.find(kVpollPath) != nullptr;
  }

  OverlayScene scene_;
  Joining joining_;
  std::string early_;
};

TEST_F(OverlayJoin, HasBothInOneGo) {
  for (const auto& method : base_methods()) {
    const Blob image = with(base(method), early_);
    EXPECT_EQ(loads(image, kHost), 0x20U) << name_of(method);
    EXPECT_TRUE(has_vpoll(image)) << name_of(method);
    EXPECT_EQ(with(image, early_), image) << name_of(method);
  }
}

TEST_F(OverlayJoin, GivesTheSameInTwoGos) {
  for (const auto& method : base_methods()) {
    const Blob once = with(base(method), early_);
    EXPECT_TRUE(with(scene_.add(base(method), {}, {}, early_).image) == once) << name_of(method);
    EXPECT_TRUE(scene_.add(with(base(method)), vpoll(), {}, early_).image == once)
        << name_of(method);
  }
}

TEST_F(OverlayJoin, LeavesTheFrontWithoutAnEarlyPart) {
  const Blob front = dracut_early(intel(0x806f8, 0x10, 0x18));
  const Blob image = with(join({front, base()}));
  EXPECT_EQ(part(image, 0, front.size()), front);
  EXPECT_TRUE(has_vpoll(image));
}

TEST_F(OverlayJoin, ChangesOnlyTheEndWhereTheFrontIsCovered) {
  const Blob covering = join({dracut_early(intel(0x806f8, 0x10, 0x20)), base()});
  const Blob image = with(covering, early_);
  EXPECT_EQ(part(image, 0, covering.size()), covering);
  EXPECT_TRUE(has_vpoll(image));
  EXPECT_TRUE(scene_.add(image, {}, {}, early_).image == covering);
}

TEST_F(OverlayJoin, ReplacesMicrocodeInFrontAndKeepsTheOverlay) {
  const Blob image = with(join({dracut_early(intel(0x806f8, 0x10, 0x18)), base()}), early_);
  EXPECT_EQ(loads(image, kHost), 0x20U);
  EXPECT_TRUE(has_vpoll(image));
}

TEST_F(OverlayJoin, KeepsAnOverlayThatNobodySpokeOf) {
  const std::string path = joining_.directory().write("image", with(base()));
  ASSERT_TRUE(must(joining_.join_path(path)));
  EXPECT_TRUE(has_vpoll(support::read_file(joining_.directory() / "out")));
}

TEST_F(OverlayJoin, GoesByTheImageWhereItsTailWasNotRead) {
  const std::string path = scene_.directory().write("i", with(base()));
  JoinOptions options;
  options.drop_overlay = true;
  const Join planned = must(plan_join(Root(), "", path, options));
  EXPECT_TRUE(planned.tail_changes);
  ASSERT_EQ(planned.pieces.size(), 1U);
  EXPECT_EQ(planned.pieces[0].size(), base().size());
}

TEST_F(OverlayJoin, RefusesATailOfAnotherImage) {
  const BaseModules other = scene_.read(base(Method::kGzip));
  JoinOptions options;
  options.drop_overlay = true;
  options.tail = &other.tail;
  EXPECT_EQ(code_of(plan_join(Root(), "", scene_.directory().write("i", base()), options)),
            Errc::kCorrupt);
}

TEST_F(OverlayJoin, RefusesAnOverlayForAnotherImage) {
  scene_.add(base(Method::kLz4Legacy), vpoll(), {0, Method::kZstd});
  JoinOptions options;
  options.overlay = scene_.directory() / "overlay";
  EXPECT_EQ(error_of(plan_join(Root(), "", scene_.directory().write("i", base()), options)),
            "the overlay for it was made for another image");
}

TEST_F(OverlayJoin, RefusesWhatIsNoOverlay) {
  JoinOptions options;
  options.overlay = scene_.directory().write("o", base());
  EXPECT_EQ(error_of(plan_join(Root(), "", scene_.directory().write("i", base()), options)),
            "is no overlay of kip");
}

TEST_F(OverlayJoin, LeavesNothingOfNothingButAnOverlay) {
  const Made made = scene_.add(base(), vpoll());
  JoinOptions options;
  options.drop_overlay = true;
  EXPECT_EQ(code_of(plan_join(Root(), "", scene_.directory().write("i", made.overlay), options)),
            Errc::kInvalid);
}

// What stands around it.

struct End {
  const char* name;
  std::function<Blob(const OverlayScene&)> base;
  std::uint64_t raw, compressed;  // zero bytes in front of an overlay
};

void PrintTo(const End& row, std::ostream* out) {
  *out << row.name;
}

class OverlayBehind : public testing::TestWithParam<End> {
 protected:
  OverlayScene scene_;
};

Blob sized(Blob image, std::size_t remainder) {
  // gzip takes zero bytes behind it for padding, as kernels do.
  while (image.size() % 4 != remainder) image.push_back(0);
  return image;
}

Blob packed_base(const OverlayScene& scene, std::optional<Method> method) {
  return packed(method, scene.base(LibKind::kLink));
}

TEST_P(OverlayBehind, HasTheZerosThatItNeedsAndTakesThemAlong) {
  const Blob base = GetParam().base(scene_);
  for (const auto& method : {std::optional<Method>(), std::optional(Method::kZstd)}) {
    const Made made = scene_.add(base, {scene_.module(kVpoll)}, {0, method});
    const KernelRoot root(made.image, decode_as_kernel);
    EXPECT_EQ(root.error(), "");
    EXPECT_NE(root.find(kVpollPath), nullptr);
    EXPECT_EQ(made.image.size() - base.size() - made.overlay.size(),
              method ? GetParam().compressed : GetParam().raw);
    EXPECT_TRUE(scene_.add(made.image, {}).image == base);
    EXPECT_FALSE(scene_.add(made.image, {scene_.module(kVpoll)}, {0, method}).changed);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, OverlayBehind,
    testing::Values(
        End{"Raw", [](const auto& s) { return packed_base(s, {}); }, 0, 0},
        End{"RawAndOneZero",
            [](const auto& s) {
              return join({packed_base(s, {}), zeros(1)});
            },
            3, 3},
        End{"GzipAt0", [](const auto& s) { return sized(packed_base(s, Method::kGzip), 0); }, 0, 0},
        End{"GzipAt1", [](const auto& s) { return sized(packed_base(s, Method::kGzip), 1); }, 3, 0},
        End{"GzipAt2", [](const auto& s) { return sized(packed_base(s, Method::kGzip), 2); }, 2, 0},
        End{"GzipAt3", [](const auto& s) { return sized(packed_base(s, Method::kGzip), 3); }, 1, 0},
        End{"Lz4AndFourZeros",
            [](const auto& s) {
              return sized(join({packed_base(s, Method::kLz4Legacy), zeros(4)}), 0);
            },
            0, 0},
        End{"RawInFrontOfZstd",
            [](const auto& s) {
              return sized(join({NewcBlob().file("f", support::text("f")).bytes(),
                                 packed_base(s, Method::kZstd)}),
                           2);
            },
            2, 0}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(OverlayJoin, OpensNoChunkBehindLegacyLz4) {
  const Blob lz4 = base(Method::kLz4Legacy);
  const Made made = scene_.add(lz4, vpoll(), {0, Method::kZstd});
  EXPECT_EQ(made.image.size(), lz4.size() + 4 + made.overlay.size());
  EXPECT_TRUE(has_vpoll(made.image));
}

TEST_F(OverlayJoin, KeepsWhatSomebodyPutBehindIt) {
  const Blob more = NewcBlob().file("more", support::text("more")).bytes();
  for (const auto& method : {std::optional<Method>(), std::optional(Method::kZstd)}) {
    Blob image = with(base(), "", method);
    image = join({image, zeros((4 - image.size() % 4) % 4), more});
    ASSERT_TRUE(has_vpoll(image));
    const Blob again = with(image, "", method);
    const KernelRoot root(again, decode_as_kernel);
    EXPECT_EQ(root.error(), "");
    EXPECT_NE(root.find(kVpollPath), nullptr);
    EXPECT_NE(root.find("more"), nullptr);
    EXPECT_TRUE(with(again, "", method) == again);
  }
}

TEST_F(OverlayJoin, PutsOneInPlaceOfSeveral) {
  const Blob first = with(base());
  const Blob twice =
      join({first, zeros((4 - first.size() % 4) % 4), scene_.add(base(), scene_.files()).overlay});
  EXPECT_EQ(scene_.read(twice).tail.overlays.size(), 2U);
  EXPECT_TRUE(with(twice) == first);
}

TEST_F(OverlayJoin, DoesNotTakeAnArchiveOfOthersForItsOwn) {
  const Blob alike =
      NewcBlob().directory("kip").file("kip/modules", support::text("kip modules 2\n")).bytes();
  const Blob image = join({base(Method::kZstd), packed(Method::kGzip, alike)});
  EXPECT_TRUE(scene_.read(image).tail.overlays.empty());
  EXPECT_FALSE(scene_.add(image, {}).changed);
}

}  // namespace
}  // namespace kip::image
