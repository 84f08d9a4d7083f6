// What the kernel will do with an update on a CPU, in one clause.
#pragma once

#include <string>

#include "src/cli/cpu_request.h"

namespace kip::cli {

/// Compared with what the CPU runs, where that is known. `guest`: the machine asked about is one.
std::string effect_on(const RequestedCpu& cpu, const ucode::Update& update, bool guest);

/// What the digest check of EntrySign has to say; empty where the kernel makes none, or not on this CPU.
std::string digest_clause(const RequestedCpu& cpu, const ucode::Update& update,
                          const std::optional<ucode::KernelVersion>& kernel);

}  // namespace kip::cli
