#include <gtest/gtest.h>
#include <stdexcept>

#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace kip::support {
namespace {

TEST(RunProgram, KeepsTheTwoOutputsApart) {
  const RunResult result = run_program({"sh", "-c", "echo out; echo err >&2; exit 3"});
  EXPECT_EQ(result.out, "out\n");
  EXPECT_EQ(result.err, "err\n");
  EXPECT_EQ(result.exit_code, 3);
}

TEST(RunProgram, FeedsAndDrainsMoreThanAPipeHolds) {
  std::string input;
  for (std::uint8_t byte : noise(3 << 20, 1)) input += static_cast<char>(byte);
  const RunResult result = run_program({"sh", "-c", "tee /dev/stderr"}, {.input = input});
  EXPECT_TRUE(result.out == input);
  EXPECT_TRUE(result.err == input);
}

TEST(RunProgram, GivesAnEmptyInputByDefault) {
  EXPECT_EQ(run_program({"cat"}).out, "");
}

TEST(RunProgram, SurvivesAProgramThatDoesNotListen) {
  const RunResult result = run_program({"true"}, {.input = std::string(3 << 20, 'x')});
  EXPECT_EQ(result.exit_code, 0);
}

TEST(RunProgram, TellsASignalFromAnExitCode) {
  EXPECT_EQ(run_program({"sh", "-c", "kill -9 $$"}).exit_code, 128 + 9);
}

TEST(RunProgram, SaysThatThereIsNoSuchProgram) {
  const RunResult result = run_program({"/no/such/program"});
  EXPECT_EQ(result.exit_code, 127);
  EXPECT_EQ(result.err, "/no/such/program: No such file or directory\n");
}

TEST(RunProgram, RunsWhereItIsTold) {
  const TempDir directory;
  EXPECT_EQ(run_program({"pwd", "-P"}, {.cwd = directory.path()}).out, directory.path() + "\n");
}

TEST(RunProgram, ChangesTheEnvironmentAndNothingElseOfIt) {
  const RunResult result = run_program({"sh", "-c", "echo $KIP_A ${HOME-none} ${PATH:+path}"},
                                       {.env = {{"KIP_A", "set"}, {"HOME", std::nullopt}}});
  EXPECT_EQ(result.out, "set none path\n");
}

TEST(RunProgram, MeasuresThePeakOfMemory) {
  EXPECT_GT(run_program({"true"}).peak_kib, 100);
}

TEST(MustRun, ThrowsWhatTheProgramSaid) {
  try {
    must_run({"sh", "-c", "echo why >&2; exit 1"});
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find("ended with 1: why"), std::string::npos);
  }
}

TEST(HaveProgram, KnowsThePath) {
  EXPECT_TRUE(have_program("sh"));
  EXPECT_FALSE(have_program("kip-no-such-program"));
}

TEST(TempDir, IsGoneWithEverythingInIt) {
  std::string path;
  {
    const TempDir directory;
    path = directory.path();
    directory.write("a/b/c", "text");
    directory.link("dangling", "nowhere");
    directory.fifo("pipe");
    EXPECT_EQ(names_in(path), (std::vector<std::string>{"a", "dangling", "pipe"}));
  }
  EXPECT_FALSE(exists(path));
}

}  // namespace
}  // namespace kip::support
