// What is in an image: each segment, what it is for, and the microcode anywhere in it.
//
//   Inventory inventory;
//   InventoryTaker taker(inventory);
//   TRY(segments::walk(layout.source(fd), {.beyond_faults = true}, taker));
//   taker.finish();
//
// One pass, streaming: memory grows with the number of segments, updates and kernel releases, not
// with the image.
#pragma once

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/finding.h"
#include "src/image/overlay_manifest.h"
#include "src/segments/walk.h"
#include "ucode/update.h"
#include "ucode/walk.h"

namespace kip::image {

/// What a segment is for; several may be true at once.
enum class Use : std::uint8_t {
  kMicrocode,  // files below kernel/x86/microcode/
  kAcpi,       // tables below kernel/firmware/acpi/
  kModules,    // kernel modules, and no init: newer generators put them in front, uncompressed
  kMain,       // it has /init
  kOverlay,    // behind the one with /init
  kOther,
};

const char* use_name(Use use);

/// "raw", "zstd", …; "zeros" and "unknown" where nothing is unpacked.
const char* method_text(const segments::Segment& segment);

/// Limits of what is remembered, so that no image can make it large.
inline constexpr std::size_t kSegmentsLimit = 16 * 1024;  // beyond it, the walk ends with kLimit
inline constexpr std::size_t kMembersLimit = 256;         // under the loaders' names
inline constexpr std::size_t kUpdatesLimit = 64 * 1024;   // in all members; Intel's release has 400
inline constexpr std::size_t kFaultsLimit = 64;           // of one member's stream
inline constexpr std::size_t kKernelsLimit = 64;          // releases of one segment
inline constexpr std::size_t kOverlaysLimit = 16;         // of ours; an image has one

struct SegmentEntry {
  segments::Segment segment;
  std::uint64_t members = 0;      // without trailers
  std::uint64_t files = 0;        // regular ones of them
  std::uint64_t modules = 0;      // names that end in .ko, .ko.xz, .ko.zst, .ko.gz
  std::set<Use> uses;             // empty for padding and unread data
  std::set<std::string> kernels;  // releases X of lib/modules/X and usr/lib/modules/X
};

/// Whose loader looks for a file of this name, or for one of which it is the beginning, once "./", "/" and
/// the like are left out.
std::optional<ucode::Vendor> microcode_vendor(std::string_view name);

/// A file that has, or seems meant to have, a name that a loader looks for.
struct MicrocodeMember {
  ucode::Vendor vendor = ucode::Vendor::kIntel;  // by name
  std::string name;                              // as stored
  std::size_t segment = 0;                       // into Inventory::segments
  std::uint64_t offset = 0;  // of its header; in a compressed segment of decompressed bytes
  std::uint64_t data_offset = 0;
  std::uint64_t size = 0;
  std::uint32_t mode = 0;
  std::uint32_t links = 0;
  std::vector<ucode::Update> updates;  // sound ones, offsets count from data_offset
  std::vector<Finding> faults;         // of the stream of updates
  bool text = false;                   // Intel's legacy text form, which no kernel reads

  bool is_regular() const { return (mode & cpio::kModeTypeMask) == cpio::kModeRegular; }
};

/// Reads a member's data as its vendor's loader does, into `updates` and `faults`. `total` counts updates,
/// of which kUpdatesLimit are kept.
Status read_stream(MicrocodeMember& member, Input& data, std::size_t& total, Scratch& scratch);

/// SHA-256 of an update in a member of a raw archive, as 64 digits: what EntrySign's list of digests is about.
Result<std::string> digest_of(const segments::Source& source, const MicrocodeMember& member,
                              const ucode::Update& update);

/// The updates of a member that its vendor's loader chooses among: of Intel none if anything is wrong with
/// the stream, of AMD those in front of what ends the scan.
std::span<const ucode::Update> seen_by_loader(const MicrocodeMember& member);

/// Whether a fault of an AMD stream ends the loader's scan.
bool ends_scan(const Finding& fault);

/// An overlay of ours, by what it says of itself.
struct OverlayEntry {
  std::size_t segment = 0;  // into Inventory::segments
  OverlayManifest manifest;
};

struct Inventory {
  std::vector<SegmentEntry> segments;
  std::vector<MicrocodeMember> microcode;
  std::vector<OverlayEntry> overlays;
  std::vector<Finding> faults;  // of the walk, in order
  std::uint64_t left_out = 0;   // members under loaders' names beyond kMembersLimit
};

class InventoryTaker : public segments::Visitor {
 public:
  explicit InventoryTaker(Inventory& inventory) : inventory_(inventory) {}

  Status member(const segments::Segment& archive, const cpio::Member& member, Input& data) override;
  Status segment(const segments::Segment& segment) override;
  void fault(const Finding& finding) override;

  /// The walk is over: enters a segment that broke off. Its size is 0.
  void finish();

 private:
  SegmentEntry& current(const segments::Segment& archive);
  void enter(SegmentEntry entry);
  Status read_microcode(const cpio::Member& member, ucode::Vendor vendor, Input& data);
  Status read_manifest(Input& data);

  Inventory& inventory_;
  Scratch scratch_;
  std::size_t updates_ = 0;
  SegmentEntry open_;  // of the segment that members come from
  bool is_open_ = false;
  bool main_seen_ = false;
};

}  // namespace kip::image
