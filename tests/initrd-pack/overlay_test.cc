// Images with an overlay of modules: what inspect tells of it, and that join and swap leave it whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/image/overlay_scene.h"
#include "tests/initrd-pack/desk.h"

namespace kip::initrd_pack_test {
namespace {

using codec::Method;
using image::LibKind;
using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class OverlayImage : public testing::Test {
 protected:
  Blob base() const { return image::packed(Method::kZstd, scene_.base(LibKind::kLink)); }
  image::Made made(std::optional<Method> method = {}) const {
    return scene_.add(base(), scene_.files(), {0, method});
  }

  image::OverlayScene scene_;
  Desk desk_;
};

TEST_F(OverlayImage, TellsEachModuleWithItsReason) {
  desk_.write("image", made().image);
  const Said said = desk_.run({"inspect", "image"});
  EXPECT_EQ(said.code, 0) << said.out;
  EXPECT_THAT(said.out, HasSubstr("  modules 6.12.0-test, overlay\n"));
  EXPECT_THAT(
      said.out,
      HasSubstr(
          "overlay of kip in segment 2 for '6.12.0-test': 5 modules\n"
          "    'extra/vpoll.ko': Include=x\n"
          "    'kernel/drivers/md/dm-mod.ko': dm_writeboost depends on it (as the initrd has it)\n"
          "    'updates/dkms/dm-writeboost.ko', version '2.2.17': Include=dm-* in 10.conf:3\n"
          "    'updates/dkms/hdaps.ko': Include=x\n"
          "    'updates/dkms/thinkpad_ec.ko', version '1.0': hdaps depends on it\n"
          "    firmware 'e2e/blob.bin': of vpoll\n"
          "    file 'etc/modprobe.d/kip.conf': options vpoll\n"));
}

TEST_F(OverlayImage, TellsTheSameOfACompressedOne) {
  desk_.write("raw", made().image);
  desk_.write("gzip", made(Method::kGzip).image);
  const auto lines = [](const std::string& out) { return out.substr(out.find("overlay of kip")); };
  const Said gzip = desk_.run({"inspect", "gzip"});
  EXPECT_EQ(gzip.code, 0) << gzip.out;
  EXPECT_EQ(lines(gzip.out), lines(desk_.run({"inspect", "raw"}).out));
}

TEST_F(OverlayImage, IsWarnedAboutBehindABaseOfAnotherKernel) {
  const auto base_of = [](const std::string& kernel) {
    const std::string directory = "usr/lib/modules/" + kernel;
    return image::packed(Method::kZstd, support::NewcBlob()
                                            .directory("usr")
                                            .directory("usr/lib")
                                            .directory("usr/lib/modules")
                                            .directory(directory)
                                            .file(directory + "/x.ko", support::text("x"))
                                            .bytes());
  };
  desk_.write("modules", made().overlay);
  desk_.write("right", base_of("6.12.0-test"));
  desk_.write("wrong", base_of("6.1.0"));
  EXPECT_THAT(desk_.run({"join", "-n", "right", "modules"}).complaints, ElementsAre());
  EXPECT_THAT(desk_.run({"join", "-n", "wrong", "modules"}).complaints,
              ElementsAre("warning: 'modules': holds modules of kernel '6.12.0-test', and the rest "
                          "has those of '6.1.0' (make it for the other kernel: kmod-pack pack "
                          "--kernel 6.1.0)"));
}

TEST_F(OverlayImage, TellsItAsJson) {
  desk_.write("image", made().image);
  const json report = json::parse(desk_.run({"inspect", "--json", "image"}).out);
  ASSERT_EQ(report["overlays"].size(), 1U);
  const json& overlay = report["overlays"][0];
  EXPECT_EQ(overlay["segment"], 2);
  EXPECT_EQ(overlay["kernel"], "6.12.0-test");
  ASSERT_EQ(overlay["modules"].size(), 5U);
  const json& thinkpad = overlay["modules"][4];
  EXPECT_EQ(thinkpad["name"], "thinkpad_ec");
  EXPECT_EQ(thinkpad["path"], "updates/dkms/thinkpad_ec.ko");
  EXPECT_EQ(thinkpad["version"], "1.0");
  EXPECT_EQ(thinkpad["cause"], "depends");
  EXPECT_EQ(thinkpad["detail"], "hdaps");
  EXPECT_EQ(thinkpad["in_base"], false);
  EXPECT_EQ(thinkpad["sha256"].get<std::string>().size(), 64U);
  EXPECT_EQ(overlay["firmware"][0]["path"], "e2e/blob.bin");
  EXPECT_EQ(overlay["config"][0]["path"], "etc/modprobe.d/kip.conf");
}

TEST_F(OverlayImage, TellsNothingOfAnImageWithoutOne) {
  desk_.write("image", base());
  EXPECT_THAT(desk_.run({"inspect", "image"}).out, Not(HasSubstr("overlay")));
  EXPECT_EQ(json::parse(desk_.run({"inspect", "--json", "image"}).out)["overlays"], json::array());
}

TEST_F(OverlayImage, LosesNothingToKernels) {
  for (const LibKind lib : {LibKind::kLink, LibKind::kDirectory, LibKind::kNone}) {
    for (const bool linked : {false, true}) {
      desk_.write("image", scene_.add(scene_.base(lib, linked), scene_.files()).image);
      const Said said = desk_.run({"inspect", "--as-kernel", "image"});
      EXPECT_EQ(said.code, 0) << said.out;
      EXPECT_THAT(said.out, Not(HasSubstr("warning: "))) << name_of(lib);
    }
  }
}

TEST_F(OverlayImage, IsJoinedOfItsParts) {
  for (const auto& method : {std::optional<Method>(), std::optional(Method::kZstd)}) {
    const image::Made expected = made(method);
    desk_.write("base", base());
    desk_.write("overlay", expected.overlay);
    const Said said = desk_.run({"join", "base", "overlay", "-o", "out", "--force"});
    ASSERT_EQ(said.code, 0);
    EXPECT_EQ(desk_.read("out"), expected.image);
    EXPECT_FALSE(scene_.add(desk_.read("out"), scene_.files(), {0, method}).changed);
  }
}

TEST_F(OverlayImage, IsJoinedTwiceAsOnce) {
  image::Joining joining;
  joining.set_early({image::intel(0x806f8, 0x10, 0x20)}, {kHost});
  desk_.write("early", joining.early);
  desk_.write("image", made().image);
  ASSERT_EQ(desk_.run({"join", "early", "image", "-o", "once"}).code, 0);
  ASSERT_EQ(desk_.run({"join", "early", "once", "-o", "twice"}).code, 0);
  EXPECT_EQ(desk_.read("twice"), desk_.read("once"));
  EXPECT_EQ(desk_.run({"inspect", "once"}).code, 0);
}

TEST_F(OverlayImage, StaysAsItIsWhereTheEarlyPartIsSwapped) {
  const image::Made with = made();
  desk_.write("image", with.image);
  image::Joining joining;
  joining.set_early({image::intel(0x806f8, 0x10, 0x20)}, {kHost});
  desk_.write("early", joining.early);
  ASSERT_EQ(desk_.run({"swap", "image", "--early", "early"}).code, 0);
  const Blob swapped = desk_.read("image");
  ASSERT_GT(swapped.size(), with.image.size());
  EXPECT_EQ(image::part(swapped, swapped.size() - with.image.size(), with.image.size()),
            with.image);
  ASSERT_EQ(desk_.run({"swap", "image", "--drop"}).code, 0);
  EXPECT_EQ(desk_.read("image"), with.image);
}

TEST_F(OverlayImage, DoesNotTakeAnythingForAManifest) {
  Blob manifest = support::text("kip modules 1\nkernel \x1b[31m\npadding 0\n");
  desk_.write("image", support::NewcBlob().directory("kip").file("kip/modules", manifest).bytes());
  const Said said = desk_.run({"inspect", "image"});
  EXPECT_THAT(said.out, Not(HasSubstr("overlay of kip")));
  EXPECT_THAT(said.out, Not(HasSubstr("\x1b")));
}

TEST_F(OverlayImage, HasNoControlCharactersInItsLines) {
  const std::string zeros(64, '0');
  const Blob manifest = support::text(
      "kip modules 1\nkernel %1B[31m\npadding 0\nmodule x x.ko - - " + zeros + " policy %1B[31m\n");
  desk_.write("image", support::NewcBlob().directory("kip").file("kip/modules", manifest).bytes());
  const Said said = desk_.run({"inspect", "image"});
  EXPECT_THAT(
      said.out,
      HasSubstr("overlay of kip in segment 1 for '\\x1b[31m': 1 module\n    'x.ko': \\x1b[31m\n"));
  EXPECT_THAT(said.out, Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace kip::initrd_pack_test
