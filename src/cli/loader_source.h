// The microcode that loaders are to choose among: what an image gives them, or what an early part made of a firmware tree would.
//
//   const auto source = TRY(read_image(path));              // or of_catalog(catalog)
//   for (const LoaderCases& cpu : loader_cases(requested, source)) …
#pragma once

#include <array>
#include <string>
#include <vector>

#include "src/catalog/catalog.h"
#include "src/cli/cpu_request.h"
#include "src/cli/report.h"
#include "ucode/loader.h"

namespace kip::cli {

/// One vendor's.
struct LoaderStream {
  std::vector<ucode::Update> updates;  // in the loader's order, all sound
  std::vector<UpdateRow> rows;         // the same, with their places
  std::string none;  // why the loader gets nothing; empty: it gets something, or nothing is there
};

/// An update that no loader gets to see.
struct UnseenRow {
  UpdateRow row;
  std::string text;  // why, as a clause
};

struct LoaderSource {
  std::array<LoaderStream, 2> streams;  // Intel, AMD
  std::vector<UnseenRow> unseen;
  std::string kernel;              // of a unified image: the release in it; else empty
  std::vector<std::string> notes;  // what is not told here and may count

  const LoaderStream& of(ucode::Vendor vendor) const {
    return streams[static_cast<std::size_t>(vendor)];
  }
};

/// Every sound update, each once, arranged as an early part of ours has them. The catalogue needs digests.
LoaderSource of_catalog(const catalog::Catalog& catalog);

/// What was chosen out of a catalogue, in the order of writing. The catalogue needs digests.
LoaderSource of_selection(const catalog::Catalog& catalog, const ucode::Selection& selection);

/// For a loader that asks whether an update's digest is the one that it knows. The stream must outlive it.
ucode::HasDigest digests_of(const LoaderStream& stream);

/// Whose loaders.
enum class LoadedBy : std::uint8_t { kLinux, kXen };

/// What the loaders find in an initrd, an early part or a unified image, and what they do not. kInvalid: no image.
Result<LoaderSource> read_image(const std::string& path, LoadedBy by = LoadedBy::kLinux);

/// "a BIOS with the EntrySign fix", or "without".
const char* bios_text(ucode::EntrySignClass side);

/// A CPU as its loader may find it.
struct LoaderCase {
  ucode::LoaderCpu cpu;
  std::string bios;  // "a BIOS with the EntrySign fix"; empty: it makes no difference
};

/// All cases of one signature: each platform that may be meant, with each BIOS that may be there.
struct LoaderCases {
  ucode::Vendor vendor;
  ucode::CpuSignature signature;
  std::vector<LoaderCase> cases;
};

/// By vendor and signature. `revision`: what the BIOS is known to leave.
std::vector<LoaderCases> loader_cases(const RequestedCpu& asked,
                                      const std::array<std::span<const ucode::Update>, 2>& streams,
                                      std::optional<std::uint32_t> revision = std::nullopt);

/// The CPUs that a stream of updates is for.
std::vector<RequestedCpu> every_cpu(const std::array<std::span<const ucode::Update>, 2>& streams);

}  // namespace kip::cli
