// verify: every check the kernel makes, on every update; one line a fault.
#include <algorithm>

#include "src/cli/json.h"
#include "src/ucode-pack/sources.h"

namespace kip::ucode_pack {

using cli::ExitCode;

ExitCode verify(const Settings& settings, const cli::Messages& messages) {
  const auto root = open_root(settings, messages);
  if (!root) return ExitCode::kFailed;
  catalog::Catalog catalog;
  ExitCode code =
      scan(*root, settings, settings.paths,
           {.depth = ucode::Depth::kChecked, .threads = host::usable_cpus()}, messages, catalog);
  cli::VerifyReport report;
  report.files = catalog.files;
  report.updates =
      static_cast<std::uint64_t>(std::count_if(catalog.entries.begin(), catalog.entries.end(),
                                               [](const auto& entry) { return entry.sound; }));
  report.findings = catalog.findings;
  for (const Finding& finding : report.findings) {
    if (finding.severity == Severity::kNote) continue;
    code = cli::worse(code, finding.rule == "file-unreadable" ? ExitCode::kFailed : ExitCode::kNo);
  }
  if (settings.report.json) {
    if (!messages.print(to_json(report))) return ExitCode::kFailed;
  } else {
    for (const Finding& finding : report.findings) {
      if (!messages.print(to_line(finding) + "\n")) return ExitCode::kFailed;
    }
  }
  if (code == ExitCode::kDone && report.updates == 0) {
    messages.error("no microcode found" + where(settings.paths));
    return ExitCode::kNothing;
  }
  if (code == ExitCode::kFailed && report.files == 0) return code;
  messages.note(cli::counted(report.updates, "update") + " in " +
                cli::counted(report.files, "file") + ", " +
                cli::counted(report.findings.size(), "fault"));
  return code;
}

}  // namespace kip::ucode_pack
