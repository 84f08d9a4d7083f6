// Which microcode a kernel takes of all that its entry hands over: in front of it may stand an older one, and what stands behind the
// initrd is not found.
#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "src/base/text.h"
#include "src/image/pieces.h"
#include "src/kip/doctor.h"
#include "src/kip/newest.h"
#include "src/segments/layout.h"

namespace kip::program {
namespace {

using boot::BootFile;
using boot::EntryKind;
using boot::MenuEntry;
using image::HandedMicrocode;
using ucode::Target;

class Order {
 public:
  Order(const Ward& ward, const MenuEntry& entry, const EntryParts& parts, Findings& findings)
      : ward_(ward), entry_(entry), parts_(parts), findings_(findings) {}

  void check(ucode::Vendor vendor) {
    const auto v = static_cast<std::size_t>(vendor);
    for (const HandedMicrocode& behind : parts_.handed.behind[v]) {
      const auto& taken = parts_.handed.taken[v];
      if (const auto cpu = loses(vendor, taken ? &*taken : nullptr, behind))
        return taken ? say_shadowed(vendor, *cpu, *taken, behind) : say_late(behind);
    }
  }

 private:
  // The first CPU for which what stands behind is newer; nullopt: none.
  std::optional<Target> loses(ucode::Vendor vendor, const HandedMicrocode* taken,
                              const HandedMicrocode& behind) const {
    for (const Target& cpu : cpus(vendor, behind)) {
      const auto there = newest(behind.updates, cpu);
      const auto has = taken == nullptr ? std::nullopt : newest(taken->updates, cpu);
      if (there && (!has || ucode::is_newer(vendor, *there, *has))) return cpu;
    }
    return std::nullopt;
  }

  // Of the records of this kernel; where there are none, all that the microcode is for.
  std::vector<Target> cpus(ucode::Vendor vendor, const HandedMicrocode& behind) const {
    std::vector<Target> cpus;
    for (const state::Manifest* const record : ward_.records_of(entry_.release)) {
      if (!record->inputs.microcode) continue;
      for (const state::CpuInput& cpu : record->inputs.microcode->cpus) {
        if (cpu.vendor.value_or(vendor) == vendor)
          cpus.push_back({{cpu.signature}, cpu.platform_flags.value_or(0)});
      }
    }
    if (!cpus.empty()) return cpus;
    for (const ucode::Update& update : behind.updates)
      cpus.insert(cpus.end(), update.targets.begin(), update.targets.end());
    return cpus;
  }

  void say_late(const HandedMicrocode& behind) const {
    const std::string& late = parts_.names[behind.part];
    const bool superfluous =
        std::any_of(parts_.names.begin(), parts_.names.end(),
                    [&](const auto& it) { return ward_.record_of_image(it) != nullptr; });
    const std::string remedy =
        entry_.kind == EntryKind::kType1 && superfluous ? line_out(late)
        : entry_.kind == EntryKind::kType1
            ? "put the line for " + quote(late) + " in front in " + shell_word(entry_.file)
        : entry_.kind == EntryKind::kGrub ? made_again(entry_)
                                          : install_again(ward_, entry_);
    findings_.add(
        Severity::kWarning, kRuleInitrdOrder, entry_.place(),
        fmt::format("hands over {} behind {}: the kernel does not find the microcode in it",
                    quote(late), quote(parts_.names[behind.part - 1])),
        remedy);
  }

  void say_shadowed(ucode::Vendor vendor, const Target& cpu, const HandedMicrocode& taken,
                    const HandedMicrocode& behind) const {
    const auto has = newest(taken.updates, cpu);
    const std::string first = has ? fmt::format("{:#010x}", *has) : "nothing";
    const std::string name = ucode::cpu_name(vendor, cpu.signature);
    findings_.add(
        Severity::kWarning, kRuleShadowed, entry_.place(),
        fmt::format("hands over {} first, which has {} for {}; {} behind it has {:#010x}, "
                    "and is not looked at",
                    quote(parts_.names[taken.part]), first, name, quote(parts_.names[behind.part]),
                    *newest(behind.updates, cpu)),
        remedy_for(parts_.names[taken.part], parts_.names[behind.part]));
  }

  std::string line_out(const std::string& path) const {
    return "take the line for " + quote(path) + " out of " + shell_word(entry_.file);
  }

  // A recorded image stays: without it the entry has no initrd.
  std::string remedy_for(const std::string& first, const std::string& second) const {
    switch (entry_.kind) {
      case EntryKind::kType1:
        return line_out(ward_.record_of_image(first) != nullptr ? second : first);
      case EntryKind::kGrub:
        return "GRUB_EARLY_INITRD_LINUX_STOCK=\"\" in /etc/default/grub, then " +
               made_again(entry_);
      case EntryKind::kUnified:
        break;
    }
    return "take Microcode= out of uki.conf, then " + install_again(ward_, entry_);
  }

  const Ward& ward_;
  const MenuEntry& entry_;
  const EntryParts& parts_;
  Findings& findings_;
};

Result<EntryParts> parts_of_unified(const Ward& ward, const std::string& path) {
  const image::Opened opened = TRY(image::open_regular(ward.root, path));
  const segments::Layout layout = TRY(segments::read_layout(opened.file.get()));
  EntryParts parts;
  std::vector<image::HandedPart> handed;
  for (const segments::Section& section : layout.initrds) {
    parts.names.push_back(section.name);
    handed.push_back({opened.file.get(), section.offset, section.size});
  }
  parts.handed = TRY(image::read_handed(handed));
  return parts;
}

}  // namespace

std::optional<EntryParts> read_parts(const Ward& ward, const MenuEntry& entry, Findings& findings) {
  const auto failed = [&](const std::string& place, const Error& error) {
    findings.failed(place, error);
    return std::optional<EntryParts>();
  };
  if (entry.kind == EntryKind::kUnified) {
    auto parts = parts_of_unified(ward, entry.file);
    return parts ? std::optional(std::move(*parts)) : failed(entry.file, parts.error());
  }
  EntryParts parts;
  std::vector<image::Opened> open;
  std::vector<image::HandedPart> handed;
  for (const BootFile& initrd : entry.initrds) {
    if (!initrd.there) continue;
    auto opened = image::open_regular(ward.root, initrd.path);
    if (!opened) return failed(initrd.path, opened.error());
    parts.names.push_back(initrd.path);
    handed.push_back({opened->file.get(), 0, opened->size});
    open.push_back(std::move(*opened));
  }
  auto read = image::read_handed(handed);
  if (!read) return failed(entry.place(), read.error());
  parts.handed = std::move(*read);
  return parts;
}

// Entries that hand over the same files have the same faults: the first one tells.
void look_at_order(const Ward& ward, Findings& findings) {
  std::vector<std::vector<BootFile>> seen;
  for (const MenuEntry& entry : ward.entries) {
    if (entry.kind != EntryKind::kUnified) {
      if (entry.initrds.size() < 2 ||
          std::find(seen.begin(), seen.end(), entry.initrds) != seen.end())
        continue;
      seen.push_back(entry.initrds);
    }
    const auto parts = read_parts(ward, entry, findings);
    if (!parts) continue;
    for (const auto vendor : {ucode::Vendor::kIntel, ucode::Vendor::kAmd})
      Order(ward, entry, *parts, findings).check(vendor);
  }
}

}  // namespace kip::program
