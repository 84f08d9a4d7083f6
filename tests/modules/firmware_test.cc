// Which firmware comes along with modules.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/base/must.h"
#include "tests/modules/workshop.h"

namespace kip::modules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Firmware : public testing::Test {
 protected:
  void put(const std::string& path, std::size_t size = 10) {
    shop.directory.write("lib/firmware/" + path, support::noise(size, 1));
  }

  Closure close(const Limits& limits = {}) const {
    auto tree = shop.open();
    return must(tree.close({shop.file("updates/top.ko")}, limits));
  }

  std::vector<std::string> paths(const Limits& limits = {}) const {
    std::vector<std::string> paths;
    for (const NeededFirmware& file : close(limits).firmware) paths.push_back(file.path);
    return paths;
  }

  Workshop shop;
};

TEST_F(Firmware, IsFoundWhereTheKernelLooksFirst) {
  shop.add("updates/top.ko", {{"firmware", "e2e/blob.bin"}});
  EXPECT_THAT(texts_of(close().missing), ElementsAre("e2e/blob.bin: firmware top"));
  const std::string kernel = kKernel;
  // Each beats those before it.
  for (const std::string& path :
       {std::string("e2e/blob.bin.xz"), "updates/" + kernel + "/e2e/blob.bin.xz",
        std::string("e2e/blob.bin.zst"), std::string("updates/e2e/blob.bin.zst"),
        std::string("e2e/blob.bin"), kernel + "/e2e/blob.bin", std::string("updates/e2e/blob.bin"),
        "updates/" + kernel + "/e2e/blob.bin"}) {
    put(path);
    EXPECT_THAT(paths(), ElementsAre("/lib/firmware/" + path));
  }
}

TEST_F(Firmware, SaysNameSizeAndWhoNeedsIt) {
  shop.add_in_tree("kernel/core.ko", {{"firmware", "core.bin"}});
  shop.add("updates/top.ko", {{"depends", "core"}, {"firmware", "b/top.bin"}});
  put("core.bin", 100);
  put("b/top.bin.zst", 200);
  const auto firmware = close().firmware;
  ASSERT_EQ(firmware.size(), 2U);
  EXPECT_EQ(firmware[0].name, "b/top.bin");
  EXPECT_EQ(firmware[0].size, 200U);
  EXPECT_EQ(firmware[0].of, "top");
  EXPECT_EQ(firmware[1].path, "/lib/firmware/core.bin");
  EXPECT_EQ(firmware[1].of, "core");
}

TEST_F(Firmware, FollowsLinksWithinTheRoot) {
  support::TempDir outside;
  shop.add("updates/top.ko", {{"firmware", "in.bin"}, {"firmware", "out.bin"}});
  put("real.bin", 77);
  shop.directory.link("lib/firmware/in.bin", "real.bin");
  shop.directory.link("lib/firmware/out.bin", outside.write("secret", "secret"));
  const Closure closure = close();
  ASSERT_EQ(closure.firmware.size(), 1U);
  EXPECT_EQ(closure.firmware[0].size, 77U);
  EXPECT_THAT(texts_of(closure.missing), ElementsAre("out.bin: firmware top"));
}

TEST_F(Firmware, IsNotWhatANameLeadsOutTo) {
  shop.add("updates/top.ko", {{"firmware", "../../etc/shadow"},
                              {"firmware", "/etc/shadow"},
                              {"firmware", "a/../../x"},
                              {"firmware", ""},
                              {"firmware", "directory"}});
  shop.directory.write("etc/shadow", "secret");
  shop.directory.write("lib/x", "");
  shop.directory.directory("lib/firmware/directory");
  EXPECT_THAT(paths(), IsEmpty());
  EXPECT_EQ(close().missing.size(), 5U);
}

TEST_F(Firmware, BeyondTheLimitLeavesOutTheLargestFirst) {
  shop.add("updates/top.ko", {{"firmware", "small"},
                              {"firmware", "large"},
                              {"firmware", "largest"},
                              {"firmware", "tiny"}});
  put("tiny", 1);
  put("small", 100);
  put("large", 2000);
  put("largest", 3000);
  EXPECT_EQ(paths({.firmware = 5101}).size(), 4U);
  EXPECT_THAT(close({.firmware = 5101}).findings, IsEmpty());
  EXPECT_THAT(paths({.firmware = 5100}),
              ElementsAre("/lib/firmware/large", "/lib/firmware/small", "/lib/firmware/tiny"));
  EXPECT_THAT(paths({.firmware = 150}), ElementsAre("/lib/firmware/small", "/lib/firmware/tiny"));
  const auto findings = close({.firmware = 150}).findings;
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].rule, "firmware-limit");
  EXPECT_THAT(
      findings[0].text,
      HasSubstr("has 5.0 KiB, more than 150 bytes: leaving out '/lib/firmware/largest' (2.9 "
                "KiB, of top), '/lib/firmware/large' "));
  EXPECT_THAT(findings[0].text, Not(HasSubstr("small")));
  EXPECT_THAT(paths({.firmware = 0}), IsEmpty());
}

}  // namespace
}  // namespace kip::modules
