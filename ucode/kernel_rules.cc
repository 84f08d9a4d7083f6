#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "ucode/kernel_rules.h"

namespace kip::ucode {
namespace {

// `source` is the mainline commit; the stable rows are from the
// announcements and logs of the branches.
constexpr KernelRuleRow kTable[] = {
    {KernelRule::kSameRevision,
     "same-revision",
     {{6, 1, 0}, {}},
     {{{{6, 0, 6}, {}}, {{5, 15, 76}, {}}, {{5, 10, 152}, {}}, {{5, 4, 221}, {}}}},
     "Linux e7ad18d1169c"},
    {KernelRule::kRework, "rework", {{6, 7, 0}, {}}, {{{{6, 6, 81}, {}}}}, "Linux 0b62f6cb0773"},
    {KernelRule::kZenId, "zen-id", {{6, 12, 0}, {}}, {{{{6, 6, 81}, {}}}}, "Linux 94838d230a6c"},
    {KernelRule::kSha,
     "sha",
     {{6, 14, 0}, {}},
     {{{{6, 13, 6}, {}}, {{6, 12, 18}, {}}, {{6, 6, 81}, {}}}},
     "Linux 50cef76d5cb0"},
    {KernelRule::kShaZen5,
     "sha-zen5",
     {{6, 15, 0}, {}},
     {{{{6, 14, 4}, {}}, {{6, 12, 25}, {}}, {{6, 6, 88}, {}}}},
     "Linux 805b743fc163"},
    {KernelRule::kShaTsa,
     "sha-tsa",
     {{6, 16, 0}, {}},
     {{{{6, 15, 6}, {}}, {{6, 12, 37}, {}}, {{6, 6, 97}, {}}}},
     "Linux 2329f250e04d"},
    {KernelRule::kOldList, "old-list", {{6, 16, 0}, {}}, {}, "Linux 4e2c719782a8"},
    {KernelRule::kNoRevision,
     "no-revision",
     {{6, 17, 0}, {}},
     {{{{6, 16, 5}, {}}, {{6, 12, 45}, {}}, {{6, 6, 104}, {}}}},
     "Linux fcf8239ad6a5"},
    {KernelRule::kOptions, "options", {{6, 18, 0}, {}}, {}, "Linux 632ff6170647"},
    {KernelRule::kOldRefreshed, "old-refreshed", {{6, 18, 0}, {}}, {}, "Linux 855042367e3f"},
    {KernelRule::kNaples,
     "naples",
     {{6, 18, 0}, {}},
     {{{{6, 17, 6}, {}}, {{6, 12, 56}, {}}, {{6, 6, 115}, {}}}},
     "Linux 876f0d43af78"},
    {KernelRule::kMoreModels,
     "more-models",
     {{6, 18, 0}, {}},
     {{{{6, 17, 8}, {}}, {{6, 12, 58}, {}}, {{6, 6, 116}, {6, 6, 117}}}},
     "Linux d23550efc680"},
    {KernelRule::kShimada,
     "shimada",
     {{6, 18, 0}, {}},
     {{{{6, 17, 9}, {}}, {{6, 12, 59}, {}}, {{6, 6, 117}, {}}}},
     "Linux dd14022a7ce9"},
    {KernelRule::kKnownModels,
     "known-models",
     {{6, 18, 0}, {}},
     {{{{6, 17, 10}, {}}, {{6, 12, 60}, {}}, {{6, 6, 118}, {}}}},
     "Linux 8a9fb5129e8e"},
    {KernelRule::kStrixHalo,
     "strix-halo",
     {{6, 19, 0}, {}},
     {{{{6, 18, 4}, {}}, {{6, 12, 64}, {}}, {{6, 6, 120}, {}}}},
     "Linux 150b1b97e275"},
    {KernelRule::kSelect,
     "select",
     {{6, 19, 0}, {}},
     {{{{6, 18, 4}, {}}, {{6, 12, 64}, {}}, {{6, 6, 121}, {}}}},
     "Linux 8d171045069c"},
    {KernelRule::kAnyPlatform,
     "any-platform",
     {{7, 1, 0}, {}},
     {},
     "Linux 238be4ba8760, d8630b67ca1e"},
    {KernelRule::kOldPlatforms, "old-platforms", {{7, 1, 0}, {}}, {}, "Linux 7989c3934134"},
    // Debian's 7.1.13 does not, 7.2.6 does: docs/predicted.md.
    {KernelRule::kRevisionZero, "revision-zero", {{7, 2, 0}, {}}, {}, "Linux amd.c of mid-2026"},
};

// Takes a decimal number off the front.
std::optional<std::uint32_t> take_number(std::string_view& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return value;
}

bool same_branch(const KernelRelease& a, const KernelRelease& b) {
  return a.major == b.major && a.minor == b.minor;
}

Answer since(const KernelRuleRow::Since& row, const KernelRelease& release) {
  return release >= row.certain() ? Answer::kYes
         : release >= row.from    ? Answer::kUnknown
                                  : Answer::kNo;
}

const KernelRuleRow& row_of(KernelRule rule) {
  return *std::find_if(std::begin(kTable), std::end(kTable),
                       [&](const auto& row) { return row.rule == rule; });
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
  const KernelRuleRow& row = row_of(rule);
  const Answer mainline = since(row.mainline, kernel);
  if (mainline != Answer::kNo) return mainline;
  if (kernel.vendor) return Answer::kUnknown;
  for (const auto& stable : row.stable) {
    if (stable.used() && same_branch(stable.from, kernel)) return since(stable, kernel);
  }
  return Answer::kNo;
}

std::span<const KernelRuleRow> kernel_rule_table() {
  return kTable;
}

LoaderRules LoaderRules::of(const KernelVersion& kernel) {
  LoaderRules rules;
  for (const KernelRuleRow& row : kTable) {
    if (holds(row.rule, kernel) == Answer::kYes) rules = rules.with(row.rule);
  }
  return rules;
}

LoaderRules LoaderRules::newest() {
  LoaderRules rules;
  for (const KernelRuleRow& row : kTable) rules = rules.with(row.rule);
  return rules;
}

}  // namespace kip::ucode
