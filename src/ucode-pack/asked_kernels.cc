#include <algorithm>

#include "src/base/finding.h"
#include "src/ucode-pack/asked_kernels.h"

namespace kip::ucode_pack {

Result<std::vector<AskedKernel>> parse_kernels(std::string_view list) {
  std::vector<AskedKernel> kernels;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string name(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
    if (name == "all") {
      kernels.push_back({});
      continue;
    }
    const auto version = ucode::KernelVersion::parse(name);
    if (!version) return fail(Errc::kInvalid, quote(name) + " is no kernel release");
    kernels.push_back({name, version});
  }
  return kernels;
}

}  // namespace kip::ucode_pack
