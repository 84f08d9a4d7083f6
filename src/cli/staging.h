// The staging area of kernel-install: what is in it, and which file is the initrd that boots.
//
//   const Staging staging = TRY(read_staging(call.staging));
//   const ImageChoice choice = choose_image(call, staging);
//
// Whatever the layout, plugins behind ours read the staged `initrd` (or the one `initrd*` that a
// generator staged under another name): a merged file under that name is the one result that works
// everywhere. What cannot be merged, initrds on the command line or several staged ones, gets a
// microcode file of its own where the caller lists such files first.
//
// Sources: systemd src/kernel-install/90-loaderentry.install and 60-ukify.install; Gentoo's
// 90-compat.install.
#pragma once

#include <string>
#include <vector>

#include "src/base/file.h"
#include "src/cli/kernel_install.h"

namespace kip::cli {

/// kip's own directory in the staging area, and the early part that the microcode plugin puts there.
inline constexpr const char* kOwnDirectory = "kip.d";
inline constexpr const char* kEarlyPart = "kip.d/early.cpio";

struct Staging {
  std::vector<std::string> initrds;    // names "initrd*", regular files or links to such, sorted
  std::vector<std::string> microcode;  // names "microcode*", likewise
  bool uki = false;                    // "uki.efi": a generator built the whole image

  bool has(const std::vector<std::string>& names, const std::string& name) const;
};

Result<Staging> read_staging(const std::string& directory);

/// kOwnDirectory in a staging area; a link there is an error, whatever it points to.
Result<Fd> open_own_directory(const std::string& staging);

struct ImageChoice {
  enum class Kind {
    kMerge,     // read `source`, write `target`
    kSeparate,  // the images cannot be touched: a microcode file of its own
    kNothing,   // there is no image of ours to make; `why`
    kLost,      // there is one, and microcode cannot be put in front of it; `why` is a warning
  };
  Kind kind = Kind::kNothing;
  std::string source;  // path
  std::string target;  // path in the staging area
  std::string why;
};

/// Looks for an image outside of the staging area, too, where a generator put it there (dracut up to 059).
ImageChoice choose_image(const Invocation& call, const Staging& staging);

}  // namespace kip::cli
