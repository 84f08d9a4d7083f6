#include <fmt/format.h>

#include "src/cli/json_values.h"

namespace kip::cli::detail {

std::string hex32(std::uint32_t value) {
  return fmt::format("{:#010x}", value);
}

std::string dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json envelope(const char* what) {
  return {{"schema", kSchema}, {"report", what}};
}

Json row_json(const UpdateRow& row) {
  const ucode::Update& it = row.update;
  Json json = {{"vendor", ucode::vendor_name(it.vendor)},
               {"revision", hex32(it.revision)},
               {"date", ucode::date_text(it.date)},
               {"size", it.size},
               {"file", row.file},
               {"offset", row.offset}};
  if (!row.sha256.empty()) json["sha256"] = row.sha256;
  Json targets = Json::array();
  for (const ucode::Target& target : it.targets) {  // as stored
    Json entry = {{"signature", hex32(target.signature.value)}, {"name", target.signature.name()}};
    if (it.vendor == ucode::Vendor::kIntel)
      entry["platform_flags"] = fmt::format("{:#04x}", target.platform_flags);
    targets.push_back(std::move(entry));
  }
  json["targets"] = std::move(targets);
  if (it.vendor == ucode::Vendor::kIntel) {
    json["data_size"] = it.data_size;
    json["minimum_revision"] = hex32(it.minimum_revision);
  } else {
    json["equivalence_id"] = fmt::format("{:#06x}", it.equivalence_id);
    Json table = Json::array();
    for (const ucode::CpuSignature cpu : it.table_cpus) table.push_back(hex32(cpu.value));
    json["table_cpuids"] = std::move(table);
    json["minimum_base_revision"] = hex32(it.minimum_revision);
  }
  return json;
}

Json rows_json(const std::vector<UpdateRow>& rows) {
  Json json = Json::array();
  for (const UpdateRow& row : rows) json.push_back(row_json(row));
  return json;
}

Json findings_json(const std::vector<Finding>& findings) {
  constexpr const char* kSeverities[] = {"note", "warning", "error"};
  Json json = Json::array();
  for (const Finding& finding : findings) {
    Json entry = {{"severity", kSeverities[static_cast<int>(finding.severity)]},
                  {"rule", finding.rule},
                  {"place", finding.place},
                  {"text", finding.text}};
    if (finding.offset) entry["offset"] = *finding.offset;
    if (!finding.kernels.empty()) entry["kernels"] = finding.kernels;
    if (!finding.remedy.empty()) entry["remedy"] = finding.remedy;
    json.push_back(std::move(entry));
  }
  return json;
}

}  // namespace kip::cli::detail
