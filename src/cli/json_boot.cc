// Report of ucode-pack check-boot.
#include <fmt/format.h>

#include "src/cli/json.h"
#include "src/cli/json_values.h"

namespace kip::cli {
namespace {

using namespace detail;

Json cpu_json(const BootRow& row) {
  Json json = {{"cpu", row.label},
               {"vendor", row.vendor},
               {"signature", hex32(row.signature.value)},
               {"count", row.count}};
  if (row.platform_flags) json["platform_flags"] = fmt::format("{:#04x}", *row.platform_flags);
  if (row.running) json["running"] = hex32(*row.running);
  if (row.packed) json["packed"] = hex32(*row.packed);
  json["verdict"] = verdict_name(row.verdict);
  json["text"] = row.text;
  if (!row.remedy.empty()) json["remedy"] = row.remedy;
  return json;
}

}  // namespace

std::string to_json(const BootReport& report) {
  Json json = envelope("check-boot");
  json["kernel"] = report.kernel;
  json["images"] = report.files;
  json["recorded"] = report.recorded;
  json["hypervisor"] = report.hypervisor;
  Json cpus = Json::array();
  for (const BootRow& row : report.cpus) cpus.push_back(cpu_json(row));
  json["cpus"] = std::move(cpus);
  return dump(json);
}

}  // namespace kip::cli
