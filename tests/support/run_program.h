// Runs a program to its end and keeps everything it said.
//
// Knows nothing of ours: a program is an argument vector. Both pipes are drained while standard
// input is fed, so no amount of text in either direction can hang the test.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kip::support {

struct RunOptions {
  std::string input = {};  // what standard input gives before its end
  std::string cwd = {};    // empty: where the test runs
  // Changes to the environment, on top of the test's own: a value sets, nullopt removes.
  std::vector<std::pair<std::string, std::optional<std::string>>> env = {};
};

struct RunResult {
  int exit_code = 0;  // 128 + n: ended by signal n. 127: no such program, `err` says so
  std::string out;
  std::string err;
  long peak_kib = 0;  // the most memory resident at one time

  [[nodiscard]] bool ok() const { return exit_code == 0; }
};

// argv[0] without a slash is looked for in PATH. REQUIRES: argv is not empty. Throws
// std::system_error when the machine has no pipe or process to give.
RunResult run_program(const std::vector<std::string>& argv, const RunOptions& options = {});

// The same, for preparing inputs: standard output if the program ended with 0, otherwise throws
// std::runtime_error with the command and what it said.
std::string must_run(const std::vector<std::string>& argv, const RunOptions& options = {});

// Is there such a program in PATH?
bool have_program(const std::string& name);

}  // namespace kip::support
