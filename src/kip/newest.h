// The newest of several updates, as a CPU counts.
#pragma once

#include <optional>
#include <span>

#include "src/state/inputs.h"
#include "ucode/update.h"

namespace kip::program {

/// The newest for a CPU; platform flags 0: any. nullopt: nothing is for it.
std::optional<std::uint32_t> newest(std::span<const ucode::Update> updates,
                                    const ucode::Target& cpu);
std::optional<std::uint32_t> newest(std::span<const state::UpdateInput> updates,
                                    const ucode::Target& cpu);

}  // namespace kip::program
