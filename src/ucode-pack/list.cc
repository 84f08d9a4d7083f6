// list: every update found, with where and what it is.
#include <algorithm>

#include "src/cli/json.h"
#include "src/cli/packing.h"
#include "src/ucode-pack/verbs.h"

namespace kip::ucode_pack {

using cli::ExitCode;

namespace {

std::int64_t newest_date(const cli::ListReport& report) {
  std::int64_t newest = 0;
  for (const cli::UpdateRow& row : report.updates)
    newest = std::max(newest, ucode::date_seconds(row.update.date));
  return newest;
}

std::string to_output(const cli::ListReport& report, const Settings& settings,
                      const cli::Messages& messages) {
  if (settings.sbom) {
    const auto epoch = cli::source_date_epoch(messages);
    return to_sbom(report, {"ucode-pack-" KIP_VERSION, epoch.value_or(newest_date(report))});
  }
  return settings.report.json ? to_json(report) : to_text(report);
}

}  // namespace

ExitCode list(const Settings& settings, const cli::Messages& messages) {
  Settings all = settings;
  if (all.cpus.empty()) all.cpus = {"all"};
  ExitCode code = ExitCode::kDone;
  const auto request = resolve(all, messages, code);
  if (!request) return code;
  const auto root = open_root(settings, messages);
  if (!root) return ExitCode::kFailed;
  catalog::Catalog catalog;
  code = scan(*root, settings, settings.firmware,
              {.depth = ucode::Depth::kWhole, .digests = true, .threads = host::usable_cpus()},
              messages, catalog);
  cli::ListReport report;
  for (const catalog::Entry& entry : catalog.entries) {
    if (entry.sound && concerns(*request, entry.update))
      report.updates.push_back(cli::row_of(catalog, entry));
  }
  report.findings = catalog.findings;
  say_findings(catalog, messages);
  if (!messages.print(to_output(report, settings, messages))) return ExitCode::kFailed;
  if (code == ExitCode::kDone && report.updates.empty()) {
    messages.error("no microcode found" + cli::where(settings.firmware));
    return ExitCode::kNothing;
  }
  return code;
}

}  // namespace kip::ucode_pack
