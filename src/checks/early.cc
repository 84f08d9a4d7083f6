#include <algorithm>
#include <fmt/format.h>

#include "src/checks/early.h"
#include "src/image/early.h"

namespace kip::checks {
namespace {

using image::Inventory;
using image::MicrocodeMember;
using segments::Search;
using segments::Segment;
using ucode::Vendor;

constexpr Vendor kVendors[] = {Vendor::kIntel, Vendor::kAmd};

const Search& search_of(const Searches& searches, Vendor vendor) {
  return searches[static_cast<std::size_t>(vendor)];
}

bool covers(const ucode::Update& have, const ucode::Target& target, std::uint32_t revision) {
  return have.revision >= revision &&
         std::any_of(have.targets.begin(), have.targets.end(), [&](const ucode::Target& own) {
           return own.signature == target.signature &&
                  (target.platform_flags & ~own.platform_flags) == 0;
         });
}

// Whether a member that is not taken has an update, or a newer one, than the loader gets.
bool would_add(const MicrocodeMember* taken, const MicrocodeMember& member) {
  const auto got = taken == nullptr ? std::span<const ucode::Update>() : seen_by_loader(*taken);
  return std::any_of(
      member.updates.begin(), member.updates.end(), [&](const ucode::Update& update) {
        return std::any_of(
            update.targets.begin(), update.targets.end(), [&](const ucode::Target& target) {
              return std::none_of(got.begin(), got.end(), [&](const ucode::Update& have) {
                return covers(have, target, update.revision);
              });
            });
      });
}

class Checker {
 public:
  Checker(const Inventory& inventory, const Searches& searches)
      : inventory_(inventory), searches_(searches) {}

  std::vector<Finding> run() {
    for (const MicrocodeMember& member : inventory_.microcode) judge(member);
    for (const Vendor vendor : kVendors) judge_search(vendor);
    if (inventory_.left_out != 0) {
      add(Severity::kWarning, kRuleMany, inventory_.microcode.back().offset,
          fmt::format("{} more members under loaders' names are not looked into",
                      inventory_.left_out));
    }
    std::stable_sort(findings_.begin(), findings_.end(), [](const Finding& a, const Finding& b) {
      return a.offset.value_or(0) < b.offset.value_or(0);
    });
    return std::move(findings_);
  }

 private:
  void add(Severity severity, const char* rule, std::uint64_t offset, std::string text,
           std::string remedy = "") {
    findings_.push_back({severity, rule, "", offset, std::move(text), std::move(remedy)});
  }

  void judge(const MicrocodeMember& member) {
    const Standing standing = standing_of(inventory_, searches_, member);
    switch (standing) {
      case Standing::kTaken:
        judge_stream(member);
        break;
      case Standing::kVoid:
        judge_void(member);
        break;
      case Standing::kEmpty:
        judge_empty(member);
        break;
      case Standing::kShadowed:
      case Standing::kUnreachable:
      case Standing::kNotMatched:
        judge_left_out(member, standing);
        return;
    }
    if (member.name != image::member_path(member.vendor)) {
      add(Severity::kWarning, kRulePrefix, member.offset,
          fmt::format("{} is taken for {}: the search compares beginnings", quote(member.name),
                      quote(image::member_path(member.vendor))),
          "leave it out, or give it another name");
    }
  }

  void judge_stream(const MicrocodeMember& member) {
    if (member.vendor == Vendor::kIntel && member.data_offset % image::kDataAlignment != 0) {
      add(Severity::kNote, kRuleUnaligned, member.data_offset,
          "Intel asks for updates at multiples of 16; kernels hand them over where they are");
    }
    for (Finding fault : member.faults) {  // AMD: what is sound is loaded all the same
      fault.offset = member.data_offset + fault.offset.value_or(0);
      if (image::ends_scan(fault)) fault.text += "; the loader reads nothing behind it";
      findings_.push_back(std::move(fault));
    }
  }

  void judge_void(const MicrocodeMember& member) {
    const std::uint64_t first =
        member.faults.empty() ? 0 : member.faults.front().offset.value_or(0);
    std::string what = "no microcode is in it";
    if (member.text) {
      what = "it is in Intel's text form, which kernels do not read";
    } else if (!member.faults.empty()) {
      what = member.faults.front().text;
    }
    add(Severity::kError, kRuleVoid, member.data_offset + first,
        fmt::format("nothing of {} is loaded: {}", quote(member.name), what),
        "pack it again with ucode-pack");
  }

  void judge_empty(const MicrocodeMember& member) {
    if (member.links >= 2) {
      add(Severity::kWarning, kRuleHardLink, member.offset,
          fmt::format("{} is a hard link whose data stands with a later name: found empty, and the "
                      "search ends",
                      quote(member.name)),
          "pack it as a file of its own");
      return;
    }
    add(Severity::kWarning, kRuleEmpty, member.offset,
        fmt::format("{} is found, it is empty, and the search ends", quote(member.name)),
        "leave it out");
  }

  void judge_left_out(const MicrocodeMember& member, Standing standing) {
    const Search& search = search_of(searches_, member.vendor);
    const bool loses = would_add(taken_member(inventory_, searches_, member.vendor), member);
    const Severity severity = loses ? Severity::kWarning : Severity::kNote;
    const std::string lost = loses ? ", and it has updates that the loader does not get" : "";
    if (!search.found && search.stop == Search::Stop::kOverrun && member.offset == search.end &&
        !is_compressed(inventory_, member)) {
      return;  // judge_search()
    }
    if (standing == Standing::kUnreachable) {
      judge_unreachable(member, severity, lost);
    } else if (!member.is_regular()) {
      add(search.found ? Severity::kNote : Severity::kWarning, kRuleType, member.offset,
          fmt::format("{} is no regular file, and is stepped over", quote(member.name)),
          "pack a regular file");
    } else if (!member.name.starts_with(image::member_path(member.vendor))) {
      add(severity, kRuleName, member.offset,
          fmt::format("{} is never found: names are compared as they are stored{}",
                      quote(member.name), lost),
          fmt::format("store it as {}", quote(image::member_path(member.vendor))));
    } else {
      add(severity, kRuleShadowed, member.offset,
          fmt::format("{} is not read: the one at offset {:#x} comes first{}", quote(member.name),
                      search.found ? search.found->member_offset : 0, lost),
          "keep one early part: initrd-pack join merges them, and a UKI is built anew");
    }
  }

  // In compressed data, offsets are those of the segment.
  void judge_unreachable(const MicrocodeMember& member, Severity severity,
                         const std::string& lost) {
    if (!is_compressed(inventory_, member)) {
      add(severity, kRuleUnreachable, member.offset,
          fmt::format("{} is behind offset {:#x}, where the loader's search ends{}",
                      quote(member.name), std::min(front_end(inventory_), stop_of(member.vendor)),
                      lost),
          "put it in front, uncompressed");
      return;
    }
    const Segment& segment = inventory_.segments[member.segment].segment;
    add(severity, kRuleUnreachable, segment.offset,
        fmt::format("{} is inside compressed data ({}), where the loader does not look{}",
                    quote(member.name), image::method_text(segment), lost),
        "put it in front, uncompressed");
  }

  std::uint64_t stop_of(Vendor vendor) const {
    const Search& search = search_of(searches_, vendor);
    return search.found ? UINT64_MAX : search.end;
  }

  void judge_search(Vendor vendor) {
    const Search& search = search_of(searches_, vendor);
    if (search.found) {
      if (taken_member(inventory_, searches_, vendor) == nullptr) {
        add(Severity::kWarning, kRuleUnread, search.found->member_offset,
            fmt::format("the loader takes {} here, which could not be looked into",
                        quote(search.found->name)));
      }
      return;
    }
    if (search.stop != Search::Stop::kOverrun) return;
    for (const MicrocodeMember& member : inventory_.microcode) {
      if (member.vendor != vendor || member.offset != search.end ||
          is_compressed(inventory_, member))
        continue;
      add(Severity::kWarning, kRuleOverrun, member.offset,
          fmt::format("{} reaches beyond the image, if only with its padding: not found",
                      quote(member.name)),
          "if only padding is missing, add zeros up to a multiple of 4; else make it again");
      return;
    }
  }

  const Inventory& inventory_;
  const Searches& searches_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check_early_load(const Inventory& inventory, const Searches& searches) {
  return Checker(inventory, searches).run();
}

}  // namespace kip::checks
