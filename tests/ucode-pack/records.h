// Records of machines, as `ucode-pack host --json` would print them there, and what a report's row says of each.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace kip::ucode_pack_test {

struct MadeCpu {
  std::uint32_t signature = 0x000B06F2;
  std::optional<std::uint32_t> platform_flags;  // Intel's, if known
  std::uint32_t revision = 0x20;
  bool amd = false;
  bool guest = false;
};

nlohmann::json record_of(const MadeCpu& cpu, const std::string& kernel = "");

/// Rows of `coverage --json`, by what tells CPUs apart.
const nlohmann::json* row_of(const nlohmann::json& report, const MadeCpu& cpu);

}  // namespace kip::ucode_pack_test
