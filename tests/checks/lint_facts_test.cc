// lint on modules that are there: built on the spot, indexed by depmod, some of them in an initrd.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/checks/lint.h"
#include "src/digest/sha256.h"
#include "tests/base/must.h"
#include "tests/modules/workshop.h"

namespace kip::checks {
namespace {

using modules::Workshop;
using testing::ElementsAre;
using testing::IsEmpty;

// In-tree ext4 and the built-in fat; out-of-tree zfs, which needs spl.
class LintFactsTest : public testing::Test {
 protected:
  LintFactsTest() {
    shop_.add_in_tree("kernel/fs/ext4/ext4.ko", {{"alias", "fs-ext4"}});
    shop_.directory.write(shop_.path("modules.builtin"), "kernel/fs/fat/fat.ko\n");
    shop_.add("extra/spl.ko", {{"srcversion", "A1"}}, {.exports = {"spl_begin"}});
    shop_.add("extra/zfs.ko", {{"depends", "spl"}, {"alias", "fs-zfs"}, {"srcversion", "B1"}},
              {.needs = {"spl_begin"}});
  }

  void configure(const std::string& lines) {
    shop_.directory.write("etc/kip/kip.conf.d/10.conf", "[Modules]\n" + lines);
  }

  // A module of the initrd, below the scratch directory.
  void pack(const std::string& path, const support::Blob& bytes) {
    scratch_.write(shop_.path(path), bytes);
    base_.modules[modules::module_name(path)] = {path, digest::sha256(bytes).value()};
  }

  support::Blob bytes_of(const std::string& path) const {
    return support::read_file(shop_.directory / shop_.path(path));
  }

  // "rule place" of each finding.
  std::vector<std::string> linted(const std::string& file_system) {
    const policy::Settings settings = must(policy::read_settings(shop_.root()));
    const policy::DracutFiles dracut = must(policy::read_dracut_files(shop_.root()));
    const policy::ModuleRules rules = policy::module_rules(settings, dracut);
    modules::Tree tree = shop_.open();
    const modules::OutOfTree all = must(tree.out_of_tree());
    LintInput input{rules, settings, dracut, all};
    input.root = host::root_needs_of(file_system);
    input.signatures = read_signatures(shop_.root(), modules::kKernel);
    if (!base_.modules.empty()) input.base = &base_;
    input.base_path = "initrd";
    input.base_directory = scratch_.path();
    facts_ = must(read_lint_facts(shop_.root(), tree, input));
    std::vector<std::string> texts;
    for (const Finding& finding : lint(facts_, input))
      texts.push_back(finding.rule + " " + finding.place);
    return texts;
  }

  Workshop shop_;
  support::TempDir scratch_;
  image::BaseModules base_;
  LintFacts facts_;
};

const std::string kDirectory = std::string("/lib/modules/") + modules::kKernel;

TEST_F(LintFactsTest, AreNoneWhereAllIsWell) {
  configure("Include=zfs\n");
  shop_.depmod();
  EXPECT_THAT(linted("zfs"), IsEmpty());
  EXPECT_EQ(facts_.index, Index::kFresh);
  ASSERT_EQ(facts_.closure.modules.size(), 2u);
  EXPECT_EQ(facts_.closure.modules[0].file.name, "spl");
}

TEST_F(LintFactsTest, HaveNamesOfTheKernelsOwn) {
  configure("Include=ext4 fs-ext4 fat f?t\nOmit=nothing\n");
  shop_.depmod();
  EXPECT_THAT(linted("ext4"), ElementsAre("lint-unknown-name /etc/kip/kip.conf.d/10.conf:3"));
  EXPECT_THAT(linted("fat"), ElementsAre("lint-unknown-name /etc/kip/kip.conf.d/10.conf:3"));
}

TEST_F(LintFactsTest, FindTheRootsModuleOut) {
  shop_.depmod();
  EXPECT_THAT(linted("zfs"), ElementsAre("lint-root " + kDirectory + "/extra/zfs.ko"));
  EXPECT_THAT(linted("bcachefs"), ElementsAre("lint-root --root-fs"));
}

TEST_F(LintFactsTest, FindAModuleBuiltForAnotherKernel) {
  configure("Include=other\n");
  shop_.write("updates/other.ko", support::elf_module({{"vermagic", "5.10.0 SMP mod_unload"}}));
  shop_.depmod();
  EXPECT_THAT(linted("ext4"), ElementsAre("lint-vermagic " + kDirectory + "/updates/other.ko"));
}

TEST_F(LintFactsTest, FindTheIndexMissing) {
  configure("Include=zfs\n");
  EXPECT_THAT(linted("ext4"), ElementsAre("lint-index " + kDirectory));
  EXPECT_EQ(facts_.index, Index::kMissing);
}

TEST_F(LintFactsTest, FindAModuleThatTheIndexHasNot) {
  shop_.depmod();
  shop_.add("updates/dkms/vpoll.ko");
  EXPECT_THAT(linted("ext4"), ElementsAre("lint-index " + kDirectory + "/updates/dkms/vpoll.ko"));
}

TEST_F(LintFactsTest, FindADependencyThatIsNotThere) {
  configure("Include=lone\n");
  shop_.add("extra/lone.ko", {{"depends", "gone"}}, {.needs = {"gone_begin"}});
  shop_.depmod();
  EXPECT_THAT(linted("ext4"), ElementsAre("lint-missing " + kDirectory + "/extra/lone.ko"));
}

TEST_F(LintFactsTest, TellTwinsByTheIndex) {
  shop_.add("updates/ext4.ko");
  shop_.depmod();
  EXPECT_THAT(linted("ext4"), ElementsAre("lint-root " + kDirectory + "/updates/ext4.ko",
                                          "lint-twin " + kDirectory + "/updates/ext4.ko"));
}

TEST_F(LintFactsTest, TellBuildsInTheInitrdApart) {
  configure("Include=zfs spl\n");
  shop_.depmod();
  pack("extra/zfs.ko", bytes_of("extra/zfs.ko"));
  // As a generator leaves it that strips modules: other bytes, the same source.
  const std::string magic = std::string(modules::kKernel) + " SMP preempt mod_unload";
  pack("extra/spl.ko", support::elf_module({{"srcversion", "A1"}, {"vermagic", magic}}));
  EXPECT_THAT(linted("ext4"), IsEmpty());
  pack("extra/spl.ko", support::elf_module({{"srcversion", "A0"}, {"vermagic", magic}}));
  EXPECT_THAT(linted("ext4"), ElementsAre("lint-stale-twin initrd"));
  pack("extra/spl.ko", support::elf_module({{"vermagic", magic}}));  // nothing tells
  EXPECT_THAT(linted("ext4"), ElementsAre("lint-stale-twin initrd"));
  pack("extra/spl.ko", support::text("no module"));
  EXPECT_THAT(linted("ext4"), ElementsAre("lint-stale-twin initrd"));
}

TEST_F(LintFactsTest, FindWhatTheGeneratorPacked) {
  shop_.depmod();
  pack("extra/spl.ko", bytes_of("extra/spl.ko"));
  EXPECT_THAT(linted("ext4"), ElementsAre("lint-packed initrd"));
}

TEST_F(LintFactsTest, FindFilesThatAreReplaced) {
  shop_.depmod();
  shop_.directory.write("usr/lib/kip/kip.conf.d/zfs.conf", "[Modules]\nInclude=zfs\n");
  EXPECT_THAT(linted("ext4"), IsEmpty());
  shop_.directory.link("etc/kip/kip.conf.d/zfs.conf", "/dev/null");
  EXPECT_THAT(linted("ext4"), ElementsAre("lint-defeated /etc/kip/kip.conf.d/zfs.conf"));
}

TEST_F(LintFactsTest, GoByTheKernelsConfiguration) {
  configure("Include=spl\n");
  shop_.depmod();
  shop_.directory.write(std::string("boot/config-") + modules::kKernel,
                        "CONFIG_MODULE_SIG_FORCE=y\n");
  EXPECT_THAT(linted("ext4"), ElementsAre("lint-signature " + kDirectory + "/extra/spl.ko"));
}

struct ConfigRow {
  const char* name;
  std::string path, text;
  Signatures signatures;
};

TEST(ReadSignatures, GoesByTheLineThatForcesThem) {
  const std::string kBoot = "boot/config-6.1", kForce = "CONFIG_MODULE_SIG_FORCE=y";
  const ConfigRow rows[] = {
      {"forced", kBoot, "CONFIG_A=y\n" + kForce + "\nCONFIG_B=y\n", Signatures::kForced},
      {"only line", kBoot, kForce, Signatures::kForced},
      {"below lib", "lib/modules/6.1/config", kForce, Signatures::kForced},
      {"below usr/lib", "usr/lib/modules/6.1/config", kForce, Signatures::kForced},
      {"lockdown", kBoot, "CONFIG_LOCK_DOWN_KERNEL_FORCE_INTEGRITY=y\n", Signatures::kForced},
      {"not set", kBoot, "# CONFIG_MODULE_SIG_FORCE is not set\nCONFIG_MODULE_SIG=y\n",
       Signatures::kNotForced},
      {"commented", kBoot, "#" + kForce + "\n", Signatures::kNotForced},
      {"another option", kBoot, kForce + "es\nX_" + kForce + "\n", Signatures::kNotForced},
      {"of another kernel", "boot/config-6.1.1", kForce, Signatures::kNotKnown},
      {"beyond the limit", kBoot, kForce + std::string(5 << 20, '\n'), Signatures::kNotKnown},
  };
  for (const ConfigRow& row : rows) {
    const support::TempDir directory;
    directory.write(row.path, row.text);
    EXPECT_EQ(read_signatures(must(Root::at(directory.path())), "6.1"), row.signatures) << row.name;
  }
  const support::TempDir directory;
  directory.write("boot/config-x/y", kForce);
  EXPECT_EQ(read_signatures(must(Root::at(directory.path())), "x/y"), Signatures::kNotKnown);
}

}  // namespace
}  // namespace kip::checks
