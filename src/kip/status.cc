// status: each recorded entry against what would be made of this machine's files now. Reads, and writes nothing.
#include "src/cli/json.h"
#include "src/cli/survey.h"
#include "src/kip/verbs.h"

namespace kip::program {

using cli::ExitCode;

ExitCode status(const Settings& settings, const cli::Messages& messages) {
  Root root;
  if (!settings.root.empty()) {
    auto below = Root::at(settings.root);
    if (!below) return messages.error_at(settings.root, below.error()), ExitCode::kFailed;
    root = std::move(*below);
  }
  cli::Survey survey(root, settings.root, messages);
  if (const ExitCode code = survey.read(settings.kernels); code != ExitCode::kDone) return code;
  const cli::StatusReport report = survey.report();
  if (!messages.print(settings.report.json ? to_json(report) : to_text(report)))
    return ExitCode::kFailed;
  if (report.entries.empty() && report.findings.empty())
    messages.note("nothing is recorded: no entry was made with kip's plugins");
  return survey.code();
}

}  // namespace kip::program
