// Firmware files described by an input's bytes, and what is best in them for a CPU: the answer that
// selection, writer and loader are held against, worked out from the description alone.
#pragma once

#include <optional>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace kip::fuzz {

struct Cpu {
  ucode::Vendor vendor = ucode::Vendor::kIntel;
  std::uint32_t signature = 0;
  std::uint32_t platform_flags = 0;  // Intel: one bit, or 0
  bool operator==(const Cpu&) const = default;
};

enum class AmdClass : std::uint8_t { kAny, kOld, kFixed };

class Firmware {
 public:
  /// 1 to 4 CPUs; up to 8 Intel updates in one file, up to 3 AMD containers in another.
  explicit Firmware(Choices& choices);

  const std::vector<support::Blob>& files() const { return files_; }
  const std::vector<Cpu>& cpus() const { return cpus_; }

  /// How deep a scan must look to see which updates are broken.
  ucode::Depth depth() const { return any_broken_ ? ucode::Depth::kWhole : ucode::Depth::kHeaders; }

  /// The revision that the CPU should end up with; nullopt: there is nothing for it.
  std::optional<std::uint32_t> best_intel(const Cpu& cpu) const;
  std::optional<std::uint32_t> best_amd(const Cpu& cpu, AmdClass of) const;
  std::optional<std::uint32_t> best(const Cpu& cpu) const;

 private:
  struct Sound {  // an update, once for each CPU it is for
    std::uint32_t signature = 0;
    std::uint32_t platform_flags = 0;
    std::uint32_t revision = 0;
  };

  void choose_cpus(Choices& choices);
  support::Blob intel_file(Choices& choices);
  support::Blob zen_container(Choices& choices);
  support::Blob old_container(Choices& choices);

  std::vector<Cpu> cpus_;
  std::vector<support::Blob> files_;
  std::vector<Sound> intel_, amd_;
  bool any_broken_ = false;
};

}  // namespace kip::fuzz
