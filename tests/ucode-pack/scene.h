// One run of ucode-pack after another in a scratch directory, as somebody at a shell would see it.
//
// The scene is the working directory: `tree/` for firmware, `out/` for what is written. Paths in
// arguments and messages are relative to it, so that messages can be compared whole.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace kip::ucode_pack_test {

/// The program of this build; and, where KIP_PROGRAMS names a directory, that one's (a release
/// build behind a sanitized test). The first is never missing.
std::vector<std::string> programs();

/// The one to start hundreds of times: KIP_PROGRAMS's if there is one.
std::string quick_program();

/// Built with a sanitizer: its memory says nothing.
bool is_instrumented(const std::string& program);

inline constexpr long kPeakLimitKib = 32 * 1024;

struct Told {
  int code = 0;
  std::string out;                      // standard output
  std::string err;                      // standard error, as it came
  std::vector<std::string> complaints;  // "error: …" and "warning: …", the program's name left out
  std::vector<std::string> notes;       // every other line of standard error
};

class Scene {
 public:
  /// `below`: where the scratch directory is made, if not where all are.
  explicit Scene(std::string program = programs().front(), const std::string& below = "");

  [[nodiscard]] const support::TempDir& dir() const { return dir_; }
  [[nodiscard]] const std::string& program() const { return program_; }

  /// Runs the program. Fails the test if a line of standard error is not the program's, if there is
  /// an unprintable byte in it, or if an uninstrumented program took more than kPeakLimitKib.
  [[nodiscard]] Told run(const std::vector<std::string>& arguments) const;
  [[nodiscard]] Told run(const std::vector<std::string>& arguments,
                         const support::RunOptions& options) const;

  /// `--firmware tree -o out/early.cpio` in front of the arguments.
  [[nodiscard]] Told pack(const std::vector<std::string>& arguments) const;
  [[nodiscard]] std::string archive() const { return dir_ / "out/early.cpio"; }
  void remove_archive() const;

  /// In a shell, "$0" "$@" standing for the program and its arguments: for redirections.
  [[nodiscard]] Told shell(const std::string& command,
                           const std::vector<std::string>& arguments) const;

 private:
  [[nodiscard]] Told listen(const std::vector<std::string>& argv,
                            const support::RunOptions& options) const;

  support::TempDir dir_;
  std::string program_;
};

/// Runs `body` once for each of programs(), naming it in failures.
void with_each_program(const std::function<void(const std::string& program)>& body);

std::string sha256_hex(support::View bytes);

}  // namespace kip::ucode_pack_test
