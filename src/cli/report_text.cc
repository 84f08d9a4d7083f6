#include <fmt/format.h>

#include "src/cli/messages.h"
#include "src/cli/report.h"

namespace kip::cli {
namespace {

std::string signatures(const ucode::Update& update) {
  std::string text;
  for (const ucode::Target& target : ucode::distinct_targets(update)) {
    if (!text.empty()) text += ",";
    text += fmt::format("{:#010x}", target.signature.value);
  }
  return text;
}

std::string platforms(const ucode::Update& update) {
  if (update.vendor == ucode::Vendor::kAmd) return "-";
  std::string text;
  for (const ucode::Target& target : ucode::distinct_targets(update)) {
    if (!text.empty()) text += ",";
    text += fmt::format("{:#04x}", target.platform_flags);
  }
  return text;
}

}  // namespace

std::string targets_text(const ucode::Update& update) {
  std::string text;
  for (const ucode::Target& target : ucode::distinct_targets(update)) {
    if (!text.empty()) text += ", ";
    text += fmt::format("{} {:#010x}", target.signature.name(), target.signature.value);
    if (update.vendor == ucode::Vendor::kIntel)
      text += fmt::format(" pf {:#04x}", target.platform_flags);
  }
  return text;
}

std::string to_text(const ListReport& report) {
  std::string text;
  for (const UpdateRow& row : report.updates) {
    const ucode::Update& it = row.update;
    text +=
        fmt::format("{:<5} {} {} {:#010x} {} {} {} {:#x} {}\n", ucode::vendor_name(it.vendor),
                    signatures(it), platforms(it), it.revision, ucode::date_text(it.date), it.size,
                    quote(row.file), row.offset, row.sha256.empty() ? "-" : row.sha256);
  }
  return text;
}

std::string to_text(const HostReport& report) {
  std::string text;
  for (const host::Cpu& cpu : report.machine.cpus) {
    text += fmt::format("{} {} {:#010x}", cpu.vendor_id.empty() ? "unknown" : cpu.vendor_id,
                        cpu.signature.name(), cpu.signature.value);
    if (cpu.vendor == ucode::Vendor::kIntel) {
      text += cpu.platform_flags ? fmt::format(" pf {:#04x}", *cpu.platform_flags) : " pf unknown";
    }
    text += cpu.revision ? fmt::format(" revision {:#010x}", *cpu.revision) : " revision unknown";
    text += fmt::format(" cpus {}\n", cpu.count);
  }
  text +=
      report.machine.hypervisor ? "hypervisor: yes, it owns the microcode\n" : "hypervisor: no\n";
  return text;
}

std::vector<std::string> to_lines(const PackedCpu& cpu) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < cpu.updates.size(); ++i) {
    const UpdateRow& row = cpu.updates[i];
    std::string line = cpu.label + ": ";
    if (row.update.vendor == ucode::Vendor::kIntel)
      line += fmt::format("pf {:#04x} ", row.update.targets[0].platform_flags);
    line += fmt::format("revision {:#010x} of {}, {} bytes from {}: {}", row.update.revision,
                        ucode::date_text(row.update.date), row.update.size, quote(row.file),
                        cpu.effect[i]);
    lines.push_back(std::move(line));
  }
  return lines;
}

std::vector<std::string> to_lines(const JoinReport& report) {
  std::vector<std::string> lines;
  for (const JoinedPart& part : report.parts) {
    std::string line = quote(part.file) + ": ";
    if (part.size == 0) {
      line += "all of it goes into the early part";
    } else {
      line += fmt::format("{} at offset {:#x}", counted(part.size, "byte"), part.offset);
      if (part.padding != 0) line += " behind " + counted(part.padding, "zero byte");
      if (part.left_out != 0)
        line += fmt::format(", but for {} of early part", counted(part.left_out, "byte"));
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace kip::cli
