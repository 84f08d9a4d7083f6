// What several kernels make of one stream: ask_loader() for each, with those that do the same taken together.
//
//   const auto kernels = kernel_ranges(std::nullopt);
//   for (const KernelAnswer& it : ask_kernels(stream, cpu, kernels, has_digest, {}))
//     print(to_text(it.kernels, kernels), it.answer);
#pragma once

#include "ucode/loader.h"

namespace kip::ucode {

struct KernelAnswer {
  std::vector<KernelRange> kernels;  // that do so, oldest first
  LoaderAnswer answer;
};

/// In the order of the oldest kernel of each. `has_digest` is asked once for an update at most.
std::vector<KernelAnswer> ask_kernels(std::span<const Update> stream, const LoaderCpu& cpu,
                                      std::span<const KernelRange> kernels,
                                      const HasDigest& has_digest, const LoaderSwitches& switches);

/// The verdict nearest to loading among the updates for this CPU; nullopt: none is for it.
std::optional<std::size_t> nearest(std::span<const Update> stream, const LoaderCpu& cpu,
                                   const LoaderAnswer& answer);

/// Whether an update is for the CPU, on whatever platform: by its header, extended table, patch id or container's table.
bool is_for(const Update& update, CpuSignature cpu);

}  // namespace kip::ucode
