#include <algorithm>

#include "src/cli/booted_image.h"
#include "src/cli/image_file.h"

namespace kip::cli {
namespace {

// kernel-install's layout "bls" lists what was staged as microcode in front of the initrd.
bool is_in_front(const state::ImageFile* file) {
  return file->name.starts_with("microcode");
}

std::vector<std::string> files_of(const Root& root, const state::Manifest& manifest) {
  std::vector<const state::ImageFile*> files;
  for (const state::ImageFile& file : manifest.files) {
    if (!file.path.empty()) files.push_back(&file);
  }
  std::stable_partition(files.begin(), files.end(), is_in_front);
  std::vector<std::string> paths;
  for (const state::ImageFile* const file : files) paths.push_back(path_now(root, file->path));
  return paths;
}

}  // namespace

Result<RecordedImages> recorded_images(const Root& root, const std::string& kernel) {
  state::Manifests manifests = TRY(state::read_manifests(root));
  RecordedImages recorded{{}, std::move(manifests.findings)};
  for (const state::Manifest& manifest : manifests.records) {
    if (manifest.kernel != kernel) continue;
    BootedImage image{manifest.token, files_of(root, manifest)};
    const bool known =
        std::any_of(recorded.images.begin(), recorded.images.end(),
                    [&](const BootedImage& other) { return other.files == image.files; });
    if (!known && !image.files.empty()) recorded.images.push_back(std::move(image));
  }
  return recorded;
}

}  // namespace kip::cli
