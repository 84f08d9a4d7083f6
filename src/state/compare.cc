#include <algorithm>
#include <fmt/format.h>

#include "src/base/finding.h"
#include "src/state/compare.h"

namespace kip::state {
namespace {

using Kind = Change::Kind;
using Changes = std::vector<Change>;

template <class List>
auto find_named(const List& list, const std::string& name) {
  const auto found =
      std::find_if(list.begin(), list.end(), [&](const auto& item) { return item.name == name; });
  return found == list.end() ? nullptr : &*found;
}

// A module that says no version has at least a place.
std::string version_of(const ModuleInput& module) {
  return module.version.empty() ? module.path : module.version;
}

std::string reason_of(const ModuleInput& module) {
  return module.cause == "policy" ? module.of : "needed by " + quote(module.of);
}

bool is_same(const ModuleInput& was, const ModuleInput& is) {
  if (was.path != is.path) return false;
  return was.digest ? was.digest == is.digest : is.in_tree;
}

Change change_between(const ModuleInput& was, const ModuleInput& is) {
  Change change{Kind::kModule, is.name, version_of(was), version_of(is), is.path, reason_of(is)};
  if (change.was != change.is) return change;
  if (was.path != is.path)
    change.was += " at " + quote(was.path);
  else
    change.is += " with other bytes";
  return change;
}

// Why a module is not wanted any more.
std::string why_out(const ModuleInputs& now, const ModuleInput& was) {
  const DecisionInput* const decision = find_named(now.decisions, was.name);
  if (decision == nullptr) return was.in_tree ? "nothing needs it" : "it is not there";
  return decision->why.empty() ? "no rule asks for it" : decision->why;
}

void compare_modules(const ModuleInputs& was, const ModuleInputs& is, Changes& changes) {
  for (const ModuleInput& before : was.modules) {
    const ModuleInput* const now = find_named(is.modules, before.name);
    if (now == nullptr && before.digest) {
      changes.push_back(
          {Kind::kModule, before.name, version_of(before), "", before.path, why_out(is, before)});
    } else if (now != nullptr && !is_same(before, *now)) {
      changes.push_back(change_between(before, *now));
    }
  }
  for (const ModuleInput& now : is.modules) {
    if (find_named(was.modules, now.name) != nullptr) continue;
    changes.push_back({Kind::kModule, now.name, "", version_of(now), now.path, reason_of(now)});
  }
}

void compare_firmware(const ModuleInputs& was, const ModuleInputs& is, Changes& changes) {
  const auto why = [](const FirmwareInput& it) { return "named by " + quote(it.of); };
  for (const FirmwareInput& before : was.firmware) {
    const FirmwareInput* const now = find_named(is.firmware, before.name);
    if (now == nullptr)
      changes.push_back(
          {Kind::kFirmware, before.name, "in the image", "", before.path, why(before)});
    else if (now->digest != before.digest)
      changes.push_back({Kind::kFirmware, now->name, fmt::format("{} bytes", before.stamp.size),
                         fmt::format("{} other bytes", now->stamp.size), now->path, why(*now)});
  }
  for (const FirmwareInput& now : is.firmware) {
    if (find_named(was.firmware, now.name) == nullptr)
      changes.push_back({Kind::kFirmware, now.name, "", "there", now.path, why(now)});
  }
}

void compare_modprobe(const ModuleInputs& was, const ModuleInputs& is, Changes& changes) {
  // Without a module there is nobody for them to be about.
  if (was.modprobe == is.modprobe || was.modules.empty() || is.modules.empty()) return;
  const auto word = [](const auto& digest) { return std::string(digest ? "some lines" : ""); };
  Change change{Kind::kModprobe, "modprobe.d", word(was.modprobe), word(is.modprobe), "", ""};
  if (change.was == change.is) change.is = "other lines";
  changes.push_back(std::move(change));
}

// What others wrote, on one line.
std::string shown(const std::string& text) {
  std::string bare = text;
  std::erase_if(bare, [](char c) { return c == '\'' || c == '\\'; });
  return quote(bare) == "'" + bare + "'" ? text : quote(text);
}

void compare_compression(const SettingInputs& was, const SettingInputs& is, Changes& changes) {
  if (was.compression.empty() || is.compression.empty() || was.compression == is.compression)
    return;
  changes.push_back({Kind::kSetting, "Compression", was.compression, is.compression, "", ""});
}

}  // namespace

const char* kind_name(Change::Kind kind) {
  constexpr const char* kNames[] = {"microcode", "entrysign", "module",
                                    "firmware",  "modprobe",  "setting"};
  return kNames[static_cast<int>(kind)];
}

std::string to_text(const Change& change) {
  const auto or_none = [](const std::string& value) {
    return value.empty() ? "none" : shown(value);
  };
  std::string text = fmt::format("{} {}: {} -> {}", kind_name(change.kind), shown(change.name),
                                 or_none(change.was), or_none(change.is));
  if (!change.file.empty()) text += " (" + quote(change.file) + ")";
  if (!change.why.empty()) text += "; " + shown(change.why);
  return text;
}

std::vector<Change> compare(const Manifest& recorded, const Inputs& now) {
  const Inputs& was = recorded.inputs;
  Changes changes;
  if (!now.settings.enabled) {
    const bool any = std::any_of(recorded.files.begin(), recorded.files.end(),
                                 [](const ImageFile& file) { return file.has_own(); });
    if (any)
      changes.push_back({Kind::kSetting, "Enabled", "yes", "no", "", now.settings.enabled_by});
    return changes;
  }
  if (now.microcode) detail::compare_microcode(recorded, now, changes);
  compare_modules(was.modules, now.modules, changes);
  compare_firmware(was.modules, now.modules, changes);
  compare_modprobe(was.modules, now.modules, changes);
  compare_compression(was.settings, now.settings, changes);
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.kind < b.kind; });
  return changes;
}

}  // namespace kip::state
