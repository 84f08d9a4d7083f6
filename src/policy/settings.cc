#include <algorithm>

#include "src/base/text.h"
#include "src/policy/settings.h"
#include "src/policy/settings_keys.h"

namespace kip::policy {
namespace {

// One word that is broken, and the list stays as it was.
void replace(Settings& settings, ListSetting& list, const char* variable,
             const std::optional<std::string>& words, Status (*check)(std::string_view)) {
  const Origin origin{variable, 0};
  ListSetting values;
  bool broken = false;
  for (const std::string_view word : words_of(words ? *words : std::string_view())) {
    values.push_back({std::string(word), origin});
    if (const Status status = check(word); !status) {
      broken = true;
      settings.findings.push_back(
          setting_fault("conf-value", origin, quote_start(word) + ": " + status.error().what));
    }
  }
  if (!broken && !values.empty()) list = std::move(values);
}

}  // namespace

bool Settings::broken() const {
  return std::any_of(findings.begin(), findings.end(),
                     [](const Finding& finding) { return finding.severity == Severity::kError; });
}

Settings settings_from(const std::vector<ConfFile>& files) {
  Settings settings;
  for (const ConfFile& file : files) {
    settings.findings.insert(settings.findings.end(), file.findings.begin(), file.findings.end());
    for (const ConfLine& line : file.lines) take_line(settings, line);
  }
  return settings;
}

Result<Settings> read_settings(const Root& root) {
  return settings_from(TRY(read_conf_files(root)));
}

void apply_environment(Settings& settings, const std::optional<std::string>& cpu,
                       const std::optional<std::string>& firmware) {
  replace(settings, settings.microcode.cpu, "KIP_CPU", cpu, check_cpu);
  replace(settings, settings.microcode.firmware, "KIP_FIRMWARE", firmware, check_path);
}

std::vector<std::string> values_of(const ListSetting& list) {
  std::vector<std::string> values;
  values.reserve(list.size());
  for (const auto& setting : list) values.push_back(setting.value);
  return values;
}

}  // namespace kip::policy
