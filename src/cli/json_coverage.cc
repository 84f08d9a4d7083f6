#include <fmt/format.h>

#include "src/cli/coverage_report.h"
#include "src/cli/json.h"
#include "src/cli/json_values.h"

namespace kip::cli {
namespace {

using namespace detail;

Json revisions_json(const std::vector<std::uint32_t>& revisions) {
  Json json = Json::array();
  for (const std::uint32_t it : revisions) json.push_back(hex32(it));
  return json;
}

Json answer_json(const CoverageAnswer& answer) {
  Json json = {{"result", checks::outcome_name(answer.outcome.kind)}};
  if (answer.platforms != 0) json["platform_flags"] = fmt::format("{:#04x}", answer.platforms);
  if (!answer.bios.empty()) json["bios"] = answer.bios;
  if (!answer.outcome.kernels.empty()) json["kernels"] = answer.outcome.kernels;
  if (answer.revision) json["revision"] = hex32(*answer.revision);
  json["text"] = answer.outcome.text;
  return json;
}

Json cpu_json(const CoveredCpu& row) {
  const ucode::CpuSignature signature{row.cpu.query.selector.signature};
  Json json = {{"cpu", row.cpu.label},
               {"vendor", ucode::vendor_name(row.vendor)},
               {"name", signature.name()},
               {"signature", hex32(signature.value)}};
  if (const auto flags = row.platform_flags())
    json["platform_flags"] = fmt::format("{:#04x}", *flags);
  if (row.cpu.running) json["running"] = hex32(*row.cpu.running);
  if (row.cpu.query.proven) json["entrysign"] = entrysign_name(row);
  if (!row.cpu.model.empty()) json["model_name"] = row.cpu.model;
  json["guest"] = row.cpu.guest;
  json["machines"] = row.cpu.machines;
  if (!row.cpu.names.empty()) json["names"] = row.cpu.names;
  json["packed"] = revisions_json(row.packed);
  if (row.available) json["available"] = hex32(*row.available);
  json["state"] = state_name(row.state);
  json["verdict"] = row.verdict;
  Json faults = Json::array();
  for (const Fault it : row.faults) faults.push_back(fault_name(it));
  json["faults"] = std::move(faults);
  json["may_be_refused"] = row.may_be_refused;
  if (row.change) {
    json["change"] = change_name(*row.change);
    json["old"] = revisions_json(row.old);
  }
  json["bytes"] = row.bytes;
  json["bytes_alone"] = row.bytes_alone;
  Json answers = Json::array();
  for (const CoverageAnswer& it : row.answers) answers.push_back(answer_json(it));
  json["answers"] = std::move(answers);
  if (!row.remedy.empty()) json["remedy"] = row.remedy;
  if (!row.remedy_bios.empty()) json["remedy_bios"] = row.remedy_bios;
  return json;
}

Json archive_json(const CoverageReport& report) {
  Json json = {{"updates", report.updates}, {"bytes", report.bytes}};
  if (report.budget) {
    json["max_size"] = *report.budget;
    json["over"] = report.over_budget();
    if (report.fits_without != 0) json["fits_without"] = report.fits_without;
  }
  return json;
}

Json totals_json(const CoverageReport& report) {
  const CoverageTotals totals = totals_of(report);
  Json states = Json::object(), changes = Json::object();
  for (const auto& [state, machines] : totals.states) states[state_name(state)] = machines;
  for (const auto& [change, machines] : totals.changes) changes[change_name(change)] = machines;
  Json json = {{"machines_by_state", std::move(states)}};
  if (report.compared) json["machines_by_change"] = std::move(changes);
  json["machines_gain"] = totals.gain;
  if (report.compared) json["machines_gain_by_release"] = totals.gain_by_release;
  json["machines_may_be_refused"] = totals.maybe;
  json["cpus_may_be_refused"] = totals.maybe_cpus;
  json["cpus_unserved"] = totals.unserved;
  return json;
}

Json fault_json(const CoverageFault& fault) {
  Json json = {{"fault", fault_name(fault.fault)}};
  if (fault.cpus != 0) {
    json["machines"] = fault.machines;
    json["cpus"] = fault.cpus;
  }
  json["text"] = fault.text;
  return json;
}

Json cost_json(const CoverageCost& cost) {
  return {{"cpu", cost.cpu},
          {"machines", cost.machines},
          {"guests", cost.guests},
          {"bytes", cost.bytes},
          {"bytes_alone", cost.bytes_alone}};
}

}  // namespace

std::string to_json(const CoverageReport& report) {
  Json json = envelope("coverage");
  json["firmware"] = report.firmware;
  if (report.compared) json["firmware_old"] = report.firmware_old;
  if (!report.kernel.empty()) json["kernel"] = report.kernel;
  json["machines"] = report.machines;
  json["machines_left_out"] = report.left_out;
  Json cpus = Json::array(), others = Json::array(), costs = Json::array();
  for (const CoveredCpu& row : report.cpus) cpus.push_back(cpu_json(row));
  for (const OtherCpu& it : report.others) {
    others.push_back({{"vendor", it.vendor_id},
                      {"name", it.signature.name()},
                      {"signature", hex32(it.signature.value)},
                      {"machines", it.machines}});
  }
  for (const CoverageCost& it : report.costs) costs.push_back(cost_json(it));
  json["cpus"] = std::move(cpus);
  json["without_loader"] = std::move(others);
  json["costs"] = std::move(costs);
  json["archive"] = archive_json(report);
  json["totals"] = totals_json(report);
  Json faults = Json::array();
  for (const CoverageFault& it : faults_of(report)) faults.push_back(fault_json(it));
  json["faults"] = std::move(faults);
  return dump(json);
}

}  // namespace kip::cli
