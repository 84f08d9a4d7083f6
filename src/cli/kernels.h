// Which kernel is meant, and which have modules.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/base/file.h"
#include "src/cli/exit_code.h"
#include "src/cli/messages.h"

namespace kip::cli {

/// Releases that have a directory of modules below the root, in the order of bytes.
std::vector<std::string> kernels_with_modules(const Root& root);

/// --kernel, or the running one; below another root the only one that has modules. nullopt after an error was said, with the
/// code in `code`.
std::optional<std::string> target_kernel(const Root& root, const std::string& given,
                                         const Messages& messages, ExitCode& code);

/// That there are no modules for this kernel, and for which there are.
void say_no_kernel(const Root& root, const std::string& kernel, const Messages& messages);

}  // namespace kip::cli
