// kip status, after each thing that happens to a machine: no false stale, no false current.
#include <filesystem>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/kip/life.h"
#include "tests/support/kernel_finder.h"

namespace kip::kip_test {
namespace {

namespace fs = std::filesystem;
using support::IntelBlob;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

const std::string kModule = "updates/dkms/wanted.ko";
const std::string kManifests = "root/var/lib/kip/manifests";

constexpr auto kSecond = std::chrono::seconds(1);

// As another day would have it.
void age(const std::string& path) {
  fs::last_write_time(path, fs::last_write_time(path) - 3600 * kSecond);
}

class WithModule : public Life {
 public:
  WithModule() { configure("[Modules]\nInclude=wanted\n"); }

  [[nodiscard]] std::string module() const {
    return dir() / ("root/usr/lib/modules/" + kKernel + "/" + kModule);
  }
  void build(const std::string& version) {
    root().out_of_tree(kModule,
                       {{"depends", "helper"}, {"alias", "kip-wanted"}, {"version", version}});
    root().index();
  }
};

TEST(Status, IsCurrentAfterAnInstallation) {
  WithModule life;
  life.install();
  EXPECT_THAT(life.changes("current"), IsEmpty());
  const auto json = life.status_json();
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["report"], "status");
  const auto& entry = json["entries"][0];
  EXPECT_EQ(entry["kernel"], kKernel);
  EXPECT_EQ(entry["token"], "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(entry["state"], "current");
  EXPECT_EQ(entry["files"][0]["path"], life.dir() / "entry/initrd");
  EXPECT_EQ(entry["files"][0]["state"], "there");
  EXPECT_TRUE(entry["changes"].empty());
}

TEST(Status, KnowsNothingWhereNothingWasInstalled) {
  const Life life;
  const Said said = life.status();
  EXPECT_EQ(said.code, 0);
  EXPECT_EQ(said.out, "");
  EXPECT_THAT(said.complaints, IsEmpty());
}

TEST(StatusOfMicrocode, IsStaleWhereThisMachineGetsAnotherRevision) {
  Life life;
  life.install();
  life.firmware("intel", IntelBlob().revision(0x3b).bytes());
  EXPECT_THAT(life.changes("stale"),
              ElementsAre(AllOf(StartsWith("microcode 06-bf-02: 0x0000003a -> 0x0000003b ('"),
                                HasSubstr("/tree/intel'"))));
  const auto change = life.status_json()["entries"][0]["changes"][0];
  EXPECT_EQ(change["kind"], "microcode");
  EXPECT_EQ(change["was"], "0x0000003a");
  EXPECT_EQ(change["is"], "0x0000003b");
  life.install();
  EXPECT_THAT(life.changes("current"), IsEmpty());
}

TEST(StatusOfMicrocode, IsCurrentWhateverOthersGet) {
  Life life;
  life.install();
  life.firmware("others", IntelBlob().signature(0x50657).revision(0x99).bytes());
  life.firmware("amd", plugins_test::amd());
  EXPECT_THAT(life.changes("current"), IsEmpty());
}

TEST(StatusOfMicrocode, IsCurrentWhereItsFileMovedOrAnOlderOneCame) {
  Life life;
  life.install();
  fs::rename(life.dir() / "tree/intel", life.dir() / "tree/moved");
  life.firmware("older", IntelBlob().revision(0x39).bytes());
  EXPECT_THAT(life.changes("current"), IsEmpty());
}

TEST(StatusOfMicrocode, IsStaleWhereItsPackageIsGone) {
  Life life;
  life.install();
  fs::remove(life.dir() / "tree/intel");
  EXPECT_THAT(life.changes("stale"),
              ElementsAre(StartsWith("microcode 06-bf-02: 0x0000003a -> none")));
}

TEST(StatusOfMicrocode, IsStaleAndNotUnknownWhereOnNoneWouldFail) {
  Life life;
  life.configure("[Microcode]\nOnNone=fail\n");
  life.install();
  fs::remove(life.dir() / "tree/intel");
  EXPECT_THAT(life.changes("stale"),
              ElementsAre(StartsWith("microcode 06-bf-02: 0x0000003a -> none")));
}

TEST(StatusOfMicrocode, IsStaleWhereItComesAfterItsKernel) {
  Life life;
  fs::remove(life.dir() / "tree/intel");
  life.write("initrd", life.base());
  EXPECT_EQ(life.run(plugins_test::kMicrocode).code, 0);
  EXPECT_EQ(life.run(plugins_test::kImage).code, 0);
  fs::copy_file(life.staged("initrd"), life.image());
  EXPECT_EQ(life.run("95-kip-record").err, "");
  EXPECT_THAT(life.changes("current"), IsEmpty());
  life.firmware("intel", IntelBlob().bytes());
  EXPECT_THAT(life.changes("stale"),
              ElementsAre(StartsWith("microcode 06-bf-02: none -> 0x0000003a")));
}

TEST(StatusOfMicrocode, IsCurrentWhereWhatIsNewerIsHeld) {
  Life life;
  life.install();
  life.configure("[Microcode]\nHold=0xb06f2,,eq:0x3b\n");
  life.firmware("newer", IntelBlob().revision(0x3b).bytes());
  EXPECT_THAT(life.changes("current"), IsEmpty());
  life.configure("");
  EXPECT_THAT(life.changes("stale"), ElementsAre(HasSubstr("0x0000003a -> 0x0000003b")));
}

// As with a generator that packs microcode itself, for this machine or for all.
class PackedByItsGenerator : public Life {
 protected:
  [[nodiscard]] support::Blob generated() const override {
    const support::Blob microcode =
        support::join({IntelBlob().revision(0x40).bytes(), IntelBlob().signature(0x50657).bytes()});
    return support::join({plugins_test::early_archive(support::kIntelPath, microcode), base()});
  }
};

TEST(StatusOfMicrocode, IsCurrentWhereTheBaseHasANewerOne) {
  PackedByItsGenerator life;
  life.install();
  EXPECT_TRUE(support::read_file(life.image()) == life.staged_by_generator()) << "covered";
  life.firmware("intel", IntelBlob().revision(0x3f).bytes());
  EXPECT_THAT(life.changes("current"), IsEmpty());
  life.firmware("intel", IntelBlob().revision(0x41).bytes());
  EXPECT_THAT(life.changes("stale"), ElementsAre(HasSubstr("0x00000040 -> 0x00000041")));
  life.install();
  EXPECT_THAT(life.changes("current"), IsEmpty());
  life.configure("[Microcode]\nConflict=strip\n");
  EXPECT_THAT(life.changes("stale"),
              ElementsAre("microcode 06-55-07: 0x0000003a -> none ('initrd[" +
                          std::string(support::kIntelPath) + "]')"));
  life.install();
  EXPECT_THAT(life.changes("current"), IsEmpty());
}

// The machine is not here: its CPUs are those that were recorded.
TEST(StatusOfMicrocode, TakesTheRecordedCpusWhereNobodyNamesThem) {
  Life life;
  life.set("KIP_CPU", std::nullopt);
  life.configure("[Microcode]\nCpu=0xb06f2,0x01\n");
  life.install();
  life.configure("");
  EXPECT_THAT(life.changes("current"), IsEmpty());
  life.firmware("platform", IntelBlob().platform_flags(0x40).revision(0x50).bytes());
  EXPECT_THAT(life.changes("current"), IsEmpty()) << "that is for another platform";
  life.firmware("newer", IntelBlob().revision(0x3b).bytes());
  EXPECT_THAT(life.changes("stale"), ElementsAre(HasSubstr("0x0000003a -> 0x0000003b")));
}

// Neither can be told: the one that is there, or what the damaged one would have been.
TEST(StatusOfMicrocode, IsUnknownWhereItsFileIsDamaged) {
  Life life;
  life.install();
  life.firmware("intel", IntelBlob().revision(0x3b).break_main_sum().bytes());
  const Said said = life.status();
  EXPECT_EQ(said.code, 4);
  EXPECT_EQ(said.out, kKernel + ": unknown\n");
  EXPECT_THAT(said.complaints, ElementsAre(StartsWith("error: ")));
}

// -- Modules and policy.

TEST(StatusOfModules, IsCurrentWhereOneWasBuiltAgainToTheSameBytes) {
  WithModule life;
  life.install();
  age(life.module());
  EXPECT_THAT(life.changes("current"), IsEmpty());
}

TEST(StatusOfModules, IsStaleWhereOneWasBuiltAnew) {
  WithModule life;
  life.install();
  life.build("2.0");
  EXPECT_THAT(life.changes("stale"),
              ElementsAre("module wanted: " + kModule + " -> 2.0 ('" + kModule +
                          "'); Include=wanted at /etc/kip/kip.conf.d/test.conf:2"));
  life.install();
  EXPECT_THAT(life.changes("current"), IsEmpty());
}

TEST(StatusOfModules, IsCurrentWhateverHappensToOnesThatAreOut) {
  WithModule life;
  life.install();
  life.root().out_of_tree("updates/other.ko", {{"version", "7"}}).out_of_tree("extra/more.ko");
  life.root().index();
  EXPECT_THAT(life.changes("current"), IsEmpty());
}

TEST(StatusOfModules, IsCurrentWherePolicyIsOnlyWrittenInAnotherWay) {
  WithModule life;
  life.install();
  life.configure("# again\n\n[Modules]\nOmit=other\nOmit=\nInclude=wante[d]\nInclude=kip-wanted\n");
  EXPECT_THAT(life.changes("current"), IsEmpty());
}

TEST(StatusOfModules, IsStaleWherePolicyLeavesOneOutOrTakesOneIn) {
  WithModule life;
  life.install();
  life.configure("[Modules]\nInclude=other\nOmit=wanted\n");
  EXPECT_THAT(life.changes("stale"),
              ElementsAre(AllOf(StartsWith("module helper: "), HasSubstr(" -> none ")),
                          AllOf(StartsWith("module wanted: "), HasSubstr(" -> none "),
                                HasSubstr("; Omit=wanted at /etc/kip/kip.conf.d/test.conf:3")),
                          AllOf(StartsWith("module other: none -> "),
                                HasSubstr("; Include=other at /etc/kip/kip.conf.d/test.conf:2"))));
  life.configure("[Image]\nEnabled=no\n");
  EXPECT_THAT(life.changes("stale"),
              ElementsAre("setting Enabled: yes -> no; /etc/kip/kip.conf.d/test.conf:2"));
}

TEST(StatusOfModules, IsStaleWhereOneIsNotThereAnyMore) {
  WithModule life;
  life.install();
  fs::remove(life.module());
  life.root().index();
  EXPECT_THAT(life.changes("stale"), testing::Contains(HasSubstr("module wanted: ")));
}

TEST(StatusOfModules, IsStaleWhereFirmwareOfOneChanges) {
  WithModule life;
  life.root().out_of_tree(kModule, {{"depends", "helper"}, {"firmware", "kip/blob.bin"}}).index();
  life.root().file("usr/lib/firmware/kip/blob.bin", "first").file("usr/lib/firmware/x.bin", "a");
  life.install();
  age(life.dir() / "root/usr/lib/firmware/kip/blob.bin");
  EXPECT_THAT(life.changes("current"), IsEmpty());
  life.root().file("usr/lib/firmware/x.bin", "b");
  EXPECT_THAT(life.changes("current"), IsEmpty()) << "nobody names it";
  life.root().file("usr/lib/firmware/kip/blob.bin", "other");
  EXPECT_THAT(life.changes("stale"), ElementsAre(StartsWith("firmware kip/blob.bin: ")));
}

TEST(StatusOfModules, IsStaleWhereModprobesLinesChange) {
  WithModule life;
  life.install();
  life.root().file("etc/modprobe.d/a.conf", "options other x=1\n");
  EXPECT_THAT(life.changes("current"), IsEmpty());
  life.root().file("etc/modprobe.d/a.conf", "options wanted x=1\n");
  EXPECT_THAT(life.changes("stale"), ElementsAre("modprobe modprobe.d: none -> some lines"));
}

TEST(StatusOfModules, IsStaleWhereCompressionChanges) {
  WithModule life;
  life.install();
  life.configure("[Modules]\nInclude=wanted\n[Image]\nCompression=gzip\n");
  EXPECT_THAT(life.changes("stale"), ElementsAre(StartsWith("setting Compression: ")));
  life.install();
  EXPECT_THAT(life.changes("current"), IsEmpty());
}

// -- Images.

TEST(StatusOfAnImage, IsMissingOrForeignAndCurrentWhereItWasOnlyCopied) {
  Life life;
  life.install();
  const support::Blob image = support::read_file(life.image());
  age(life.image());
  EXPECT_THAT(life.changes("current"), IsEmpty());
  support::Blob other = image;
  other.back() ^= 1;
  life.dir().write("entry/initrd", other);
  EXPECT_THAT(life.changes("foreign"), ElementsAre("image '" + life.dir() / "entry/initrd" +
                                                   "' is another one than was installed"));
  fs::remove(life.image());
  EXPECT_THAT(life.changes("missing"),
              ElementsAre("image '" + life.dir() / "entry/initrd" + "' is not there"));
  life.dir().write("entry/initrd", image);
  EXPECT_THAT(life.changes("current"), IsEmpty());
}

TEST(StatusOfAnImage, IsNotReadWhereSizeAndTimeAreAsTheyWere) {
  Life life;
  life.install();
  const auto time = fs::last_write_time(life.image());
  life.dir().write("entry/initrd", support::noise(fs::file_size(life.image()), 5));
  fs::last_write_time(life.image(), time);
  EXPECT_THAT(life.changes("current"), IsEmpty()) << "it was read";
}

TEST(StatusOfAUnifiedImage, FollowsItsNameThroughBootCounting) {
  Life life;
  life.become_unified();
  life.install();
  EXPECT_THAT(life.changes("current"), IsEmpty());
  const std::string linux = life.dir() / "boot/EFI/Linux/";
  const std::string stem = linux + "0123456789abcdef0123456789abcdef-" + kKernel;
  fs::rename(stem + "+3.efi", stem + "+2-1.efi");
  EXPECT_THAT(life.changes("current"), IsEmpty());
  fs::rename(stem + "+2-1.efi", stem + ".efi");
  EXPECT_THAT(life.changes("current"), IsEmpty());
  life.dir().write("boot/EFI/Linux/0123456789abcdef0123456789abcdef-" + kKernel + ".efi",
                   support::noise(100, 1));
  EXPECT_THAT(life.changes("foreign"), ElementsAre(HasSubstr("another one")));
  fs::remove(stem + ".efi");
  EXPECT_THAT(life.changes("missing"), ElementsAre(HasSubstr("+3.efi' is not there")));
}

// -- Records.

TEST(StatusOfAPendingKernel, NamesTheModuleAndTheRule) {
  Life life;
  life.configure("[Modules]\nRequire=absent\n");
  life.write("initrd", life.base());
  EXPECT_EQ(life.run(plugins_test::kImage).code, 1);
  EXPECT_THAT(life.changes("pending"), ElementsAre("pending 'absent'; Require=absent at "
                                                   "/etc/kip/kip.conf.d/test.conf:2"));
}

TEST(StatusOfARemovedKernel, IsNone) {
  Life life;
  life.install();
  life.remove();
  EXPECT_EQ(life.status().out, "");
}

TEST(StatusOfOneKernel, IsThatOneAndAnUnknownOneIsAnError) {
  Life life;
  life.install();
  EXPECT_EQ(life.status({kKernel}).out, kKernel + ": current\n");
  const Said said = life.status({kKernel, "6.9.9"});
  EXPECT_EQ(said.code, 3);
  EXPECT_EQ(said.out, "");
  EXPECT_THAT(said.complaints, ElementsAre("error: nothing is recorded of kernel '6.9.9'"));
}

TEST(StatusOfARecord, OfANewerSchemaIsAFindingAndNoGuess) {
  Life life;
  life.install();
  life.dir().write(kManifests + "/t@k.json", std::string_view("{\"schema\": 2}"));
  const Said said = life.status();
  EXPECT_EQ(said.code, 4);
  EXPECT_EQ(said.out, kKernel + ": current\n");
  EXPECT_THAT(
      said.complaints,
      ElementsAre("warning: '/var/lib/kip/manifests/t@k.json': has schema 2, and this "
                  "version knows 1 (rm '/var/lib/kip/manifests/t@k.json', and install its kernel "
                  "again)"));
}

TEST(StatusWithSettingsThatCannotBeRead, IsAnError) {
  Life life;
  life.install();
  life.configure("nonsense\n");
  const Said said = life.status();
  EXPECT_EQ(said.code, 4);
  EXPECT_EQ(said.out, "");
  EXPECT_THAT(said.complaints, ElementsAre(HasSubstr("test.conf:1")));
}

}  // namespace
}  // namespace kip::kip_test
