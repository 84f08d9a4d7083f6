#include <algorithm>

#include "src/checks/early.h"
#include "src/checks/predict.h"

namespace kip::checks {

using image::MicrocodeMember;

std::optional<std::string> nothing_taken(const image::Inventory& inventory,
                                         const Searches& searches, ucode::Vendor vendor) {
  const auto& search = searches[static_cast<std::size_t>(vendor)];
  const MicrocodeMember* const member = taken_member(inventory, searches, vendor);
  if (member == nullptr) {
    if (search.found) return "the file that the loader takes could not be looked into";
    const bool some = std::any_of(inventory.microcode.begin(), inventory.microcode.end(),
                                  [&](const MicrocodeMember& it) { return it.vendor == vendor; });
    return some ? "its microcode is where the loader does not find it"
                : "no microcode of its vendor is in the image";
  }
  switch (standing_of(inventory, searches, *member)) {
    case Standing::kEmpty:
      return "the file that the loader takes is empty";
    case Standing::kVoid:
      return "the file that the loader takes is void";
    default:
      return std::nullopt;
  }
}

std::vector<Served> serve(const image::Inventory& inventory, const Searches& searches,
                          const ucode::LoaderCpu& cpu,
                          const std::optional<ucode::KernelVersion>& kernel,
                          const ucode::HasDigest& has_digest) {
  if (const auto why = nothing_taken(inventory, searches, cpu.vendor))
    return {{std::nullopt, "", *why}};
  const auto stream = seen_by_loader(*taken_member(inventory, searches, cpu.vendor));
  std::vector<Served> all;
  for (Outcome& outcome :
       predict(stream, cpu, {ucode::kernel_ranges(kernel), false, {}, has_digest}).outcomes) {
    Served served{std::nullopt, std::move(outcome.kernels), ""};
    if (outcome.kind == Outcome::Kind::kLoads) {
      served.update = stream[*outcome.update];
    } else {
      served.why = std::move(outcome.text);
    }
    all.push_back(std::move(served));
  }
  return all;
}

}  // namespace kip::checks
