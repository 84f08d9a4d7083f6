// What CPUs get from an image.
#pragma once

#include <optional>
#include <vector>

#include "src/cli/cpu_request.h"
#include "src/cli/image_report.h"
#include "src/cli/loader_source.h"

namespace kip::initrd_pack {

class Server {
 public:
  /// `source`: the image's, for digests of patches.
  Server(const image::Inventory& inventory, const checks::Searches& searches,
         segments::Source source, std::optional<ucode::KernelVersion> kernel)
      : inventory_(inventory), searches_(searches), source_(std::move(source)), kernel_(kernel) {}

  /// One row for each answer that differs by kernel, platform or BIOS.
  std::vector<cli::ServedRow> serve(const cli::RequestedCpu& cpu) const;

  /// What the loaders choose among, by vendor.
  std::array<std::span<const ucode::Update>, 2> streams() const;

 private:
  void add(const cli::RequestedCpu& asked, const ucode::LoaderCpu& cpu, const std::string& bios,
           std::vector<cli::ServedRow>& rows) const;

  const image::Inventory& inventory_;
  const checks::Searches& searches_;
  segments::Source source_;
  std::optional<ucode::KernelVersion> kernel_;
};

}  // namespace kip::initrd_pack
