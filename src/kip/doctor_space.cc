// Whether the file systems with images of kip's have room to make the largest of them anew.
#include <map>

#include "src/checks/boot_space.h"
#include "src/image/pieces.h"
#include "src/kip/doctor.h"

namespace kip::program {

namespace {

using Needs = std::map<std::string, checks::LargestImage>;  // by directory

void add(const std::string& directory, const checks::LargestImage& image, Needs& needs) {
  checks::LargestImage& known = needs[directory];
  if (image.size > known.size) known = image;
}

std::string directory_of(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

void add_recorded(const state::Manifest& record, Needs& needs) {
  for (const state::ImageFile& file : record.files) {
    if (file.path.empty()) continue;
    // A $BOOT that only GRUB's or Gentoo's plugins know is where the image is.
    const std::string& boot_root = record.call.boot_root;
    const bool below = file.path.starts_with(boot_root + "/");
    add(below ? boot_root : directory_of(file.path), {file.path, file.stamp.size}, needs);
  }
}

// A hook has the image three times until it is done: install.d/hooks/in-place.
void add_hooked(const Ward& ward, const boot::MenuEntry& entry, Needs& needs) {
  if (!has_own_part(ward, entry)) return;
  for (const boot::BootFile& it : entry.initrds) {
    if (!it.there || ward.record_of_image(it.path) != nullptr) continue;
    const auto opened = image::open_regular(ward.root, it.path);
    if (opened) add(directory_of(it.path), {it.path, 2 * opened->size}, needs);
  }
}

}  // namespace

void look_at_space(const Ward& ward, Findings& findings) {
  Needs needs;
  for (const cli::Surveyed& it : ward.recorded) {
    if (it.manifest != nullptr) add_recorded(*it.manifest, needs);
  }
  for (const boot::MenuEntry& entry : ward.entries) add_hooked(ward, entry, needs);
  for (const auto& [directory, image] : needs) {
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
