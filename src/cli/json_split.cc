#include <fmt/format.h>

#include "src/cli/json.h"
#include "src/cli/json_values.h"
#include "src/cli/split.h"

namespace kip::cli {
namespace {

using namespace detail;

Json archive_json(const SplitArchive& archive) {
  return {{"file", archive.file},
          {"sha256", archive.sha256},
          {"size", archive.size},
          {"updates", archive.updates}};
}

Json cpu_json(const SplitCpu& cpu, const SplitReport& report) {
  Json json = {{"cpu", cpu.label},
               {"vendor", ucode::vendor_name(cpu.vendor)},
               {"vendor_id", host::vendor_id(cpu.vendor)},
               {"name", cpu.signature.name()},
               {"signature", hex32(cpu.signature.value)}};
  if (cpu.platform_flags) json["platform_flags"] = fmt::format("{:#04x}", *cpu.platform_flags);
  if (!cpu.archive) return json;
  const SplitArchive& archive = report.archives[*cpu.archive];
  json["file"] = archive.file;
  json["sha256"] = archive.sha256;
  json["size"] = archive.size;
  Json revisions = Json::array();
  for (const std::uint32_t it : cpu.revisions) revisions.push_back(hex32(it));
  json["revisions"] = std::move(revisions);
  return json;
}

}  // namespace

std::string to_json(const SplitReport& report) {
  Json json = envelope("split");
  json["split"] = split_name(report.by);
  Json archives = Json::array(), cpus = Json::array(), unserved = Json::array();
  for (const SplitArchive& it : report.archives) archives.push_back(archive_json(it));
  for (const SplitCpu& it : report.cpus) {
    if (it.archive || !it.added) (it.archive ? cpus : unserved).push_back(cpu_json(it, report));
  }
  json["cpus"] = std::move(cpus);
  json["unserved"] = std::move(unserved);
  json["archives"] = std::move(archives);
  return dump(json);
}

}  // namespace kip::cli
