// What depmod's indexes say, held against modprobe, which reads them with libkmod.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/modules/index.h"
#include "tests/base/must.h"
#include "tests/modules/workshop.h"
#include "tests/support/run_program.h"

namespace kip::modules {
namespace {

using support::Blob;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A tree with all that an index can hold.
class Indexed : public testing::Test {
 protected:
  Indexed() {
    shop.add_in_tree("kernel/hdaps.ko", {{"version", "in-tree"}});
    shop.add_in_tree("kernel/dm-mod.ko", {{"alias", "devname:mapper/control"}},
                     {.exports = {"dm_one"}});
    shop.add("updates/hdaps.ko", {{"alias", "dmi*:svnLENOVO*:pvrThinkPad[A-Z]*"}});
    shop.add("updates/dm-writeboost.ko.xz",
             {{"depends", "dm-mod"}, {"alias", "dm-target-writeboost"}}, {.needs = {"dm_one"}});
    shop.add("updates/e2e-top.ko", {{"alias", "pci:v0000?234d*"}, {"alias", "e2e-[0-9]"}});
    shop.add("updates/e2e-other.ko", {{"alias", "pci:v*"}});
    shop.directory.write(shop.path("modules.builtin"),
                         "kernel/fs/ext4/ext4.ko\nkernel/lib/crc-t10dif.ko\n");
    const std::string nul(1, '\0');
    shop.directory.write(shop.path("modules.builtin.modinfo"),
                         "ext4.alias=fs-ext4" + nul + "ext4.license=GPL" + nul +
                             "crc_t10dif.alias=crypto-t10*" + nul);
    shop.depmod();
  }

  std::string found(Tree& tree, const std::string& name) const {
    const auto file = tree.find(name);
    return file ? file->path : "";
  }

  // What modprobe would load for this name: the last path of --show-depends, or "builtin".
  std::string modprobe(const std::string& name) const {
    const auto run = support::run_program({"/sbin/modprobe", "-d", shop.directory.path(), "-S",
                                           kKernel, "-C", "/nonexistent", "--show-depends", name});
    const std::string last = run.out.substr(run.out.rfind('\n', run.out.size() - 2) + 1);
    if (last.starts_with("builtin ")) return "builtin";
    const std::size_t at = last.find(shop.path(""));
    return at == last.npos ? ""
                           : last.substr(at + shop.path("").size(),
                                         last.rfind(' ') - at - shop.path("").size());
  }

  Workshop shop;
};

TEST_F(Indexed, FindsWhatModprobeWouldLoad) {
  struct Case {
    const char *name, *path;
  };
  auto tree = shop.open();
  for (const Case& c :
       {Case{"hdaps", "updates/hdaps.ko"}, Case{"dm-mod", "kernel/dm-mod.ko"},
        Case{"dm_mod", "kernel/dm-mod.ko"}, Case{"dm_writeboost", "updates/dm-writeboost.ko.xz"},
        Case{"dm-target-writeboost", "updates/dm-writeboost.ko.xz"},
        Case{"dm_target_writeboost", "updates/dm-writeboost.ko.xz"},
        Case{"devname:mapper/control", "kernel/dm-mod.ko"},
        Case{"dmi:bvnX:svnLENOVO:pn1:pvrThinkPadX:", "updates/hdaps.ko"},
        Case{"dmi:bvnX:svnLENOVO:pn1:pvrThinkPad9:", ""}, Case{"e2e-7", "updates/e2e-top.ko"},
        Case{"e2e_7", "updates/e2e-top.ko"}, Case{"e2e-x", ""}, Case{"hdap", ""},
        Case{"hdapss", ""}, Case{"nothing", ""}}) {
    EXPECT_EQ(found(tree, c.name), c.path) << c.name;
    EXPECT_EQ(modprobe(c.name), c.path) << c.name;
    EXPECT_FALSE(tree.is_builtin(c.name)) << c.name;
  }
}

// Of several modules with the alias, modprobe loads all; the index has them in the order of modules.order.
TEST_F(Indexed, FindsOneOfSeveralByAlias) {
  auto tree = shop.open();
  EXPECT_THAT(found(tree, "pci:v00001234d00005678"),
              testing::AnyOf("updates/e2e-top.ko", "updates/e2e-other.ko"));
}

TEST_F(Indexed, KnowsWhatIsBuiltIn) {
  auto tree = shop.open();
  for (const char* name : {"ext4", "fs-ext4", "crc-t10dif", "crc_t10dif", "crypto-t10-x"}) {
    EXPECT_TRUE(tree.is_builtin(name)) << name;
    EXPECT_EQ(found(tree, name), "") << name;
    EXPECT_EQ(modprobe(name), "builtin") << name;
  }
}

TEST_F(Indexed, TakesNamesOfAnyLengthAndKind) {
  auto tree = shop.open();
  for (const std::string& name :
       {std::string(), std::string(100'000, 'a'), "[" + std::string(5000, 'b'), std::string("[x"),
        std::string("]"), std::string("*"), std::string("a\0b", 3), std::string("\xff\x80")})
    EXPECT_EQ(found(tree, name), "");
}

TEST_F(Indexed, IsFreshUntilAModuleIsNewer) {
  const auto set_time = [&](const std::string& file, time_t seconds) {
    const timespec times[] = {{seconds, 0}, {seconds, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, (shop.directory / shop.path(file)).c_str(), times, 0), 0);
  };
  const ModuleFile hdaps = shop.file("updates/hdaps.ko"), top = shop.file("updates/e2e-top.ko");
  set_time("modules.dep.bin", 2000);
  set_time(hdaps.path, 2000);
  set_time(top.path, 1000);
  EXPECT_TRUE(shop.open().index_is_fresh({hdaps, top}));
  EXPECT_TRUE(shop.open().index_is_fresh({}));
  set_time(top.path, 2001);
  EXPECT_FALSE(shop.open().index_is_fresh({hdaps, top}));
  EXPECT_TRUE(shop.open().index_is_fresh({hdaps}));
}

// Package managers keep a file's own time.
TEST_F(Indexed, IsNotFreshForAModuleItDoesNotKnow) {
  shop.add("updates/added.ko");
  const timespec times[] = {{1000, 0}, {1000, 0}};
  ASSERT_EQ(
      ::utimensat(AT_FDCWD, (shop.directory / shop.path("updates/added.ko")).c_str(), times, 0), 0);
  EXPECT_FALSE(shop.open().index_is_fresh({shop.file("updates/added.ko")}));
}

TEST_F(Indexed, IsNotFreshWithoutIndex) {
  ASSERT_EQ(::unlink((shop.directory / shop.path("modules.dep.bin")).c_str()), 0);
  EXPECT_FALSE(shop.open().index_is_fresh({}));
  auto tree = shop.open();
  EXPECT_EQ(found(tree, "hdaps"), "");
}

TEST_F(Indexed, DoesNotFindAFileThatIsGone) {
  ASSERT_EQ(::unlink((shop.directory / shop.path("updates/hdaps.ko")).c_str()), 0);
  auto tree = shop.open();
  EXPECT_EQ(found(tree, "hdaps"), "");
}

// Such as end libkmod's life; here each is what nothing is known from, or a different answer, at once.
TEST_F(Indexed, StandsEveryByteThatIsAnother) {
  const Blob sound = support::read_file(shop.directory / shop.path("modules.alias.bin"));
  for (std::size_t i = 0; i < sound.size(); ++i) {
    for (const int value : {0x00, 0x20, 0x7f, 0xef, 0xff}) {
      Blob other = sound;
      other[i] = static_cast<std::uint8_t>(value);
      const auto index = Index::of(other);
      if (!index) continue;
      (void)index->match("pci:v00001234d00005678");
      (void)index->find("e2e_[0-9]");
    }
  }
}

TEST_F(Indexed, SaysThatAnIndexIsDamaged) {
  const std::string path = shop.directory / shop.path("modules.dep.bin");
  Blob bytes = support::read_file(path);
  bytes.resize(bytes.size() / 2);
  shop.write("modules.dep.bin", bytes);
  auto tree = shop.open();
  const auto closure = must(tree.close({shop.file("updates/dm-writeboost.ko.xz")}));
  ASSERT_EQ(closure.findings.size(), 1U);
  EXPECT_EQ(closure.findings[0].rule, "module-index");
  EXPECT_EQ(closure.findings[0].place, "/lib/modules/6.1.0-test/modules.dep.bin");
  // .modinfo still knows.
  EXPECT_THAT(texts_of(closure.modules), ElementsAre("kernel/dm-mod.ko: depends dm_writeboost",
                                                     "updates/dm-writeboost.ko.xz: policy"));
}

}  // namespace
}  // namespace kip::modules
