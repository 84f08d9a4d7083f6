#include <algorithm>

#include "src/image/early.h"
#include "src/image/microcode.h"
#include "src/image/pieces.h"
#include "ucode/amd.h"

namespace kip::image {
namespace {

bool lies_in(const catalog::Stream& stream, const Range& range) {
  return stream.member_offset >= range.begin && stream.member_offset < range.end;
}

}  // namespace

Result<catalog::Catalog> read_updates(const Root& root, const std::string& path) {
  catalog::Catalog catalog;
  TRY(catalog::Scanner(root, {.depth = ucode::Depth::kChecked}, catalog).add(path));
  return catalog;
}

std::optional<Origin> Counting::origin(const catalog::Stream& stream, const ucode::Update& update) {
  const bool by_name = stream.member == member_path(update.vendor);
  for (std::size_t part = 0; part < front_.own.size(); ++part) {
    if (!lies_in(stream, front_.own_ranges[part])) continue;
    if (!by_name) return std::nullopt;
    return origin_in_own(part, update);
  }
  const auto& member = front_.base[index_of(update.vendor)];
  if (member && stream.member_offset == member->data_offset) return Origin::kImage;
  return shadowed_ && by_name ? std::optional(Origin::kImage) : std::nullopt;
}

// A manifest names the updates in their order. Where it does not fit the data, none is dropped.
Origin Counting::origin_in_own(std::size_t part, const ucode::Update& update) {
  const auto& named = front_.own[part].updates;
  const std::size_t at = next_[part]++;
  const bool was_in_image = at >= named.size() || named[at].vendor != update.vendor ||
                            named[at].revision != update.revision || named[at].from_base;
  return was_in_image ? Origin::kImage : Origin::kChosen;
}

std::optional<Finding> fault_in(const catalog::Catalog& image, const FrontMember& member) {
  const auto found =
      std::find_if(image.findings.begin(), image.findings.end(), [&](const Finding& finding) {
        return finding.rule != ucode::kRuleAmdOddity && finding.rule != ucode::kRuleAmdData &&
               finding.offset && *finding.offset >= member.data_offset &&
               *finding.offset - member.data_offset < std::max<std::uint64_t>(member.size, 1);
      });
  return found == image.findings.end() ? std::nullopt : std::optional(*found);
}

// Loaders know no text form.
std::vector<ucode::Update> stream_of(const catalog::Catalog& image, const Front& front,
                                     ucode::Vendor vendor) {
  std::vector<ucode::Update> updates;
  const auto& member = front.taken[index_of(vendor)];
  if (!member) return updates;
  for (const catalog::Entry& entry : image.entries) {
    const catalog::Stream& stream = image.stream_of(entry);
    if (stream.member_offset != member->data_offset || entry.update.vendor != vendor) continue;
    if (!entry.sound || stream.kind == ucode::StreamKind::kIntelText) return {};
    updates.push_back(entry.update);
  }
  return fault_in(image, *member) ? std::vector<ucode::Update>{} : updates;
}

Status check_own(const catalog::Catalog& image, const Front& front) {
  for (std::size_t part = 0; part < front.own.size(); ++part) {
    std::size_t sound = 0;
    for (const catalog::Entry& entry : image.entries) {
      if (entry.sound && lies_in(image.stream_of(entry), front.own_ranges[part])) ++sound;
    }
    if (sound < front.own[part].updates.size()) {
      return fail(Errc::kCorrupt, "a part of kip is damaged: not every update in it is whole",
                  front.own_ranges[part].begin);
    }
  }
  return {};
}

Result<std::vector<ucode::Update>> forbidden(const Root& root, const std::string& image,
                                             const ucode::SelectOptions& select) {
  const Opened opened = TRY(open_regular(root, image));
  const Front front = TRY(read_front(opened.file.get()));
  if (!front.taken[0] && !front.taken[1]) return std::vector<ucode::Update>{};
  catalog::Catalog found;
  append(TRY(read_updates(root, image)), found,
         [&](const catalog::Stream& stream, const ucode::Update& update) {
           const auto& member = front.taken[index_of(update.vendor)];
           return member && stream.member_offset == member->data_offset;
         });
  const auto candidates = candidates_of(found);
  const auto verdicts = ucode::select(candidates, ucode::every_cpu(candidates), select).verdicts;
  std::vector<ucode::Update> updates;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (verdicts[i] == ucode::Verdict::kHeld || verdicts[i] == ucode::Verdict::kNotPinned)
      updates.push_back(*candidates[i].update);
  }
  return updates;
}

}  // namespace kip::image
