// check-boot's figures, byte for byte, and its entry in the journal.
#include <algorithm>
#include <gmock/gmock.h>

#include "src/cli/boot_report.h"
#include "tests/support/temp_dir.h"

namespace kip::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

BootRow row(std::uint32_t running, std::uint32_t packed, BootVerdict verdict) {
  return {"06-8f-08 0x000806f8,0x10",
          "intel",
          {0x806f8},
          0x10,
          4,
          running,
          packed,
          verdict,
          "a text",
          ""};
}

BootRow amd(std::uint32_t running) {
  return {"19-01-01 0x00a00f11", "amd",    {0xa00f11}, std::nullopt, 64, running, std::nullopt,
          BootVerdict::kNothing, "a text", ""};
}

BootReport report(std::vector<BootRow> rows) {
  return {"6.12.1", {"/boot/initrd"}, true, false, std::move(rows)};
}

TEST(BootFigures, AreTheseBytesInWhateverOrderCpusCome) {
  std::vector<BootRow> rows = {row(0x2b000650, 0x2b000650, BootVerdict::kTaken),
                               row(0x2b000639, 0x2b000650, BootVerdict::kLags), amd(0x0a0011d5)};
  rows[1].count = 1;
  const char* const expected =
      R"(# HELP kip_microcode_checked Whether the last check of the running microcode could be done.
# TYPE kip_microcode_checked gauge
kip_microcode_checked 1
# HELP kip_microcode_cpus Logical CPUs of a kind.
# TYPE kip_microcode_cpus gauge
kip_microcode_cpus{vendor="amd",signature="0x00a00f11"} 64
kip_microcode_cpus{vendor="intel",signature="0x000806f8",platform_flags="0x10"} 5
# HELP kip_microcode_hypervisor Whether a hypervisor owns the microcode.
# TYPE kip_microcode_hypervisor gauge
kip_microcode_hypervisor 0
# HELP kip_microcode_packed_revision Revision in the image that was booted.
# TYPE kip_microcode_packed_revision gauge
kip_microcode_packed_revision{vendor="intel",signature="0x000806f8",platform_flags="0x10"} 721421904
# HELP kip_microcode_running_revision Revision that runs, the oldest of a kind.
# TYPE kip_microcode_running_revision gauge
kip_microcode_running_revision{vendor="amd",signature="0x00a00f11"} 167776725
kip_microcode_running_revision{vendor="intel",signature="0x000806f8",platform_flags="0x10"} 721421881
# HELP kip_microcode_taken 0 where a CPU runs an older revision than it should.
# TYPE kip_microcode_taken gauge
kip_microcode_taken{vendor="intel",signature="0x000806f8",platform_flags="0x10"} 0
)";
  EXPECT_EQ(to_metrics(report(rows)), expected);
  std::reverse(rows.begin(), rows.end());
  EXPECT_EQ(to_metrics(report(rows)), expected);
}

TEST(BootFigures, TellWhatTheNextBootBringsApart) {
  const std::string text = to_metrics(report({row(0x39, 0x3a, BootVerdict::kNextBoot)}));
  EXPECT_THAT(text, HasSubstr("kip_microcode_next_boot_revision{vendor=\"intel\",signature="
                              "\"0x000806f8\",platform_flags=\"0x10\"} 58\n"));
  EXPECT_THAT(text, Not(HasSubstr("kip_microcode_packed_revision")));
  EXPECT_THAT(text, Not(HasSubstr("kip_microcode_taken")));
}

TEST(BootFigures, SayThatARevisionIsNotShown) {
  BootRow unknown = row(0, 0x3a, BootVerdict::kUnknown);
  unknown.running.reset();
  const std::string text = to_metrics(report({unknown}));
  EXPECT_THAT(text, HasSubstr("kip_microcode_checked 0\n"));
  EXPECT_THAT(text, Not(HasSubstr("running_revision")));
  EXPECT_THAT(text, HasSubstr("kip_microcode_packed_revision{"));
}

TEST(BootFigures, EscapeVendorsOfOthers) {
  BootRow strange = amd(1);
  strange.vendor = "a\"b\\c\nd";
  EXPECT_THAT(to_metrics(report({strange})), HasSubstr(R"({vendor="a\"b\\c\nd",signature=)"));
}

TEST(BootEntry, HasTheIdThatTheManualNames) {
  const std::string page = support::to_string(
      support::read_file(std::string(KIP_SOURCE_ROOT) + "/docs/man/ucode-pack.1.scd"));
  EXPECT_THAT(page, HasSubstr("_MESSAGE_ID_ is " + std::string(kBootMessageId) +
                              ":\n\n\tjournalctl -b MESSAGE_ID=" + kBootMessageId + "\n"));
}

TEST(BootEntry, WarnsOnlyWhereSomethingIsAmiss) {
  const auto field = [](const BootReport& it, const std::string& name) {
    for (const JournalField& one : to_journal(it))
      if (one.name == name) return one.value;
    return std::string("none");
  };
  const BootReport well = report({row(1, 1, BootVerdict::kTaken)});
  EXPECT_EQ(field(well, "PRIORITY"), "6");
  EXPECT_EQ(field(well, "MESSAGE"), "06-8f-08 0x000806f8,0x10, 4 CPUs: runs 0x00000001: a text");
  EXPECT_EQ(field(report({row(1, 2, BootVerdict::kNotTaken)}), "PRIORITY"), "4");
  EXPECT_EQ(field(report({row(1, 2, BootVerdict::kNextBoot)}), "PRIORITY"), "6");
  EXPECT_EQ(field(report({amd(1)}), "PRIORITY"), "6");
  EXPECT_EQ(field(report({amd(1)}), "MESSAGE"),
            "19-01-01 0x00a00f11, 64 CPUs: runs 0x00000001: a text");
  EXPECT_EQ(field(report({amd(1)}), "KIP_CPU"),
            "19-01-01 0x00a00f11 count=64 running=0x00000001 verdict=nothing");
}

}  // namespace
}  // namespace kip::cli
