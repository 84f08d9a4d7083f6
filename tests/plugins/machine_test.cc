// 45-kip-microcode asked for the machine's own CPUs: /proc/cpuinfo and /run of the test's own,
// mounted over the real ones for the plugin alone.
#include <gmock/gmock.h>

#include "tests/host/cpuinfo.h"
#include "tests/plugins/stage.h"

namespace kip::plugins_test {
namespace {

using host::CpuinfoCpu;
using support::IntelBlob;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const CpuinfoCpu kThis = {.model = 0xbf, .stepping = 2, .revision = "0x38"};  // 0xb06f2
const std::string kGuestFlags = "fpu vme de pse tsc msr hypervisor";

/// A sign that outlives an empty /run, so that nothing but a container can be played here.
bool is_marked_container() {
  return support::exists("/.dockerenv");
}

class OwnCpus : public testing::Test {
 protected:
  void SetUp() override {
    if (!may_mount()) GTEST_SKIP() << "NOT RUN: a mount needs root";
  }

  // `marks` is a shell command that runs with an empty /run.
  static void play(Stage& stage, const std::vector<CpuinfoCpu>& cpus,
                   const std::string& marks = "true") {
    stage.dir().write("cpuinfo", host::cpuinfo(cpus));
    stage.dir().write("tree/one", IntelBlob().platform_flags(0xff).bytes());
    stage.dir().write("tree/two",
                      IntelBlob().signature(0xB06F5).platform_flags(0xff).revision(7).bytes());
    stage.set_launcher({"unshare", "-m", "sh", "-c",
                        "mount -t tmpfs tmpfs /run && mount --bind cpuinfo /proc/cpuinfo && " +
                            marks + " && exec \"$0\" \"$@\""});
    stage.set("KERNEL_INSTALL_VERBOSE", "1");
    stage.write("initrd", generated());
  }
};

constexpr const char* kInContainer = "mkdir /run/systemd && echo docker >/run/systemd/container";

TEST_F(OwnCpus, AreNobodysInAContainer) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    play(stage, {kThis}, kInContainer);
    const Told told = stage.run(kMicrocode);
    EXPECT_EQ(told.code, 0);
    EXPECT_THAT(told.complaints, IsEmpty());
    EXPECT_THAT(told.notes, ElementsAre("this is a container (docker): no microcode, unless Cpu= "
                                        "or KIP_CPU asks for some"));
    EXPECT_THAT(stage.run(kImage).notes, ElementsAre("no microcode was chosen"));
    EXPECT_THAT(stage.names_but_notes(), ElementsAre("initrd"));
    // That is no failure, either: OnNone is about CPUs that are to be served.
    stage.configure("[Microcode]\nOnNone=fail\n");
    EXPECT_EQ(stage.run(kMicrocode).code, 0);
  });
}

TEST_F(OwnCpus, AreServedInAContainerToldSo) {
  with_each_program([](const std::string& programs) {
    for (const bool by_file : {false, true}) {
      SCOPED_TRACE(by_file ? "Cpu=host" : "KIP_CPU=host");
      Stage stage(programs);
      play(stage, {kThis}, kInContainer);
      by_file ? stage.configure("[Microcode]\nCpu=host\n") : stage.serve("host");
      EXPECT_EQ(stage.run(kMicrocode).code, 0);
      EXPECT_EQ(stage.run(kImage).code, 0);
      EXPECT_EQ(intel_revision(early_part(stage.read(), generated())), 0x3AU);
    }
  });
}

TEST_F(OwnCpus, OfEverySocketAreServed) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    CpuinfoCpu other = kThis;
    other.stepping = 5;
    play(stage, {kThis, kThis, other, other});
    stage.serve("host");
    const Told told = stage.run(kMicrocode);
    EXPECT_EQ(told.code, 0) << told.err;
    EXPECT_THAT(told.notes, Contains(HasSubstr("differ in their signature")));
    EXPECT_EQ(stage.run(kImage).code, 0);
    const auto image = stage.read();
    EXPECT_EQ(intel_revision(image), 0x3AU);
    EXPECT_EQ(intel_revision(image, 0xB06F5), 7U);
  });
}

// A revision that runs now was loaded by the last image, and has to be in the next one.
TEST_F(OwnCpus, AreServedWithTheRevisionThatRuns) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    CpuinfoCpu newest = kThis;
    newest.revision = "0x3a";
    play(stage, {newest});
    stage.serve("host");
    EXPECT_EQ(stage.run(kMicrocode).code, 0);
    EXPECT_EQ(intel_revision(stage.read("kip.d/early.cpio")), 0x3AU);
  });
}

TEST_F(OwnCpus, OfAVendorWithoutLoaderAreNamedWhenOnNoneFails) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    CpuinfoCpu foreign = kThis;
    foreign.vendor_id = "CentaurHauls";
    play(stage, {foreign});
    stage.serve("host");
    EXPECT_THAT(stage.run(kMicrocode).complaints, IsEmpty());
    stage.configure("[Microcode]\nOnNone=fail\n");
    EXPECT_EQ(stage.run(kMicrocode).code, 1);
    EXPECT_THAT(stage.names_but_notes(), ElementsAre("initrd"));
  });
}

TEST_F(OwnCpus, AreServedOnBareMetalAndNotInAGuest) {
  if (is_marked_container()) GTEST_SKIP() << "NOT RUN: /.dockerenv makes this a container";
  with_each_program([](const std::string& programs) {
    for (const bool is_guest : {false, true}) {
      Stage stage(programs);
      CpuinfoCpu cpu = kThis;
      if (is_guest) cpu.flags = kGuestFlags;
      play(stage, {cpu});
      const Told told = stage.run(kMicrocode);
      EXPECT_EQ(told.code, 0);
      EXPECT_EQ(support::exists(stage.staged("kip.d/early.cpio")), !is_guest) << told.err;
    }
  });
}

}  // namespace
}  // namespace kip::plugins_test
