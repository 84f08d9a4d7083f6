#include "src/image/contents.h"
#include "src/image/overlay.h"

namespace kip::image {

std::vector<std::string> other_kernels(const BaseModules& base, const std::string& kernel) {
  std::set<std::string> kernels;
  if (!base.modules.empty()) return {};
  for (const std::string& path : base.paths) {
    if (auto module = module_name(path)) kernels.insert(std::move(module->release));
  }
  kernels.erase(kernel);  // files that no kernel would unpack
  return {kernels.begin(), kernels.end()};
}

}  // namespace kip::image
