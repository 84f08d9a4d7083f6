#include <algorithm>
#include <sys/stat.h>

#include "src/image/early.h"
#include "src/image/front.h"
#include "src/segments/finder.h"
#include "src/segments/pieces.h"

namespace kip::image {
namespace {

constexpr ucode::Vendor kVendors[] = {ucode::Vendor::kIntel, ucode::Vendor::kAmd};

/// With all directories below it: iucode_tool makes one there, whose name aligns the data behind it.
constexpr std::string_view kMicrocodeDirectory = "kernel/x86/microcode";

/// dracut's and mkinitcpio's marker holds a digit and perhaps a line end.
constexpr std::uint32_t kMarkerLimit = 2;

bool is_scaffold(const cpio::Member& member) {
  if (member.is_trailer()) return true;
  if (member.is_directory()) {
    return member.name == "." || member.name == "kernel" || member.name == "kernel/x86" ||
           member.name.starts_with(kMicrocodeDirectory);
  }
  return member.is_regular() && member.name == kDracutMarker && member.size <= kMarkerLimit;
}

// The kernel unpacks hard links from the first name's member: such a member is not ours to cut.
bool is_cut(const cpio::Member& member) {
  return member.is_regular() && member.links <= 1 &&
         std::any_of(std::begin(kVendors), std::end(kVendors),
                     [&](ucode::Vendor vendor) { return member.name == member_path(vendor); });
}

// What else is in a part of ours.
bool is_mark(const cpio::Member& member) {
  return (member.is_directory() && member.name == kManifestDirectory) ||
         (member.is_regular() && member.name == kManifestPath);
}

struct Archive {
  Range range;
  std::vector<Range> microcode;
  std::optional<EarlyManifest> manifest;
  bool only_scaffold = true;
  bool only_ours = true;
};

class Visitor : public segments::Visitor {
 public:
  Status member(const segments::Segment& segment, const cpio::Member& member,
                Input& data) override {
    if (archives_.empty() || archives_.back().range.begin != segment.offset)
      archives_.push_back({{segment.offset, segment.offset}, {}, {}, true, true});
    Archive& archive = archives_.back();
    const std::uint64_t end = cpio::align_up(member.data_offset + member.size, cpio::kPadding);
    archive.range.end = end;
    note(member);
    if (is_cut(member)) {
      archive.microcode.push_back({member.offset, end});
    } else if (!is_scaffold(member)) {
      archive.only_scaffold = false;
      archive.only_ours = archive.only_ours && is_mark(member);
    }
    if (member.is_regular() && member.name == kManifestPath && member.size <= kManifestLimit)
      archive.manifest = parse_manifest(as_text(TRY(read_rest(data, kManifestLimit))));
    return {};
  }

  Status segment(const segments::Segment& segment) override {
    if (segment.kind == segments::Segment::Kind::kPadding)
      paddings_.push_back({segment.offset, segment.offset + segment.size});
    // Compressed, known to us or not; an archive there is nothing to kernels, alone or behind another.
    if (segment.kind != segments::Segment::Kind::kPadding && segment.offset % cpio::kPadding != 0) {
      return fail(Errc::kUnsupported,
                  "begins with zero bytes that are no multiple of 4; behind an early part, kernels "
                  "would stop at them",
                  segment.offset);
    }
    return {};
  }

  void fault(const Finding&) override {}

  /// But for what the kernel takes.
  Front front() {
    for (Archive& archive : archives_) {
      if (archive.manifest && archive.only_ours) {
        front_.own.push_back(std::move(*archive.manifest));
        front_.own_ranges.push_back(
            {archive.range.begin, padded_end(archive.range, front_.own.back())});
        front_.cuts.push_back(front_.own_ranges.back());
      } else if (!archive.microcode.empty() && archive.only_scaffold) {
        front_.cuts.push_back({archive.range.begin, behind_padding(archive.range.end)});
      } else {
        front_.cuts.insert(front_.cuts.end(), archive.microcode.begin(), archive.microcode.end());
      }
    }
    return std::move(front_);
  }

 private:
  void note(const cpio::Member& member) {
    if (!member.is_regular()) return;
    for (std::size_t i = 0; i < std::size(kVendors); ++i) {
      if (member.name.starts_with(member_path(kVendors[i])))
        front_.named[i].push_back({member.name, member.data_offset, member.size});
    }
  }

  std::uint64_t behind_padding(std::uint64_t end) const {
    const auto found = std::find_if(paddings_.begin(), paddings_.end(),
                                    [&](const Range& range) { return range.begin == end; });
    return found == paddings_.end() ? end : found->end;
  }

  // Our own part ends where write_early() padded it to; zeros behind that are the image's.
  std::uint64_t padded_end(const Range& archive, const EarlyManifest& manifest) const {
    std::uint64_t size = cpio::align_up(archive.end - archive.begin, kArchiveMultiple);
    if (manifest.page_offset) size += (*manifest.page_offset + kPage - size % kPage) % kPage;
    return std::min(archive.begin + size, behind_padding(archive.end));
  }

  Front front_;
  std::vector<Archive> archives_;
  std::vector<Range> paddings_;
};

// What the kernel would take of these parts of the image alone.
Result<std::optional<FrontMember>> taken_of(int descriptor, const std::vector<Range>& parts,
                                            ucode::Vendor vendor) {
  std::vector<segments::Piece> pieces;
  std::uint64_t size = 0;
  for (const Range& part : parts) {
    pieces.push_back({part.begin, part.end - part.begin});
    size += part.end - part.begin;
  }
  const auto source = segments::join_pieces(descriptor, pieces);
  const auto search = TRY(segments::find_early(source, size, member_path(vendor)));
  if (!search.found) return std::optional<FrontMember>();
  std::uint64_t at = search.found->data_offset;
  for (const segments::Piece& piece : pieces) {
    if (at < piece.size || &piece == &pieces.back())
      return std::optional(FrontMember{search.found->name, piece.offset + at, search.found->size});
    at -= piece.size;
  }
  return std::optional<FrontMember>();
}

}  // namespace

Result<Front> read_front(int descriptor) {
  Visitor visitor;
  const auto source = [&](std::uint64_t offset) -> Result<std::unique_ptr<Input>> {
    return std::make_unique<FileInput>(descriptor, offset);
  };
  TRY(segments::walk(source, {.decompress = false}, visitor));
  struct stat status;
  if (::fstat(descriptor, &status) != 0) return fail_errno("cannot be looked at");
  const auto size = static_cast<std::uint64_t>(status.st_size);

  Front front = visitor.front();
  for (std::size_t i = 0; i < std::size(kVendors); ++i) {
    front.taken[i] = TRY(taken_of(descriptor, {{0, size}}, kVendors[i]));
    front.base[i] = front.own_ranges.empty()
                        ? front.taken[i]
                        : TRY(taken_of(descriptor, kept(front.own_ranges, size), kVendors[i]));
  }
  return front;
}

std::vector<Range> kept(const std::vector<Range>& cuts, std::uint64_t size) {
  std::vector<Range> rest;
  std::uint64_t at = 0;
  for (const Range& cut : cuts) {
    if (cut.begin > at) rest.push_back({at, std::min(cut.begin, size)});
    at = std::max(at, cut.end);
  }
  if (at < size) rest.push_back({at, size});
  return rest;
}

}  // namespace kip::image
