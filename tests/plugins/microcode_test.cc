// 45-kip-microcode: for whom it stages microcode, what it says where there is none, and when it
// stops kernel-install.
#include <gmock/gmock.h>
#include <ostream>

#include "tests/plugins/stage.h"

namespace kip::plugins_test {
namespace {

using support::IntelBlob;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kEarly = "kip.d/early.cpio";

struct NoneRow {
  const char* name;
  bool has_intel;  // the CPU's own update is in the tree
  const char* cpus;
  const char* conf;
  std::vector<std::string> complaints;  // what each begins with
  int code_with_fail;                   // OnNone=fail
};

void PrintTo(const NoneRow& row, std::ostream* out) {
  *out << row.name;
}

const std::string kNoneAdded = "warning: no microcode is added";

const std::vector<NoneRow> kNone = {
    {"NoFirmwareAtAll", false, "0xb06f2", "", {"0xb06f2: no microcode found for it"}, 1},
    {"NoneForThisCpu", true, "0x806f8", "", {"0x806f8: no microcode found for it"}, 1},
    {"NoneForThisAmdCpu", true, "cpu00A20F12", "", {"cpu00A20F12: no microcode found for it"}, 1},
    {"NoneForAll", false, "all", "", {}, 1},
    {"HeldBack",
     true,
     "0xb06f2",
     "Hold=0xb06f2\n",
     {"0xb06f2: no microcode found for it; revision 0x0000003a in"},
     1},
    {"PinnedToAnother",
     true,
     "0xb06f2",
     "Pin=0xb06f2,,eq:0x39\n",
     {"0xb06f2: no microcode found for it; revision 0x0000003a in"},
     1},
};

class None : public testing::TestWithParam<NoneRow> {};

TEST_P(None, IsAWarningAndWithOnNoneFailsAnEnd) {
  with_each_program([](const std::string& programs) {
    const NoneRow& row = GetParam();
    for (const bool fails : {false, true}) {
      SCOPED_TRACE(fails ? "OnNone=fail" : "OnNone=warn");
      Stage stage(programs);
      if (row.has_intel) stage.dir().write("tree/06-bf-02", IntelBlob().bytes());
      stage.serve(row.cpus);
      stage.configure(std::string("[Microcode]\n") + row.conf +
                      (fails ? "OnNone=fail\n" : "OnNone=warn\n"));
      stage.write("initrd", generated());
      const Told told = stage.run(kMicrocode);
      EXPECT_EQ(told.code, fails ? row.code_with_fail : 0) << told.err;
      for (const std::string& complaint : row.complaints) {
        const std::string severity = fails ? "error: " : "warning: ";
        EXPECT_THAT(told.complaints, Contains(testing::StartsWith(severity + complaint)));
      }
      EXPECT_THAT(stage.names_but_notes(), ElementsAre("initrd"));
      EXPECT_EQ(stage.run(kImage).err, "");
      EXPECT_TRUE(stage.read() == generated());
    }
  });
}

INSTANTIATE_TEST_SUITE_P(Every, None, testing::ValuesIn(kNone),
                         [](const auto& row) { return std::string(row.param.name); });

TEST(OnNoneFail, MeansEachCpuThatIsAskedFor) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    stage.dir().write("tree/06-bf-02", IntelBlob().bytes());
    stage.configure("[Microcode]\nOnNone=fail\n");
    stage.serve("0xb06f2 0x806f8");
    EXPECT_EQ(stage.run(kMicrocode).code, 1);
    EXPECT_THAT(stage.names_but_notes(), IsEmpty());
    stage.serve("0xb06f2");
    EXPECT_EQ(stage.run(kMicrocode).code, 0);
  });
}

// Found out only when the update is read whole.
TEST(BrokenUpdate, IsNotStagedAndEndsWithOneOnlyWhereOnNoneSaysSo) {
  with_each_program([](const std::string& programs) {
    for (const auto& [on_none, code] : {std::pair("warn", 0), std::pair("fail", 1)}) {
      SCOPED_TRACE(on_none);
      Stage stage(programs);
      stage.dir().write("tree/06-bf-02", IntelBlob().break_main_sum().bytes());
      stage.configure(std::string("[Microcode]\nOnNone=") + on_none + "\n");
      stage.serve(kIntel);
      const Told told = stage.run(kMicrocode);
      EXPECT_EQ(told.code, code) << told.err;
      EXPECT_THAT(told.complaints, Contains(kNoneAdded));
      EXPECT_FALSE(support::exists(stage.staged(kEarly)));
    }
  });
}

TEST(FirmwareThatIsMissing, IsAnError) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    stage.serve(kIntel);
    stage.set("KIP_FIRMWARE", stage.dir() / "none");
    const Told told = stage.run(kMicrocode);
    EXPECT_EQ(told.code, 0);
    EXPECT_THAT(told.complaints,
                ElementsAre("error: '" + (stage.dir() / "none") + "': No such file or directory",
                            kNoneAdded));
    EXPECT_THAT(stage.names_but_notes(), IsEmpty());
  });
}

TEST(EveryCpuAskedFor, IsServed) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    stage.dir().write("tree/06-bf-02", IntelBlob().bytes());
    stage.dir().write("tree/06-8f-08", IntelBlob().signature(0x806F8).revision(5).bytes());
    stage.dir().write("tree/06-8f-07", IntelBlob().signature(0x806F7).revision(4).bytes());
    stage.dir().write("tree/amd.bin", amd());
    stage.serve("0xb06f2 0x806f8 cpu00A00F11");
    stage.write("initrd", generated());
    stage.add();
    const auto early = early_part(stage.read(), generated());
    EXPECT_EQ(intel_revision(early), 0x3AU);
    EXPECT_EQ(intel_revision(early, 0x806F8), 5U);
    EXPECT_EQ(intel_revision(early, 0x806F7), 0U) << "nobody asked";
    EXPECT_EQ(amd_revision(early), 0x0A0011D5U);
    EXPECT_TRUE(stage.read(kEarly) == early);
  });
}

TEST(HoldAndPin, ChooseAmongRevisions) {
  with_each_program([](const std::string& programs) {
    for (const auto& [conf, revision] :
         {std::pair("", 0x3AU), std::pair("Hold=0xb06f2,,eq:0x3a\n", 0x39U),
          std::pair("Pin=0xb06f2,,eq:0x38\n", 0x38U)}) {
      SCOPED_TRACE(conf);
      Stage stage(programs);
      for (const std::uint32_t each : {0x38U, 0x39U, 0x3AU})
        stage.dir().write("tree/" + std::to_string(each), IntelBlob().revision(each).bytes());
      stage.configure(std::string("[Microcode]\n") + conf);
      stage.serve(kIntel);
      stage.write("initrd", generated());
      stage.add();
      EXPECT_EQ(intel_revision(stage.read()), revision);
    }
  });
}

TEST(SourceDateEpoch, IsTheTimeOfTheEarlyPart) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    stage.dir().write("tree/06-bf-02", IntelBlob().bytes());
    stage.serve(kIntel);
    stage.write("initrd", generated());
    stage.set("SOURCE_DATE_EPOCH", "1754006400");
    stage.add();
    const std::string image = support::to_string(stage.read());
    EXPECT_EQ(std::stoul(image.substr(6 + 5 * 8, 8), nullptr, 16), 1754006400U);
    // What has no number in it is said by each plugin, and the update's date counts.
    stage.set("SOURCE_DATE_EPOCH", "yesterday");
    for (const std::string& plugin : {kMicrocode, kImage}) {
      EXPECT_THAT(stage.run(plugin).complaints,
                  ElementsAre("warning: SOURCE_DATE_EPOCH is no number, ignoring it"));
    }
    EXPECT_EQ(std::stoul(support::to_string(stage.read()).substr(6 + 5 * 8, 8), nullptr, 16),
              1762819200U);
  });
}

}  // namespace
}  // namespace kip::plugins_test
