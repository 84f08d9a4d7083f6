// The command line: parsing, completion, messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "src/cli/options.h"
#include "src/cli/report.h"

namespace kip::cli {
namespace {

using testing::HasSubstr;
using testing::internal::CaptureStderr;
using testing::internal::CaptureStdout;
using testing::internal::GetCapturedStderr;
using testing::internal::GetCapturedStdout;

// A program with two verbs and one option of each kind.
struct Program {
  Program() : app("Does things.", "kip-sample"), messages("kip-sample") {
    app.require_subcommand(0, 1);
    add_report_options(app, report);
    pack = app.add_subcommand("pack", "write the archive (it's the default)");
    add_list(*pack, "--cpu", cpus, "CPUs", "SPEC");
    add_output_options(*pack, output);
    list = app.add_subcommand("list", "every update");
    list->add_option("PATH", paths, "files");
    app.add_option("--hidden", hidden)->group("");
  }

  std::optional<ExitCode> run(std::vector<std::string> words) {
    words.insert(words.begin(), "kip-sample");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    return parse(app, messages, static_cast<int>(argv.size()), argv.data());
  }

  CLI::App app;
  Messages messages;
  CLI::App* pack = nullptr;
  CLI::App* list = nullptr;
  ReportOptions report;
  OutputOptions output;
  std::vector<std::string> cpus;
  std::vector<std::string> paths;
  std::string hidden;
};

TEST(Parse, GoesOnWithAGoodCommandLine) {
  Program program;
  EXPECT_EQ(program.run({"pack", "-o", "file", "--force", "-n"}), std::nullopt);
  EXPECT_TRUE(program.pack->parsed());
  EXPECT_EQ(program.output.path, "file");
  EXPECT_TRUE(program.output.force);
  EXPECT_TRUE(program.output.dry_run);
}

TEST(Parse, EndsWithUsageForAnUnknownOption) {
  Program program;
  CaptureStderr();
  EXPECT_EQ(program.run({"--nonsense"}), ExitCode::kUsage);
  EXPECT_THAT(GetCapturedStderr(), HasSubstr("kip-sample: error: "));
}

TEST(Parse, RefusesQuietAndVerboseTogether) {
  Program program;
  CaptureStderr();
  EXPECT_EQ(program.run({"-q", "-v"}), ExitCode::kUsage);
  GetCapturedStderr();
}

TEST(Parse, PrintsHelpOnStdout) {
  Program program;
  CaptureStdout();
  EXPECT_EQ(program.run({"--help"}), ExitCode::kDone);
  EXPECT_THAT(GetCapturedStdout(), HasSubstr("every update"));
}

TEST(AddList, TakesOneValueEachTime) {
  Program program;
  EXPECT_EQ(program.run({"pack", "--cpu", "a", "--cpu", "b"}), std::nullopt);
  EXPECT_EQ(program.cpus, (std::vector<std::string>{"a", "b"}));
}

TEST(AddList, SwallowsNoPositional) {
  Program program;
  std::vector<std::string> values;
  add_list(*program.list, "--take", values, "values", "VALUE");
  EXPECT_EQ(program.run({"list", "--take", "a", "b", "c"}), std::nullopt);
  EXPECT_EQ(values, std::vector<std::string>{"a"});
  EXPECT_EQ(program.paths, (std::vector<std::string>{"b", "c"}));
}

TEST(ReportOptions, ChooseTheLevel) {
  EXPECT_EQ(ReportOptions{}.level(), Messages::Level::kNormal);
  EXPECT_EQ((ReportOptions{false, true, false}.level()), Messages::Level::kVerbose);
  EXPECT_EQ((ReportOptions{false, false, true}.level()), Messages::Level::kQuiet);
}

struct Said {
  const char* name;
  Messages::Level level;
  const char* text;
};

TEST(Messages, SayAsMuchAsTheLevelAllows) {
  const Said rows[] = {
      {"quiet", Messages::Level::kQuiet, "p: error: e\n"},
      {"normal", Messages::Level::kNormal, "p: error: e\np: warning: w\np: n\n"},
      {"verbose", Messages::Level::kVerbose, "p: error: e\np: warning: w\np: n\np: d\n"},
  };
  for (const Said& row : rows) {
    CaptureStderr();
    Messages messages("p");
    messages.set_level(row.level);
    messages.error("e");
    messages.warning("w");
    messages.note("n");
    messages.detail("d");
    EXPECT_EQ(GetCapturedStderr(), row.text) << row.name;
  }
}

TEST(Messages, SayFindingsByTheirSeverity) {
  CaptureStderr();
  const Messages messages("p");
  messages.finding({Severity::kError, "r", "f", 16, "bad", "mend it"});
  messages.finding({Severity::kWarning, "r", "f", {}, "odd", ""});
  messages.finding({Severity::kNote, "r", "", {}, "so", ""});
  EXPECT_EQ(GetCapturedStderr(),
            "p: error: 'f': offset 0x10: bad (mend it)\np: warning: 'f': odd\np: so\n");
}

TEST(Messages, NameThePathOfAnError) {
  CaptureStderr();
  const Messages messages("p");
  messages.error_at("a\nb", {Errc::kCorrupt, "is broken", 8, 0});
  EXPECT_EQ(GetCapturedStderr(), "p: error: 'a\\x0ab': offset 0x8: is broken\n");
}

TEST(Messages, HaveNoColourBesideATerminal) {
  CaptureStderr();
  const Messages messages("p");
  messages.error("e");
  EXPECT_EQ(GetCapturedStderr().find('\033'), std::string::npos);
}

TEST(Worse, IsTheHigherExitCode) {
  EXPECT_EQ(worse(ExitCode::kNo, ExitCode::kFailed), ExitCode::kFailed);
  EXPECT_EQ(worse(ExitCode::kNothing, ExitCode::kDone), ExitCode::kNothing);
}

TEST(TargetsText, NamesEveryTarget) {
  ucode::Update update;
  update.targets = {{{0x000806f8}, 0x87}, {{0x000806f7}, 0x10}};
  EXPECT_EQ(targets_text(update), "06-8f-08 0x000806f8 pf 0x87, 06-8f-07 0x000806f7 pf 0x10");
}

TEST(ListText, IsOneLineAnUpdate) {
  UpdateRow row;
  row.update.revision = 0x2b000639;
  row.update.date = 0x04152025;
  row.update.size = 1024;
  row.update.targets = {{{0x000806f8}, 0x87}};
  row.file = "a\nb";
  EXPECT_EQ(to_text(ListReport{{row}, {}}),
            "intel 0x000806f8 0x87 0x2b000639 2025-04-15 1024 'a\\x0ab' 0x0 -\n");
}

TEST(HostText, SaysWhatIsNotKnown) {
  HostReport report;
  report.machine.cpus.resize(1);
  report.machine.cpus[0].vendor = ucode::Vendor::kIntel;
  report.machine.cpus[0].vendor_id = "GenuineIntel";
  report.machine.cpus[0].signature = {0x000806f8};
  EXPECT_EQ(to_text(report),
            "GenuineIntel 06-8f-08 0x000806f8 pf unknown revision unknown cpus 1\n"
            "hypervisor: no\n");
}

}  // namespace
}  // namespace kip::cli
