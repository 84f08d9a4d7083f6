// The verbs of ucode-pack: settings in, exit code out. One file a verb.
#pragma once

#include <string>
#include <vector>

#include "src/catalog/catalog.h"
#include "src/cli/cpu_request.h"
#include "src/cli/options.h"
#include "src/cli/report.h"

namespace kip::ucode_pack {

struct Settings {
  cli::ReportOptions report;
  cli::OutputOptions output;
  std::vector<std::string> cpus;      // --cpu
  std::vector<std::string> firmware;  // --firmware
  std::vector<std::string> paths;     // positional
  std::vector<std::string> holds, pins;
  std::string kernel;     // --kernel
  std::string root;       // --root
  std::string directory;  // extract -d
  bool allow_none = false;
};

cli::ExitCode pack(const Settings& settings, const cli::Messages& messages);
cli::ExitCode list(const Settings& settings, const cli::Messages& messages);
cli::ExitCode verify(const Settings& settings, const cli::Messages& messages);
cli::ExitCode host(const Settings& settings, const cli::Messages& messages);
cli::ExitCode extract(const Settings& settings, const cli::Messages& messages);

}  // namespace kip::ucode_pack
