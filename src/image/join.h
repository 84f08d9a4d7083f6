// Putting an early part in front of an image that may have microcode already: covered, or one
// merged part, never two.
//
//   const Join join = TRY(plan_join(root, "kip.d/early.cpio", "initrd", options));
//   if (!join.needed()) ...                       // the image serves these CPUs as it is
//   AtomicFile out = TRY(AtomicFile::create(…));
//   TRY(write_join(root, join, options, out));
//   TRY(out.commit());
//
// *Covered*: for every CPU that the early part was made for, and for every kind of kernel that the
// target may be, the model of the kernel's loader takes from the image what it would take from the
// merged part. Then the image stays as it is. Otherwise its microcode is cut out (front.h), and one
// early part holds the union: newest of each signature and platform, so that no CPU the image served
// is left without. Everything else in the image stays, byte for byte. A part of ours from an
// earlier run is replaced: joining twice is joining once.
//
// Behind the image an overlay (overlay.h) may come, in place of ours from an earlier run:
//
//   options.overlay = "kip.d/overlay.cpio";       // or options.drop_overlay = true, or neither: the end stays as it is
//   options.tail = &base.tail;                    // of read_base_modules(); without it, the image is read once more
//   const Join join = TRY(plan_join(root, early, "initrd", options));   // `early` empty: the front stays as it is
//
// Where the front is covered, or stays, only the end changes. An overlay that is dropped gives back, byte for byte, the image
// that it was put behind.
#pragma once

#include <optional>
#include <set>
#include <string>

#include "src/base/atomic_file.h"
#include "src/catalog/catalog.h"
#include "src/image/early.h"
#include "src/image/microcode.h"
#include "src/image/pieces.h"
#include "src/image/tail.h"

namespace kip::image {

struct JoinOptions {
  bool strip = false;                // what the image had for other CPUs goes
  ucode::SelectOptions select;       // holds, pins and the target kernel
  std::set<ucode::Vendor> vendors;   // of the early part; empty: all
  std::optional<std::int64_t> time;  // SOURCE_DATE_EPOCH
  std::string overlay;               // a file that write_overlay() made for this image; empty: none
  bool drop_overlay = false;         // without one: ours of an earlier run is cut
  const Tail* tail = nullptr;        // of the image, where the caller has read it
};

struct Join {
  std::vector<Piece> pieces;  // what comes behind the early part
  catalog::Catalog catalog;   // what goes into it: updates that were chosen, then those of images
  std::size_t first_image_entry = 0;
  std::vector<ManifestCpu> cpus;  // whom the part serves
  ucode::Selection selection;
  std::vector<Finding> findings;  // of plan_parts(): an overlay for another kernel than its base's
  bool covered = false;
  bool tail_changes = false;  // an overlay is added, replaced or cut

  /// Whether there is an early part to be written.
  bool makes_early() const { return !covered && !selection.choices.empty(); }

  /// Whether there is anything to write.
  bool needed() const { return makes_early() || tail_changes; }
};

/// Reads all of them. `early` is an archive with a manifest (kCorrupt if not); empty: the image's front stays as it is.
/// `image` empty: none. kInvalid for an overlay that was made for another image.
Result<Join> plan_join(const Root& root, const std::string& early, const std::string& image,
                       const JoinOptions& options);

/// Chooses from the catalogue, for whom the early part was made and for all that images served.
void choose(const JoinOptions& options, Join& join);

/// Writes the early part, and reads it back as the kernel would; `descriptor` reads what `out` wrote.
/// REQUIRES: there are choices, and nothing was written. Returns its size in bytes.
Result<std::uint64_t> write_early_part(const Root& root, const Join& join,
                                       const JoinOptions& options, Sink& out, int descriptor);

/// Both, the early part and the pieces. REQUIRES: join.needed(). Returns the early part's size in bytes; 0: the front stays.
Result<std::uint64_t> write_join(const Root& root, const Join& join, const JoinOptions& options,
                                 AtomicFile& out);

}  // namespace kip::image
