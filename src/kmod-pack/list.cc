// list: every out-of-tree module, what policy decides about it, and by which rule.

#include "src/cli/json.h"
#include "src/kmod-pack/subject.h"

namespace kip::kmod_pack {

using cli::ExitCode;

ExitCode list(const Settings& settings, const cli::Messages& messages) {
  Subject subject(settings, messages, cli::ModuleChoice::Say::kNothing);
  if (const ExitCode code = subject.open_closed(); code != ExitCode::kDone) return code;
  cli::ModuleChoice& choice = subject.choice();
  cli::ModuleListReport report{subject.kernel(), choice.tree().directory(), {}};
  for (const cli::DecidedModule& it : choice.modules()) report.modules.push_back(subject.row(it));
  const bool any = !report.modules.empty();
  ExitCode code = ExitCode::kDone;
  for (const modules::ModuleFile& file : choice.tree().files()) {
    if (!settings.all) break;
    auto row = subject.row(file);
    if (!row) {
      messages.error_at(choice.tree().directory() + "/" + file.path, row.error());
      code = ExitCode::kFailed;
    } else if (row->state == cli::ModuleState::kInTree) {
      report.modules.push_back(std::move(*row));
    }
  }
  subject.say_findings();
  if (!messages.print(settings.report.json ? to_json(report) : to_text(report)))
    return ExitCode::kFailed;
  if (!any) messages.note("kernel " + quote(subject.kernel()) + " has no out-of-tree modules");
  return code;
}

}  // namespace kip::kmod_pack
