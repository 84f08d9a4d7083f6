// Which files held the initrd that the running kernel was booted with, by kip's record of its entry.
//
//   const RecordedImages recorded = TRY(recorded_images(root, machine.kernel_release));
//   for (const BootedImage& it : recorded.images) for (const std::string& path : it.files) …
//
// Nothing in a running system says which entry was started. Whoever has two entries for one kernel is told of both.
#pragma once

#include <string>
#include <vector>

#include "src/base/file.h"
#include "src/base/finding.h"

namespace kip::cli {

struct BootedImage {
  std::string token;  // of the entry; empty: named by the user
  std::vector<std::string>
      files;  // where they are now, as the boot loader puts them behind each other

  bool operator==(const BootedImage&) const = default;
};

struct RecordedImages {
  std::vector<BootedImage> images;  // those with the same files once
  std::vector<Finding> findings;    // records that cannot be read
};

/// Of a kernel's release. Without files: of layouts whose files are not known.
Result<RecordedImages> recorded_images(const Root& root, const std::string& kernel);

}  // namespace kip::cli
