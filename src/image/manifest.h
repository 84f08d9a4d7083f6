// What an early part says of itself: which CPUs it was made for, and where each update came from.
//
// The early part of an image is marked by a member `kip/early`, lines of text behind "kip early 1":
//
//   page 1536                          the part, zeros included, ends that far into a page of 4096
//                                      bytes; without this line at a multiple of 512
//   cpu intel 0x000b06f2 0x80          signature, platform flags (0: not known)
//   cpu amd 0x00a00f11 0x00 old        and the EntrySign class of its BIOS, where that is proven:
//                                      "old" or "fixed"
//   update intel 0x0000041d host       in the order of the members' data; "host": chosen for the
//   update amd 0x0a0011d5 base         CPUs above; "base": the initrd behind it had it
//
// By the mark a later run knows the part for its own and replaces it; by "base" it knows what has to
// stay in it. dracut's marker `early_cpio` is written as well: its lsinitrd knows by that how to go
// on behind the first archive.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/file.h"
#include "ucode/cpu_id.h"
#include "ucode/entrysign.h"
#include "ucode/update.h"

namespace kip::image {

inline constexpr const char* kManifestDirectory = "kip";
inline constexpr const char* kManifestPath = "kip/early";
inline constexpr const char* kDracutMarker = "early_cpio";

/// Largest manifest we read, in bytes: some 20,000 lines.
inline constexpr std::uint64_t kManifestLimit = 1024 * 1024;

struct ManifestCpu {
  ucode::Vendor vendor = ucode::Vendor::kIntel;
  ucode::Target target;  // flags 0: not known, or AMD
  std::optional<ucode::EntrySignClass> proven = {};

  auto operator<=>(const ManifestCpu&) const = default;
};

struct ManifestUpdate {
  ucode::Vendor vendor = ucode::Vendor::kIntel;
  std::uint32_t revision = 0;
  bool from_base = false;

  bool operator==(const ManifestUpdate&) const = default;
};

struct EarlyManifest {
  std::vector<ManifestCpu> cpus;
  std::vector<ManifestUpdate> updates;
  std::optional<std::uint32_t> page_offset =
      {};  // where the part ends; a multiple of 4 below kPage

  bool operator==(const EarlyManifest&) const = default;
};

std::string to_text(const EarlyManifest& manifest);

/// nullopt for anything but what to_text() writes.
std::optional<EarlyManifest> parse_manifest(std::string_view text);

}  // namespace kip::image
