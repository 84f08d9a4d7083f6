#include <fmt/format.h>

#include "src/cli/image_report.h"
#include "src/cli/messages.h"
#include "src/cli/report.h"

namespace kip::cli {
namespace {

using segments::Segment;

std::string place_text(const segments::Place& place, std::uint64_t offset) {
  if (place.section.empty()) return fmt::format("{:#x}", offset);
  return fmt::format("{:#x} ({} at {:#x})", offset, place.section, place.offset);
}

// Whatever bytes somebody else's image holds. Without the quotes.
std::string one_line(const std::string& text) {
  const std::string quoted = quote(text);
  return quoted.substr(1, quoted.size() - 2);
}

std::string uses_text(const image::SegmentEntry& entry) {
  std::string text;
  const auto add = [&](const std::string& word) { text += (text.empty() ? "" : ", ") + word; };
  for (const image::Use use : entry.uses) {
    add(image::use_name(use));
    if (use != image::Use::kModules) continue;
    for (const std::string& kernel : entry.kernels) text += " " + kernel;
  }
  if (!entry.segment.reached) add("never reached");
  return text;
}

std::string size_text(std::uint64_t size) {
  return size == 0 ? "?" : std::to_string(size);
}

std::string files_text(const image::SegmentEntry& entry) {
  const bool unread = entry.segment.size == 0 && entry.members == 0;
  return unread ? "? files" : counted(entry.files, "file");
}

std::string segment_line(const SegmentRow& row) {
  const Segment& segment = row.entry.segment;
  const std::string at = place_text(row.place, segment.offset);
  if (segment.kind == Segment::Kind::kPadding)
    return fmt::format("    {:<10}  {:>10}  zeros\n", at, segment.size);
  std::string line = fmt::format("{:>3} {:<10}  {:>10}  {:>10}  {:<7}  {:>11}", row.number, at,
                                 size_text(segment.size), size_text(segment.plain_size),
                                 image::method_text(segment), files_text(row.entry));
  const std::string uses = uses_text(row.entry);
  return line + (uses.empty() ? "\n" : "  " + uses + "\n");
}

std::string microcode_lines(const MicrocodeRow& row) {
  const image::MicrocodeMember& member = row.member;
  const std::string where = row.compressed ? "" : " at " + place_text(row.place, member.offset);
  std::string text =
      fmt::format("{}: {} in segment {}{}, {}\n", checks::standing_name(row.standing),
                  quote(member.name), row.segment, where, counted(member.updates.size(), "update"));
  for (const ucode::Update& update : member.updates) {
    text += fmt::format("    {}, revision {:#010x} of {}\n", targets_text(update), update.revision,
                        ucode::date_text(update.date));
  }
  return text;
}

std::string overlay_lines(const OverlayRow& row) {
  const image::OverlayManifest& manifest = row.manifest;
  std::string text =
      fmt::format("overlay of kip in segment {} for {}: {}\n", row.segment, quote(manifest.kernel),
                  counted(manifest.modules.size(), "module"));
  for (const image::OverlayModule& module : manifest.modules) {
    text += fmt::format(
        "    {}{}{}: {}{}\n", quote(module.path), module.version.empty() ? "" : ", version ",
        module.version.empty() ? "" : quote(module.version), reason_text(module.reason),
        module.in_base ? " (as the initrd has it)" : "");
  }
  for (const image::OverlayFirmware& file : manifest.firmware)
    text += fmt::format("    firmware {}: {}\n", quote(file.path), reason_text(file.reason));
  for (const image::OverlayConfig& file : manifest.config)
    text += fmt::format("    file {}: {}\n", quote(file.path), reason_text(file.reason));
  return text;
}

std::string loader_line(const LoaderRow& row) {
  const char* const vendor = row.vendor == ucode::Vendor::kIntel ? "Intel" : "AMD";
  const auto& found = row.search.found;
  if (found) {
    return fmt::format("loader, {}: takes {} at {}, {} bytes\n", vendor, quote(found->name),
                       place_text(row.place, found->member_offset), found->size);
  }
  return fmt::format("loader, {}: finds nothing; its search ends at {}: {}\n", vendor,
                     place_text(row.place, row.search.end), stop_text(row.search.stop));
}

std::string served_line(const ServedRow& row) {
  std::string line = row.label + ": ";
  if (row.platforms != 0) line += fmt::format("pf {:#04x} ", row.platforms);
  if (row.update) {
    line += fmt::format("revision {:#010x} of {}: {}", row.update->revision,
                        ucode::date_text(row.update->date), row.effect);
  } else {
    line += "nothing: " + row.why;
  }
  if (!row.bios.empty()) line += ", on " + row.bios;
  if (!row.kernels.empty()) line += " [kernels " + row.kernels + "]";
  return line + "\n";
}

std::string sections_text(const InspectReport& report) {
  std::string text;
  if (!report.layout.unified) return text;
  for (const segments::Section& section : report.layout.sections) {
    text += fmt::format("section {} at {:#x}, {} bytes\n", quote(section.name), section.offset,
                        section.size);
  }
  if (report.layout.uname) text += "kernel " + quote(*report.layout.uname) + "\n";
  return text;
}

}  // namespace

const char* stop_text(segments::Search::Stop stop) {
  constexpr const char* kTexts[] = {"the image's end", "no uncompressed archive goes on there",
                                    "a header with a field that is no number",
                                    "a member that reaches beyond the image"};
  return kTexts[static_cast<std::size_t>(stop)];
}

std::string finding_line(const Finding& finding) {
  constexpr const char* kSeverities[] = {"note", "warning", "error"};
  return fmt::format("{}: {}: {}", kSeverities[static_cast<int>(finding.severity)], finding.rule,
                     to_line(finding));
}

std::string reason_text(const image::OverlayReason& reason) {
  struct Words {
    const char* cause;
    const char* in_front;
    const char* behind;
  };
  constexpr Words kWords[] = {{"policy", "", ""},
                              {"depends", "", " depends on it"},
                              {"softdep", "a softdep of ", ""},
                              {"weakdep", "a weakdep of ", ""},
                              {"firmware", "of ", ""}};
  for (const Words& words : kWords) {
    if (reason.cause == words.cause) return words.in_front + one_line(reason.detail) + words.behind;
  }
  return one_line(reason.cause + " " + reason.detail);
}

std::string to_text(const InspectReport& report) {
  std::string text = sections_text(report);
  for (const SegmentRow& row : report.segments) {
    if (row.number != 0 || report.as_kernel) text += segment_line(row);
  }
  for (const MicrocodeRow& row : report.microcode) text += microcode_lines(row);
  for (const OverlayRow& row : report.overlays) text += overlay_lines(row);
  for (const LoaderRow& row : report.loaders) {
    if (report.as_kernel) text += loader_line(row);
  }
  for (const ServedRow& row : report.cpus) text += served_line(row);
  for (const Finding& finding : report.findings) {
    if (report.as_kernel || finding.severity != Severity::kNote)
      text += finding_line(finding) + "\n";
  }
  return text;
}

}  // namespace kip::cli
