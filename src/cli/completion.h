// What completion knows of a program, and the three that write it down for a shell.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kip::cli::detail {

struct CompletedOption {
  std::vector<std::string> names;  // as written: -o, --output
  std::vector<std::string> ends;   // names that are not offered behind it
  std::string takes;               // type name of the value; empty: a flag
  std::string help;
  bool again = false;  // may be repeated
};

struct CompletedVerb {
  std::string name;  // empty: the program without a verb
  std::string help;
  std::string operand;  // name of what is no option; empty: there is none
  std::vector<CompletedOption> options;
};

/// A verb is the first word or none: behind any other first word the options of `bare` apply.
struct CompletedProgram {
  std::string name;
  CompletedVerb bare;
  std::vector<CompletedVerb> verbs;
};

std::string bash_completion(const CompletedProgram& program);
std::string zsh_completion(const CompletedProgram& program);
std::string fish_completion(const CompletedProgram& program);

std::string joined(const std::vector<std::string>& words);

/// '-' is not for names of functions in bash.
std::string identifier(std::string name);

/// `text` with a backslash before each of `special`.
std::string escaped(std::string_view text, std::string_view special);

/// A fixed part of a script: KIP stands for what the script's functions begin with, PROGRAM and
/// VERBS for the program's name and verbs.
std::string filled(std::string_view script, std::string_view function,
                   const CompletedProgram& program);

}  // namespace kip::cli::detail
