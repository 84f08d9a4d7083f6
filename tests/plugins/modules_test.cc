// 58-kip-image: which modules come behind the staged initrd, in which file, and when none do.
#include <filesystem>
#include <gmock/gmock.h>
#include <ostream>
#include <sys/stat.h>

#include "tests/plugins/module_stage.h"
#include "tests/support/kernel_finder.h"

namespace kip::plugins_test {
namespace {

using support::Blob;
using support::IntelBlob;
using support::NewcBlob;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kInclude = "[Modules]\nInclude=wanted\n";

void expect_quiet(const Told& told) {
  EXPECT_EQ(told.code, 0);
  EXPECT_EQ(told.err, "");
}

TEST(ModuleSelected, ComesBehindTheInitrdWithAllItNeeds) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    const Blob base = stage.base();
    stage.configure(kInclude);
    stage.write("initrd", base);
    expect_quiet(stage.run(kImage));
    EXPECT_THAT(stage.names(), ElementsAre("initrd", "kip.d"));
    const Blob overlay = overlay_in(stage.read(), base);
    const Unpacked root({base, overlay});
    EXPECT_THAT(root.modules(), ElementsAre("disk.ko", "helper.ko", "wanted.ko"));
    EXPECT_THAT(root.needs("wanted"), ElementsAre("helper.ko", "wanted.ko"));
    EXPECT_THAT(root.needs("kip-wanted"), ElementsAre("helper.ko", "wanted.ko"));
    EXPECT_THAT(root.needs("disk"), ElementsAre("disk.ko")) << "the base's own";
    EXPECT_THAT(root.needs("other"), IsEmpty());
    EXPECT_TRUE(root.has("kip/modules"));
  });
}

TEST(ModuleSelected, IsInTheSameFileAsMicrocode) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    const Blob base = stage.base();
    stage.dir().write("tree/06-bf-02", IntelBlob().bytes());
    stage.serve(kIntel);
    stage.configure(kInclude);
    stage.write("initrd", base);
    stage.add();
    EXPECT_EQ(intel_revision(stage.read()), 0x3AU);
    EXPECT_THAT(Unpacked({base, overlay_in(stage.read(), base)}).modules(), Contains("wanted.ko"));
  });
}

// Debian 12 makes us run at 86 as well, and a generator's image is installed again and again.
TEST(ModuleSelected, IsThereOnceHoweverOftenItRuns) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    stage.dir().write("tree/06-bf-02", IntelBlob().bytes());
    stage.serve(kIntel);
    stage.configure(kInclude);
    stage.write("initrd", stage.base());
    stage.add();
    const Blob once = stage.read();
    expect_quiet(stage.run(kImage));
    EXPECT_TRUE(stage.read() == once);
    // In a staging area of its own, where the generator kept it.
    ModuleStage next(programs);
    next.dir().write("tree/06-bf-02", IntelBlob().bytes());
    next.serve(kIntel);
    next.configure(kInclude);
    next.dir().link("staging/initrd", stage.staged("initrd"));
    next.add();
    EXPECT_TRUE(next.read() == once);
    EXPECT_TRUE(stage.read() == once) << "not ours to change";
  });
}

TEST(ModuleSelected, IsLeftAt86AsItWasAt58) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    stage.configure(kInclude);
    stage.write("initrd", stage.base());
    expect_quiet(stage.run(kImage));
    const Blob once = stage.read();
    stage.set("KERNEL_INSTALL_VERBOSE", "1");
    EXPECT_THAT(stage.run_as_86().notes, ElementsAre("an earlier run has done the work"));
    EXPECT_TRUE(stage.read() == once);
    // Another initrd in its place is another matter.
    stage.set("KERNEL_INSTALL_VERBOSE", "0");
    const Blob late = support::join({stage.base(), stage.base()});
    stage.write("initrd", late);
    expect_quiet(stage.run_as_86());
    EXPECT_THAT(Unpacked({overlay_in(stage.read(), late)}).modules(), Contains("wanted.ko"));
  });
}

struct RuleRow {
  const char* name;
  const char* kip;     // a file of kip.conf.d
  const char* dracut;  // of dracut.conf.d
  bool in;
};

void PrintTo(const RuleRow& row, std::ostream* out) {
  *out << row.name;
}

class Rule : public testing::TestWithParam<RuleRow> {};

TEST_P(Rule, DecidesWhetherThereIsAnOverlay) {
  with_each_program([](const std::string& programs) {
    const RuleRow& row = GetParam();
    ModuleStage stage(programs);
    const Blob base = stage.base();
    stage.configure(row.kip);
    stage.root().file("etc/dracut.conf.d/10-wanted.conf", row.dracut);
    stage.write("initrd", base);
    expect_quiet(stage.run(kImage));
    EXPECT_EQ(stage.read() == base, !row.in);
    if (!row.in) {
      EXPECT_THAT(stage.names_but_notes(), ElementsAre("initrd")) << "nothing is touched";
    }
  });
}

INSTANTIATE_TEST_SUITE_P(
    Of, Rule,
    testing::Values(RuleRow{"Nobody", "", "", false}, RuleRow{"Kip", kInclude, "", true},
                    RuleRow{"Dracut", "", "add_drivers+=\" wanted \"\n", true},
                    RuleRow{"DracutThatOmits", "", "omit_drivers+=\" wanted \"\n", false},
                    RuleRow{"KipAgainstDracut", "[Modules]\nOmit=wanted\n",
                            "force_drivers+=\" wanted \"\n", false},
                    RuleRow{"Alias", "[Modules]\nInclude=kip-wanted\n", "", true},
                    RuleRow{"InTreeModules", "", "add_drivers+=\" disk helper \"\n", false},
                    RuleRow{"TurnedOff", "[Modules]\nInclude=wanted\n[Image]\nEnabled=no\n", "",
                            false}),
    [](const auto& row) { return row.param.name; });

TEST(NoRuleAnyMore, DropsTheOverlayOfAnEarlierRun) {
  with_each_program([](const std::string& programs) {
    for (const char* const compression : {"none", "zstd", "gzip", "xz"}) {
      SCOPED_TRACE(compression);
      ModuleStage stage(programs);
      const Blob base = stage.base();
      stage.configure(std::string(kInclude) + "[Image]\nCompression=" + compression + "\n");
      stage.write("initrd", base);
      expect_quiet(stage.run(kImage));
      EXPECT_GT(stage.read().size(), base.size());
      stage.configure("");
      expect_quiet(stage.run(kImage));
      EXPECT_TRUE(stage.read() == base);
    }
  });
}

// CPUs are those of a machine, modules those of a kernel.
TEST(Guest, GetsModulesThoughItGetsNoMicrocode) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    const Blob base = stage.base();
    stage.configure(kInclude);
    stage.write("initrd", base);
    EXPECT_EQ(stage.run(kMicrocode).code,
              0);  // a warning, where this is no guest: the tree is empty
    expect_quiet(stage.run(kImage));
    EXPECT_THAT(Unpacked({overlay_in(stage.read(), base)}).modules(), Contains("wanted.ko"));
  });
}

// -- Nothing to build against.

Blob with_file(const char* name) {
  return NewcBlob().directory("usr").file(name, support::noise(5000, 2)).bytes();
}

struct LostRow {
  const char* name;
  Blob base;
  const char* why;  // a part of it
};

void PrintTo(const LostRow& row, std::ostream* out) {
  *out << row.name;
}

class LostBase : public testing::TestWithParam<LostRow> {};

TEST_P(LostBase, IsAWarningAndStaysAsItIs) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    stage.configure(kInclude);
    stage.write("initrd", GetParam().base);
    const Told told = stage.run(kImage);
    EXPECT_EQ(told.code, 0);
    EXPECT_THAT(told.complaints, ElementsAre(AllOf(StartsWith("warning: no modules are added: "),
                                                   HasSubstr(GetParam().why))));
    EXPECT_TRUE(stage.read() == GetParam().base);
    EXPECT_THAT(stage.names(), ElementsAre("initrd", "kip.d"));
  });
}

INSTANTIATE_TEST_SUITE_P(
    Cannot, LostBase,
    testing::Values(LostRow{"BeRead", generated(), "initrd'"},
                    LostRow{"BeDecodedBecauseOfLzo",
                            Blob{0x89, 0x4c, 0x5a, 0x4f, 0x00, 0x0d, 0x0a, 0x1a, 0x0a}, "lzo"},
                    LostRow{"BeLookedIntoBecauseOfSquashfs", with_file("squash-root.img"),
                            "squash-root.img"}),
    [](const auto& row) { return row.param.name; });

TEST(KernelWithoutModules, IsAWarningWhereKipsOwnRuleAsksForSome) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    std::filesystem::remove_all(stage.dir() / ("root/usr/lib/modules/" + kKernel));
    stage.write("initrd", generated());
    stage.root().file("etc/dracut.conf.d/10.conf", "add_drivers+=\" nvme \"\n");
    expect_quiet(stage.run(kImage));
    stage.configure(kInclude);
    const Told told = stage.run(kImage);
    EXPECT_EQ(told.code, 0);
    EXPECT_THAT(told.complaints,
                ElementsAre("warning: no modules are added: there are no modules of kernel '" +
                            kKernel + "'"));
    EXPECT_TRUE(stage.read() == generated());
  });
}

TEST(KernelNameThatLeadsElsewhere, IsNoKernel) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    stage.configure("[Modules]\nRequire=wanted\n");
    stage.write("initrd", stage.base());
    for (const std::string& kernel :
         {"../modules/" + kKernel, std::string("."), std::string("..")}) {
      const Told told = stage.run(kImage, {"add", kernel, stage.dir() / "entry", "/vmlinuz"});
      EXPECT_EQ(told.code, 1) << kernel;
      EXPECT_THAT(told.complaints, Contains(HasSubstr("there are no modules of kernel")));
      EXPECT_TRUE(stage.read() == stage.base());
    }
    EXPECT_FALSE(support::exists(stage.dir() / "root/var/lib/kip/pending/."));
  });
}

TEST(EarlyPartThatIsDamaged, TakesNoModulesAlong) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    const Blob base = stage.base();
    stage.configure(kInclude);
    stage.write("initrd", base);
    stage.write("kip.d/early.cpio", support::noise(4096, 9));
    const Told told = stage.run(kImage);
    EXPECT_EQ(told.code, 0);
    EXPECT_THAT(told.complaints, ElementsAre(HasSubstr("is no early part of kip"),
                                             "warning: no microcode is added"));
    EXPECT_THAT(Unpacked({overlay_in(stage.read(), base)}).modules(), Contains("wanted.ko"));
  });
}

TEST(ModesOfModules, AreForRootAloneWhateverTheUmask) {
  with_each_program([](const std::string& programs) {
    for (const char* const mask : {"000", "077"}) {
      ModuleStage stage(programs);
      stage.configure(kInclude);
      stage.write("initrd", stage.base());
      stage.set_launcher({"sh", "-c", std::string("umask ") + mask + "; exec \"$0\" \"$@\""});
      expect_quiet(stage.run(kImage));
      for (const char* const name : {"initrd", "kip.d/overlay.cpio"}) {
        struct stat status;
        ASSERT_EQ(::stat(stage.staged(name).c_str(), &status), 0) << name;
        EXPECT_EQ(status.st_mode, S_IFREG | 0600U) << name;
      }
      EXPECT_FALSE(support::exists(stage.staged("kip.d/work")));
    }
  });
}

TEST(VerboseAboutModules, NamesEachWithItsReason) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    stage.configure(kInclude);
    stage.set("KERNEL_INSTALL_VERBOSE", "1");
    stage.write("initrd", stage.base());
    const Told told = stage.run(kImage);
    EXPECT_THAT(told.complaints, IsEmpty());
    EXPECT_THAT(told.notes, Contains(AllOf(HasSubstr("updates/dkms/wanted.ko"),
                                           HasSubstr("Include=wanted"), HasSubstr("test.conf:2"))));
    EXPECT_THAT(told.notes,
                Contains(AllOf(HasSubstr("kernel/lib/helper.ko"), HasSubstr("wanted"))));
    EXPECT_THAT(told.notes, Contains(HasSubstr("2 modules behind it, ")));
  });
}

}  // namespace
}  // namespace kip::plugins_test
