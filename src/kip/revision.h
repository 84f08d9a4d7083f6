// Revisions of a CPU's microcode, compared.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "src/state/inputs.h"
#include "ucode/update.h"

namespace kip::program {

/// Intel's are signed: debug ones are below all others.
bool is_newer(ucode::Vendor vendor, std::uint32_t a, std::uint32_t b);

/// The newest for a CPU; platform flags 0: any. nullopt: nothing is for it.
std::optional<std::uint32_t> newest(std::span<const ucode::Update> updates,
                                    const ucode::Target& cpu);
std::optional<std::uint32_t> newest(std::span<const state::UpdateInput> updates,
                                    const ucode::Target& cpu);

/// "06-8f-08"; of AMD "cpu00A20F12".
std::string cpu_name(ucode::Vendor vendor, const ucode::Target& cpu);

}  // namespace kip::program
