#include <fmt/format.h>

#include "src/cli/json.h"
#include "src/cli/json_values.h"

namespace kip::cli {
namespace {

using namespace detail;

Json cpu_json(const host::Cpu& cpu) {
  Json json = {{"vendor", cpu.vendor_id},
               {"name", cpu.signature.name()},
               {"signature", hex32(cpu.signature.value)}};
  if (cpu.platform_flags) json["platform_flags"] = fmt::format("{:#04x}", *cpu.platform_flags);
  if (cpu.revision) json["revision"] = hex32(*cpu.revision);
  if (!cpu.model_name.empty()) json["model_name"] = cpu.model_name;
  json["cpus"] = cpu.count;
  return json;
}

std::string text_member(const Json& json, const char* key) {
  return json.contains(key) && json[key].is_string() ? json[key].get<std::string>() : std::string();
}

// A hex string member; kInvalid if it is there and is none.
Result<std::optional<std::uint32_t>> hex_member(const Json& json, const char* key) {
  if (!json.contains(key)) return std::optional<std::uint32_t>();
  if (!json[key].is_string()) return fail(Errc::kInvalid, std::string(key) + " is no string");
  const auto value = host::parse_hex_line(json[key].get<std::string>());
  if (!value) return fail(Errc::kInvalid, std::string(key) + " is no hexadecimal number");
  return value;
}

}  // namespace

std::string to_json(const ListReport& report) {
  Json json = envelope("list");
  json["updates"] = rows_json(report.updates);
  json["findings"] = findings_json(report.findings);
  return dump(json);
}

std::string to_json(const VerifyReport& report) {
  Json json = envelope("verify");
  json["files"] = report.files;
  json["updates"] = report.updates;
  json["findings"] = findings_json(report.findings);
  return dump(json);
}

std::string to_json(const HostReport& report) {
  Json json = envelope("host");
  json["hypervisor"] = report.machine.hypervisor;
  json["host"] = report.machine.name;
  json["kernel"] = report.machine.kernel_release;
  Json cpus = Json::array();
  for (const host::Cpu& cpu : report.machine.cpus) cpus.push_back(cpu_json(cpu));
  json["cpus"] = std::move(cpus);
  return dump(json);
}

std::string to_json(const PackReport& report) {
  Json json = envelope("pack");
  json["output"] = report.output;
  json["bytes"] = report.bytes;
  json["updates"] = report.updates;
  Json cpus = Json::array();
  for (const PackedCpu& cpu : report.cpus) {
    Json entry = {{"cpu", cpu.label}, {"updates", rows_json(cpu.updates)}};
    for (std::size_t i = 0; i < cpu.effect.size(); ++i)
      entry["updates"][i]["effect"] = cpu.effect[i];
    if (cpu.running) entry["running"] = hex32(*cpu.running);
    cpus.push_back(std::move(entry));
  }
  json["cpus"] = std::move(cpus);
  json["notes"] = report.notes;
  return dump(json);
}

std::string to_json(const ExtractReport& report) {
  Json json = envelope("extract");
  json["updates"] = rows_json(report.updates);
  return dump(json);
}

bool looks_like_json(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  return start != text.npos && text[start] == '{';
}

Result<host::Machine> machine_from_json(std::string_view text) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded() || !json.is_object()) return fail(Errc::kInvalid, "not a JSON record");
  const bool other = json.contains("report") && json["report"] != "host";
  if (json.contains("status") && json.contains("data"))
    return fail(Errc::kInvalid, "an answer of Prometheus' API: ask its /federate for the metrics");
  if (other || !json.contains("schema") || json["schema"] != kSchema || !json.contains("cpus") ||
      !json["cpus"].is_array()) {
    return fail(Errc::kInvalid, "not a record of `host --json`, or of a newer version");
  }
  host::Machine machine;
  if (json.contains("hypervisor") && json["hypervisor"].is_boolean())
    machine.hypervisor = json["hypervisor"].get<bool>();
  machine.kernel_release = text_member(json, "kernel");
  machine.name = text_member(json, "host");
  for (const Json& entry : json["cpus"]) {
    if (!entry.is_object()) return fail(Errc::kInvalid, "a CPU of the record is no object");
    host::Cpu cpu;
    const auto signature = TRY(hex_member(entry, "signature"));
    if (!signature) return fail(Errc::kInvalid, "a CPU of the record has no signature");
    cpu.signature.value = *signature;
    cpu.exact = true;
    cpu.platform_flags = TRY(hex_member(entry, "platform_flags"));
    cpu.revision = TRY(hex_member(entry, "revision"));
    cpu.vendor_id = text_member(entry, "vendor");
    cpu.model_name = text_member(entry, "model_name");
    cpu.vendor = host::vendor_of(cpu.vendor_id);
    machine.cpus.push_back(std::move(cpu));
  }
  return machine;
}

}  // namespace kip::cli
