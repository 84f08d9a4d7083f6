// A shell with a completion script of ours, at which a test types.
//
// It stands in a directory with alpha.bin, "two words", tree/inner.bin and tree/a@b; /lib/modules
// has 5.4.0, 6.1.0-18 and 6.12.3. Nothing of the user's own counts.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace kip::cli {

using Words = std::vector<std::string>;

class TypedShell {
 public:
  // bash, zsh or fish. REQUIRES: it is there.
  TypedShell(std::string shell, std::string script);

  // What is offered at the end of each line, with a tab and the description behind a word where the
  // shell tells it. nullopt: zsh has no terminal.
  std::optional<std::vector<Words>> offers(const Words& lines) const;

  // For bash: the arguments of `program` for each line of keys, $HERE cut off.
  std::vector<Words> given(const std::string& program, const Words& keys) const;

  // For bash: COMPREPLY of `function` for these words and no line, its last word being completed.
  std::string reply(const std::string& function, const std::string& words) const;

 private:
  support::RunResult run(Words argv, const std::string& input = "") const;
  support::RunResult type_into_bash(const std::string& rc, const std::string& keys) const;
  std::vector<Words> rows() const;

  std::string shell_;
  support::TempDir dir_;
};

}  // namespace kip::cli
