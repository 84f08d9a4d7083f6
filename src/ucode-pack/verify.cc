// verify: every check the kernel makes, on every update; one line a fault.
#include <algorithm>

#include "src/checks/updates.h"
#include "src/cli/json.h"
#include "src/ucode-pack/verbs.h"
#include "ucode/remarks.h"

namespace kip::ucode_pack {
namespace {

void add_remarks(const catalog::Catalog& catalog, std::vector<Finding>& findings) {
  for (const catalog::Entry& entry : catalog.entries) {
    if (!entry.sound) continue;
    const catalog::Stream& stream = catalog.stream_of(entry);
    for (Finding& note : ucode::remarks(entry.update)) {
      note.place = stream.place();
      note.offset = entry.file_offset(stream);
      findings.push_back(std::move(note));
    }
  }
}

}  // namespace

using cli::ExitCode;

ExitCode verify(const Settings& settings, const cli::Messages& messages) {
  const auto root = open_root(settings, messages);
  if (!root) return ExitCode::kFailed;
  catalog::Catalog catalog;
  ExitCode code =
      scan(*root, settings, settings.paths,
           {.depth = ucode::Depth::kChecked, .digests = true, .threads = host::usable_cpus()},
           messages, catalog);
  cli::VerifyReport report;
  report.files = catalog.files;
  report.updates =
      static_cast<std::uint64_t>(std::count_if(catalog.entries.begin(), catalog.entries.end(),
                                               [](const auto& entry) { return entry.sound; }));
  report.findings = catalog.findings;
  const auto more = checks::check_updates(catalog);
  report.findings.insert(report.findings.end(), more.begin(), more.end());
  std::size_t faults = 0;
  for (const Finding& finding : report.findings) {
    if (finding.severity == Severity::kNote) continue;
    ++faults;
    code = cli::worse(code, finding.rule == "file-unreadable" ? ExitCode::kFailed : ExitCode::kNo);
  }
  add_remarks(catalog, report.findings);
  if (settings.report.json) {
    if (!messages.print(to_json(report))) return ExitCode::kFailed;
  } else {
    for (const Finding& finding : report.findings) {
      if (finding.severity == Severity::kNote)
        messages.detail(to_line(finding));
      else if (!messages.print(to_line(finding) + "\n"))
        return ExitCode::kFailed;
    }
  }
  if (code == ExitCode::kDone && report.updates == 0) {
    messages.error("no microcode found" + cli::where(settings.paths));
    return ExitCode::kNothing;
  }
  if (code == ExitCode::kFailed && report.files == 0) return code;
  messages.note(cli::counted(report.updates, "update") + " in " +
                cli::counted(report.files, "file") + ", " + cli::counted(faults, "fault"));
  return code;
}

}  // namespace kip::ucode_pack
