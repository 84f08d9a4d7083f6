#include <algorithm>
#include <charconv>
#include <tuple>

#include "ucode/kernel_rules.h"

namespace kip::ucode {
namespace {

// `source` is the mainline commit; the stable rows are from the logs of the branches.
constexpr KernelRuleRow kTable[] = {
    {KernelRule::kZenId, "zen-id", 6, 12, {{{6, 6, 81}}}, "Linux 94838d230a6c"},
    {KernelRule::kSha, "sha", 6, 14, {{{6, 13, 6}, {6, 12, 18}, {6, 6, 81}}}, "Linux 50cef76d5cb0"},
    {KernelRule::kSelect,
     "select",
     6,
     19,
     {{{6, 18, 4}, {6, 12, 64}, {6, 6, 121}}},
     "Linux 8d171045069c"},
    {KernelRule::kAnyPlatform, "any-platform", 7, 1, {}, "Linux 238be4ba8760, 55ed3712b70c"},
};

// Takes a decimal number off the front.
std::optional<std::uint32_t> take_number(std::string_view& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

}  // namespace

std::optional<KernelVersion> KernelVersion::parse(std::string_view release) {
  KernelVersion version;
  const auto major = take_number(release);
  if (!major || !release.starts_with('.')) return std::nullopt;
  release.remove_prefix(1);
  const auto minor = take_number(release);
  if (!minor) return std::nullopt;
  version.major = *major;
  version.minor = *minor;
  bool has_patch = false;
  if (release.starts_with('.')) {
    release.remove_prefix(1);
    if (const auto patch = take_number(release)) {
      version.patch = *patch;
      has_patch = true;
    }
  }
  // "6.1.0-56-amd64" and "6.8.0-45-generic" carry a package's counter behind a point release that
  // is always 0; "5.14.0-427.el9" is a fork. A point release other than 0, or nothing behind it, is
  // taken at its word.
  version.vendor = !release.empty() && (!has_patch || version.patch == 0);
  return version;
}

Answer holds(KernelRule rule, const KernelVersion& kernel) {
  const auto row = std::find_if(std::begin(kTable), std::end(kTable),
                                [&](const auto& r) { return r.rule == rule; });
  if (std::tie(kernel.major, kernel.minor) >= std::tie(row->major, row->minor)) return Answer::kYes;
  if (kernel.vendor) return Answer::kUnknown;
  for (const auto& stable : row->stable) {
    if (stable.major == kernel.major && stable.minor == kernel.minor) {
      return kernel.patch >= stable.patch ? Answer::kYes : Answer::kNo;
    }
  }
  return Answer::kNo;
}

std::span<const KernelRuleRow> kernel_rule_table() {
  return kTable;
}

}  // namespace kip::ucode
