// The early part: the uncompressed microcode archive in front of an initrd.
//
// Members kernel/x86/microcode/GenuineIntel.bin and AuthenticAMD.bin hold exactly the chosen
// updates, nothing before, between or behind them, since any residue voids Intel's stream. Their
// data begins at a multiple of 16 (Intel asks for 16-byte aligned updates, and the kernel hands the
// CPU the bytes in place); the archive is a multiple of 512 bytes, so that whatever follows it is
// aligned. In front of a large piece, further zeros put that where it stood within its page, so that file
// systems can share its blocks, and others copy whole pages. In an image it carries a mark behind the microcode, see manifest.h.
//
//   const auto written = TRY(write_early(selection, catalog, loader, mtime, sink));
//   TRY(check_early(read_back, written, cpus, scratch));   // as the kernel would read it
#pragma once

#include <span>
#include <vector>

#include "src/base/sink.h"
#include "src/catalog/catalog.h"
#include "src/image/manifest.h"
#include "ucode/select.h"

namespace kip::image {

inline constexpr std::uint64_t kDataAlignment = 16;     // bytes
inline constexpr std::uint64_t kArchiveMultiple = 512;  // bytes

/// The member that the kernel looks for.
const char* member_path(ucode::Vendor vendor);

struct WrittenUpdate {
  std::size_t choice = 0;  // of the selection
  std::size_t entry = 0;   // of the catalogue: the copy that was written
  std::uint32_t size = 0;
  std::uint32_t revision = 0;
  std::uint32_t sum = 0;  // sum32 of an AMD patch; Intel's is 0, and part of its own checks
};

struct WrittenEarly {
  std::vector<WrittenUpdate> updates;  // in order
  std::vector<Finding> findings;       // broken copies where another one served; odd data
};

/// Why writing failed: an update that all its copies failed to deliver, or the sink.
struct EarlyError {
  Error error;
  std::optional<std::size_t> entry;  // of the catalogue, if it was the update
};

using EarlyResult = tl::expected<WrittenEarly, EarlyError>;

/// What makes an early part recognisable in an image; manifest.h.
struct EarlyMark {
  std::vector<ManifestCpu> cpus;
  std::size_t first_base_entry = SIZE_MAX;  // of the catalogue: from here on, what the base had
  std::optional<std::uint32_t> page_offset = {};  // where the part ends; manifest.h
};

/// Writes the archive. REQUIRES: the selection was made from the catalogue's entries in their
/// order, and has choices. Without a mark, nothing but the microcode is in it.
EarlyResult write_early(const ucode::Selection& selection, const catalog::Catalog& catalog,
                        catalog::Loader& loader, std::int64_t mtime, Sink& sink,
                        const EarlyMark* mark = nullptr);

/// The time of an archive without SOURCE_DATE_EPOCH: the newest date of the selection, in seconds
/// since 1970.
std::int64_t newest_date(const ucode::Selection& selection, const catalog::Catalog& catalog);

/// Reads an archive as the kernel's finder and loader do, and compares it with what should be in
/// it: alignment, no fault in any stream, the same updates in order, and for each CPU an update
/// that it can load. kCorrupt otherwise. `scratch` may be the Loader's.
Status check_early(Input& archive, const WrittenEarly& expected, std::span<const ManifestCpu> cpus,
                   Scratch& scratch);

}  // namespace kip::image
