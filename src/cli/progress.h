// A progress line on stderr: only on a terminal, only for scans that take more than a second.
#pragma once

#include <cstdint>

namespace kip::cli {

/// For ScanOptions::progress: null where there is nobody to see it.
using ProgressFunction = void (*)(std::uint64_t files);
ProgressFunction progress_function(bool quiet);

/// Clears the line, if one was written.
void end_progress();

}  // namespace kip::cli
