#include <charconv>
#include <fmt/format.h>

#include "src/base/record.h"
#include "src/image/overlay_manifest.h"

namespace kip::image {
namespace {

constexpr std::string_view kFirstLine = "kip modules 1";
constexpr std::string_view kNothing = "-";

// `blanks`: whether the field is the last one, which may have some.
std::string field(std::string_view text, Blanks blanks = Blanks::kEncode) {
  if (text.empty()) return std::string(kNothing);
  return text == kNothing ? "%2D" : percent_encode(text, blanks);
}

// Whatever it makes of text that field() does not write shows when it is written again.
std::string unfield(std::string_view text) {
  return text == kNothing ? "" : percent_decode(text).value_or("");
}

std::string take_field(std::string_view& line) {
  return unfield(take_word(line));
}

bool take_digest(std::string_view& line, digest::Sha256& digest) {
  const std::string_view word = take_word(line);
  if (word.size() != digest.size() * 2) return false;
  for (std::size_t i = 0; i < digest.size(); ++i) {
    const char* const digits = word.data() + 2 * i;
    if (std::from_chars(digits, digits + 2, digest[i], 16).ptr != digits + 2) return false;
  }
  return true;
}

OverlayReason take_reason(std::string_view& line) {
  OverlayReason reason;
  reason.cause = take_field(line);
  reason.detail = unfield(line);
  line = {};
  return reason;
}

bool take_module(std::string_view& line, OverlayManifest& manifest, bool in_base) {
  OverlayModule module;
  for (std::string* const text : {&module.name, &module.path, &module.version, &module.srcversion})
    *text = take_field(line);
  if (!take_digest(line, module.digest)) return false;
  module.reason = take_reason(line);
  module.in_base = in_base;
  manifest.modules.push_back(std::move(module));
  return true;
}

template <class File>
bool take_file(std::string_view& line, std::vector<File>& files) {
  File file;
  file.path = take_field(line);
  if (!take_digest(line, file.digest)) return false;
  file.reason = take_reason(line);
  files.push_back(std::move(file));
  return true;
}

bool take_line(std::string_view line, OverlayManifest& manifest) {
  const std::string_view kind = take_word(line);
  if (kind == "module") return take_module(line, manifest, false);
  if (kind == "base-module") return take_module(line, manifest, true);
  if (kind == "firmware") return take_file(line, manifest.firmware);
  if (kind == "config") return take_file(line, manifest.config);
  if (kind == "kernel") {
    manifest.kernel = take_field(line);
    return true;
  }
  if (kind != "padding") return false;
  return std::from_chars(line.data(), line.data() + line.size(), manifest.padding).ec ==
         std::errc();
}

std::string reason_text(const OverlayReason& reason) {
  return field(reason.cause) + " " + field(reason.detail, Blanks::kKeep) + "\n";
}

template <class File>
std::string files_text(const char* kind, const std::vector<File>& files) {
  std::string text;
  for (const File& file : files) {
    text += fmt::format("{} {} {} {}", kind, field(file.path), digest::to_hex(file.digest),
                        reason_text(file.reason));
  }
  return text;
}

}  // namespace

std::string to_text(const OverlayManifest& manifest) {
  std::string text = fmt::format("{}\nkernel {}\npadding {}\n", kFirstLine, field(manifest.kernel),
                                 manifest.padding);
  for (const OverlayModule& module : manifest.modules) {
    text += fmt::format("{} {} {} {} {} {} {}", module.in_base ? "base-module" : "module",
                        field(module.name), field(module.path), field(module.version),
                        field(module.srcversion), digest::to_hex(module.digest),
                        reason_text(module.reason));
  }
  return text + files_text("firmware", manifest.firmware) + files_text("config", manifest.config);
}

std::optional<OverlayManifest> parse_overlay_manifest(std::string_view text) {
  OverlayManifest manifest;
  const auto take = [&](std::string_view line) { return take_line(line, manifest); };
  // Another order of lines, other escapes: not ours, and not to be replaced as ours.
  if (!take_lines(text, kFirstLine, take) || to_text(manifest) != text) return std::nullopt;
  return manifest;
}

}  // namespace kip::image
