// 45-kip-microcode: chooses microcode for the machine's CPUs, and puts the early part into the
// staging area for the image plugin.
//
// Before generators (50) and the image plugin (58), so that both could see it; what it writes,
// kip.d/early.cpio, no other plugin looks at.
#include <fcntl.h>
#include <sys/stat.h>

#include "src/cli/drafts.h"
#include "src/cli/microcode_inputs.h"
#include "src/cli/packing.h"
#include "src/cli/plugin.h"
#include "src/cli/staging.h"
#include "src/host/situation.h"

namespace kip::plugins {
namespace {

using cli::ExitCode;

// Whether the CPUs here are anything to the image: told by the administrator, or by the machine.
bool concerns_us(const cli::Plugin& plugin) {
  if (!plugin.settings().microcode.cpu.empty()) return true;
  if (!host::has_early_microcode()) return false;
  const host::Situation here = host::read_situation(Root());
  if (here.owns_microcode()) return true;
  plugin.messages().detail("this is " + to_text(here) +
                           ": no microcode, unless Cpu= or KIP_CPU asks for some");
  return false;
}

// False after an error was said: nothing is staged.
bool write(const cli::Plugin& plugin, const cli::Choice& choice) {
  const std::string& staging = plugin.call().staging;
  const std::string path = staging + "/" + cli::kEarlyPart;
  const auto failed = [&](const std::string& place, const Error& error) {
    plugin.messages().error_at(place, error);
    return false;
  };
  if (const Status made = cli::make_own_directory(staging); !made)
    return failed(staging + "/" + cli::kOwnDirectory, made.error());
  const auto report = cli::pack_staged(choice, plugin.messages(), path);
  if (!report) return false;
  for (const cli::PackedCpu& cpu : report->cpus) {
    for (const std::string& line : to_lines(cpu)) plugin.messages().note(line);
  }
  return true;
}

// What was chosen, for the manifest: 58 adds digests, and 95 publishes it.
void note(const cli::Plugin& plugin, const cli::Choice& choice, bool written) {
  state::Manifest draft;
  draft.inputs.microcode = cli::microcode_inputs(choice);
  if (!written) draft.inputs.microcode->updates.clear();
  const Status noted = cli::write_draft(plugin.call().staging, cli::kMicrocodeDraft, draft);
  if (!noted)
    plugin.messages().detail("what was chosen cannot be noted down: " + noted.error().what);
}

int run(int argc, char** argv) {
  cli::Plugin plugin("45-kip-microcode", argc, argv);
  if (const auto code = plugin.begin()) return *code;
  if (!concerns_us(plugin)) return 0;
  const int none = plugin.settings().microcode.on_none.value == policy::OnNone::kFail ? 1 : 0;
  if (plugin.call().is_uki) {
    plugin.messages().warning(
        "no microcode is added: the kernel is a unified image already, and its initrd is sealed in "
        "it");
    return none;
  }
  const cli::SourceOptions options =
      cli::source_options(plugin.settings().microcode, plugin.call().kernel);
  cli::Choice choice(options, plugin.messages());
  ExitCode code = choice.prepare();
  const bool prepared = code == ExitCode::kDone;
  if (prepared) code = choice.read_and_choose(ucode::Depth::kHeaders);
  if (code == ExitCode::kDone) {
    cli::say_findings(choice.catalog(), plugin.messages());
    code = choice.judge();
  }
  const bool nothing = code == ExitCode::kDone && choice.selection().choices.empty();
  const bool written = code == ExitCode::kDone && !nothing && write(plugin, choice);
  if (prepared) note(plugin, choice, written);
  if (written || (nothing && none == 0)) return 0;
  if (nothing)
    plugin.messages().error("there is no microcode for any CPU, and OnNone=fail asks for some");
  else
    plugin.messages().warning("no microcode is added");
  return none;
}

}  // namespace
}  // namespace kip::plugins

int main(int argc, char** argv) {
  return kip::plugins::run(argc, argv);
}
