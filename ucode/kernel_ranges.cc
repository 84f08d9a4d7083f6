#include <algorithm>
#include <fmt/format.h>

#include "ucode/kernel_rules.h"

namespace kip::ucode {
namespace {

constexpr KernelRelease kOldest{5, 0, 0};

// Where anything begins: rules, and the release behind a branch that had one before mainline.
std::vector<KernelRelease> boundaries() {
  std::vector<KernelRelease> all = {kOldest};
  for (const KernelRuleRow& row : kernel_rule_table()) {
    all.push_back(row.mainline.certain());
    for (const auto& stable : row.stable) {
      if (!stable.used()) continue;
      const KernelRelease release = stable.certain();
      all.push_back(release);
      // The last branch of 5 was 5.19.
      const bool last = release.major == 5 && release.minor == 19;
      all.push_back(last ? KernelRelease{6, 0, 0}
                         : KernelRelease{release.major, release.minor + 1, 0});
    }
  }
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

const std::vector<KernelRange>& every_range() {
  static const std::vector<KernelRange> ranges = [] {
    std::vector<KernelRange> made;
    for (const KernelRelease& release : boundaries()) {
      if (!made.empty()) made.back().end = release;
      made.push_back({release, std::nullopt, LoaderRules::of({release, false})});
    }
    return made;
  }();
  return ranges;
}

// The release from which on nothing is open any more; the version itself if nothing is.
KernelRelease settled(const KernelVersion& kernel) {
  KernelRelease latest = kernel;
  for (const KernelRuleRow& row : kernel_rule_table()) {
    if (holds(row.rule, kernel) != Answer::kUnknown) continue;
    const auto own = std::find_if(row.stable.begin(), row.stable.end(), [&](const auto& it) {
      return it.used() && it.from.major == kernel.major && it.from.minor == kernel.minor;
    });
    latest = std::max(latest, own != row.stable.end() ? own->certain() : row.mainline.certain());
  }
  return latest;
}

std::string text_of(const KernelRelease& first, const std::optional<KernelRelease>& end) {
  if (!end) return to_text(first) + " and later";
  if (first <= kOldest) return "before " + to_text(*end);
  // A branch ends with a release that nobody knows today.
  if (end->patch == 0 && end->minor != 0)
    return fmt::format("{} to {}.{}.y", to_text(first), end->major, end->minor - 1);
  if (end->patch == 0) return to_text(first) + " and later, before " + to_text(*end);
  const KernelRelease last{end->major, end->minor, end->patch - 1};
  return last == first ? to_text(first) : to_text(first) + " to " + to_text(last);
}

}  // namespace

std::string to_text(const KernelRelease& release) {
  const std::string branch = fmt::format("{}.{}", release.major, release.minor);
  return release.patch == 0 ? branch : fmt::format("{}.{}", branch, release.patch);
}

std::vector<KernelRange> kernel_ranges(const std::optional<KernelVersion>& kernel) {
  if (!kernel) return every_range();
  const KernelRelease own = std::max<KernelRelease>(*kernel, kOldest);
  const KernelRelease last = std::max(settled(*kernel), own);
  std::vector<KernelRange> ranges;
  for (const KernelRange& range : every_range()) {
    const bool older = range.end && *range.end <= own;
    const bool newer = range.first > last && !kernel->vendor;
    if (!older && !newer) ranges.push_back(range);
  }
  return ranges;
}

std::string to_text(std::span<const KernelRange> some, std::span<const KernelRange> all) {
  if (some.size() == all.size()) return "";
  std::string text;
  for (std::size_t i = 0; i < some.size(); ++i) {
    const KernelRelease first = some[i].first;
    while (i + 1 < some.size() && some[i].end == some[i + 1].first) ++i;
    text += (text.empty() ? "" : ", ") + text_of(first, some[i].end);
  }
  return text;
}

std::vector<LoaderRules> possible_rules(const std::optional<KernelVersion>& kernel) {
  std::vector<LoaderRules> all;
  for (const KernelRange& range : kernel_ranges(kernel)) {
    if (std::find(all.begin(), all.end(), range.rules) == all.end()) all.push_back(range.rules);
  }
  return all;
}

}  // namespace kip::ucode
