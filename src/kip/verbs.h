// The verbs of kip: settings in, exit code out. One file a verb.
#pragma once

#include <string>
#include <vector>

#include "src/cli/options.h"

namespace kip::program {

struct Settings {
  cli::ReportOptions report;
  std::string root;                  // empty: '/'
  std::vector<std::string> kernels;  // empty: all that are recorded
  bool dry_run = false;              // refresh -n
};

cli::ExitCode doctor(const Settings& settings, const cli::Messages& messages);
cli::ExitCode status(const Settings& settings, const cli::Messages& messages);
cli::ExitCode refresh(const Settings& settings, const cli::Messages& messages);

}  // namespace kip::program
