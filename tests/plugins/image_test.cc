// 58-kip-image: what becomes of the one staged initrd, by what was in it before.
#include <gmock/gmock.h>
#include <ostream>

#include "tests/plugins/stage.h"
#include "tests/support/kernel_finder.h"

namespace kip::plugins_test {
namespace {

using support::AmdBlob;
using support::AmdPatch;
using support::Blob;
using support::IntelBlob;
using support::kAmdPath;
using support::kIntelPath;
using support::NewcBlob;
using testing::ElementsAre;

constexpr std::uint32_t kOther = 0x806F8;

Blob update(std::uint32_t revision) {
  return IntelBlob().revision(revision).bytes();
}

Blob other_update() {
  return IntelBlob().signature(kOther).revision(9).bytes();
}

// As mkinitcpio and dracut have it today: an uncompressed archive with anything but microcode.
Blob raw_archive() {
  return NewcBlob()
      .directory("usr")
      .directory("usr/lib")
      .file("usr/lib/module.ko.zst", support::noise(333, 5))
      .pad_to(512)
      .bytes();
}

Blob acpi_archive() {
  return NewcBlob()
      .directory("kernel")
      .directory("kernel/firmware")
      .directory("kernel/firmware/acpi")
      .file("kernel/firmware/acpi/dsdt.aml", support::noise(200, 6))
      .pad_to(512)
      .bytes();
}

Blob lz4() {
  Blob bytes = {0x02, 0x21, 0x4c, 0x18};
  support::append(bytes, support::noise(501, 8));
  return bytes;
}

Blob behind(const Blob& early, const Blob& rest) {
  return support::join({early, rest});
}

// Our update is always 0x3a for kIntelCpu.
struct BaseRow {
  const char* name;
  Blob base;
  Blob kept;            // what stands behind the early part; empty: the base stays as it is
  std::uint32_t other;  // revision that the result has for kOther
};

void PrintTo(const BaseRow& row, std::ostream* out) {
  *out << row.name;
}

Blob rest() {
  return generated();
}

std::vector<BaseRow> bases() {
  const Blob two = support::join({update(0x39), other_update()});
  const Blob newer_and_other = support::join({update(0x3B), other_update()});
  return {
      {"Compressed", rest(), rest(), 0},
      {"CompressedByAnUnknownMethod", support::noise(777, 3), support::noise(777, 3), 0},
      {"CompressedByLegacyLz4", lz4(), lz4(), 0},
      {"RawWithModulesOnly", behind(raw_archive(), rest()), behind(raw_archive(), rest()), 0},
      {"RawWithAcpiTables", behind(acpi_archive(), rest()), behind(acpi_archive(), rest()), 0},
      {"Empty", Blob(), Blob(), 0},
      {"WithTheSameMicrocode", behind(early_archive(kIntelPath, update(0x3A)), rest()), {}, 0},
      {"WithNewerMicrocode", behind(early_archive(kIntelPath, update(0x3B)), rest()), {}, 0},
      {"WithNewerMicrocodeAndMore",
       behind(early_archive(kIntelPath, newer_and_other), rest()),
       {},
       9},
      {"WithOlderMicrocode", behind(early_archive(kIntelPath, update(0x39)), rest()), rest(), 0},
      {"WithOlderMicrocodeAndThatOfAnother", behind(early_archive(kIntelPath, two), rest()), rest(),
       9},
      {"WithMicrocodeOfAnotherOnly", behind(early_archive(kIntelPath, other_update()), rest()),
       rest(), 9},
      {"WithMicrocodeThatIsDamaged",
       behind(early_archive(kIntelPath, IntelBlob().revision(0x3B).break_main_sum().bytes()),
              rest()),
       rest(), 0},
      {"WithAcpiTablesInFrontOfTheMicrocode",
       behind(acpi_archive(), behind(early_archive(kIntelPath, update(0x39)), rest())),
       behind(acpi_archive(), rest()), 0},
  };
}

class Base : public testing::TestWithParam<BaseRow> {};

TEST_P(Base, GetsTheEarlyPartUnlessItServesTheCpus) {
  with_each_program([](const std::string& programs) {
    const BaseRow& row = GetParam();
    Stage stage(programs);
    stage.dir().write("tree/06-bf-02", update(0x3A));
    stage.serve(kIntel);
    stage.write("initrd", row.base);
    const bool damaged = std::string(row.name).ends_with("Damaged");
    EXPECT_EQ(stage.run(kMicrocode).err, "");
    const Told told = stage.run(kImage);
    EXPECT_EQ(told.code, 0);
    EXPECT_EQ(told.err, "") << damaged;
    if (row.kept.empty() && !row.base.empty()) {
      EXPECT_TRUE(stage.read() == row.base);
    } else {
      const Blob early = early_part(stage.read(), row.kept);
      EXPECT_EQ(intel_revision(early), 0x3AU);
      EXPECT_EQ(intel_revision(early, kOther), row.other);
    }
    EXPECT_THAT(stage.names(), ElementsAre("initrd", "kip.d"));
  });
}

INSTANTIATE_TEST_SUITE_P(Every, Base, testing::ValuesIn(bases()),
                         [](const auto& row) { return std::string(row.param.name); });

// Debian 12 makes us run at 86 as well, and a generator's image is installed again and again.
TEST_P(Base, IsTheSameAfterASecondRun) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    stage.dir().write("tree/06-bf-02", update(0x3A));
    stage.serve(kIntel);
    stage.write("initrd", GetParam().base);
    stage.add();
    const Blob once = stage.read();
    EXPECT_EQ(stage.run(kImage).err, "");
    EXPECT_TRUE(stage.read() == once);
    stage.add();
    EXPECT_TRUE(stage.read() == once);
  });
}

TEST(ConflictStrip, LeavesOutWhatTheBaseHadForOthers) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    stage.dir().write("tree/06-bf-02", update(0x3A));
    stage.serve(kIntel);
    stage.configure("[Microcode]\nConflict=strip\n");
    stage.write("initrd", behind(early_archive(kIntelPath, other_update()), rest()));
    stage.add();
    const Blob early = early_part(stage.read(), rest());
    EXPECT_EQ(intel_revision(early), 0x3AU);
    EXPECT_EQ(intel_revision(early, kOther), 0U);
  });
}

TEST(BaseOfTheOtherVendor, KeepsItsMicrocodeInTheMergedPart) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    stage.dir().write("tree/06-bf-02", update(0x3A));
    stage.serve(kIntel);
    stage.write("initrd", behind(early_archive(kAmdPath, amd()), rest()));
    stage.add();
    const Blob early = early_part(stage.read(), rest());
    EXPECT_EQ(intel_revision(early), 0x3AU);
    EXPECT_EQ(amd_revision(early), 0x0A0011D5U);
  });
}

TEST(BaseThatServesOneOfTwoVendors, GetsAPartForBoth) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    stage.dir().write("tree/06-bf-02", update(0x3A));
    stage.dir().write("tree/amd.bin", amd());
    stage.serve(kIntel + " " + kAmd);
    stage.write("initrd", behind(early_archive(kAmdPath, amd(0x0A0011D6)), rest()));
    stage.add();
    const Blob early = early_part(stage.read(), rest());
    EXPECT_EQ(intel_revision(early), 0x3AU);
    EXPECT_EQ(amd_revision(early), 0x0A0011D6U) << "the newer one was in the base";
  });
}

TEST(Kernels, OfOneRunAreNothingToEachOther) {
  with_each_program([](const std::string& programs) {
    Stage first(programs);
    Stage second(programs);
    for (Stage* const stage : {&first, &second}) {
      stage->dir().write("tree/06-bf-02", update(0x3A));
      stage->serve(kIntel);
      stage->write("initrd", generated());
    }
    EXPECT_EQ(first.run(kMicrocode).err, "");
    EXPECT_EQ(second.run(kImage).err, "") << "of the other staging area it knows nothing";
    EXPECT_TRUE(second.read() == generated());
    EXPECT_EQ(first.run(kImage).err, "");
    second.add();
    EXPECT_TRUE(first.read() == second.read());
  });
}

TEST(PluginMasked, LeavesTheOtherHarmless) {
  with_each_program([](const std::string& programs) {
    Stage stage(programs);
    stage.dir().write("tree/06-bf-02", update(0x3A));
    stage.serve(kIntel);
    stage.write("initrd", generated());
    EXPECT_EQ(stage.run(kImage).err, "");
    EXPECT_TRUE(stage.read() == generated());
    EXPECT_EQ(stage.run(kMicrocode).err, "");
    EXPECT_TRUE(stage.read() == generated());
    EXPECT_THAT(stage.names(), ElementsAre("initrd", "kip.d"));
  });
}

// What the generator packed against a hold: named, whatever becomes of it.
struct HeldRow {
  const char* name;
  bool has_firmware;  // 0x3a for kIntelCpu
  const char* hold;
  Blob early;  // the generator's
  std::string complaint;
  std::uint32_t loads;  // kIntelCpu, in the end
};

void PrintTo(const HeldRow& row, std::ostream* out) {
  *out << row.name;
}

class Held : public testing::TestWithParam<HeldRow> {};

TEST_P(Held, IsNamed) {
  with_each_program([](const std::string& programs) {
    const HeldRow& row = GetParam();
    Stage stage(programs);
    stage.dir().directory("tree");
    if (row.has_firmware) stage.dir().write("tree/06-bf-02", update(0x3A));
    stage.serve(kIntel);
    stage.configure(std::string("[Microcode]\nHold=") + row.hold + "\n");
    stage.write("initrd", behind(early_archive(kIntelPath, row.early), generated()));
    (void)stage.run(kMicrocode);
    EXPECT_THAT(stage.run(kImage).complaints, ElementsAre(testing::HasSubstr(row.complaint)));
    EXPECT_EQ(intel_revision(stage.read()), row.loads);
  });
}

INSTANTIATE_TEST_SUITE_P(
    Updates, Held,
    testing::Values(
        HeldRow{"LeftOutOfAMergedImage", true, "0xb06f2,,eq:0x3b", update(0x3B),
                "revision 0x0000003b for 06-bf-02 came with the initrd, against Hold= or Pin=, and "
                "is left out",
                0x3A},
        HeldRow{"StaysWhereThereIsNoneOfOurs", false, "0xb06f2,,eq:0x3b", update(0x3B),
                "revision 0x0000003b for 06-bf-02 came with the initrd, against Hold= or Pin=, and "
                "stays: no microcode of ours",
                0x3B},
        HeldRow{"StaysWhereTheImageServes", true, "0x806f8",
                support::join({update(0x3A), other_update()}),
                "revision 0x00000009 for 06-8f-08 came with the initrd, against Hold= or Pin=, and "
                "stays: the image serves",
                0x3A}),
    [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace kip::plugins_test
