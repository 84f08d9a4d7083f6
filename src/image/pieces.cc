#include <algorithm>
#include <fcntl.h>
#include <numeric>
#include <sys/stat.h>

#include "src/base/sink.h"
#include "src/image/contents.h"
#include "src/image/early.h"
#include "src/image/pieces.h"

namespace kip::image {
namespace {

using segments::Segment;

constexpr std::size_t kKernelLimit = 64;            // an image has modules of one, as a rule
constexpr std::uint64_t kComparePiece = 64 * 1024;  // bytes
constexpr std::uint64_t kLz4EndMark = 4;  // zero bytes: the length of a chunk that is none

class ShapeTaker : public segments::Visitor {
 public:
  explicit ShapeTaker(Shape& shape) : shape_(shape) {}

  Status member(const Segment& archive, const cpio::Member& member, Input&) override {
    if (shape_.kernels.size() < kKernelLimit) {
      if (const auto module = module_name(member.name)) shape_.kernels.insert(module->release);
    }
    const bool raw = archive.kind == Segment::Kind::kArchive;
    if (!raw || !shape_.compressed || shape_.late_microcode || !member.is_regular()) return {};
    for (const ucode::Vendor vendor : {ucode::Vendor::kIntel, ucode::Vendor::kAmd}) {
      if (member.name == member_path(vendor)) shape_.late_microcode = member.offset;
    }
    return {};
  }

  Status segment(const Segment& segment) override {
    add_to(shape_, segment);
    return {};
  }

  void fault(const Finding& finding) override {
    if (!shape_.fault) shape_.fault = finding;
  }

 private:
  Shape& shape_;
};

std::uint64_t to_multiple(std::uint64_t at) {
  return cpio::align_up(at, cpio::kPadding) - at;
}

// One of several files is named.
tl::unexpected<Error> of_file(std::span<const Piece> pieces, std::size_t at, Error error) {
  if (pieces.size() > 1) error.what = quote(pieces[at].path) + ": " + error.what;
  return tl::unexpected<Error>(std::move(error));
}

// Between two pieces; `at`: where the first one ends.
std::uint64_t padding(End end, std::uint64_t zeros_behind, std::uint64_t at, bool raw_next) {
  std::uint64_t zeros = 0;
  if (end == End::kLz4 && zeros_behind < kLz4EndMark) zeros = kLz4EndMark - zeros_behind;
  if (end == End::kRaw || raw_next) zeros += to_multiple(at + zeros);
  return zeros;
}

}  // namespace

Result<Opened> open_regular(const Root& root, const std::string& path) {
  Opened opened{TRY(root.open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY)), 0, 0};
  struct stat status;
  if (::fstat(opened.file.get(), &status) != 0) return fail_errno("cannot be looked at");
  if (!S_ISREG(status.st_mode)) return fail(Errc::kInvalid, "is not a regular file");
  opened.size = static_cast<std::uint64_t>(status.st_size);
  opened.mode = status.st_mode & 0777;
  return opened;
}

Result<bool> same_bytes(int a, std::uint64_t at_a, int b, std::uint64_t at_b, std::uint64_t size) {
  FileInput in_a(a, at_a), in_b(b, at_b);
  std::vector<std::uint8_t> from_a(std::min<std::uint64_t>(size, kComparePiece)), from_b(from_a);
  while (size != 0) {
    const MutableBytes piece_a =
        MutableBytes(from_a).first(std::min<std::uint64_t>(size, from_a.size()));
    const MutableBytes piece_b = MutableBytes(from_b).first(piece_a.size());
    if (TRY(in_a.read(piece_a)) < piece_a.size() || TRY(in_b.read(piece_b)) < piece_b.size())
      return false;
    if (!std::equal(piece_a.begin(), piece_a.end(), piece_b.begin())) return false;
    size -= piece_a.size();
  }
  return true;
}

Result<Shape> read_shape(int descriptor, Depth depth) {
  Shape shape;
  ShapeTaker taker(shape);
  const auto source = [&](std::uint64_t offset) -> Result<std::unique_ptr<Input>> {
    return std::make_unique<FileInput>(descriptor, offset);
  };
  TRY(segments::walk(source, {.decompress = depth == Depth::kWhole}, taker));
  if (depth == Depth::kFront && shape.compressed) shape.end = End::kOther;
  return shape;
}

void add_to(Shape& shape, const Segment& segment) {
  switch (segment.kind) {
    case Segment::Kind::kArchive:
      shape.raw = true;
      shape.end = End::kRaw;
      break;
    case Segment::Kind::kCompressed:
      if (!shape.compressed) shape.compressed = segment.offset;
      shape.end = segment.method == codec::Method::kLz4Legacy ? End::kLz4 : End::kOther;
      shape.zeros_behind = 0;
      break;
    case Segment::Kind::kPadding:
      // Behind a raw archive, they only put off where the multiple of 4 is asked for.
      if (!shape.raw && !shape.compressed) shape.end = End::kRaw;
      shape.zeros_behind = segment.size;
      break;
    case Segment::Kind::kUnknown:
      break;
  }
}

std::uint64_t Piece::size() const {
  return std::accumulate(
      kept.begin(), kept.end(), std::uint64_t{0},
      [](std::uint64_t sum, const Range& range) { return sum + range.end - range.begin; });
}

Piece piece_of(const std::string& path, const Opened& file, std::vector<Range> kept,
               const Shape& shape) {
  return {path, file.size, file.mode, std::move(kept), shape.raw, shape.end, shape.zeros_behind};
}

std::optional<std::uint32_t> page_offset_of(std::span<const Piece> pieces) {
  const auto first = std::find_if(pieces.begin(), pieces.end(),
                                  [](const Piece& piece) { return piece.size() != 0; });
  if (first == pieces.end() || first->size() < kWorthAPage) return std::nullopt;
  return static_cast<std::uint32_t>(first->kept.front().begin % kPage);
}

Placement place(std::span<const Piece> pieces, std::uint64_t start) {
  Placement placement;
  std::uint64_t at = start;
  End end = End::kOther;
  std::uint64_t zeros_behind = 0;
  for (const Piece& piece : pieces) {
    const std::uint64_t size = piece.size();
    const std::uint64_t zeros = size == 0 ? 0 : padding(end, zeros_behind, at, piece.raw);
    placement.pieces.push_back({zeros, at + zeros});
    at += zeros + size;
    if (size == 0) continue;
    end = piece.end;
    zeros_behind = piece.zeros_behind;
  }
  placement.padding = end == End::kRaw ? to_multiple(at) : 0;
  placement.size = at + placement.padding;
  return placement;
}

Status write_pieces(const Root& root, std::span<const Piece> pieces, Sink& out) {
  const Placement placement = place(pieces, out.written());
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    TRY(out.write_zeros(placement.pieces[i].padding));
    const auto file = open_regular(root, pieces[i].path);
    if (!file) return of_file(pieces, i, file.error());
    if (file->size != pieces[i].file_size)
      return of_file(pieces, i, {Errc::kCorrupt, "changed while it was being read", {}, 0});
    for (const Range& range : pieces[i].kept)
      TRY(out.append(file->file.get(), range.begin, range.end - range.begin));
  }
  return out.write_zeros(placement.padding);
}

}  // namespace kip::image
