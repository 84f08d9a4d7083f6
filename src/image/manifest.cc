#include <charconv>
#include <fmt/format.h>

#include "src/base/record.h"
#include "src/image/manifest.h"

namespace kip::image {
namespace {

constexpr std::string_view kFirstLine = "kip early 1";

std::optional<std::uint32_t> take_page_offset(std::string_view& line) {
  const std::string_view word = take_word(line);
  std::uint32_t value = 0;
  const auto parsed = std::from_chars(word.data(), word.data() + word.size(), value);
  if (parsed.ec != std::errc() || parsed.ptr != word.data() + word.size()) return std::nullopt;
  if (value >= kPage || value % 4 != 0) return std::nullopt;
  return value;
}

std::optional<std::uint32_t> take_hex(std::string_view& line) {
  std::string_view word = take_word(line);
  if (!word.starts_with("0x")) return std::nullopt;
  word.remove_prefix(2);
  std::uint32_t value = 0;
  const auto parsed = std::from_chars(word.data(), word.data() + word.size(), value, 16);
  if (parsed.ec != std::errc() || parsed.ptr != word.data() + word.size()) return std::nullopt;
  return value;
}

std::optional<ucode::Vendor> take_vendor(std::string_view& line) {
  const std::string_view word = take_word(line);
  for (const ucode::Vendor vendor : {ucode::Vendor::kIntel, ucode::Vendor::kAmd}) {
    if (word == ucode::vendor_name(vendor)) return vendor;
  }
  return std::nullopt;
}

bool take_line(std::string_view line, EarlyManifest& manifest) {
  const std::string_view kind = take_word(line);
  if (kind == "page") {
    manifest.page_offset = take_page_offset(line);
    return manifest.page_offset && line.empty();
  }
  const auto vendor = take_vendor(line);
  const auto number = take_hex(line);
  if (!vendor || !number) return false;
  if (kind == "cpu") {
    const auto flags = take_hex(line);
    const std::string_view proven = take_word(line);
    if (!flags || (!proven.empty() && proven != "old" && proven != "fixed")) return false;
    manifest.cpus.push_back({*vendor, {{*number}, *flags}, {}});
    if (!proven.empty())
      manifest.cpus.back().proven =
          proven == "old" ? ucode::EntrySignClass::kOld : ucode::EntrySignClass::kFixed;
  } else if (kind == "update") {
    const std::string_view from = take_word(line);
    if (from != "host" && from != "base") return false;
    manifest.updates.push_back({*vendor, *number, from == "base"});
  } else {
    return false;
  }
  return line.empty();
}

}  // namespace

std::string to_text(const EarlyManifest& manifest) {
  std::string text = std::string(kFirstLine) + "\n";
  if (manifest.page_offset) text += fmt::format("page {}\n", *manifest.page_offset);
  for (const ManifestCpu& cpu : manifest.cpus) {
    const char* const proven = !cpu.proven                                  ? ""
                               : *cpu.proven == ucode::EntrySignClass::kOld ? " old"
                                                                            : " fixed";
    text += fmt::format("cpu {} {:#010x} {:#04x}{}\n", ucode::vendor_name(cpu.vendor),
                        cpu.target.signature.value, cpu.target.platform_flags, proven);
  }
  for (const ManifestUpdate& update : manifest.updates) {
    text += fmt::format("update {} {:#010x} {}\n", ucode::vendor_name(update.vendor),
                        update.revision, update.from_base ? "base" : "host");
  }
  return text;
}

std::optional<EarlyManifest> parse_manifest(std::string_view text) {
  EarlyManifest manifest;
  const auto take = [&](std::string_view line) { return take_line(line, manifest); };
  // Numbers of another width, blanks at the end: not ours, and not to be replaced as ours.
  if (!take_lines(text, kFirstLine, take) || to_text(manifest) != text) return std::nullopt;
  return manifest;
}

}  // namespace kip::image
