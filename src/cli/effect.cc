#include <fmt/format.h>

#include "src/cli/effect.h"
#include "ucode/loader.h"

namespace kip::cli {

std::string effect_on(const RequestedCpu& cpu, const ucode::Update& update) {
  if (cpu.guest) return "loads outside this guest";
  const bool amd = update.vendor == ucode::Vendor::kAmd;
  const auto group = amd ? ucode::entrysign_class(update.revision) : std::nullopt;
  if (group == ucode::EntrySignClass::kFixed && cpu.running &&
      ucode::entrysign_class(*cpu.running) == ucode::EntrySignClass::kOld) {
    return fmt::format("needs a BIOS update: the running {:#010x} lacks the EntrySign fix",
                       *cpu.running);
  }
  if (!cpu.running) return "loads if the BIOS left an older revision";
  if (*cpu.running < update.revision) {
    return fmt::format("newer than the running {:#010x}, loads", *cpu.running);
  }
  if (*cpu.running == update.revision)
    return "runs now, and loads again where the BIOS left an older one";
  return fmt::format("older than the running {:#010x}, which the BIOS has", *cpu.running);
}

std::string refusal(const RequestedCpu& cpu, const ucode::Update& update,
                    const std::string& release) {
  const auto kernel = ucode::KernelVersion::parse(release);
  if (!kernel || cpu.query.proven != ucode::EntrySignClass::kOld ||
      update.vendor != ucode::Vendor::kAmd)
    return "";
  // What a BIOS without the fix may have left.
  const ucode::CpuSignature signature = update.targets.front().signature;
  const auto left = ucode::bios_revisions(update.vendor, signature, cpu.query.proven);
  const ucode::LoaderCpu at{update.vendor, signature, 0, left.back()};
  std::string text;
  for (const ucode::LoaderRules& rules : ucode::possible_rules(kernel)) {
    const ucode::LoaderAnswer answer = ucode::ask_loader({&update, 1}, at, rules);
    switch (answer.verdicts.front()) {
      case ucode::LoaderVerdict::kNoDigest:
        text = "kernel " + release + " refuses it on this BIOS, having no digest of it";
        break;
      case ucode::LoaderVerdict::kOtherClass:
        text = "kernel " + release + " passes over it on this BIOS";
        break;
      default:
        return "";
    }
  }
  return text;
}

}  // namespace kip::cli
