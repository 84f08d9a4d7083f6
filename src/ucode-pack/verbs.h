// The verbs of ucode-pack: settings in, exit code out. One file a verb.
#pragma once

#include <string>
#include <vector>

#include "src/cli/options.h"
#include "src/cli/sources.h"

namespace kip::ucode_pack {

struct Settings : cli::SourceOptions {
  cli::ReportOptions report;
  cli::OutputOptions output;
  std::vector<std::string> paths;         // positional
  std::string directory;                  // extract and pack -d
  bool sbom = false;                      // list
  std::string loader;                     // predict --for
  std::string kernels;                    // predict: a list, or "all"
  std::string revision;                   // predict --current-rev
  std::string command_line;               // predict --cmdline
  std::vector<std::string> firmware_old;  // coverage
  std::string html;                       // coverage: a file
  std::string max_size;                   // coverage: bytes
  std::string split;                      // pack: cpu, vendor or none
  std::string textfile;                   // check-boot
  bool journal = false;                   // check-boot
};

cli::ExitCode pack(const Settings& settings, const cli::Messages& messages);
cli::ExitCode list(const Settings& settings, const cli::Messages& messages);
cli::ExitCode verify(const Settings& settings, const cli::Messages& messages);
cli::ExitCode host(const Settings& settings, const cli::Messages& messages);
cli::ExitCode predict(const Settings& settings, const cli::Messages& messages);
cli::ExitCode check_boot(const Settings& settings, const cli::Messages& messages);
cli::ExitCode coverage(const Settings& settings, const cli::Messages& messages);
cli::ExitCode extract(const Settings& settings, const cli::Messages& messages);

/// pack --split.
cli::ExitCode split(const Settings& settings, const cli::Messages& messages);

}  // namespace kip::ucode_pack
