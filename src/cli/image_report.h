// What initrd-pack reports of images, as plain values; image_text.cc and json.cc say the same thing twice.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/checks/early.h"
#include "src/image/inventory.h"
#include "src/segments/layout.h"

namespace kip::cli {

/// Offsets count in what the kernel gets; `place` says where that is in the file.
struct SegmentRow {
  std::uint32_t number = 0;  // 0: padding
  image::SegmentEntry entry;
  segments::Place place;
};

struct MicrocodeRow {
  image::MicrocodeMember member;
  checks::Standing standing = checks::Standing::kTaken;
  std::uint32_t segment = 0;  // number
  bool compressed = false;    // its offsets count decompressed bytes of its segment
  segments::Place place;      // of the header; compressed: of the segment
};

/// An overlay of ours: its modules, with the reason of each.
struct OverlayRow {
  std::uint32_t segment = 0;  // number
  image::OverlayManifest manifest;
};

/// The loader's search for one vendor's file.
struct LoaderRow {
  ucode::Vendor vendor = ucode::Vendor::kIntel;
  segments::Search search;
  segments::Place place;  // of what was found, or of where the search ended
};

/// What one CPU gets on one kind of kernel, platform and BIOS.
struct ServedRow {
  std::string label;
  std::uint32_t platforms = 0;          // Intel: bits that this holds for; 0: all asked for
  std::optional<ucode::Update> update;  // nullopt: nothing
  std::string why;                      // nothing: the reason
  std::string effect;                   // what the kernel will do with the update
  std::string kernels;                  // releases that this holds for; empty: all
  std::string bios;                     // "a BIOS with the EntrySign fix"; empty: any
  std::optional<std::uint32_t> running;
};

struct InspectReport {
  std::string image;
  std::uint64_t size = 0;  // bytes that the kernel gets
  bool early = false;      // nothing behind the first compressed byte was looked at
  bool as_kernel = false;
  std::string kernel;  // the target's release, or empty
  segments::Layout layout;
  std::vector<SegmentRow> segments;
  std::vector<MicrocodeRow> microcode;
  std::vector<OverlayRow> overlays;
  std::vector<LoaderRow> loaders;
  std::vector<ServedRow> cpus;
  std::vector<Finding> findings;  // in the order of the image
};

/// Padding, where the loaders' searches end, and notes only with `as_kernel`.
std::string to_text(const InspectReport& report);

/// Why a search went no further, in words.
const char* stop_text(segments::Search::Stop stop);

/// Why a file is in an overlay, in words: "hdaps depends on it".
std::string reason_text(const image::OverlayReason& reason);

/// "error: early-void: 'image': offset 0x0: …".
std::string finding_line(const Finding& finding);

}  // namespace kip::cli
