// The staging area of kernel-install: what is in it, and which file is the initrd that boots.
//
//   const Staging staging = TRY(read_staging(call.staging));
//   const ImageChoice choice = choose_image(call, staging);
//
// Whatever the layout, plugins behind ours read the staged `initrd` (or the one `initrd*` that a
// generator staged under another name): a merged file under that name is the one result that works
// everywhere. What cannot be merged, initrds on the command line or several staged ones, gets a
// microcode file of its own where the caller lists such files first, and a file of modules where it
// takes staged initrds behind the others.
//
// Sources: systemd src/kernel-install/90-loaderentry.install and 60-ukify.install; Gentoo's
// 90-compat.install.
#pragma once

#include <string>
#include <vector>

#include "src/base/file.h"
#include "src/cli/kernel_install.h"

namespace kip::cli {

/// kip's own directory in the staging area; the early part that the microcode plugin puts there, the overlay, a place to
/// work in, a note of what the image plugin left, and drafts of the manifest.
inline constexpr const char* kOwnDirectory = "kip.d";
inline constexpr const char* kEarlyPart = "kip.d/early.cpio";
inline constexpr const char* kOverlayPart = "kip.d/overlay.cpio";
inline constexpr const char* kWorkDirectory = "kip.d/work";
inline constexpr const char* kLeftNote = "kip.d/left";
inline constexpr const char* kMicrocodeDraft = "kip.d/microcode.json";  // drafts.h
inline constexpr const char* kDraft = "kip.d/manifest.json";

/// The overlay as a file of its own: initrds are taken in the order of their names' bytes.
inline constexpr const char* kOverlayFile = "initrd.zz-kip-modules";

struct Staging {
  std::vector<std::string>
      initrds;  // names "initrd*", regular files or links to such, sorted; kOverlayFile is none
  std::vector<std::string> microcode;  // names "microcode*", likewise
  bool uki = false;                    // "uki.efi": a generator built the whole image

  bool has(const std::vector<std::string>& names, const std::string& name) const;
};

Result<Staging> read_staging(const std::string& directory);

/// kOwnDirectory in a staging area; a link there is an error, whatever it points to.
Result<Fd> open_own_directory(const std::string& staging);

/// The same, made if it is missing.
Status make_own_directory(const std::string& staging);

/// Writes down which initrds are staged, for a later run of the image plugin; nothing where kip has no directory.
Status note_left(const std::string& directory);
bool has_note(const std::string& directory);

/// Whether there are initrds, each as it was then, and no other.
bool is_as_left(const std::string& directory, const Staging& staging);

struct ImageChoice {
  enum class Kind {
    kMerge,      // read `source`, write `target`
    kSeparate,   // the images cannot be touched: a microcode file of its own
    kNothing,    // there is no image of ours to make; `why`
    kLost,       // there is one, and microcode cannot be put in front of it; `why` is a warning
    kElsewhere,  // likewise, of one that is not staged: a later generator may yet stage one
  };
  Kind kind = Kind::kNothing;
  std::string source;  // path
  std::string target;  // path in the staging area
  std::string why;
  std::vector<std::string> bases =
      {};  // paths of the files that boot without us, in order; sealed ones are not among them
  bool takes_overlay = false;  // a file kOverlayFile would be taken behind the bases
};

/// Looks for an image outside of the staging area, too, where a generator put it there (dracut up to 059).
ImageChoice choose_image(const Invocation& call, const Staging& staging);

}  // namespace kip::cli
