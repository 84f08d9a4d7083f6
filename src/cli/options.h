// Options that several verbs share, on CLI11. The App tree is the one table of verbs: help and
// completion are made by walking it.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "src/base/atomic_file.h"
#include "src/base/file.h"
#include "src/cli/exit_code.h"
#include "src/cli/messages.h"

namespace kip::cli {

struct ReportOptions {
  bool json = false;
  bool verbose = false;
  bool quiet = false;

  Messages::Level level() const;
};

struct OutputOptions {
  std::string path;  // empty or "-": stdout
  bool force = false;
  bool dry_run = false;

  bool to_stdout() const { return path.empty() || path == "-"; }
  AtomicFile::Existing existing() const {
    return force ? AtomicFile::Existing::kReplace : AtomicFile::Existing::kRefuse;
  }
};

/// Options that apply to every verb.
void add_report_options(CLI::App& app, ReportOptions& options);
void add_output_options(CLI::App& app, OutputOptions& options);

/// Whether an archive and a report can go where they are to go. If not, the error was said.
bool output_is_sound(const OutputOptions& output, const ReportOptions& report,
                     const Messages& messages);

/// --kernel KVER: a release that the tables of kernel rules can judge.
void add_kernel_option(CLI::App& app, std::string& kernel);

/// An option with one value, which may not be empty: in scripts that is a variable that was not set.
CLI::Option* add_value(CLI::App& app, const std::string& name, std::string& value,
                       const std::string& help, const std::string& value_name);

/// An option that may be repeated and takes one value each time, so that it never swallows a
/// positional.
CLI::Option* add_list(CLI::App& app, const std::string& name, std::vector<std::string>& values,
                      const std::string& help, const std::string& value_name);

/// Parses. nullopt: go on; otherwise the exit code, with help, version or the error already said.
std::optional<ExitCode> parse(CLI::App& app, const Messages& messages, int argc, char** argv);

/// A completion script for bash, zsh or fish; nullopt for another shell.
std::optional<std::string> completion(const CLI::App& app, const std::string& shell);

}  // namespace kip::cli
