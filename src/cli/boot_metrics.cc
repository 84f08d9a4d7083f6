// Figures of check-boot in the text format that Prometheus reads. Source: prometheus.io, "Exposition formats", "Text-based
// format": a sample a line; in a label's value backslash, quote and line feed are escaped; the samples of a metric stand
// together, each set of labels once.
//
// A series is a kind of CPU, without its revision: a value that changes is not to begin a new series at each update. Where CPUs
// of a kind differ, the oldest revision counts.
#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "src/cli/boot_report.h"

namespace kip::cli {
namespace {

struct Kind {
  unsigned cpus = 0;
  std::optional<std::uint32_t> running, packed, next;
  std::optional<bool> taken;  // nullopt: there was nothing to take
};

std::string escaped(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == '\\' || c == '"') text += '\\';
    text += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return text;
}

std::string labels_of(const BootRow& row) {
  std::string labels = fmt::format("{{vendor=\"{}\",signature=\"{:#010x}\"", escaped(row.vendor),
                                   row.signature.value);
  if (row.platform_flags) labels += fmt::format(",platform_flags=\"{:#04x}\"", *row.platform_flags);
  return labels + "}";
}

void add(const BootRow& row, Kind& kind) {
  kind.cpus += row.count;
  if (row.running) kind.running = std::min(*row.running, kind.running.value_or(*row.running));
  switch (row.verdict) {
    case BootVerdict::kTaken:
    case BootVerdict::kNotNeeded:
    case BootVerdict::kNotTaken:
    case BootVerdict::kLags: {
      const bool alarm = row.verdict >= BootVerdict::kNotTaken;
      kind.taken = kind.taken.value_or(true) && !alarm;
      if (row.packed) kind.packed = std::max(*row.packed, kind.packed.value_or(0));
      break;
    }
    case BootVerdict::kNextBoot:
      kind.next = row.packed;
      break;
    case BootVerdict::kUnknown:
      kind.packed = row.packed;
      break;
    default:
      break;
  }
}

using Kinds = std::map<std::string, Kind>;

// `value_of` gives nullopt for kinds without a sample. Without any the metric is left out.
template <class ValueOf>
void add_metric(const char* name, const char* help, const Kinds& kinds, ValueOf value_of,
                std::string& text) {
  std::string samples;
  for (const auto& [labels, kind] : kinds) {
    if (const std::optional<std::uint32_t> value = value_of(kind))
      samples += fmt::format("{}{} {}\n", name, labels, *value);
  }
  if (samples.empty()) return;
  text += fmt::format("# HELP {} {}\n# TYPE {} gauge\n{}", name, help, name, samples);
}

void add_flag(const char* name, const char* help, bool value, std::string& text) {
  text +=
      fmt::format("# HELP {} {}\n# TYPE {} gauge\n{} {}\n", name, help, name, name, value ? 1 : 0);
}

std::string checked(bool value) {
  std::string text;
  add_flag("kip_microcode_checked",
           "Whether the last check of the running microcode could be done.", value, text);
  return text;
}

}  // namespace

std::string to_metrics(const BootReport& report) {
  Kinds kinds;
  for (const BootRow& row : report.cpus) add(row, kinds[labels_of(row)]);
  std::string text = checked(code_of(report) != ExitCode::kFailed);
  add_metric(
      "kip_microcode_cpus", "Logical CPUs of a kind.", kinds,
      [](const Kind& kind) { return std::optional<std::uint32_t>(kind.cpus); }, text);
  add_flag("kip_microcode_hypervisor", "Whether a hypervisor owns the microcode.",
           report.hypervisor, text);
  add_metric(
      "kip_microcode_next_boot_revision",
      "Revision in the image, which was written after this boot.", kinds,
      [](const Kind& kind) { return kind.next; }, text);
  add_metric(
      "kip_microcode_packed_revision", "Revision in the image that was booted.", kinds,
      [](const Kind& kind) { return kind.packed; }, text);
  add_metric(
      "kip_microcode_running_revision", "Revision that runs, the oldest of a kind.", kinds,
      [](const Kind& kind) { return kind.running; }, text);
  add_metric(
      "kip_microcode_taken", "0 where a CPU runs an older revision than it should.", kinds,
      [](const Kind& kind) {
        return kind.taken ? std::optional<std::uint32_t>(*kind.taken ? 1 : 0) : std::nullopt;
      },
      text);
  return text;
}

std::string metrics_unchecked() {
  return checked(false);
}

}  // namespace kip::cli
