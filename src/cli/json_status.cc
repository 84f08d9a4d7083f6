// Reports of kip.
#include "src/cli/json.h"
#include "src/cli/json_values.h"

namespace kip::cli {
namespace {

using namespace detail;

Json change_json(const state::Change& change) {
  Json json = {{"kind", kind_name(change.kind)}, {"name", change.name}};
  json["was"] = change.was.empty() ? Json(nullptr) : Json(change.was);
  json["is"] = change.is.empty() ? Json(nullptr) : Json(change.is);
  if (!change.file.empty()) json["file"] = change.file;
  if (!change.why.empty()) json["why"] = change.why;
  return json;
}

Json changes_json(const std::vector<state::Change>& changes) {
  Json list = Json::array();
  for (const state::Change& change : changes) list.push_back(change_json(change));
  return list;
}

Json file_json(const FileRow& file) {
  constexpr const char* kStates[] = {"there", "missing", "foreign"};
  return {{"path", file.path}, {"state", kStates[static_cast<int>(file.state)]}};
}

Json files_json(const std::vector<FileRow>& files) {
  Json list = Json::array();
  for (const FileRow& file : files) list.push_back(file_json(file));
  return list;
}

Json entry_json(const EntryRow& row) {
  Json json = {{"kernel", row.kernel}, {"state", state_name(row.state)}};
  if (!row.token.empty()) {
    json["token"] = row.token;
    json["layout"] = row.layout;
    json["kip_version"] = row.kip_version;
  }
  Json pending = Json::array();
  for (const state::PendingModule& module : row.pending)
    pending.push_back(Json{{"module", module.name}, {"rule", module.rule}});
  json["files"] = files_json(row.files);
  json["pending"] = std::move(pending);
  json["changes"] = changes_json(row.changes);
  return json;
}

Json row_json(const RefreshRow& row) {
  Json json = {{"kernel", row.kernel}, {"outcome", outcome_name(row.outcome)}};
  if (!row.token.empty()) json["token"] = row.token;
  if (!row.why.empty()) json["why"] = row.why;
  if (!row.remedy.empty()) json["remedy"] = row.remedy;
  json["files"] = files_json(row.files);
  json["changes"] = changes_json(row.changes);
  return json;
}

}  // namespace

std::string to_json(const RefreshReport& report) {
  Json json = envelope("refresh");
  json["dry_run"] = report.dry_run;
  Json entries = Json::array();
  for (const RefreshRow& row : report.entries) entries.push_back(row_json(row));
  json["entries"] = std::move(entries);
  json["findings"] = findings_json(report.findings);
  return dump(json);
}

std::string to_json(const StatusReport& report) {
  Json json = envelope("status");
  Json entries = Json::array();
  for (const EntryRow& row : report.entries) entries.push_back(entry_json(row));
  json["entries"] = std::move(entries);
  json["findings"] = findings_json(report.findings);
  return dump(json);
}

std::string to_json(const DoctorReport& report) {
  Json json = envelope("doctor");
  json["findings"] = findings_json(report.findings);
  return dump(json);
}

}  // namespace kip::cli
