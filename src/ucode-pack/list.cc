// list: every update found, with where and what it is.

#include "src/cli/json.h"
#include "src/ucode-pack/verbs.h"

namespace kip::ucode_pack {

using cli::ExitCode;

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
  if (!messages.print(settings.report.json ? to_json(report) : to_text(report)))
    return ExitCode::kFailed;
  if (code == ExitCode::kDone && report.updates.empty()) {
    messages.error("no microcode found" + cli::where(settings.firmware));
    return ExitCode::kNothing;
  }
  return code;
}

}  // namespace kip::ucode_pack
