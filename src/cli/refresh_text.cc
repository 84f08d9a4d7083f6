#include "src/base/text.h"
#include "src/cli/refresh_report.h"

namespace kip::cli {

const char* outcome_name(Outcome outcome) {
  constexpr const char* kNames[] = {"current", "swapped", "rebuilt",  "waiting",
                                    "refused", "failed",  "not tried"};
  return kNames[static_cast<int>(outcome)];
}

std::string to_text(const RefreshRow& row, bool dry_run, bool alone) {
  std::string text = shell_word(row.kernel);
  if (!alone) text += " (token " + shell_word(row.token) + ")";
  const bool changes = row.outcome == Outcome::kSwapped || row.outcome == Outcome::kRebuilt;
  text +=
      std::string(": ") + (dry_run && changes ? "to be " : "") + outcome_name(row.outcome) + "\n";
  if (!row.why.empty())
    text += "    " + row.why + (row.remedy.empty() ? "" : " (" + row.remedy + ")") + "\n";
  for (const FileRow& file : row.files) text += to_text(file);
  for (const state::Change& change : row.changes) text += "    " + to_text(change) + "\n";
  return text;
}

}  // namespace kip::cli
