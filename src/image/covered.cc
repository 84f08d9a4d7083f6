#include "src/image/covered.h"
#include "ucode/loader.h"

namespace kip::image {
namespace {

std::uint32_t taken(std::span<const ucode::Update> stream, const ucode::LoaderCpu& cpu,
                    const ucode::LoaderRules& rules) {
  const auto index = ucode::loader_pick(stream, cpu, rules);
  return index ? stream[*index].revision : 0;
}

}  // namespace

bool takes_the_same(std::span<const ucode::Update> image, std::span<const ucode::Update> merged,
                    const ManifestCpu& cpu, const std::optional<ucode::KernelVersion>& kernel) {
  for (const ucode::LoaderRules& rules : ucode::possible_rules(kernel)) {
    for (const std::uint32_t revision :
         ucode::bios_revisions(cpu.vendor, cpu.target.signature, cpu.proven)) {
      const ucode::LoaderCpu at{cpu.vendor, cpu.target.signature, cpu.target.platform_flags,
                                revision};
      if (taken(image, at, rules) != taken(merged, at, rules)) return false;
    }
  }
  return true;
}

}  // namespace kip::image
