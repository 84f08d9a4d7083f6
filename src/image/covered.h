// Whether an image serves a CPU as well as a merged early part would.
#pragma once

#include <optional>
#include <span>

#include "src/image/manifest.h"
#include "ucode/kernel_rules.h"

namespace kip::image {

/// Whether the kernel's loader takes the same revision, or nothing, from both streams: for every way
/// in which kernels differ that the target's version leaves open, and, where AMD's EntrySign fix
/// makes classes of revisions, for a BIOS of either class. Streams that the loader takes nothing from are empty.
bool takes_the_same(std::span<const ucode::Update> image, std::span<const ucode::Update> merged,
                    const ManifestCpu& cpu, const std::optional<ucode::KernelVersion>& kernel);

}  // namespace kip::image
