// What every plugin does first: arguments, settings, the switch that turns kip off.
//
//   Plugin plugin("45-kip-microcode", argc, argv);
//   if (const auto code = plugin.begin()) return *code;   // not our call: done, or an error was said
//
// Plugins answer 0 or 1 only: 0, with a warning if need be, where the machine boots without them; 1
// where it would not, or where the administrator said that it must not happen. Never 77, which
// would end kernel-install as if all were done.
#pragma once

#include <optional>
#include <string>

#include "src/cli/kernel_install.h"
#include "src/cli/messages.h"
#include "src/policy/settings.h"

namespace kip::cli {

class Plugin {
 public:
  Plugin(std::string name, int argc, char** argv);

  /// nullopt: go on. Otherwise the exit code.
  std::optional<int> begin();

  /// An error that leaves the image as it is: said, and 0.
  int give_up(const std::string& path, const Error& error) const;

  const Messages& messages() const { return messages_; }
  const Invocation& call() const { return call_; }
  const policy::Settings& settings() const { return settings_; }

  /// What KIP_ROOT stands for, or '/': where settings, kernels' modules and kip's own state are. Not what the caller names
  /// (staging area, images).
  const Root& root() const { return root_; }

 private:
  bool read_settings();
  bool insists() const;

  Messages messages_;
  Invocation call_;
  Root root_;
  policy::Settings settings_;
};

}  // namespace kip::cli
