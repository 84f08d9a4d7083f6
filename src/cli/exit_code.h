// Exit codes of the programs. Several questions at once: the highest.
#pragma once

#include <algorithm>

namespace kip::cli {

enum class ExitCode : int {
  kDone = 0,     // done, yes, current
  kNo = 1,       // no: stale, differs, fault found, would be refused
  kUsage = 2,    // wrong usage
  kNothing = 3,  // nothing matched, unknown name; nothing was written
  kFailed = 4,   // unreadable, corrupt, could not write
};

inline ExitCode worse(ExitCode a, ExitCode b) {
  return std::max(a, b);
}

}  // namespace kip::cli
