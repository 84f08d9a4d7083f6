// What is chosen of microcode, in the form in which a manifest keeps it.
#pragma once

#include <functional>

#include "src/cli/choice.h"
#include "src/state/inputs.h"

namespace kip::cli {

/// Whom a choice is for, and what it takes; without digests. REQUIRES: it was made.
state::MicrocodeInputs microcode_inputs(const Choice& choice);

/// Digests of the updates of that choice, which are read whole.
Status add_digests(const Choice& choice, state::MicrocodeInputs& inputs);

/// The same from an early part that was made of it. kCorrupt if an update is not there.
Status add_digests(const std::string& early, state::MicrocodeInputs& inputs);

/// Updates of an image, whole and with digests. `counts` is asked for each entry once, in order.
Result<std::vector<state::UpdateInput>> update_inputs(
    const catalog::Catalog& catalog,
    const std::function<bool(const catalog::Entry&, const catalog::Stream&)>& counts);

/// The CPUs of a manifest, to be asked for again.
CpuRequest request_of(const std::vector<state::CpuInput>& cpus);

}  // namespace kip::cli
