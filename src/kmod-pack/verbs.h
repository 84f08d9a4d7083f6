// The verbs of kmod-pack: settings in, exit code out. One file a verb.
#pragma once

#include <string>

#include "src/cli/options.h"

namespace kip::kmod_pack {

struct Settings {
  cli::ReportOptions report;
  cli::OutputOptions output;
  std::string kernel;     // empty: the running one
  std::string root;       // empty: '/'
  bool all = false;       // list: in-tree modules, too
  std::string module;     // why
  std::string root_fs;    // lint: type of the root file system, or empty
  std::string base;       // lint, pack: an initrd
  std::string generator;  // emit
};

cli::ExitCode list(const Settings& settings, const cli::Messages& messages);
cli::ExitCode why(const Settings& settings, const cli::Messages& messages);
cli::ExitCode lint(const Settings& settings, const cli::Messages& messages);
cli::ExitCode pack(const Settings& settings, const cli::Messages& messages);
cli::ExitCode emit(const Settings& settings, const cli::Messages& messages);

}  // namespace kip::kmod_pack
