// What CPUs get from an image.
#pragma once

#include <optional>
#include <vector>

#include "src/cli/cpu_request.h"
#include "src/cli/image_report.h"

namespace kip::initrd_pack {

class Server {
 public:
  Server(const image::Inventory& inventory, const checks::Searches& searches,
         std::optional<ucode::KernelVersion> kernel)
      : inventory_(inventory), searches_(searches), kernel_(kernel) {}

  /// One row for each answer that differs by kernel, platform or BIOS. `guest`: the CPUs are those of one.
  std::vector<cli::ServedRow> serve(const cli::RequestedCpu& cpu, bool guest) const;

  /// The CPUs that the loaders find something for.
  std::vector<cli::RequestedCpu> every_cpu() const;

 private:
  std::span<const ucode::Update> stream(ucode::Vendor vendor) const;
  std::vector<ucode::CpuSignature> signatures(const ucode::Selector& asked,
                                              ucode::Vendor vendor) const;
  std::vector<std::uint32_t> platforms(const ucode::Selector& asked,
                                       const ucode::LoaderCpu& cpu) const;
  void add(const cli::RequestedCpu& asked, bool guest, const ucode::LoaderCpu& cpu,
           const std::string& bios, std::vector<cli::ServedRow>& rows) const;

  const image::Inventory& inventory_;
  const checks::Searches& searches_;
  std::optional<ucode::KernelVersion> kernel_;
};

}  // namespace kip::initrd_pack
