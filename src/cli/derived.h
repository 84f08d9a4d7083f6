// What kip would put into an entry's image now, from the same questions that the plugins ask: what `kip status` compares with
// a manifest.
//
//   Derived derived(root, root_path, messages);
//   if (const ExitCode code = derived.read(); code != ExitCode::kDone) return code;   // settings with an error; said
//   for (const state::Manifest& manifest : …)
//     if (const auto now = derived.inputs_for(manifest)) compare(manifest, *now);     // nullopt: an error was said
//
// Nothing is written, and no image is opened. Files that have size and time of the manifest are not hashed.
//
// Where nobody says which CPUs count, they are this machine's; below another root, whose machine is not here, those of the
// manifest. KIP_CPU and KIP_FIRMWARE count as they did when the image was made, unless they are set now.
#pragma once

#include "src/cli/exit_code.h"
#include "src/cli/messages.h"
#include "src/cli/sources.h"
#include "src/policy/modules.h"
#include "src/state/manifest.h"

namespace kip::cli {

class Derived {
 public:
  /// `root_path`: what the user called the root; empty: '/'. All of them outlive it.
  Derived(const Root& root, const std::string& root_path, const Messages& messages);

  ExitCode read();

  std::optional<state::Inputs> inputs_for(const state::Manifest& recorded) const;

  const policy::Settings& settings() const { return settings_; }

  /// With KIP_CPU and KIP_FIRMWARE as they count for it.
  policy::Settings settings_for(const state::Manifest& recorded) const;

 private:
  using Microcode = std::optional<state::MicrocodeInputs>;

  bool add_microcode(const policy::Settings& settings, const state::Manifest& recorded,
                     Microcode& microcode) const;
  bool choose(const SourceOptions& options, Microcode& microcode) const;
  bool add_modules(const policy::Settings& settings, const state::Manifest& recorded,
                   state::Inputs& inputs) const;
  bool failed(const std::string& place, const Error& error) const;

  const Root& root_;
  const std::string& root_path_;
  const Messages& messages_;
  Messages errors_;  // errors alone: what the plugins have said already is no news
  policy::Settings settings_;
  policy::DracutFiles dracut_;
};

}  // namespace kip::cli
