// Where the initrd is in a file: the file itself, or sections of a unified kernel image (UKI).
//
//   const Layout layout = TRY(read_layout(descriptor));
//   walk(layout.source(descriptor), {}, visitor);       // what the kernel gets, in one piece
//   layout.place(offset)                                // where that byte is in the file
//
// A UKI is a PE program whose sections carry the parts. The stub hands the kernel `.ucode` (from
// systemd 256 on), then `.initrd`, each padded with zeros to a multiple of 4; what it adds behind
// these (credentials, extensions) is not in the file.
//
// Sources: UAPI "Unified Kernel Image" specification; systemd src/boot/stub.c; Microsoft's PE format
// (offsets of 4 bytes, little endian).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/segments/pe.h"
#include "src/segments/walk.h"

namespace kip::segments {

struct Place {
  std::string section;       // empty: a plain image
  std::uint64_t offset = 0;  // bytes from the start of the file
};

struct Layout {
  bool unified = false;
  std::vector<Section> sections;     // unified: all of them, in the file's order
  std::vector<Section> initrds;      // in the order in which the kernel gets them
  std::optional<std::string> uname;  // unified: the kernel's release, if it is there and plausible
  std::uint64_t size = 0;            // bytes that the kernel gets, paddings included

  /// Keeps the descriptor, which stays open as long as the Source is used.
  Source source(int descriptor) const;

  /// Of a byte of what the kernel gets; of padding, the end of what it stands behind.
  Place place(std::uint64_t offset) const;
};

/// kCorrupt for a PE file that contradicts itself, kUnsupported for one without an initrd (a bare
/// kernel, a boot loader).
Result<Layout> read_layout(int descriptor);

}  // namespace kip::segments
