// Other people's programs, started and waited for.
//
//   Command update{{"update-initramfs", "-u", "-k", kernel}, {{"KIP_REFRESH", "1"}}};
//   const int code = TRY(run(update));
//
// Found by PATH, with the directories of system programs behind it. What it prints goes to our standard error, since results alone
// stand on standard output; it reads nothing.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/base/result.h"

namespace kip::cli {

struct Command {
  std::vector<std::string> words;  // the first one names the program
  std::vector<std::pair<std::string, std::optional<std::string>>>
      environment;  // added to ours, or in place of it; nullopt: not set
};

/// Its exit code; 128 + N if signal N ended it. kUnsupported: it is not installed.
Result<int> run(const Command& command);

/// The file that run() would start; nullopt: none.
std::optional<std::string> find_program(const std::string& name);

}  // namespace kip::cli
