// Records against the machine: what `kip status` says, as findings with their remedies.
#include <algorithm>
#include <fmt/format.h>

#include "src/checks/install_conf.h"
#include "src/cli/messages.h"
#include "src/kip/doctor.h"
#include "src/kip/obstacles.h"
#include "src/state/store.h"

namespace kip::program {
namespace {

using cli::Surveyed;
using state::FileState;

// The image; of one that is not known where, the record.
std::string place_of(const Surveyed& it) {
  for (const cli::FileRow& file : it.row.files) return file.path;
  const auto name = state::manifest_name(it.row.token, it.row.kernel);
  return state::place_of("manifests", name.value_or(it.row.kernel));
}

// Then none of its files is there, and that is all.
bool is_unmounted(const Ward& ward, const Surveyed& it, Findings& findings) {
  const auto obstacle = it.manifest == nullptr || it.row.state != cli::EntryState::kMissing
                            ? std::nullopt
                            : boot_not_there(ward.root, *it.manifest);
  if (!obstacle) return false;
  findings.add(Severity::kError, kRuleUnmounted, it.manifest->call.boot_root,
               obstacle->why + ": the file system with the boot entries is not mounted",
               obstacle->remedy);
  return true;
}

// Where refresh would be refused, what it would say helps; that is to be told of this machine alone.
std::string mend(const Ward& ward, const Surveyed& it) {
  const auto obstacle =
      ward.root.is_host()
          ? obstacle_to(ward.root, it, cli::environment("KERNEL_INSTALL_CONF_ROOT").value_or(""))
          : std::nullopt;
  return obstacle && !obstacle->remedy.empty() ? obstacle->remedy : refresh(it.row.kernel);
}

void add_files(const Ward& ward, const Surveyed& it, Findings& findings) {
  for (const cli::FileRow& file : it.row.files) {
    if (file.state == FileState::kMissing) {
      findings.add(Severity::kError, kRuleMissing, file.path,
                   "is not there: it was installed for kernel " + quote(it.row.kernel),
                   mend(ward, it));
    } else if (file.state == FileState::kForeign) {
      findings.add(Severity::kWarning, kRuleForeign, file.path,
                   "is another image than was installed for kernel " + quote(it.row.kernel),
                   mend(ward, it));
    }
  }
}

void add_changes(const Ward& ward, const Surveyed& it, Findings& findings) {
  const auto& changes = it.row.changes;
  if (changes.empty()) return;
  std::string text = fmt::format("is not what would be made now for kernel {}: {}",
                                 quote(it.row.kernel), to_text(changes.front()));
  if (changes.size() > 1)
    text += fmt::format(", and {} more", cli::counted(changes.size() - 1, "change"));
  findings.add(Severity::kWarning, kRuleStale, place_of(it), std::move(text), mend(ward, it));
}

// Without a manifest the kernel was not installed at all.
void add_pending(const Surveyed& it, Findings& findings) {
  for (const state::PendingModule& module : it.row.pending) {
    const bool installed = it.manifest != nullptr;
    findings.add(installed ? Severity::kWarning : Severity::kError, kRulePending,
                 state::place_of("pending", it.row.kernel),
                 fmt::format("kernel {} {} module {} ({})", quote(it.row.kernel),
                             installed ? "was installed without" : "is not installed for want of",
                             quote(module.name), module.rule),
                 "build the module, then " + refresh(it.row.kernel));
  }
}

// Which generator that is, by the call, or by what is installed.
std::string without_microcode(const Ward& ward, const state::Manifest& record) {
  const std::string& generator = record.call.initrd_generator;
  if (generator == "mkinitcpio" || (generator.empty() && ward.has("/usr/bin/mkinitcpio")))
    return "take microcode out of HOOKS in /etc/mkinitcpio.conf";
  if (generator.empty() && ward.has("/usr/sbin/update-initramfs"))
    return "IUCODE_TOOL_INITRAMFS=no in /etc/default/intel-microcode, AMD64UCODE_INITRAMFS=no in "
           "/etc/default/amd64-microcode";
  return "echo early_microcode=no > /etc/dracut.conf.d/90-kip-microcode.conf";
}

// Merged into one part, so that it costs time and no CPU its fix.
void add_doubled(const Ward& ward, const Surveyed& it, Findings& findings) {
  if (it.manifest == nullptr || !it.manifest->base || it.manifest->base->updates.empty()) return;
  for (const state::ImageFile& file : it.manifest->files) {
    const bool early =
        std::any_of(file.parts.begin(), file.parts.end(),
                    [](const state::Part& part) { return part.kind == state::PartKind::kEarly; });
    if (!early) continue;
    findings.add(Severity::kNote, checks::kRuleDoubles, place_of(it),
                 "its generator packs microcode as well, which kip merges into its own part",
                 without_microcode(ward, *it.manifest));
  }
}

}  // namespace

void look_at_records(const Ward& ward, Findings& findings) {
  for (const Surveyed& it : ward.recorded) {
    if (!is_unmounted(ward, it, findings)) add_files(ward, it, findings);
    add_changes(ward, it, findings);
    add_pending(it, findings);
    add_doubled(ward, it, findings);
  }
  const auto& enabled = ward.settings.image.enabled;
  if (!enabled.value) {
    findings.add(Severity::kNote, kRuleDisabled, to_text(*enabled.origin),
                 "Enabled=no: kip leaves every image alone", "take the line away");
  }
}

}  // namespace kip::program
