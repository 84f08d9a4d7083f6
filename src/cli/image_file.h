// An image as a manifest describes it: which of its bytes are the early part, the base and the overlay.
//
//   state::ImageFile file = TRY(image_file(descriptor, "initrd", overlay_size));
//   TRY(add_digests(descriptor, file));
#pragma once

#include "src/state/manifest.h"

namespace kip::cli {

/// Without digests. The last `overlay_size` bytes are an overlay of ours; early parts of ours are found by their mark.
Result<state::ImageFile> image_file(int descriptor, std::string name, std::uint64_t overlay_size);

/// Of the whole and of each part, with one reading.
Status add_digests(int descriptor, state::ImageFile& file);

/// Where a recorded file is now: boot counting renames entries and unified images.
std::string path_now(const Root& root, const std::string& recorded);

}  // namespace kip::cli
