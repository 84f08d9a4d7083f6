// The verbs of initrd-pack: settings in, exit code out. One file a verb.
#pragma once

#include <string>
#include <vector>

#include "src/cli/options.h"
#include "src/cli/sources.h"

namespace kip::initrd_pack {

struct Settings : cli::SourceOptions {
  cli::ReportOptions report;
  cli::OutputOptions output;
  std::string image;               // IMAGE; diff's A
  std::string other;               // diff's B
  std::vector<std::string> paths;  // ls, cat: PATH...; join: PART...
  std::string segment;             // ls, cat: number of one segment (segments::Numbers), or empty
  bool as_kernel = false;          // inspect: what kernels make of it
  bool early = false;              // inspect: nothing behind the first compressed byte
  bool details = false;            // ls -l
  std::string early_file;          // swap --early
  bool drop = false;               // swap --drop
};

cli::ExitCode inspect(const Settings& settings, const cli::Messages& messages);
cli::ExitCode ls(const Settings& settings, const cli::Messages& messages);
cli::ExitCode cat(const Settings& settings, const cli::Messages& messages);
cli::ExitCode join(const Settings& settings, const cli::Messages& messages);
cli::ExitCode swap(const Settings& settings, const cli::Messages& messages);
cli::ExitCode diff(const Settings& settings, const cli::Messages& messages);

}  // namespace kip::initrd_pack
