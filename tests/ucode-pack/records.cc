#include <fmt/format.h>

#include "tests/ucode-pack/records.h"

namespace kip::ucode_pack_test {

using nlohmann::json;

json record_of(const MadeCpu& cpu, const std::string& kernel) {
  json made = {{"vendor", cpu.amd ? "AuthenticAMD" : "GenuineIntel"},
               {"signature", fmt::format("{:#010x}", cpu.signature)},
               {"revision", fmt::format("{:#010x}", cpu.revision)},
               {"cpus", 8}};
  if (cpu.platform_flags) made["platform_flags"] = fmt::format("{:#04x}", *cpu.platform_flags);
  return {{"schema", 1},
          {"report", "host"},
          {"hypervisor", cpu.guest},
          {"kernel", kernel},
          {"cpus", {made}}};
}

const json* row_of(const json& report, const MadeCpu& cpu) {
  for (const json& row : report["cpus"]) {
    const bool known = row.contains("platform_flags");
    if (row["signature"] == fmt::format("{:#010x}", cpu.signature) && row.contains("running") &&
        row["running"] == fmt::format("{:#010x}", cpu.revision) &&
        known == cpu.platform_flags.has_value() && row["guest"] == cpu.guest &&
        (!known || row["platform_flags"] == fmt::format("{:#04x}", *cpu.platform_flags)))
      return &row;
  }
  return nullptr;
}

}  // namespace kip::ucode_pack_test
