// The two loaders behind ask_loader().
#pragma once

#include "ucode/loader.h"

namespace kip::ucode {

LoaderAnswer ask_intel(std::span<const Update> stream, const LoaderCpu& cpu,
                       const LoaderRules& rules);

LoaderAnswer ask_amd(std::span<const Update> stream, const LoaderCpu& cpu, const LoaderRules& rules,
                     const HasDigest& has_digest, const LoaderSwitches& switches);

}  // namespace kip::ucode
