// What an overlay says of itself: its member `kip/modules`, lines of text behind "kip modules 1":
//
//   kernel 6.12.0-amd64
//   padding 3                              zero bytes in front of the overlay that are its own
//   module vpoll updates/dkms/vpoll.ko 1.0.4 4F6F… SHA256 policy Include=vpoll /etc/kip/kip.conf.d/10.conf:3
//   module thinkpad_ec updates/dkms/thinkpad_ec.ko - 1A2B… SHA256 depends hdaps
//   firmware e2e/blob.bin SHA256 firmware e2e_top
//   config etc/modprobe.d/kip.conf SHA256 policy options
//
// Fields are separated by one blank; '-' stands for one that is empty; the last field, the rule or the module that brought the
// file along, goes to the end of the line. Other bytes than printable ASCII, blanks in front of the last field, and '%' are
// written as %XX. By this member a later run knows the overlay for its own and replaces it; it is what staleness compares.
// Schema: docs/formats/overlay-manifest.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/digest/sha256.h"

namespace kip::image {

inline constexpr const char* kOverlayManifestPath = "kip/modules";
inline constexpr std::uint64_t kOverlayManifestLimit = 4 * 1024 * 1024;  // bytes

/// Why a file is in: "policy" and the rule, or "depends", "softdep", "weakdep", "firmware" and the module.
struct OverlayReason {
  std::string cause, detail;

  bool operator==(const OverlayReason&) const = default;
};

struct OverlayModule {
  std::string name, path, version, srcversion;
  digest::Sha256 digest = {};  // of the file as stored
  OverlayReason reason;
  bool in_base =
      false;  // "base-module" for "module": the base has the same bytes, and only indexes were written for it

  bool operator==(const OverlayModule&) const = default;
};

struct OverlayFirmware {
  std::string path;  // relative to lib/firmware
  digest::Sha256 digest = {};
  OverlayReason reason;

  bool operator==(const OverlayFirmware&) const = default;
};

struct OverlayConfig {
  std::string path;  // in the root
  digest::Sha256 digest = {};
  OverlayReason reason;

  bool operator==(const OverlayConfig&) const = default;
};

struct OverlayManifest {
  std::string kernel;
  std::uint64_t padding = 0;
  std::vector<OverlayModule> modules;
  std::vector<OverlayFirmware> firmware;
  std::vector<OverlayConfig> config;

  bool operator==(const OverlayManifest&) const = default;
};

std::string to_text(const OverlayManifest& manifest);

/// nullopt for anything but what to_text() writes.
std::optional<OverlayManifest> parse_overlay_manifest(std::string_view text);

}  // namespace kip::image
