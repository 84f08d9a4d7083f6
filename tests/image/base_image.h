// Images as generators make them, piece by piece.
#pragma once

#include <string>

#include "src/image/manifest.h"
#include "tests/support/kernel_finder.h"
#include "tests/support/newc_blob.h"

namespace kip::image {

/// What stands behind the early archive: a zstd magic, and nothing that can be decompressed.
inline support::Blob compressed_rest() {
  return support::join({support::Blob{0x28, 0xb5, 0x2f, 0xfd}, support::noise(997, 7)});
}

/// Members without a trailer, to be put together.
inline support::Blob member(std::string_view name, support::View data,
                            const support::NewcFields& fields = {}) {
  return support::NewcBlob().file(name, data, fields).trailer(false).bytes();
}

inline support::Blob directories() {
  return support::NewcBlob()
      .directory("kernel")
      .directory("kernel/x86")
      .directory("kernel/x86/microcode")
      .trailer(false)
      .bytes();
}

inline support::Blob trailer() {
  return support::NewcBlob().bytes();
}

/// An early archive as dracut makes it. Empty data: no such member.
inline support::Blob dracut_early(support::View intel, support::View amd = {}) {
  support::NewcBlob archive;
  archive.directory(".").file("early_cpio", support::text("1\n")).raw(directories());
  if (!amd.empty()) archive.file(support::kAmdPath, amd);
  if (!intel.empty()) archive.file(support::kIntelPath, intel);
  return archive.pad_to(512).bytes();
}

/// A part of ours, with any manifest.
inline support::Blob own_early(support::View intel, std::string_view manifest = "kip early 1\n") {
  support::NewcBlob archive;
  archive.raw(directories());
  if (!intel.empty()) archive.file(support::kIntelPath, intel, {.data_align = 16});
  return archive.file(kDracutMarker, support::text("1\n"))
      .directory(kManifestDirectory)
      .file(kManifestPath, support::text(manifest))
      .pad_to(512)
      .bytes();
}

}  // namespace kip::image
