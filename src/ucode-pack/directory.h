// The directory that -d names.
#pragma once

#include <string>

#include "src/cli/messages.h"

namespace kip::ucode_pack {

/// Makes it if it is missing; false after an error was said.
bool make_directory(const std::string& path, const cli::Messages& messages);

}  // namespace kip::ucode_pack
