#include <fmt/format.h>

#include "src/cli/effect.h"
#include "ucode/amd.h"

namespace kip::cli {

std::string effect_on(const RequestedCpu& cpu, const ucode::Update& update, bool guest) {
  const bool amd = update.vendor == ucode::Vendor::kAmd;
  const auto group = amd ? ucode::entrysign_class(update.revision) : std::nullopt;
  if (group == ucode::EntrySignClass::kFixed && cpu.running &&
      ucode::entrysign_class(*cpu.running) == ucode::EntrySignClass::kOld) {
    return fmt::format("needs a BIOS update: the running {:#010x} lacks the EntrySign fix",
                       *cpu.running);
  }
  if (guest) return "loads outside this guest";
  if (!cpu.running) return "loads if the BIOS left an older revision";
  if (*cpu.running < update.revision) {
    return fmt::format("newer than the running {:#010x}, loads", *cpu.running);
  }
  if (*cpu.running == update.revision)
    return "runs now, and loads again where the BIOS left an older one";
  return fmt::format("older than the running {:#010x}, which the BIOS has", *cpu.running);
}

std::string digest_clause(const RequestedCpu& cpu, const ucode::Update& update,
                          const std::optional<ucode::KernelVersion>& kernel) {
  const bool zen = update.vendor == ucode::Vendor::kAmd &&
                   ucode::is_zen(ucode::amd_family(update.equivalence_id));
  if (!zen || cpu.query.proven == ucode::EntrySignClass::kFixed ||
      ucode::entrysign_class(update.revision) == ucode::EntrySignClass::kFixed)
    return "";
  switch (kernel ? ucode::holds(ucode::KernelRule::kSha, *kernel) : ucode::Answer::kUnknown) {
    case ucode::Answer::kNo:
      return "";
    case ucode::Answer::kYes:
      return "if the kernel's list has its digest";
    default:
      return "kernels from 6.14 (6.13.6, 6.12.18, 6.6.81) on ask for its digest in their list";
  }
}

}  // namespace kip::cli
