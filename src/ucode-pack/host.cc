// host: this machine's CPUs as the microcode loader sees them.
#include "src/cli/json.h"
#include "src/ucode-pack/verbs.h"

namespace kip::ucode_pack {

using cli::ExitCode;

ExitCode host(const Settings& settings, const cli::Messages& messages) {
  auto machine = host::read_machine(Root());
  if (!machine) {
    messages.error(machine.error().what);
    return ExitCode::kFailed;
  }
  const cli::HostReport report{std::move(*machine)};
  if (!messages.print(settings.report.json ? to_json(report) : to_text(report)))
    return ExitCode::kFailed;
  return ExitCode::kDone;
}

}  // namespace kip::ucode_pack
