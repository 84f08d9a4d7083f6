#include <algorithm>

#include "src/kip/newest.h"

namespace kip::program {
namespace {

// Type bits and reserved ones of a signature are not always known.
bool is_for(const ucode::Target& target, const ucode::Target& cpu) {
  constexpr std::uint32_t kMask = ucode::kFamilyModelSteppingMask;
  const bool platform = cpu.platform_flags == 0 || target.platform_flags == 0 ||
                        (cpu.platform_flags & target.platform_flags) != 0;
  return (target.signature.value & kMask) == (cpu.signature.value & kMask) && platform;
}

template <class Updates>
std::optional<std::uint32_t> newest_of(const Updates& updates, const ucode::Target& cpu) {
  std::optional<std::uint32_t> newest;
  for (const auto& update : updates) {
    const bool meant =
        std::any_of(update.targets.begin(), update.targets.end(),
                    [&](const ucode::Target& target) { return is_for(target, cpu); });
    if (meant && (!newest || ucode::is_newer(update.vendor, update.revision, *newest)))
      newest = update.revision;
  }
  return newest;
}

}  // namespace

std::optional<std::uint32_t> newest(std::span<const ucode::Update> updates,
                                    const ucode::Target& cpu) {
  return newest_of(updates, cpu);
}

std::optional<std::uint32_t> newest(std::span<const state::UpdateInput> updates,
                                    const ucode::Target& cpu) {
  return newest_of(updates, cpu);
}

}  // namespace kip::program
