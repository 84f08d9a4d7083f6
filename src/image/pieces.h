// Pieces of files, one behind the other in an image: how many zero bytes have to stand between them,
// and the writing.
//
//   Shape shape = TRY(read_shape(descriptor, Depth::kWhole));   // how it ends, whether it has to be aligned
//   const auto placed = place(pieces, early_size);
//   TRY(write_pieces(root, pieces, out));
//
// The rule (measured on kernels 6.1, 6.12, 7.3; tests/image/pieces_test.cc):
// - behind a raw archive everything begins at a multiple of 4 ("broken padding"), and so does a raw
//   archive wherever it stands;
// - legacy lz4 has no end mark: four zero bytes are one. Without them the next bytes are taken for the
//   length of a chunk; one zero byte alone stops some kernels for good;
// - else nothing: zero bytes between compressed parts are sound, but bookworm's lsinitramfs cannot
//   read on behind them.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "src/base/file.h"
#include "src/base/finding.h"
#include "src/base/sink.h"
#include "src/image/front.h"
#include "src/segments/walk.h"

namespace kip::image {

struct Opened {
  Fd file;
  std::uint64_t size = 0;
  std::uint32_t mode = 0;  // permissions
};

/// kInvalid for what is no regular file.
Result<Opened> open_regular(const Root& root, const std::string& path);

/// Whether two files agree in `size` bytes; false where one of them ends first.
Result<bool> same_bytes(int a, std::uint64_t at_a, int b, std::uint64_t at_b, std::uint64_t size);

/// How a file ends, as far as that matters to what comes behind it.
enum class End : std::uint8_t {
  kOther,  // with compressed data that knows its end, or it is not known
  kRaw,    // or zero bytes alone
  kLz4,    // legacy lz4
};

/// What a walk over a file tells of it.
struct Shape {
  bool raw =
      false;  // there is an archive that is not compressed: the file is to stand at a multiple of 4
  End end = End::kOther;
  std::uint64_t zeros_behind = 0;           // kLz4: zero bytes behind it that are there
  std::optional<std::uint64_t> compressed;  // offset of the first compressed byte
  /// Where microcode stands under a loader's name, uncompressed, behind compressed data.
  std::optional<std::uint64_t> late_microcode;
  std::optional<Finding> fault;   // the first one: nothing behind it would be unpacked
  std::set<std::string> kernels;  // of which it has modules, by their names
};

enum class Depth : std::uint8_t {
  kFront,  // up to the first compressed byte; what is behind it stays unknown, and cheap
  kWhole,  // decodes everything
};

Result<Shape> read_shape(int descriptor, Depth depth);

/// One more segment of it, in order: all but `late_microcode`, `fault` and `kernels`.
void add_to(Shape& shape, const segments::Segment& segment);

/// What an image takes of a file.
struct Piece {
  std::string path;
  std::uint64_t file_size = 0;
  std::uint32_t mode = 0;   // its permissions
  std::vector<Range> kept;  // of the file, in order; cuts are multiples of 4
  bool raw = false;
  End end = End::kOther;
  std::uint64_t zeros_behind = 0;

  std::uint64_t size() const;  // of what is kept
};

Piece piece_of(const std::string& path, const Opened& file, std::vector<Range> kept,
               const Shape& shape);

/// Pieces from this size on, in bytes, are to keep their place within a page; less is not worth the zeros.
inline constexpr std::uint64_t kWorthAPage = 1 << 20;

/// Where an early part in front of these is to end within a page, if they want that (early.h).
std::optional<std::uint32_t> page_offset_of(std::span<const Piece> pieces);

struct Placed {
  std::uint64_t padding = 0;  // zero bytes in front of it
  std::uint64_t offset = 0;   // of its first byte
};

struct Placement {
  std::vector<Placed> pieces;  // one a piece
  std::uint64_t padding = 0;   // behind the last: raw archives end at a multiple of 4
  std::uint64_t size = 0;      // of all, from offset 0 of the image
};

/// Behind `start` bytes, a multiple of 4 that may end raw. Pieces of which nothing is kept take no room.
Placement place(std::span<const Piece> pieces, std::uint64_t start);

/// Behind what was written. kCorrupt if a file is not as large any more as it was.
Status write_pieces(const Root& root, std::span<const Piece> pieces, Sink& out);

}  // namespace kip::image
