#include <algorithm>
#include <sys/stat.h>

#include "src/image/inventory.h"
#include "src/image/manifest.h"
#include "src/image/tail.h"

namespace kip::image {
namespace {

using segments::Segment;

bool is_first(const cpio::Member& member) {
  return member.is_directory() && member.name == kManifestDirectory;
}

bool is_manifest(const cpio::Member& member) {
  return member.is_regular() && member.name == kOverlayManifestPath &&
         member.size <= kOverlayManifestLimit;
}

Result<std::optional<OverlayManifest>> read_manifest(Input& data) {
  return parse_overlay_manifest(as_text(TRY(read_rest(data, kOverlayManifestLimit))));
}

// Whether write_overlay() would write such a member.
bool belongs(const cpio::Member& member, const OverlayManifest& manifest) {
  if (member.is_directory() || member.is_trailer()) return true;
  const std::string_view name = member.name;
  if (member.is_symlink() && name == "lib") return true;
  for (const std::string_view part : {"/modules/", "/firmware/"}) {
    if (name.find(part) != name.npos) return true;
  }
  return std::any_of(manifest.config.begin(), manifest.config.end(),
                     [&](const OverlayConfig& it) { return it.path == name; });
}

std::vector<Piece> pieces_of(const Tail& tail) {
  std::vector<Piece> pieces;
  for (const Stretch& stretch : tail.stretches)
    pieces.push_back(piece_of("", {{}, tail.size, 0}, {stretch.range}, stretch.shape));
  return pieces;
}

}  // namespace

Status TailTaker::member(const Segment& archive, const cpio::Member& member, Input& data) {
  if (members_ == 0 || open_.segment.offset != archive.offset) {
    open_ = {archive, {}};
    members_ = 0;
    ended_ = false;
    may_be_own_ = is_first(member);
  }
  ++members_;
  if (open_.manifest) return check_own(member);
  if (may_be_own_ && members_ == 2 && is_manifest(member))
    open_.manifest = TRY(read_manifest(data));
  return {};
}

// What was repacked as one archive with our files in it is neither ours nor free of what is ours.
Status TailTaker::check_own(const cpio::Member& member) {
  if (ended_ || !belongs(member, *open_.manifest))
    return fail(Errc::kUnsupported, "an overlay of kip was packed together with other files",
                open_.segment.offset);
  ended_ = member.is_trailer();
  return {};
}

Status TailTaker::segment(const Segment& segment) {
  if (entries_.size() >= kSegmentsLimit)
    return fail(Errc::kLimit, "more than 16384 segments", segment.offset);
  const bool open = members_ != 0 && open_.segment.offset == segment.offset;
  entries_.push_back({segment, open ? std::move(open_.manifest) : std::nullopt});
  open_ = {};
  members_ = 0;
  return {};
}

void TailTaker::fault(const Finding& finding) {
  if (error_) return;
  const bool unread = finding.rule == segments::kRuleMethod;
  error_ = Error{unread ? Errc::kUnsupported : Errc::kCorrupt, finding.text, finding.offset, 0};
}

// Takes from the padding around them what is theirs.
std::vector<OwnOverlay> TailTaker::take_overlays() {
  std::vector<OwnOverlay> overlays;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (!entries_[i].manifest) continue;
    const Segment& own = entries_[i].segment;
    Range range{own.offset, own.offset + own.size};
    const auto padding = [&](std::size_t at) -> Segment* {
      const bool is = at < entries_.size() && entries_[at].segment.kind == Segment::Kind::kPadding;
      return is ? &entries_[at].segment : nullptr;
    };
    if (Segment* const front = padding(i - 1)) {
      const std::uint64_t zeros = std::min(front->size, entries_[i].manifest->padding);
      front->size -= zeros;
      range.begin -= zeros;
    }
    if (Segment* const behind = padding(i + 1)) {
      range.end += behind->size;
      behind->size = 0;
    }
    overlays.push_back({range, *entries_[i].manifest});
  }
  return overlays;
}

Result<Tail> TailTaker::finish(std::uint64_t size) {
  if (error_) return tl::unexpected<Error>(*error_);
  Tail tail{size, take_overlays(), {}};
  std::vector<Range> cuts;
  for (const OwnOverlay& overlay : tail.overlays) cuts.push_back(overlay.range);
  for (const Range& range : kept(cuts, size)) tail.stretches.push_back({range, {}});
  for (Stretch& stretch : tail.stretches) {
    for (const Entry& entry : entries_) {
      const Segment& it = entry.segment;
      const bool inside = it.offset >= stretch.range.begin && it.offset < stretch.range.end;
      if (inside && it.size != 0 && !entry.manifest) add_to(stretch.shape, it);
    }
  }
  return tail;
}

Result<Tail> read_tail(int descriptor) {
  TailTaker taker;
  const auto source = [&](std::uint64_t offset) -> Result<std::unique_ptr<Input>> {
    return std::make_unique<FileInput>(descriptor, offset);
  };
  TRY(segments::walk(source, {}, taker));
  struct stat status;
  if (::fstat(descriptor, &status) != 0) return fail_errno("cannot be looked at");
  return taker.finish(static_cast<std::uint64_t>(status.st_size));
}

std::uint64_t overlay_padding(const Tail& tail, bool raw) {
  std::vector<Piece> pieces = pieces_of(tail);
  pieces.push_back({"", 1, 0, {{0, 1}}, raw, End::kOther, 0});
  return place(pieces, 0).pieces.back().padding;
}

Result<OverlayFacts> read_overlay_facts(int descriptor) {
  FileInput file(descriptor);
  const Bytes head = TRY(file.peek(Input::kPeek));
  codec::Decoders decoders;
  std::unique_ptr<codec::Decoder> plain;
  const bool raw = cpio::is_newc(head);
  if (const auto method = codec::detect(head); !raw && method)
    plain = TRY(decoders.open(*method, file, codec::Extent::kOneStream));
  Input& in = plain ? static_cast<Input&>(*plain) : file;
  cpio::Reader archive(in);
  const auto first = TRY(archive.next());
  if (first && is_first(*first)) {
    const auto second = TRY(archive.next());
    if (second && is_manifest(*second)) {
      SliceInput data(in, second->size);
      if (auto manifest = TRY(read_manifest(data))) return OverlayFacts{std::move(*manifest), raw};
    }
  }
  return fail(Errc::kCorrupt, "is no overlay of kip");
}

}  // namespace kip::image
