// 58-kip-image: Require=, judged where the image is made, and the record of what is still to come.
#include <filesystem>
#include <gmock/gmock.h>

#include "tests/plugins/module_stage.h"

namespace kip::plugins_test {
namespace {

using support::Blob;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kRequire = "[Modules]\nRequire=wanted\n";
constexpr const char* kOnlyWarn = "[Modules]\nRequire=wanted\nOnRequire=warn\n";
const std::string kModule = "root/usr/lib/modules/" + kKernel + "/updates/dkms/wanted.ko";

// The module is required, and its package not built yet.
class Unbuilt : public ModuleStage {
 public:
  explicit Unbuilt(const std::string& programs, const std::string& settings = kRequire)
      : ModuleStage(programs) {
    configure(settings);
    std::filesystem::rename(dir() / kModule, dir() / "aside.ko");
  }

  void build() {
    std::filesystem::rename(dir() / "aside.ko", dir() / kModule);
    root().index();
  }
};

// And the generator's initrd is staged.
class UnbuiltStaged : public Unbuilt {
 public:
  explicit UnbuiltStaged(const std::string& programs, const std::string& settings = kRequire)
      : Unbuilt(programs, settings) {
    write("initrd", base());
  }
};

const auto kUnmet = AllOf(HasSubstr("'wanted' is in neither the initrd nor the archive of modules"),
                          HasSubstr("Require=wanted at /etc/kip/kip.conf.d/test.conf:2 wants it"));

std::string record_of(const ModuleStage& stage, const std::string& arguments) {
  return "kip pending 1\n"
         "module wanted\n"
         "rule Require=wanted at /etc/kip/kip.conf.d/test.conf:2\n" +
         arguments + "argument " + kKernel + "\nargument " + stage.dir() / "vmlinuz" + "\n";
}

TEST(Required, FailsUntilTheModuleIsThereAndKeepsARecordUntilThen) {
  with_each_program([](const std::string& programs) {
    UnbuiltStaged stage(programs);
    const Blob base = stage.base();
    const Told failed = stage.run(kImage);
    EXPECT_EQ(failed.code, 1);
    EXPECT_THAT(failed.complaints, ElementsAre(AllOf(StartsWith("error: "), kUnmet)));
    EXPECT_TRUE(stage.read() == base);
    EXPECT_EQ(stage.record(), record_of(stage, "argument add\n"));
    stage.build();
    const Told done = stage.run(kImage);
    EXPECT_EQ(done.code, 0);
    EXPECT_EQ(done.err, "");
    EXPECT_THAT(Unpacked({overlay_in(stage.read(), base)}).modules(), Contains("wanted.ko"));
    EXPECT_FALSE(support::exists(stage.pending()));
  });
}

TEST(Required, OnlyWarnsWhereThatIsWanted) {
  with_each_program([](const std::string& programs) {
    UnbuiltStaged stage(programs, kOnlyWarn);
    const Told told = stage.run(kImage);
    EXPECT_EQ(told.code, 0);
    EXPECT_THAT(told.complaints, ElementsAre(AllOf(StartsWith("warning: "), kUnmet)));
    EXPECT_NE(stage.record(), "") << "it is still to come";
  });
}

TEST(Required, IsMetByWhatTheGeneratorPacked) {
  with_each_program([](const std::string& programs) {
    Unbuilt stage(programs);
    const std::string directory = "usr/lib/modules/" + kKernel + "/updates";
    const Blob more =
        support::NewcBlob()
            .directory(directory)
            .file(directory + "/wanted.ko", stage.root().module("updates/wanted.ko", {}))
            .bytes();
    const Blob base = support::join({stage.base(), more});
    stage.write("initrd", base);
    EXPECT_EQ(stage.run(kImage).code, 0);
    EXPECT_TRUE(stage.read() == base);
    EXPECT_FALSE(support::exists(stage.pending()));
  });
}

TEST(Required, NoMoreTakesTheRecordAlong) {
  with_each_program([](const std::string& programs) {
    UnbuiltStaged stage(programs);
    EXPECT_EQ(stage.run(kImage).code, 1);
    stage.configure("");
    EXPECT_EQ(stage.run(kImage).err, "");
    EXPECT_FALSE(support::exists(stage.pending()));
  });
}

TEST(Required, KeepsInitrdArgumentsInTheRecord) {
  with_each_program([](const std::string& programs) {
    Unbuilt stage(programs);
    const std::string given = stage.dir().write("boot/given one.img", stage.base());
    stage.set_initrds({given});
    EXPECT_EQ(stage.run(kImage).code, 1);
    EXPECT_EQ(stage.record(), record_of(stage, "argument add\n") + "argument " + given + "\n");
  });
}

TEST(Required, IsRecordedAsGentoosScriptWasCalled) {
  with_each_program([](const std::string& programs) {
    UnbuiltStaged stage(programs);
    stage.become_gentoo();
    EXPECT_EQ(stage.run(kImage).code, 1);
    EXPECT_EQ(stage.record(), record_of(stage, "argument installkernel\n"));
  });
}

// What cannot be seen in the image, nobody has promised.
TEST(Required, FailsWhereTheBaseCannotBeRead) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    stage.configure(kRequire);
    stage.write("initrd", generated());
    const Told told = stage.run(kImage);
    EXPECT_EQ(told.code, 1);
    EXPECT_THAT(told.complaints, ElementsAre(StartsWith("warning: no modules are added: "),
                                             AllOf(StartsWith("error: "), kUnmet)));
    EXPECT_TRUE(stage.read() == generated());
  });
}

TEST(Required, FailsWhereTheImageIsSealed) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    stage.configure(kRequire);
    stage.write("uki.efi", support::noise(64, 1));
    EXPECT_EQ(stage.run(kImage).code, 1);
    std::filesystem::remove(stage.staged("uki.efi"));
    stage.set("KERNEL_INSTALL_IMAGE_TYPE", "uki");
    EXPECT_EQ(stage.run(kImage).code, 1);
  });
}

TEST(Required, FailsWithSettingsThatCannotBeRead) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    stage.configure(std::string(kRequire) + "Omit\n");
    stage.write("initrd", stage.base());
    EXPECT_EQ(stage.run(kImage).code, 1);
    stage.configure(std::string(kOnlyWarn) + "Omit\n");
    EXPECT_EQ(stage.run(kImage).code, 0);
  });
}

TEST(RecordThatCannotBeWritten, IsAWarningMore) {
  with_each_program([](const std::string& programs) {
    UnbuiltStaged stage(programs);
    stage.root().file("var/lib/kip", "a file");
    const Told told = stage.run(kImage);
    EXPECT_EQ(told.code, 1);
    EXPECT_THAT(told.complaints,
                ElementsAre(kUnmet, AllOf(StartsWith("warning: "), HasSubstr("/var/lib/kip"))));
  });
}

// -- Which run judges.

TEST(RunAt58, LeavesItToTheOneAt86WhereNoInitrdIsStagedYet) {
  with_each_program([](const std::string& programs) {
    Unbuilt stage(programs);
    const Told early = stage.run(kImage);
    EXPECT_EQ(early.code, 0);
    EXPECT_EQ(early.err, "");
    EXPECT_FALSE(support::exists(stage.pending()));
    stage.dir().link("staging/initrd.img", stage.dir().write("boot/initrd.img", stage.base()));
    EXPECT_EQ(stage.run_as_86().code, 1);
    EXPECT_NE(stage.record(), "");
    stage.build();
    const Told done = stage.run_as_86();
    EXPECT_EQ(done.err, "");
    EXPECT_THAT(Unpacked({overlay_in(stage.read("initrd.img"), stage.base())}).modules(),
                Contains("wanted.ko"));
    EXPECT_FALSE(support::exists(stage.pending()));
  });
}

TEST(RunAt86, WarnsWhereThereIsNoImageToJudge) {
  with_each_program([](const std::string& programs) {
    ModuleStage stage(programs);
    stage.configure(kRequire);
    const Told told = stage.run_as_86();
    EXPECT_EQ(told.code, 0);
    EXPECT_THAT(told.complaints,
                ElementsAre("warning: Require= is not judged: no initrd is staged"));
  });
}

TEST(RunAt86, FailsAgainWhere58Failed) {
  with_each_program([](const std::string& programs) {
    UnbuiltStaged stage(programs);
    stage.become_systemd_251();  // which goes on with the next plugin
    EXPECT_EQ(stage.run(kImage).code, 1);
    EXPECT_EQ(stage.run_as_86().code, 1);
  });
}

// -- Removing a kernel.

TEST(Remove, TakesTheRecordOfThatKernelAndNothingElse) {
  with_each_program([](const std::string& programs) {
    UnbuiltStaged stage(programs);
    EXPECT_EQ(stage.run(kImage).code, 1);
    stage.root().file("var/lib/kip/pending/6.1.0-other", "kip pending 1\n");
    for (const std::string& plugin : {kMicrocode, kImage}) {
      for (const std::string& kernel :
           {std::string("../pending/") + kKernel, std::string("6.2.0")}) {
        EXPECT_EQ(stage.run(plugin, {"remove", kernel, stage.dir() / "entry"}).err, "");
      }
    }
    EXPECT_NE(stage.record(), "");
    const Told told = stage.run(kImage, {"remove", kKernel, stage.dir() / "entry"});
    EXPECT_EQ(told.code, 0);
    EXPECT_EQ(told.err, "");
    EXPECT_THAT(support::names_in(stage.dir() / "root/var/lib/kip/pending"),
                ElementsAre("6.1.0-other"));
    EXPECT_TRUE(stage.read() == stage.base());
  });
}

TEST(Remove, WorksWhereKipIsTurnedOffOrMisconfigured) {
  with_each_program([](const std::string& programs) {
    for (const char* const conf : {"[Image]\nEnabled=no\n", "nonsense\n"}) {
      ModuleStage stage(programs);
      stage.configure(conf);
      stage.root().file("var/lib/kip/pending/" + kKernel, "kip pending 2\n");
      EXPECT_EQ(stage.run(kImage, {"remove", kKernel, stage.dir() / "entry"}).err, "");
      EXPECT_FALSE(support::exists(stage.pending()));
    }
  });
}

}  // namespace
}  // namespace kip::plugins_test
