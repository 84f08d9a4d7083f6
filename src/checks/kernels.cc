#include <string>
#include <tuple>

#include "src/checks/kernels.h"

namespace kip::checks {
namespace {

using ucode::Answer;
using ucode::KernelVersion;

constexpr std::string_view kBefore = "before ";

// Whether the kernel has a change that came with the release at the start of `text`.
Answer has_change(std::string_view text, const KernelVersion& kernel) {
  const auto release = KernelVersion::parse(text.substr(0, text.find_first_of(" (,)")));
  if (!release) return Answer::kUnknown;
  if (std::tie(kernel.major, kernel.minor) >= std::tie(release->major, release->minor))
    return Answer::kYes;
  if (kernel.vendor) return Answer::kUnknown;
  const std::size_t open = text.find('('), close = text.find(')');
  if (open == text.npos || close == text.npos || open > close) return Answer::kNo;
  std::string_view stable = text.substr(open + 1, close - open - 1);
  while (!stable.empty()) {
    const auto carrier = KernelVersion::parse(stable.substr(0, stable.find(',')));
    if (carrier && carrier->major == kernel.major && carrier->minor == kernel.minor)
      return kernel.patch >= carrier->patch ? Answer::kYes : Answer::kNo;
    const std::size_t comma = stable.find(", ");
    stable.remove_prefix(comma == stable.npos ? stable.size() : comma + 2);
  }
  return Answer::kNo;
}

}  // namespace

bool may_hold(std::string_view kernels, const std::optional<KernelVersion>& kernel) {
  if (kernels.empty() || !kernel) return true;
  const std::size_t later = kernels.find(" and later"), before = kernels.find(kBefore);
  if (later != kernels.npos && kernels.find("stable releases since") == kernels.npos &&
      has_change(kernels.substr(0, later), *kernel) == Answer::kNo)
    return false;
  return before == kernels.npos ||
         has_change(kernels.substr(before + kBefore.size()), *kernel) != Answer::kYes;
}

}  // namespace kip::checks
