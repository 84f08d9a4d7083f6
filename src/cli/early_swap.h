// The early part of an installed image, made anew where only microcode changed. The rest of the image stays byte for byte.
//
//   EarlySwap swap(*it.manifest, *it.now, settings, KIP_VERSION, messages);   // settings: survey.settings_for(*it.manifest)
//   if (const auto why = swap.unfit()) ...        // to be rebuilt, since *why
//   if (const Status done = swap.commit(); !done) ...
//
// The outcome is what kernel-install would make of the same base: where that is not certain, the image is unfit. So it is if
// the rest of the image is not what was recorded; if an image for the microcode of now would have no part of ours; or if the old one
// left out, in favour of what it brought, microcode of the base that now counts.
#pragma once

#include <optional>
#include <string>

#include "src/cli/messages.h"
#include "src/cli/scratch.h"
#include "src/image/join.h"
#include "src/policy/settings.h"
#include "src/state/manifest.h"

namespace kip::cli {

class EarlySwap {
 public:
  /// All of them outlive it. The image is on this machine, at the path that is recorded.
  EarlySwap(const state::Manifest& recorded, const state::Inputs& now, policy::Settings settings,
            std::string version, const Messages& messages)
      : recorded_(recorded),
        now_(now),
        settings_(std::move(settings)),
        version_(std::move(version)),
        messages_(messages) {}

  /// Why not, in words; nullopt: commit() may be called. Writes nothing but scratch files; what cannot be read is a reason.
  std::optional<std::string> unfit();

  /// Replaces the image at once, whole or not at all, then its record. REQUIRES: not unfit.
  Status commit();

 private:
  std::optional<std::string> unfit_image();
  std::optional<std::string> unfit_choice();
  std::optional<std::string> unfit_join() const;

  const state::Manifest& recorded_;
  const state::Inputs& now_;
  const policy::Settings settings_;
  const std::string version_;
  const Messages& messages_;
  const state::ImageFile* file_ = nullptr;
  std::uint64_t overlay_ = 0;  // bytes of it
  std::optional<ScratchDirectory> scratch_;
  image::JoinOptions options_;
  std::optional<image::Join> join_;
};

}  // namespace kip::cli
