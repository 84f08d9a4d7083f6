// Whether the files of a recorded entry are still those that were installed. No image is read whole where size and time are as
// they were.
#pragma once

#include "src/state/manifest.h"

namespace kip::state {

enum class FileState : std::uint8_t {
  kThere,
  kMissing,
  kForeign,  // somebody wrote another one in its place
};

/// Of what an open file is. kInvalid for anything but a regular file.
Result<Stamp> stamp_of(int descriptor);

/// `path`: where the file is now; boot counting may have renamed it. Of a file in which there is nothing of kip's only that it
/// is there matters. The error is for one that cannot be read.
Result<FileState> check_file(const Root& root, const ImageFile& file, const std::string& path);

/// The same, and a file with a recorded digest is read whole in any case.
Result<FileState> check_whole(const Root& root, const ImageFile& file, const std::string& path);

}  // namespace kip::state
