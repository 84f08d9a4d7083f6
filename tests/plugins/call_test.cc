// Both plugins: calls that are none of theirs, settings that stop them, and what they say and do
// not say. What goes for one goes for the other.
#include <gmock/gmock.h>
#include <ostream>

#include "tests/plugins/stage.h"

namespace kip::plugins_test {
namespace {

using support::IntelBlob;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

void prepare(Stage& stage) {
  stage.dir().write("tree/06-bf-02", IntelBlob().bytes());
  stage.serve(kIntel);
  stage.write("initrd", generated());
}

// Everything but the call is as for an addition.
struct CallRow {
  const char* name;
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::optional<std::string>>> changes;
  int code;
  const char* said;     // with KERNEL_INSTALL_VERBOSE
  bool always = false;  // without as well
};

void PrintTo(const CallRow& row, std::ostream* out) {
  *out << row.name;
}

const std::vector<std::string> kAdd = {"add", kKernel, "/entry", "/vmlinuz"};
const char* const kStagingArea = "KERNEL_INSTALL_STAGING_AREA";

const std::vector<CallRow> kCalls = {
    {"RemoveOfAKernelThatWasNeverInstalled",
     {"remove", kKernel, "/entry"},
     {},
     0,
     "nothing to do for 'remove'"},
    {"RemoveWithoutArguments", {"remove"}, {}, 0, "nothing to do for 'remove'"},
    {"AnUnknownVerb", {"ad\nd", "x"}, {}, 0, "nothing to do for 'ad\\x0ad'"},
    {"OstreesLayout",
     kAdd,
     {{"KERNEL_INSTALL_LAYOUT", "ostree"}},
     0,
     "the initrd of an ostree deployment is not ours to change"},
    {"Systemd250",
     kAdd,
     {{kStagingArea, std::nullopt}, {"KERNEL_INSTALL_IMAGE_TYPE", std::nullopt}},
     0,
     "no staging area: systemd before 251, whose plugins cannot add to an initrd"},
    {"ByHandWithAVariableLeftOver", kAdd, {{kStagingArea, std::nullopt}}, 0, "no staging area"},
    {"ByHandWithoutArguments", {}, {}, 1, "error: kernel-install runs this: add KVER", true},
    {"AddWithoutImage",
     {"add", kKernel, "/entry"},
     {},
     1,
     "error: kernel-install runs this: add",
     true},
};

class Call : public testing::TestWithParam<CallRow> {};

TEST_P(Call, IsLeftAloneByBoth) {
  with_each_program([](const std::string& programs) {
    const CallRow& row = GetParam();
    for (const std::string& plugin : {kMicrocode, kImage}) {
      for (const char* const verbose : {"0", "1"}) {
        SCOPED_TRACE(plugin + " " + verbose);
        Stage stage(programs);
        prepare(stage);
        for (const auto& [name, value] : row.changes) stage.set(name, value);
        stage.set("KERNEL_INSTALL_VERBOSE", verbose);
        const Told told = stage.run(plugin, row.arguments);
        EXPECT_EQ(told.code, row.code);
        const bool speaks = row.always || *verbose == '1';
        EXPECT_THAT(told.err, speaks ? HasSubstr(plugin + ": " + row.said) : HasSubstr(""));
        EXPECT_EQ(told.complaints.size() + told.notes.size(), speaks ? 1U : 0U) << told.err;
        EXPECT_THAT(stage.names(), ElementsAre("initrd"));
        EXPECT_TRUE(stage.read() == generated());
      }
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Every, Call, testing::ValuesIn(kCalls),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(KernelThatIsAUki, IsLeftWithAWarning) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    stage.set("KERNEL_INSTALL_IMAGE_TYPE", "uki");
    EXPECT_THAT(
        stage.run(kMicrocode).complaints,
        ElementsAre("warning: no microcode is added: the kernel is a unified image already, "
                    "and its initrd is sealed in it"));
    EXPECT_EQ(stage.run(kImage).err, "");
    EXPECT_THAT(stage.names(), ElementsAre("initrd"));
    EXPECT_TRUE(stage.read() == generated());
  });
}

// Run as root with an empty staging area, 45 would have made /kip.d.
TEST(CallWithoutStagingArea, WritesNothingIntoTheRoot) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    stage.set(kStagingArea, "");
    const bool before = support::exists("/kip.d");
    EXPECT_EQ(stage.run(kMicrocode).err, "");
    EXPECT_EQ(support::exists("/kip.d"), before);
  });
}

// -- Settings.

struct ConfRow {
  const char* name;
  const char* conf;
  const char* cpus;                     // KIP_CPU
  std::vector<std::string> complaints;  // parts of them
  int code = 0;
};

void PrintTo(const ConfRow& row, std::ostream* out) {
  *out << row.name;
}

const char* const kMended = "error: the image is left as it is until that is mended";

const std::vector<ConfRow> kStopped = {
    {"TurnedOff", "[Image]\nEnabled=no\n", "0xb06f2", {}},
    {"AHoldThatIsMisspelt", "[Microcode]\nHold=0xzz\n", "0xb06f2", {"test.conf:2'", kMended}},
    {"APinWithoutRevision", "[Microcode]\nPin=0xb06f2\n", "0xb06f2", {"test.conf:2'", kMended}},
    {"ALineThatIsNone", "[Microcode]\nOnNone=warn\r\n", "0xb06f2", {"test.conf:2'", kMended}},
    {"AKeyWithoutSection", "OnNone=warn\n", "0xb06f2", {"test.conf:1'", kMended}},
    {"BytesOfAPicture", "\x89PNG\r\n\x1a\n", "0xb06f2", {"test.conf:1'", "test.conf", kMended}},
    {"ACpuThatIsNone", "", "nonsense", {"'KIP_CPU': 'nonsense'", kMended}},
    {"BrokenAndFailing",
     "[Microcode]\nOnNone=fail\nHold=0xzz\n",
     "0xb06f2",
     {"test.conf:3'", kMended},
     1},
    {"AKeyThatIsNone",
     "[Microcode]\nHolds=0xb06f2\n",
     "0xb06f2",
     {"unknown key 'Holds' in [Microcode]", kMended}},
    {"TurnedOffAndFailing", "[Image]\nEnabled=no\n[Microcode]\nOnNone=fail\n", "0x806f8", {}},
};

class Stopped : public testing::TestWithParam<ConfRow> {};

TEST_P(Stopped, LeavesTheImageAsItIs) {
  with_each_program([](const std::string& programs) {
    const ConfRow& row = GetParam();
    Stage stage(programs);
    prepare(stage);
    ASSERT_EQ(stage.run(kMicrocode).err, "") << "an early part is there, and stays where it is";
    stage.configure(row.conf);
    stage.serve(row.cpus);
    for (const std::string& plugin : {kMicrocode, kImage}) {
      const Told told = stage.run(plugin);
      EXPECT_EQ(told.code, row.code);
      EXPECT_THAT(told.complaints, SizeIs(row.complaints.size()));
      for (const std::string& complaint : row.complaints)
        EXPECT_THAT(told.complaints, Contains(HasSubstr(complaint)));
      EXPECT_TRUE(stage.read() == generated());
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Every, Stopped, testing::ValuesIn(kStopped),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(TurnedOff, SaysWhereToWhoeverAsks) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    stage.dir().write("root/etc/kip/kip.conf.d/two\nlines.conf",
                      std::string_view("[Image]\nEnabled=no\n"));
    stage.set("KERNEL_INSTALL_VERBOSE", "1");
    for (const std::string& plugin : {kMicrocode, kImage}) {
      EXPECT_THAT(stage.run(plugin).notes,
                  ElementsAre("turned off by '/etc/kip/kip.conf.d/two\\x0alines.conf:2'"));
    }
  });
}

// It may hide a hold.
TEST(UnknownSection, LeavesTheImageAsItIs) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    stage.configure("[Colours]\nColour=blue\n");
    for (const std::string& plugin : {kMicrocode, kImage})
      EXPECT_THAT(stage.run(plugin).complaints,
                  ElementsAre(HasSubstr("unknown section 'Colours'"), HasSubstr("left as it is")));
    EXPECT_EQ(intel_revision(stage.read()), 0U);
  });
}

TEST(KipRoot, ThatIsMissingIsAnError) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    stage.set("KIP_ROOT", stage.dir() / "none");
    for (const std::string& plugin : {kMicrocode, kImage}) {
      EXPECT_THAT(stage.run(plugin).complaints,
                  Contains(AllOf(HasSubstr("none'"), HasSubstr("No such file"))));
    }
    EXPECT_THAT(stage.names(), ElementsAre("initrd"));
    // Without the caller's own root it is nothing to us; this machine's settings count.
    stage.set("KERNEL_INSTALL_CONF_ROOT", std::nullopt);
    EXPECT_EQ(stage.run(kImage).err, "");
  });
}

// -- What is said.

TEST(Verbose, SaysWhatIsAddedAndWhy) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    stage.set("KERNEL_INSTALL_VERBOSE", "1");
    const Told chosen = stage.run(kMicrocode);
    EXPECT_THAT(chosen.complaints, IsEmpty());
    EXPECT_THAT(chosen.notes, Contains(AllOf(HasSubstr("0xb06f2"), HasSubstr("0x0000003a"))));
    const Told merged = stage.run(kImage);
    EXPECT_THAT(merged.complaints, IsEmpty());
    EXPECT_THAT(merged.notes, ElementsAre(AllOf(HasSubstr("initrd': 1 update of microcode, "),
                                                HasSubstr("in front of 1001 bytes"))));
  });
}

TEST(StandardDescriptorsThatAreClosed, GetIntoNoFile) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    stage.set("KERNEL_INSTALL_VERBOSE", "1");
    stage.set_launcher({"sh", "-c", "exec \"$0\" \"$@\" <&- >&- 2>&-"});
    for (const std::string& plugin : {kMicrocode, kImage}) EXPECT_EQ(stage.run(plugin).code, 0);
    EXPECT_EQ(intel_revision(early_part(stage.read(), generated())), 0x3AU);
  });
}

// A pager that was left, or a package manager that has gone: no reason to lose a boot entry.
TEST(StandardErrorThatNobodyReads, EndsNothing) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    stage.set("KERNEL_INSTALL_VERBOSE", "1");
    stage.set_launcher({"python3", "-I", "-S", "-c",
                        "import os, signal, sys\n"
                        "signal.signal(signal.SIGPIPE, signal.SIG_DFL)\n"
                        "r, w = os.pipe(); os.close(r); os.dup2(w, 2)\n"
                        "os.execv(sys.argv[1], sys.argv[1:])"});
    for (const std::string& plugin : {kMicrocode, kImage}) EXPECT_EQ(stage.run(plugin).code, 0);
    EXPECT_EQ(intel_revision(early_part(stage.read(), generated())), 0x3AU);
  });
}

// -- Gentoo's installkernel: preinst.d, VERSION IMAGE.

TEST(Gentoo, HasTheStagedInitrdMerged) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    stage.become_gentoo();
    stage.add();
    EXPECT_EQ(intel_revision(early_part(stage.read(), generated())), 0x3AU);
    EXPECT_EQ(stage.call().size(), 2U);
  });
}

TEST(Gentoo, SaysMoreIfInstallkernelDoes) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    prepare(stage);
    stage.become_gentoo();
    stage.set("INSTALLKERNEL_VERBOSE", "1");
    EXPECT_FALSE(stage.run(kMicrocode).notes.empty());
    EXPECT_FALSE(stage.run(kImage).notes.empty());
  });
}

}  // namespace
}  // namespace kip::plugins_test
