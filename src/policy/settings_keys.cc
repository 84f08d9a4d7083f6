#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <limits>

#include "src/base/text.h"
#include "src/policy/module_words.h"
#include "src/policy/settings_keys.h"
#include "ucode/selector.h"

namespace kip::policy {
namespace {

using ucode::Selector;

/// Says why a value of a list is none.
using Check = Status (*)(std::string_view value);

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
constexpr Word<Unsigned> kUnsigned[] = {
    {"warn", Unsigned::kWarn}, {"skip", Unsigned::kSkip}, {"fail", Unsigned::kFail}};
constexpr Word<OnRequire> kOnRequire[] = {{"fail", OnRequire::kFail}, {"warn", OnRequire::kWarn}};
constexpr Word<Compression> kCompression[] = {{"auto", Compression::kAuto},
                                              {"none", Compression::kNone},
                                              {"zstd", Compression::kZstd},
                                              {"xz", Compression::kXz},
                                              {"gzip", Compression::kGzip}};
constexpr Word<bool> kYesNo[] = {{"yes", true}, {"no", false}};

template <class T, std::size_t N>
Status choose(Setting<T>& setting, const ConfLine& line, const Word<T> (&words)[N]) {
  std::string all;
  for (std::size_t i = 0; i < N; ++i) {
    if (line.value == words[i].text) {
      setting = {words[i].value, line.origin};
      return {};
    }
    all += i == 0 ? "" : i + 1 == N ? " or " : ", ";
    all += words[i].text;
  }
  return fail(Errc::kInvalid, "is " + all);
}

void reset(ModuleSettings& modules, const ConfLine& line, Effect effect) {
  ModuleReset reset{effect, line.origin, {}};
  for (const ModuleWord& word : modules.words)
    if (word.effect == effect) reset.words.push_back(word);
  std::erase_if(modules.words, [&](const ModuleWord& word) { return word.effect == effect; });
  if (!reset.words.empty()) modules.resets.push_back(std::move(reset));
}

// All words of a line, or none.
Status add_modules(ModuleSettings& modules, const ConfLine& line, Effect effect) {
  const std::vector<std::string_view> words = words_of(line.value);
  if (words.empty()) reset(modules, line, effect);
  for (const std::string_view word : words) {
    const Status status = check_module_word(word);
    if (status) continue;
    // The line's only word stands in front of the message anyway.
    const std::string which = words.size() == 1 ? "" : quote_start(word) + ": ";
    return fail(Errc::kInvalid, which + status.error().what);
  }
  for (const std::string_view word : words)
    modules.words.push_back({effect, std::string(word), line.origin});
  return {};
}

Status take_size(Setting<std::uint64_t>& setting, const ConfLine& line) {
  constexpr std::string_view kUnits = "KMG";
  std::string_view digits = line.value;
  int shift = 0;
  if (const std::size_t unit = kUnits.find(digits.empty() ? '0' : digits.back());
      unit != kUnits.npos) {
    shift = 10 * static_cast<int>(unit + 1);
    digits.remove_suffix(1);
  }
  std::uint64_t size = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (fault != std::errc() || end != digits.data() + digits.size())
    return fail(Errc::kInvalid, "is a size in bytes, or with K, M or G behind it");
  if (size > (std::numeric_limits<std::uint64_t>::max() >> shift))
    return fail(Errc::kInvalid, "is more than any file can have");
  setting = {size << shift, line.origin};
  return {};
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
    {"Modules", "Include",
     [](Settings& all, const ConfLine& line) {
       return add_modules(all.modules, line, Effect::kInclude);
     }},
    {"Modules", "Omit",
     [](Settings& all, const ConfLine& line) {
       return add_modules(all.modules, line, Effect::kOmit);
     }},
    {"Modules", "Require",
     [](Settings& all, const ConfLine& line) {
       return add_modules(all.modules, line, Effect::kRequire);
     }},
    {"Modules", "Unsigned",
     [](Settings& all, const ConfLine& line) {
       return choose(all.modules.unsigned_modules, line, kUnsigned);
     }},
    {"Modules", "OnRequire",
     [](Settings& all, const ConfLine& line) {
       return choose(all.modules.on_require, line, kOnRequire);
     }},
    {"Modules", "FirmwareLimit",
     [](Settings& all, const ConfLine& line) {
       return take_size(all.modules.firmware_limit, line);
     }},
    {"Image", "Compression",
     [](Settings& all, const ConfLine& line) {
       return choose(all.image.compression, line, kCompression);
     }},
    {"Image", "Enabled",
     [](Settings& all, const ConfLine& line) { return choose(all.image.enabled, line, kYesNo); }},
};

Finding unknown_key(const ConfLine& line) {
  const bool section = std::any_of(std::begin(kKeys), std::end(kKeys),
                                   [&](const Key& key) { return key.section == line.section; });
  return setting_fault(
      "conf-key", line.origin,
      section ? fmt::format("unknown key {} in [{}]", quote_start(line.key), line.section)
              : fmt::format("unknown section {}", quote_start(line.section)));
}

}  // namespace

std::vector<std::string_view> words_of(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n";
  std::vector<std::string_view> words;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
    if (text.empty()) return words;
    words.push_back(text.substr(0, text.find_first_of(kBlanks)));
    text.remove_prefix(words.back().size());
  }
}

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

Finding setting_fault(const char* rule, const Origin& origin, std::string text) {
  Finding finding;
  finding.severity = Severity::kError;
  finding.rule = rule;
  finding.place = to_text(origin);
  finding.text = std::move(text);
  return finding;
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
  settings.findings.push_back(setting_fault(
      "conf-value", line.origin,
      fmt::format("{}={}: {}", line.key, quote_start(line.value), taken.error().what)));
}

}  // namespace kip::policy
