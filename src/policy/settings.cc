#include <algorithm>
#include <fmt/format.h>

#include "src/base/text.h"
#include "src/policy/settings.h"
#include "ucode/selector.h"

namespace kip::policy {
namespace {

using ucode::Selector;

/// Says why a value of a list is none.
using Check = Status (*)(std::string_view value);

Status check_path(std::string_view value) {
  if (!value.starts_with('/')) return fail(Errc::kInvalid, "a path here begins with '/'");
  return {};
}

Status check_cpu(std::string_view value) {
  if (value == "host" || value == "all") return {};
  if (value.starts_with('@')) return check_path(value.substr(1));
  TRY(ucode::parse_selector(value));
  return {};
}

Status check_hold(std::string_view value) {
  const Selector selector = TRY(ucode::parse_selector(value));
  if (selector.exclude) return fail(Errc::kInvalid, "'!' deselects CPUs, and has no meaning here");
  return {};
}

Status check_pin(std::string_view value) {
  TRY(check_hold(value));
  const Selector selector = TRY(ucode::parse_selector(value));
  if (selector.bound == Selector::Bound::kAny)
    return fail(Errc::kInvalid, "a pin needs a revision, as in 0x806f8,,eq:0x2b000650");
  return {};
}

Status add(ListSetting& list, const ConfLine& line, Check check) {
  if (line.value.empty()) {
    list.clear();
    return {};
  }
  TRY(check(line.value));
  list.push_back({line.value, line.origin});
  return {};
}

template <class T>
struct Word {
  const char* text;
  T value;
};

constexpr Word<OnNone> kOnNone[] = {{"warn", OnNone::kWarn}, {"fail", OnNone::kFail}};
constexpr Word<Conflict> kConflict[] = {{"union", Conflict::kUnion}, {"strip", Conflict::kStrip}};
constexpr Word<bool> kYesNo[] = {{"yes", true}, {"no", false}};

template <class T>
Status choose(Setting<T>& setting, const ConfLine& line, const Word<T> (&words)[2]) {
  for (const Word<T>& word : words) {
    if (line.value != word.text) continue;
    setting = {word.value, line.origin};
    return {};
  }
  return fail(Errc::kInvalid, fmt::format("is {} or {}", words[0].text, words[1].text));
}

struct Key {
  std::string_view section, name;
  Status (*take)(Settings& settings, const ConfLine& line);
};

constexpr Key kKeys[] = {
    {"Microcode", "Cpu",
     [](Settings& all, const ConfLine& line) { return add(all.microcode.cpu, line, check_cpu); }},
    {"Microcode", "Firmware",
     [](Settings& all, const ConfLine& line) {
       return add(all.microcode.firmware, line, check_path);
     }},
    {"Microcode", "Hold",
     [](Settings& all, const ConfLine& line) { return add(all.microcode.hold, line, check_hold); }},
    {"Microcode", "Pin",
     [](Settings& all, const ConfLine& line) { return add(all.microcode.pin, line, check_pin); }},
    {"Microcode", "OnNone",
     [](Settings& all, const ConfLine& line) {
       return choose(all.microcode.on_none, line, kOnNone);
     }},
    {"Microcode", "Conflict",
     [](Settings& all, const ConfLine& line) {
       return choose(all.microcode.conflict, line, kConflict);
     }},
    {"Image", "Enabled",
     [](Settings& all, const ConfLine& line) { return choose(all.image.enabled, line, kYesNo); }},
};

Finding found(Severity severity, const char* rule, const Origin& origin, std::string text) {
  Finding finding;
  finding.severity = severity;
  finding.rule = rule;
  finding.place = to_text(origin);
  finding.text = std::move(text);
  return finding;
}

// Other programs of the suite, and later versions, have keys of their own: a warning.
Finding unknown_key(const ConfLine& line) {
  const bool section = std::any_of(std::begin(kKeys), std::end(kKeys),
                                   [&](const Key& key) { return key.section == line.section; });
  return found(Severity::kError, "conf-key", line.origin,
               section ? fmt::format("unknown key {} in [{}]", quote_start(line.key), line.section)
                       : fmt::format("unknown section {}", quote_start(line.section)));
}

void take_line(Settings& settings, const ConfLine& line) {
  const auto key = std::find_if(std::begin(kKeys), std::end(kKeys), [&](const Key& known) {
    return known.section == line.section && known.name == line.key;
  });
  if (key == std::end(kKeys)) {
    settings.findings.push_back(unknown_key(line));
    return;
  }
  const Status taken = key->take(settings, line);
  if (taken) return;
  settings.findings.push_back(
      found(Severity::kError, "conf-value", line.origin,
            fmt::format("{}={}: {}", line.key, quote_start(line.value), taken.error().what)));
}

// One word that is broken, and the list stays as it was.
void replace(Settings& settings, ListSetting& list, const char* variable,
             const std::optional<std::string>& words, Check check) {
  constexpr const char* kBlanks = " \t\n";
  const Origin origin{variable, 0};
  ListSetting values;
  bool broken = false;
  std::string_view rest = words ? std::string_view(*words) : std::string_view();
  for (;;) {
    rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
    if (rest.empty()) break;
    const std::string_view word = rest.substr(0, rest.find_first_of(kBlanks));
    rest.remove_prefix(word.size());
    values.push_back({std::string(word), origin});
    if (const Status status = check(word); !status) {
      broken = true;
      settings.findings.push_back(found(Severity::kError, "conf-value", origin,
                                        quote_start(word) + ": " + status.error().what));
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
