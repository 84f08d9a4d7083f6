#include <algorithm>
#include <fmt/format.h>

#include "src/base/finding.h"
#include "src/base/text.h"
#include "src/cli/doctor_report.h"
#include "src/cli/image_report.h"
#include "src/cli/status_report.h"

namespace kip::cli {
namespace {

using state::FileState;

std::string headline(const EntryRow& row, bool alone) {
  std::string text = shell_word(row.kernel);
  if (!alone) text += " (token " + shell_word(row.token) + ")";
  return text + ": " + state_name(row.state) + "\n";
}

std::string entry_text(const EntryRow& row, bool alone) {
  std::string text = headline(row, alone);
  for (const FileRow& file : row.files) text += to_text(file);
  for (const state::PendingModule& module : row.pending)
    text += fmt::format("    pending {}; {}\n", quote(module.name), module.rule);
  for (const state::Change& change : row.changes) text += "    " + to_text(change) + "\n";
  return text;
}

}  // namespace

const char* state_name(EntryState state) {
  constexpr const char* kNames[] = {"current", "stale", "pending", "foreign", "missing", "unknown"};
  return kNames[static_cast<int>(state)];
}

std::string to_text(const FileRow& file) {
  if (file.state == FileState::kThere) return "";
  const char* const what =
      file.state == FileState::kMissing ? "is not there" : "is another one than was installed";
  return fmt::format("    {} {} {}\n", file.what, quote(file.path), what);
}

std::string to_text(const StatusReport& report) {
  std::string text;
  for (const EntryRow& row : report.entries) {
    const auto of_kernel =
        std::count_if(report.entries.begin(), report.entries.end(),
                      [&](const EntryRow& other) { return other.kernel == row.kernel; });
    text += entry_text(row, of_kernel == 1);
  }
  return text;
}

std::string to_text(const DoctorReport& report) {
  std::string text;
  for (const Finding& finding : report.findings) text += finding_line(finding) + "\n";
  return text;
}

}  // namespace kip::cli
