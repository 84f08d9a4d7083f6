// The image plugin's part about the manifest: what the image was made of, drafted in the staging area for 95.
//
//   ImageDraft draft(plugin, KIP_VERSION);
//   draft.read_base(paths, tail);        // before any of them is written over
//   draft.lose_microcode();              // what was chosen did not come into the image
//   draft.finish(choice, vendors, modules);
//
// A draft that cannot be made is a warning: the machine boots without it, and `kip status` knows nothing of the entry.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "src/cli/module_step.h"
#include "src/cli/plugin.h"
#include "src/cli/staging.h"
#include "src/state/manifest.h"

namespace kip::cli {

class ImageDraft {
 public:
  ImageDraft(const Plugin& plugin, std::string version);

  /// Hashes the files that boot without us, without what is ours in them. `tail` of the last one, where it is known.
  void read_base(const std::vector<std::string>& paths, const image::Tail* tail);

  void lose_microcode() { microcode_lost_ = true; }

  /// None of an earlier run stays, either.
  void drop() const;

  /// Writes it. `vendors`: of the early part there was.
  void finish(const ImageChoice& choice, const std::set<ucode::Vendor>& vendors,
              const ModuleStep& modules);

 private:
  Status add_base(const std::vector<std::string>& paths, const image::Tail* tail);
  Status add_base_updates(const std::string& path, const image::Front& front);
  Status add_microcode(bool any);
  Status add_modules(const ModuleStep& modules);
  Status add_file(const std::string& path, std::uint64_t overlay_size);
  Status add_files(const ImageChoice& choice, const std::set<ucode::Vendor>& vendors,
                   const ModuleStep& modules);
  Status make(const ImageChoice& choice, const std::set<ucode::Vendor>& vendors,
              const ModuleStep& modules);

  const Plugin& plugin_;
  state::Manifest manifest_;
  std::optional<Error> error_;  // of the base
  bool base_is_whole_ = false;  // nothing of ours was in it
  bool microcode_lost_ = false;
};

}  // namespace kip::cli
