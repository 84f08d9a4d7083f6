// What is told of a base: its modules as they are in the end, its lib, its end, overlays of ours in it.
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "tests/base/must.h"
#include "tests/image/overlay_scene.h"
#include "tests/support/newc_blob.h"
#include "tests/support/run_program.h"

namespace kip::image {
namespace {

using codec::Method;
using support::Blob;
using support::join;
using support::NewcBlob;
using support::noise;
using support::text;
using testing::ElementsAre;
using testing::Pair;

const std::string kModules = std::string("lib/modules/") + kKernel;

class BaseOf : public testing::Test {
 protected:
  // A module with these bytes, in an archive with its directories.
  NewcBlob with(const std::string& path, support::View bytes) const {
    NewcBlob archive;
    archive.directory("lib").directory("lib/modules").directory(kModules);
    for (std::size_t at = path.find('/'); at != path.npos; at = path.find('/', at + 1))
      archive.directory(kModules + "/" + path.substr(0, at));
    return archive.file(kModules + "/" + path, bytes);
  }

  std::string put_aside(const std::string& path) const {
    return scene_.directory() / ("scratch0/" + kModules + "/" + path);
  }
  bool is_link(const std::string& path) const {
    return std::filesystem::is_symlink(put_aside(path));
  }

  OverlayScene scene_;
};

TEST_F(BaseOf, HasModulesByNameAndPath) {
  const BaseModules base = scene_.read(scene_.base(LibKind::kLink));
  ASSERT_EQ(base.modules.size(), 2U);
  EXPECT_EQ(base.modules.at("dm_mod").path, kDmMod);
  EXPECT_EQ(base.modules.at("dm_mod").digest, must(digest::sha256(scene_.host_bytes(kDmMod))));
  EXPECT_EQ(base.modules.at("cfg").path, kCfg);
}

TEST_F(BaseOf, HasPathsWithoutLinksOnTheWay) {
  const BaseModules base = scene_.read(scene_.base(LibKind::kLink));
  EXPECT_TRUE(base.paths.contains("usr/" + kModules + "/" + kDmMod));
  EXPECT_TRUE(base.paths.contains("lib"));
  EXPECT_FALSE(base.paths.contains("lib/modules"));
  EXPECT_FALSE(base.paths.contains(""));
}

TEST_F(BaseOf, TellsWhereItsModulesAre) {
  const BaseModules merged = scene_.read(scene_.base(LibKind::kLink));
  EXPECT_EQ(merged.lib, LibKind::kLink);
  EXPECT_EQ(merged.directory, "usr/" + kModules);
  EXPECT_EQ(merged.firmware, "usr/lib/firmware");
  const BaseModules split = scene_.read(scene_.base(LibKind::kDirectory));
  EXPECT_EQ(split.lib, LibKind::kDirectory);
  EXPECT_EQ(split.directory, kModules);
  const BaseModules none = scene_.read(scene_.base(LibKind::kNone));
  EXPECT_EQ(none.lib, LibKind::kNone);
  EXPECT_EQ(none.directory, "usr/" + kModules);
}

TEST_F(BaseOf, TakesAnAbsoluteLinkForMerged) {
  const auto base = scene_.read(
      NewcBlob().directory("usr").directory("usr/lib").symlink("lib", "/usr/lib").bytes());
  EXPECT_EQ(base.lib, LibKind::kLink);
}

TEST_F(BaseOf, FollowsALinkToElsewhere) {
  const auto base = scene_.read(NewcBlob()
                                    .directory("lib64")
                                    .symlink("lib", "lib64")
                                    .directory("lib/modules")
                                    .directory(kModules)
                                    .file(kModules + "/x.ko", noise(99, 1))
                                    .bytes());
  EXPECT_EQ(base.lib, LibKind::kDirectory);
  EXPECT_EQ(base.directory, "lib64/modules/" + std::string(kKernel));
  EXPECT_TRUE(base.modules.contains("x"));
}

TEST_F(BaseOf, FindsModulesWhoseLinkComesLast) {
  const auto base = scene_.read(NewcBlob()
                                    .directory("usr")
                                    .directory("usr/lib")
                                    .directory("usr/lib/modules")
                                    .directory("usr/" + kModules)
                                    .file("usr/" + kModules + "/x.ko", noise(99, 1))
                                    .symlink("lib", "usr/lib")
                                    .bytes());
  EXPECT_TRUE(base.modules.contains("x"));
}

TEST_F(BaseOf, LinksToTheHostsFileOfTheSameBytes) {
  scene_.read(scene_.base(LibKind::kLink));
  EXPECT_TRUE(is_link(kDmMod));
  EXPECT_EQ(std::filesystem::read_symlink(put_aside(kDmMod)).string(), scene_.host_file(kDmMod));
}

TEST_F(BaseOf, PutsAsideWhatTheHostDoesNotHave) {
  for (const std::size_t differs : {std::size_t{0}, std::size_t{200'000}, std::size_t{299'999}}) {
    SCOPED_TRACE(differs);
    const OverlayScene scene;
    Blob bytes = noise(300'000, 1);
    scene.write_host(kVpoll, bytes);
    bytes[differs] ^= 1;
    const auto base = scene.read(with(kVpoll, bytes).bytes());
    const std::string aside = scene.directory() / ("scratch0/" + kModules + "/" + kVpoll);
    EXPECT_FALSE(std::filesystem::is_symlink(aside));
    EXPECT_TRUE(support::read_file(aside) == bytes);
    EXPECT_EQ(base.modules.at("vpoll").digest, must(digest::sha256(bytes)));
  }
}

TEST_F(BaseOf, PutsAsideWhatIsOfAnotherSize) {
  scene_.write_host(kVpoll, noise(300, 1));
  const Blob shorter = noise(299, 1);
  scene_.read(with(kVpoll, shorter).bytes());
  EXPECT_FALSE(is_link(kVpoll));
  EXPECT_TRUE(support::read_file(put_aside(kVpoll)) == shorter);
}

TEST_F(BaseOf, HasTheLastOfSeveralMembers) {
  const auto base =
      scene_.read(join({with("x.ko", noise(500, 1)).bytes(), with("x.ko", noise(100, 2)).bytes()}));
  EXPECT_TRUE(support::read_file(put_aside("x.ko")) == noise(100, 2));
  EXPECT_EQ(base.modules.at("x").digest, must(digest::sha256(noise(100, 2))));
}

TEST_F(BaseOf, HasHardLinksUnderEachName) {
  NewcBlob archive = with("x.ko", noise(5, 1));
  archive.link(kModules + "/a.ko", 900).link(kModules + "/b.ko", 900, noise(333, 4));
  const auto base = scene_.read(archive.bytes());
  for (const char* const path : {"a.ko", "b.ko"})
    EXPECT_TRUE(support::read_file(put_aside(path)) == noise(333, 4)) << path;
  EXPECT_EQ(base.files.at("a.ko"), base.files.at("b.ko"));
}

TEST_F(BaseOf, FollowsLinksOfModules) {
  NewcBlob archive = with("extra/x.ko", noise(333, 4));
  archive.directory(kModules + "/weak-updates")
      .symlink(kModules + "/weak-updates/x.ko", "../extra/x.ko")
      .symlink(kModules + "/weak-updates/loop.ko", "loop.ko")
      .symlink(kModules + "/weak-updates/out.ko", "/../../../etc/passwd");
  const auto base = scene_.read(archive.bytes());
  EXPECT_THAT(base.files,
              ElementsAre(Pair("extra/x.ko", testing::_), Pair("weak-updates/x.ko", testing::_)));
  EXPECT_TRUE(support::read_file(put_aside("weak-updates/x.ko")) == noise(333, 4));
}

TEST_F(BaseOf, PrefersOfTwinsTheOneThatWasAdded) {
  NewcBlob archive = with("kernel/x.ko", noise(10, 1));
  archive.directory(kModules + "/updates").file(kModules + "/updates/x.ko", noise(10, 2));
  const auto base = scene_.read(archive.bytes());
  EXPECT_EQ(base.modules.at("x").path, "updates/x.ko");
  EXPECT_EQ(base.files.size(), 2U);
}

TEST_F(BaseOf, LeavesOutWhatKernelsDrop) {
  NewcBlob archive = with("x.ko", noise(10, 1));
  archive.file(kModules + "/no/directory/y.ko", noise(10, 2));
  EXPECT_EQ(scene_.read(archive.bytes()).files.size(), 1U);
}

TEST_F(BaseOf, LeavesOutOtherKernelsAndOtherFiles) {
  NewcBlob archive = with("x.ko", noise(10, 1));
  archive.directory("lib/modules/5.10.0").file("lib/modules/5.10.0/y.ko", noise(10, 2));
  archive.file(kModules + "/modules.dep", text("x.ko:\n")).file(kModules + "/notes.txt", text("n"));
  EXPECT_THAT(scene_.read(archive.bytes()).files, ElementsAre(Pair("x.ko", testing::_)));
}

TEST_F(BaseOf, KeepsNamesThatClimbInsideTheRoot) {
  NewcBlob archive = with("x.ko", noise(10, 1));
  archive.file(kModules + "/../../../../../../tmp/modules/y.ko", noise(10, 2));
  scene_.read(archive.bytes());
  for (const auto& entry : std::filesystem::recursive_directory_iterator(scene_.directory().path()))
    EXPECT_NE(entry.path().filename(), "y.ko");
}

TEST_F(BaseOf, TellsTheMethodOfItsLastCompressedPart) {
  for (const auto& method : base_methods())
    EXPECT_EQ(scene_.read(packed(method, scene_.base(LibKind::kLink))).method, method);
  const Blob two = join(
      {with("x.ko", noise(10, 1)).bytes(), packed(Method::kGzip, scene_.base(LibKind::kLink))});
  EXPECT_EQ(scene_.read(two).method, Method::kGzip);
}

TEST_F(BaseOf, IsTheSameForEveryMethod) {
  const BaseModules plain = scene_.read(scene_.base(LibKind::kLink));
  for (const auto& method : base_methods()) {
    const BaseModules base = scene_.read(packed(method, scene_.base(LibKind::kLink)));
    EXPECT_EQ(base.files, plain.files);
    EXPECT_EQ(base.paths, plain.paths);
  }
}

TEST_F(BaseOf, IsSealedInAFileSystem) {
  for (const std::string name :
       {"squash-root.img", "squash/squash-root.img", "squashfs-root.img", "erofs-root.img"}) {
    const auto base = scene_.read(NewcBlob().directory("squash").file(name, text("hsqs")).bytes());
    EXPECT_EQ(base.sealed, name);
    EXPECT_EQ(code_of(plan_overlay(base, {}, kKernel, scene_.host_modules(), "",
                                   scene_.directory() / "s")),
              Errc::kUnsupported);
  }
  EXPECT_EQ(scene_.read(scene_.base(LibKind::kLink)).sealed, "");
}

TEST_F(BaseOf, IsAsItWasBeforeAnOverlayOfOurs) {
  const Blob plain = packed(Method::kZstd, scene_.base(LibKind::kLink));
  const BaseModules before = scene_.read(plain);
  for (const auto& method : {std::optional<Method>(), std::optional(Method::kGzip)}) {
    const Made made = scene_.add(plain, scene_.files(), {0, method});
    const BaseModules after = scene_.read(made.image);
    EXPECT_EQ(after.files, before.files);
    EXPECT_EQ(after.paths, before.paths);
    EXPECT_EQ(after.method, before.method);
    ASSERT_EQ(after.tail.overlays.size(), 1U);
    EXPECT_EQ(after.tail.overlays.front().range, (Range{plain.size(), made.image.size()}));
  }
}

// What nothing may be put behind.

struct Broken {
  const char* name;
  std::function<Blob(const OverlayScene&)> image;
  Errc code;
};

void PrintTo(const Broken& row, std::ostream* out) {
  *out << row.name;
}

class BrokenBase : public testing::TestWithParam<Broken> {};

TEST_P(BrokenBase, IsAnError) {
  const OverlayScene scene;
  EXPECT_EQ(code_of(scene.try_read(GetParam().image(scene))), GetParam().code);
}

Blob base_of(const OverlayScene& scene, std::optional<Method> method) {
  return packed(method, scene.base(LibKind::kLink));
}

Blob cut(Blob image, std::size_t bytes) {
  image.resize(image.size() - bytes);
  return image;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BrokenBase,
    testing::Values(
        Broken{"Lzo", [](const auto&) { return text("\x89LZO\0\r\n\x1a\n and so on"); },
               Errc::kUnsupported},
        Broken{"ZstdCutOff", [](const auto& s) { return cut(base_of(s, Method::kZstd), 9); },
               Errc::kCorrupt},
        Broken{"Lz4CutOff", [](const auto& s) { return cut(base_of(s, Method::kLz4Legacy), 9); },
               Errc::kCorrupt},
        Broken{"RawCutOff", [](const auto& s) { return cut(s.base(LibKind::kLink), 200); },
               Errc::kCorrupt},
        Broken{"JunkBehind",
               [](const auto& s) {
                 return join({base_of(s, Method::kGzip), text("junk")});
               },
               Errc::kCorrupt},
        Broken{"XzWithCrc64",
               [](const auto& s) {
                 return text(support::must_run(
                     {"xz", "-c"}, {.input = support::to_string(s.base(LibKind::kLink))}));
               },
               Errc::kCorrupt},
        Broken{"ArchiveMisaligned",
               [](const auto& s) {
                 return join({s.base(LibKind::kLink), Blob(2), s.base(LibKind::kLink)});
               },
               Errc::kCorrupt},
        Broken{"OverlayPackedTogether",
               [](const auto& s) {
                 const Made made = s.add(s.base(LibKind::kLink), s.files());
                 return packed(Method::kZstd, join({made.overlay, s.base(LibKind::kLink)}));
               },
               Errc::kUnsupported}),
    [](const auto& row) { return std::string(row.param.name); });

TEST_F(BaseOf, WantsAKernelsRelease) {
  const support::TempDir scratch;
  for (const char* const kernel : {"", ".", "..", "a/b", "../../etc"}) {
    EXPECT_EQ(code_of(read_base_modules(-1, kernel, scratch.path(), "/nowhere")), Errc::kInvalid)
        << kernel;
  }
  EXPECT_TRUE(support::names_in(scratch.path()).empty());
}

}  // namespace
}  // namespace kip::image
