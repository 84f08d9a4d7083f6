// Whether the file systems with recorded images have room for one more.
#include <algorithm>
#include <map>

#include "src/checks/boot_space.h"
#include "src/kip/doctor.h"

namespace kip::program {

void look_at_space(const Ward& ward, Findings& findings) {
  std::map<std::string, checks::LargestImage> largest;  // by $BOOT
  for (const cli::Surveyed& it : ward.recorded) {
    if (it.manifest == nullptr) continue;
    for (const state::ImageFile& file : it.manifest->files) {
      if (file.path.empty()) continue;
      // A $BOOT that only GRUB's or Gentoo's plugins know is where the image is.
      const std::string& boot_root = it.manifest->call.boot_root;
      const bool below = file.path.starts_with(boot_root + "/");
      checks::LargestImage& known =
          largest[below ? boot_root : file.path.substr(0, file.path.rfind('/'))];
      if (file.stamp.size > known.size) known = {file.path, file.stamp.size};
    }
  }
  for (const auto& [directory, image] : largest) {
    const auto free = checks::free_bytes(ward.root, directory);
    if (!free && free.error().system_errno == ENOENT) continue;  // with all that was in it
    if (!free) {
      findings.failed(directory, free.error());
    } else if (auto finding = checks::check_boot_space(directory, *free, image)) {
      findings.add(std::move(*finding));
    }
  }
}

}  // namespace kip::program
