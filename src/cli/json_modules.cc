// Reports on modules: kmod-pack's.
#include "src/cli/json.h"
#include "src/cli/json_values.h"

namespace kip::cli {
namespace {

using namespace detail;

Json rule_json(const RuleRow& rule) {
  return {{"effect", rule.effect},
          {"key", rule.key},
          {"pattern", rule.pattern},
          {"file", rule.file},
          {"line", rule.line}};
}

Json rules_json(const std::vector<RuleRow>& rules) {
  Json json = Json::array();
  for (const RuleRow& rule : rules) json.push_back(rule_json(rule));
  return json;
}

Json module_json(const ModuleRow& row) {
  Json json = {{"state", state_name(row.state)}, {"name", row.name}, {"version", row.version}};
  if (!row.path.empty()) json["path"] = row.path;
  json["signed"] = row.has_signature;
  if (!row.signer.empty()) json["signer"] = row.signer;
  json["rule"] = row.rule ? rule_json(*row.rule) : Json(nullptr);
  json["beaten"] = rules_json(row.beaten);
  if (!row.left_out.empty()) json["left_out"] = row.left_out;
  if (!row.of.empty()) {
    json["cause"] = row.cause;
    json["of"] = row.of;
  }
  if (!row.winner.empty()) json["winner"] = row.winner;
  return json;
}

}  // namespace

std::string to_json(const ModuleListReport& report) {
  Json json = envelope("modules");
  json["kernel"] = report.kernel;
  json["directory"] = report.directory;
  Json modules = Json::array();
  for (const ModuleRow& row : report.modules) modules.push_back(module_json(row));
  json["modules"] = std::move(modules);
  return dump(json);
}

std::string to_json(const WhyReport& report) {
  Json json = envelope("why");
  json["kernel"] = report.kernel;
  json["asked"] = report.asked;
  Json modules = Json::array();
  for (const WhyRow& row : report.modules) {
    Json entry = module_json(row.module);
    Json chain = Json::array();
    for (const ModuleRow& link : row.chain) chain.push_back(module_json(link));
    entry["chain"] = std::move(chain);
    modules.push_back(std::move(entry));
  }
  json["modules"] = std::move(modules);
  return dump(json);
}

std::string to_json(const LintReport& report) {
  Json json = envelope("lint");
  json["kernel"] = report.kernel;
  json["findings"] = findings_json(report.findings);
  return dump(json);
}

std::string to_json(const OverlayReport& report) {
  Json json = envelope("overlay");
  json["kernel"] = report.kernel;
  json["base"] = report.base;
  json["output"] = report.output;
  json["method"] = report.method;
  json["bytes"] = report.bytes;
  json["others"] = report.others;
  Json files = Json::array();
  for (const OverlayFileRow& row : report.files) {
    files.push_back({{"kind", row.kind},
                     {"name", row.name},
                     {"path", row.path},
                     {"size", row.size},
                     {"in_base", row.in_base},
                     {"cause", row.cause},
                     {"detail", row.detail}});
  }
  json["files"] = std::move(files);
  return dump(json);
}

std::string to_json(const EmitReport& report) {
  Json json = envelope("emit");
  json["kernel"] = report.kernel;
  json["generator"] = report.generator;
  json["path"] = report.path;
  json["in"] = report.in;
  json["out"] = report.out;
  json["text"] = report.text;
  return dump(json);
}

}  // namespace kip::cli
