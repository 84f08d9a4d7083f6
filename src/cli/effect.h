// What the kernel will do with an update on a CPU, in one clause.
#pragma once

#include <string>

#include "src/cli/cpu_request.h"

namespace kip::cli {

/// Compared with what the CPU runs, where that is known.
std::string effect_on(const RequestedCpu& cpu, const ucode::Update& update);

/// That the target's kernel does not load an AMD patch on a BIOS that lacks the EntrySign fix; empty where it does, or may.
std::string refusal(const RequestedCpu& cpu, const ucode::Update& update,
                    const std::string& kernel);

}  // namespace kip::cli
