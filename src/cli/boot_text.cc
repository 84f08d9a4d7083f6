#include <algorithm>
#include <fmt/format.h>

#include "src/cli/boot_report.h"
#include "src/cli/messages.h"

namespace kip::cli {
namespace {

ExitCode code_of(BootVerdict verdict) {
  switch (verdict) {
    case BootVerdict::kNotTaken:
    case BootVerdict::kLags:
      return ExitCode::kNo;
    case BootVerdict::kUnknown:
      return ExitCode::kFailed;
    default:
      return ExitCode::kDone;
  }
}

std::string revision(const char* key, const std::optional<std::uint32_t>& value) {
  return value ? fmt::format(" {}={:#010x}", key, *value) : "";
}

// Syslog's levels, as journald has them.
const char* priority(const BootReport& report) {
  constexpr const char *kWarning = "4", *kInfo = "6";
  return code_of(report) == ExitCode::kDone ? kInfo : kWarning;
}

}  // namespace

const char* verdict_name(BootVerdict verdict) {
  constexpr const char* kNames[] = {"taken",     "not-needed", "nothing", "guest",
                                    "next-boot", "not-taken",  "lags",    "unknown"};
  return kNames[static_cast<std::size_t>(verdict)];
}

ExitCode code_of(const BootReport& report) {
  ExitCode code = ExitCode::kDone;
  for (const BootRow& row : report.cpus) code = worse(code, code_of(row.verdict));
  return code;
}

std::string to_line(const BootRow& row) {
  std::string line = fmt::format("{}, {}: ", row.label, counted(row.count, "CPU"));
  if (row.running) line += fmt::format("runs {:#010x}: ", *row.running);
  line += row.text;
  return row.remedy.empty() ? line : line + " (" + row.remedy + ")";
}

std::string to_text(const BootReport& report) {
  std::string text;
  for (const BootRow& row : report.cpus) text += to_line(row) + "\n";
  return text;
}

std::vector<JournalField> to_journal(const BootReport& report) {
  std::string message = to_text(report);
  if (!message.empty()) message.pop_back();
  std::vector<JournalField> fields = {{"MESSAGE", message},
                                      {"MESSAGE_ID", kBootMessageId},
                                      {"PRIORITY", priority(report)},
                                      {"SYSLOG_IDENTIFIER", "ucode-pack"},
                                      {"KIP_KERNEL", report.kernel}};
  for (const std::string& file : report.files) fields.push_back({"KIP_IMAGE", file});
  for (const BootRow& row : report.cpus) {
    fields.push_back(
        {"KIP_CPU", fmt::format("{} count={}{}{} verdict={}", row.label, row.count,
                                revision("running", row.running), revision("packed", row.packed),
                                verdict_name(row.verdict))});
  }
  return fields;
}

}  // namespace kip::cli
