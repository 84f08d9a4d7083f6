#include <algorithm>
#include <csignal>

#include "src/cli/plugin.h"

namespace kip::cli {

Plugin::Plugin(std::string name, int argc, char** argv)
    : messages_(std::move(name)), call_(read_invocation(argc, argv)) {
  std::signal(SIGPIPE, SIG_IGN);  // nobody reads what we say: no reason to lose a boot entry
  messages_.set_level(call_.verbose ? Messages::Level::kVerbose : Messages::Level::kWarnings);
}

std::optional<int> Plugin::begin() {
  switch (call_.action) {
    case Invocation::Action::kUsage:
      messages_.error(call_.why);
      return 1;
    case Invocation::Action::kRemove:
    case Invocation::Action::kNothing:
      messages_.detail(call_.why);
      return 0;
    case Invocation::Action::kAdd:
      break;
  }
  if (!read_settings()) return insists() ? 1 : 0;
  if (!settings_.image.enabled.value) {
    messages_.detail("turned off by " + quote(to_text(*settings_.image.enabled.origin)));
    return 0;
  }
  return std::nullopt;
}

bool Plugin::read_settings() {
  auto root = call_.root.empty() ? Result<Root>(Root()) : Root::at(call_.root);
  if (!root) {
    messages_.error_at(call_.root, root.error());
    return false;
  }
  root_ = std::move(*root);
  auto settings = policy::read_settings(root_);
  if (!settings) {
    messages_.error("kip.conf.d: " + settings.error().what);
    return false;
  }
  settings_ = std::move(*settings);
  policy::apply_environment(settings_, environment("KIP_CPU"), environment("KIP_FIRMWARE"));
  for (const Finding& finding : settings_.findings) messages_.finding(finding);
  if (!settings_.broken()) return true;
  messages_.error("the image is left as it is until that is mended");
  return false;
}

// What was asked for under penalty, as far as that could be read.
bool Plugin::insists() const {
  const policy::ModuleSettings& modules = settings_.modules;
  const bool requires_some = std::any_of(
      modules.words.begin(), modules.words.end(),
      [](const policy::ModuleWord& word) { return word.effect == policy::Effect::kRequire; });
  return settings_.microcode.on_none.value == policy::OnNone::kFail ||
         (requires_some && modules.on_require.value == policy::OnRequire::kFail);
}

int Plugin::give_up(const std::string& path, const Error& error) const {
  messages_.error_at(path, error);
  messages_.warning("the image is left as it is");
  return 0;
}

}  // namespace kip::cli
