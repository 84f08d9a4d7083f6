#include <fmt/format.h>

#include "src/cli/json.h"
#include "src/cli/json_values.h"
#include "src/cli/predict_report.h"

namespace kip::cli {
namespace {

using namespace detail;

// Whose answer it is: of some kernels, or of some forms of Xen.
struct Whose {
  const LoaderStream& stream;
  const char* key;
};

Json outcome_json(const checks::Outcome& outcome, const Whose& whose) {
  Json json = {{"result", checks::outcome_name(outcome.kind)}};
  if (!outcome.kernels.empty()) json[whose.key] = outcome.kernels;
  if (outcome.update) json["revision"] = hex32(whose.stream.updates[*outcome.update].revision);
  json["text"] = outcome.text;
  return json;
}

Json fates_json(const checks::UpdateFates& fates, const Whose& whose) {
  Json json = row_json(whose.stream.rows[fates.update]);
  Json all = Json::array();
  for (const checks::Fate& fate : fates.fates) {
    Json one = {{"verdict", ucode::verdict_name(fate.verdict)}};
    if (!fate.kernels.empty()) one[whose.key] = fate.kernels;
    one["text"] = fate.text;
    all.push_back(std::move(one));
  }
  json["verdicts"] = std::move(all);
  return json;
}

Json kernel_json(const PredictedKernel& kernel, const Whose& whose) {
  Json json = Json::object();
  if (!kernel.kernel.empty()) json["kernel"] = kernel.kernel;
  Json outcomes = Json::array(), updates = Json::array();
  for (const checks::Outcome& it : kernel.predicted.outcomes)
    outcomes.push_back(outcome_json(it, whose));
  for (const checks::UpdateFates& it : kernel.predicted.fates)
    updates.push_back(fates_json(it, whose));
  json["outcomes"] = std::move(outcomes);
  json["updates"] = std::move(updates);
  Json remarks = Json::array();
  for (const checks::Remark& it : kernel.predicted.remarks) {
    Json one = {{"text", it.text}};
    if (!it.kernels.empty()) one["kernels"] = it.kernels;
    remarks.push_back(std::move(one));
  }
  if (!remarks.empty()) json["remarks"] = std::move(remarks);
  if (!kernel.predicted.remedy.empty()) json["remedy"] = kernel.predicted.remedy;
  return json;
}

Json case_json(const PredictedCase& it, const Whose& whose) {
  Json json = Json::object();
  if (it.platforms != 0) json["platform_flags"] = fmt::format("{:#04x}", it.platforms);
  if (it.revision) json["bios_revision"] = hex32(*it.revision);
  if (!it.bios.empty()) json["bios"] = it.bios;
  Json kernels = Json::array();
  for (const PredictedKernel& kernel : it.kernels) kernels.push_back(kernel_json(kernel, whose));
  json["answers"] = std::move(kernels);
  return json;
}

}  // namespace

std::string to_json(const PredictReport& report) {
  Json json = envelope("predict");
  json["for"] = report.xen ? "xen" : "linux";
  if (!report.subject.empty()) json["image"] = report.subject;
  Json cpus = Json::array();
  for (const PredictedCpu& cpu : report.cpus) {
    Json entry = {{"cpu", cpu.label},
                  {"vendor", ucode::vendor_name(cpu.vendor)},
                  {"signature", hex32(cpu.signature.value)}};
    if (cpu.running) entry["running"] = hex32(*cpu.running);
    if (!cpu.none.empty()) entry["nothing"] = cpu.none;
    Json cases = Json::array(), unseen = Json::array();
    for (const PredictedCase& it : cpu.cases)
      cases.push_back(
          case_json(it, {report.source.of(cpu.vendor), report.xen ? "xen" : "kernels"}));
    for (const UnseenRow& row : cpu.unseen) {
      Json one = row_json(row.row);
      one["text"] = row.text;
      unseen.push_back(std::move(one));
    }
    entry["cases"] = std::move(cases);
    entry["unseen"] = std::move(unseen);
    cpus.push_back(std::move(entry));
  }
  json["cpus"] = std::move(cpus);
  json["notes"] = report.notes;
  return dump(json);
}

}  // namespace kip::cli
