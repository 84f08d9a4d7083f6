// Microcode that runs, that is in the image, and that there is: of this machine's CPUs, or of those whose /proc and /sys lie below
// the root.
#include <fmt/format.h>

#include "src/base/text.h"
#include "src/host/cpus.h"
#include "src/host/situation.h"
#include "src/kip/doctor.h"
#include "src/kip/newest.h"

namespace kip::program {
namespace {

using cli::Surveyed;
using Revision = std::optional<std::uint32_t>;

// With what the generator packed, as far as it came into the image.
std::vector<state::UpdateInput> packed_in(const state::Manifest& record) {
  const state::MicrocodeInputs& inputs = *record.inputs.microcode;
  return state::merged_updates(
      record.base ? record.base->updates : std::vector<state::UpdateInput>(), inputs,
      record.inputs.settings);
}

Revision newest_or_none(const std::vector<state::UpdateInput>& updates, const ucode::Target& cpu) {
  return newest(std::span<const state::UpdateInput>(updates), cpu);
}

std::string text_of(const Revision& revision) {
  return revision ? fmt::format("{:#010x}", *revision) : "none";
}

std::string image_of(const Surveyed& it) {
  return it.row.files.empty() ? it.row.kernel : it.row.files.front().path;
}

void compare(const Ward& ward, const Surveyed& it, const host::Cpu& cpu, Findings& findings) {
  const ucode::Vendor vendor = *cpu.vendor;
  const ucode::Target target{cpu.signature, cpu.platform_flags.value_or(0)};
  const Revision packed = newest_or_none(packed_in(*it.manifest), target);
  Revision available = packed;
  if (it.now && it.now->microcode) {
    const Revision chosen = newest_or_none(it.now->microcode->updates, target);
    if (chosen && (!available || ucode::is_newer(vendor, *chosen, *available))) available = chosen;
  }
  const std::string name = ucode::cpu_name(vendor, target.signature), image = image_of(it);
  if (ward.messages.verbose()) {
    findings.add(Severity::kNote, kRuleMicrocode, image,
                 fmt::format("microcode {}: running {}, packed {}, available {}", name,
                             text_of(cpu.revision), text_of(packed), text_of(available)),
                 "");
  }
  if (!packed || !cpu.revision || !ucode::is_newer(vendor, *packed, *cpu.revision)) return;
  findings.add(
      Severity::kWarning, kRuleMicrocodeOld, image,
      fmt::format("has microcode {} for {}, and {} runs: it was not loaded at the last boot",
                  text_of(packed), name, text_of(cpu.revision)),
      "reboot; if that changes nothing: ucode-pack predict " + shell_word(image));
}

}  // namespace

void look_at_microcode(const Ward& ward, Findings& findings) {
  if (!host::has_early_microcode() || !host::read_situation(ward.root).owns_microcode()) return;
  const auto machine = host::read_machine(ward.root);
  if (!machine) return findings.failed("/proc/cpuinfo", machine.error());
  const std::string running = host::read_kernel(ward.root).release;
  for (const Surveyed& it : ward.recorded) {
    // What another kernel would load, this one had no chance to.
    if (it.manifest == nullptr || !it.manifest->inputs.microcode) continue;
    if (!running.empty() && it.row.kernel != running) continue;
    for (const host::Cpu& cpu : machine->cpus) {
      if (cpu.vendor && ucode::has_loader(*cpu.vendor, cpu.signature))
        compare(ward, it, cpu, findings);
    }
  }
}

}  // namespace kip::program
