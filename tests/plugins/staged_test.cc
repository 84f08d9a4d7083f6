// 58-kip-image: which file gets the early part, by layout, caller, and what others have staged.
#include <filesystem>
#include <gmock/gmock.h>
#include <ostream>

#include "tests/plugins/stage.h"
#include "tests/support/kernel_finder.h"

namespace kip::plugins_test {
namespace {

using support::Blob;
using support::IntelBlob;
using support::kAmdPath;
using support::kIntelPath;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// With microcode for an Intel CPU and an AMD one.
class Machines {
 public:
  explicit Machines(const std::string& programs, const std::string& cpus = kIntel)
      : stage(programs) {
    stage.dir().write("tree/06-bf-02", IntelBlob().bytes());
    stage.dir().write("tree/amd.bin", amd());
    stage.serve(cpus);
  }

  // 45 and 58; what 58 says.
  Told add() const {
    EXPECT_EQ(stage.run(kMicrocode).err, "");
    Told told = stage.run(kImage);
    EXPECT_EQ(told.code, 0);
    return told;
  }

  Stage stage;
};

struct LayoutRow {
  const char* name;
  const char* layout;
  const char* staged;
  void (*become)(Stage&);
};

void PrintTo(const LayoutRow& row, std::ostream* out) {
  *out << row.name;
}

void same(Stage&) {}

const std::vector<LayoutRow> kLayouts = {
    {"Bls", "bls", "initrd", same},
    {"Ukify", "uki", "initrd", same},
    {"Grub", "grub", "initrd", same},
    {"Nothing", "", "initrd", same},
    {"DebiansName", "bls", "initrd.img-0.0.0-kip-test", same},
    {"Systemd251", "bls", "initrd", [](Stage& stage) { stage.become_systemd_251(); }},
    {"Gentoo", "grub", "initrd", [](Stage& stage) { stage.become_gentoo(); }},
};

class Layout : public testing::TestWithParam<LayoutRow> {};

TEST_P(Layout, HasTheOneStagedInitrdMerged) {
  with_each_program([](const std::string& programs) {
    Machines of(programs, kIntel + " " + kAmd);
    of.stage.set("KERNEL_INSTALL_LAYOUT", GetParam().layout);
    GetParam().become(of.stage);
    of.stage.write(GetParam().staged, generated());
    EXPECT_EQ(of.add().err, "");
    EXPECT_THAT(of.stage.names(), ElementsAre(GetParam().staged, "kip.d"));
    const Blob early = early_part(of.stage.read(GetParam().staged), generated());
    EXPECT_EQ(intel_revision(early), 0x3AU);
    EXPECT_EQ(amd_revision(early), 0x0A0011D5U);
  });
}

INSTANTIATE_TEST_SUITE_P(Every, Layout, testing::ValuesIn(kLayouts),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(InitrdsGiven, GetMicrocodeFilesOfTheirOwnAndStay) {
  with_each_program([](const std::string& programs) {
    Machines of(programs, kIntel + " " + kAmd);
    const std::string given = of.stage.dir().write("boot/given.img", generated());
    of.stage.set_initrds({given});
    EXPECT_EQ(of.add().err, "");
    EXPECT_THAT(of.stage.names(), ElementsAre("kip.d", "microcode-amd", "microcode-intel"));
    EXPECT_EQ(intel_revision(early_part(of.stage.read("microcode-intel"), {})), 0x3AU);
    EXPECT_EQ(amd_revision(early_part(of.stage.read("microcode-amd"), {})), 0x0A0011D5U);
    EXPECT_FALSE(support::find_early(of.stage.read("microcode-intel"), kAmdPath));
    EXPECT_TRUE(support::read_file(given) == generated());
    // And once more, at 86.
    const Blob intel = of.stage.read("microcode-intel"), other = of.stage.read("microcode-amd");
    EXPECT_EQ(of.stage.run(kImage).err, "");
    EXPECT_THAT(of.stage.names(), ElementsAre("kip.d", "microcode-amd", "microcode-intel"));
    EXPECT_TRUE(of.stage.read("microcode-intel") == intel);
    EXPECT_TRUE(of.stage.read("microcode-amd") == other);
  });
}

TEST(InitrdsGiven, AreAWarningWhereNothingStandsInFrontOfThem) {
  with_each_program([](const std::string& programs) {
    Machines of(programs);
    of.stage.become_systemd_251();
    of.stage.set_initrds({of.stage.dir().write("boot/given.img", generated())});
    EXPECT_THAT(of.add().complaints,
                ElementsAre("warning: no microcode is added: initrds of the command line stay as "
                            "they are: systemd 251 to 253 puts no microcode in front of them"));
    EXPECT_THAT(of.stage.names(), ElementsAre("kip.d"));
  });
}

TEST(SeveralInitrds, StayAndGetAMicrocodeFile) {
  with_each_program([](const std::string& programs) {
    Machines of(programs);
    of.stage.write("initrd", generated());
    of.stage.write("initrd-modules", support::noise(100, 1));
    EXPECT_EQ(of.add().err, "");
    EXPECT_THAT(of.stage.names(),
                ElementsAre("initrd", "initrd-modules", "kip.d", "microcode-intel"));
    EXPECT_TRUE(of.stage.read() == generated());
    EXPECT_TRUE(of.stage.read("initrd-modules") == support::noise(100, 1));
    EXPECT_EQ(intel_revision(of.stage.read("microcode-intel")), 0x3AU);
  });
}

TEST(SeveralInitrds, AreAWarningWithGentoosInstallkernel) {
  with_each_program([](const std::string& programs) {
    Machines of(programs);
    of.stage.become_gentoo();
    of.stage.write("initrd", generated());
    of.stage.write("initrd-modules", support::noise(100, 1));
    EXPECT_THAT(of.add().complaints,
                ElementsAre("warning: no microcode is added: several initrds are staged: Gentoo's "
                            "installkernel puts no microcode in front of them"));
    EXPECT_THAT(of.stage.names(), ElementsAre("initrd", "initrd-modules", "kip.d"));
  });
}

// Debian 12: 86 runs behind 85, which may stage one more.
TEST(InitrdStagedLate, IsMergedAtTheSecondRun) {
  with_each_program([](const std::string& programs) {
    Machines of(programs);
    EXPECT_EQ(of.add().err, "");
    EXPECT_THAT(of.stage.names(), ElementsAre("kip.d")) << "never microcode alone";
    of.stage.dir().link("staging/initrd.img", of.stage.dir().write("boot/initrd.img", generated()));
    EXPECT_EQ(of.stage.run(kImage).err, "");
    EXPECT_EQ(intel_revision(early_part(of.stage.read("initrd.img"), generated())), 0x3AU);
  });
}

TEST(InitrdStagedLate, BehindAMergedOneNeedsNothing) {
  with_each_program([](const std::string& programs) {
    Machines of(programs);
    of.stage.write("initrd", generated());
    EXPECT_EQ(of.add().err, "");
    const Blob merged = of.stage.read();
    of.stage.write("initrd-late", support::noise(100, 1));
    EXPECT_EQ(of.stage.run(kImage).err, "");
    EXPECT_THAT(of.stage.names(), ElementsAre("initrd", "initrd-late", "kip.d"));
    EXPECT_TRUE(of.stage.read() == merged);
  });
}

TEST(InitrdInTheEntry, IsMergedIntoTheStagingArea) {
  with_each_program([](const std::string& programs) {
    Machines of(programs);
    const std::string own = of.stage.dir().write("entry/initrd", generated());
    EXPECT_EQ(of.add().err, "");
    EXPECT_THAT(of.stage.names(), ElementsAre("initrd", "kip.d"));
    EXPECT_EQ(intel_revision(early_part(of.stage.read(), generated())), 0x3AU);
    EXPECT_TRUE(support::read_file(own) == generated()) << "not ours to change";
    // Added again, when 90-loaderentry has copied it there: the same.
    const Blob merged = of.stage.read();
    of.stage.dir().write("entry/initrd", merged);
    std::filesystem::remove(of.stage.staged("initrd"));
    EXPECT_EQ(of.stage.run(kImage).err, "");
    EXPECT_TRUE(of.stage.read() == merged);
  });
}

TEST(InitrdInBoot, IsAWarningSinceItBootsAsItIs) {
  if (!may_mount()) GTEST_SKIP() << "NOT RUN: a mount needs root";
  with_each_program([](const std::string& programs) {
    Machines of(programs);
    const std::string own = of.stage.dir().write("boot/initramfs-" + kKernel + ".img", generated());
    of.stage.set("KERNEL_INSTALL_LAYOUT", "other");
    of.stage.set_launcher(
        {"unshare", "-m", "sh", "-c", "mount --bind boot /boot && exec \"$0\" \"$@\""});
    EXPECT_THAT(of.add().complaints,
                ElementsAre("warning: no microcode is added: '/boot/initramfs-" + kKernel +
                            ".img' is not staged, and boots as it is: see kip(7), OTHER BOOT "
                            "PATHS"));
    EXPECT_THAT(of.stage.names(), ElementsAre("kip.d"));
    EXPECT_TRUE(support::read_file(own) == generated());
  });
}

TEST(NoInitrdAnywhere, IsNothingToDo) {
  with_each_program([](const std::string& programs) {
    Machines of(programs);
    of.stage.set("KERNEL_INSTALL_VERBOSE", "1");
    EXPECT_EQ(of.stage.run(kMicrocode).code, 0);
    EXPECT_THAT(of.stage.run(kImage).notes, ElementsAre("nothing to do: no initrd is staged"));
    EXPECT_THAT(of.stage.names(), ElementsAre("kip.d"));
  });
}

TEST(UkiOfTheGenerator, IsLeftWithAWarning) {
  with_each_program([](const std::string& programs) {
    Machines of(programs);
    of.stage.set("KERNEL_INSTALL_LAYOUT", "uki");
    of.stage.write("uki.efi", support::noise(64, 1));
    of.stage.write("initrd", generated());
    const Told told = of.add();
    ASSERT_EQ(told.complaints.size(), 1U);
    EXPECT_THAT(told.complaints[0], HasSubstr("uki_generator=ukify"));
    EXPECT_TRUE(of.stage.read() == generated());
    EXPECT_TRUE(of.stage.read("uki.efi") == support::noise(64, 1));
  });
}

// 60-ukify stands between 58 and 86.
TEST(UkiOfTheInitrdThatWeMerged, IsNoReasonToWarn) {
  with_each_program([](const std::string& programs) {
    Machines of(programs);
    of.stage.set("KERNEL_INSTALL_LAYOUT", "uki");
    of.stage.write("initrd", generated());
    EXPECT_EQ(of.add().err, "");
    const Blob merged = of.stage.read();
    of.stage.write("uki.efi", support::noise(64, 1));
    EXPECT_EQ(of.stage.run(kImage).err, "");
    EXPECT_TRUE(of.stage.read() == merged);
  });
}

// -- Files microcode* of others.

TEST(MicrocodeFileOfOurVendor, IsReplacedAndTheInitrdStays) {
  with_each_program([](const std::string& programs) {
    Machines of(programs);
    of.stage.write("initrd", generated());
    of.stage.write("microcode-intel",
                   early_archive(kIntelPath, IntelBlob().signature(0x806F8).revision(9).bytes()));
    EXPECT_EQ(of.add().err, "");
    EXPECT_TRUE(of.stage.read() == generated());
    const Blob file = early_part(of.stage.read("microcode-intel"), {});
    EXPECT_EQ(intel_revision(file), 0x3AU);
    EXPECT_EQ(intel_revision(file, 0x806F8), 9U) << "whom it served is served still";
    EXPECT_EQ(of.stage.run(kImage).err, "");
    EXPECT_TRUE(of.stage.read("microcode-intel") == file);
  });
}

TEST(MicrocodeFileOfOneVendor, LeavesTheOtherToTheInitrd) {
  with_each_program([](const std::string& programs) {
    Machines of(programs, kIntel + " " + kAmd);
    of.stage.write("initrd", generated());
    of.stage.write("microcode-intel",
                   early_archive(kIntelPath, IntelBlob().revision(0x38).bytes()));
    EXPECT_EQ(of.add().err, "");
    EXPECT_EQ(intel_revision(of.stage.read("microcode-intel")), 0x3AU);
    const Blob early = early_part(of.stage.read(), generated());
    EXPECT_EQ(amd_revision(early), 0x0A0011D5U);
    EXPECT_FALSE(support::find_early(early, kIntelPath));
  });
}

TEST(MicrocodeFileOfAnotherName, IsLeftWithAWarning) {
  with_each_program([](const std::string& programs) {
    Machines of(programs);
    const Blob foreign = early_archive(kIntelPath, IntelBlob().revision(0x38).bytes());
    of.stage.write("initrd", generated());
    of.stage.write("microcode.cpio", foreign);
    EXPECT_THAT(of.add().complaints,
                ElementsAre("warning: 'microcode.cpio' was staged by another plugin, and stands in "
                            "front of what kip adds"));
    EXPECT_TRUE(of.stage.read("microcode.cpio") == foreign);
    EXPECT_EQ(intel_revision(of.stage.read()), 0x3AU);
  });
}

TEST(MicrocodeFile, CountsForNothingWhereNobodyListsIt) {
  with_each_program([](const std::string& programs) {
    Machines of(programs);
    of.stage.become_systemd_251();
    const Blob foreign = early_archive(kIntelPath, IntelBlob().revision(0x38).bytes());
    of.stage.write("initrd", generated());
    of.stage.write("microcode-intel", foreign);
    EXPECT_EQ(of.add().err, "");
    EXPECT_TRUE(of.stage.read("microcode-intel") == foreign);
    EXPECT_EQ(intel_revision(of.stage.read()), 0x3AU);
  });
}

}  // namespace
}  // namespace kip::plugins_test
