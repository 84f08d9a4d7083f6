#include <fmt/format.h>

#include "src/cli/members.h"
#include "src/cli/report.h"

namespace kip::cli {
namespace {

// What others wrote (names, versions), on one line.
std::string shown(std::string_view text) {
  return text.empty() ? "none" : shown_name(text, /*quoted=*/true);
}

std::string arrow(std::string_view a, std::string_view b) {
  return shown(a) + " -> " + shown(b);
}

std::string revisions(const std::vector<std::uint32_t>& all) {
  std::string text;
  for (const std::uint32_t revision : all)
    text += (text.empty() ? "" : ",") + fmt::format("{:#010x}", revision);
  return text;
}

std::string cpu(const image::MicrocodeChange& change) {
  const std::string name = ucode::cpu_name(change.vendor, change.signature);
  if (change.vendor == ucode::Vendor::kAmd) return name;
  return fmt::format("{} pf {:#04x}", name, change.platform_flags);
}

std::string line(const image::MicrocodeChange& change) {
  return fmt::format("microcode: {}: {}\n", cpu(change),
                     arrow(revisions(change.a), revisions(change.b)));
}

const image::Aspect* find(const std::vector<image::Aspect>& aspects, std::string_view what) {
  for (const image::Aspect& aspect : aspects) {
    if (aspect.what == what) return &aspect;
  }
  return nullptr;
}

std::string rights(const std::vector<image::Aspect>& aspects) {
  std::string text;
  for (const char* const what : {"mode", "owner"}) {
    if (const auto* const it = find(aspects, what))
      text += std::string(", ") + what + " " + arrow(it->a, it->b);
  }
  return text;
}

// The first thing that tells the two apart, and what is different apart from that.
std::string changed(const image::ModuleChange& change) {
  const auto& aspects = change.aspects;
  if (const auto* const it = find(aspects, "version")) return arrow(it->a, it->b);
  for (const char* const what : {"srcversion", "vermagic"}) {
    if (const auto* const it = find(aspects, what))
      return std::string(what) + " " + arrow(it->a, it->b);
  }
  if (find(aspects, "content") != nullptr) return "rebuilt: other bytes, same version";
  const auto* const path = find(aspects, "path");
  return path == nullptr ? "" : arrow(path->a, path->b);
}

std::string line(const image::ModuleChange& change) {
  std::string text =
      "module " + shown(change.module.release) + ": " + shown(change.module.name) + ": ";
  if (change.change == image::Change::kChanged)
    return text + changed(change) + rights(change.aspects) + "\n";
  text += change.change == image::Change::kAdded ? "added" : "removed";
  const std::string version = change.a + change.b;
  return text + (version.empty() ? "" : " (" + shown(version) + ")") + "\n";
}

std::string line(const image::FileChange& change) {
  std::string text = "file: " + shown(change.path) + ": ";
  if (change.change == image::Change::kAdded) return text + "added\n";
  if (change.change == image::Change::kRemoved) return text + "removed\n";
  std::string what;
  for (const image::Aspect& aspect : change.aspects) {
    const bool bytes = aspect.what == "content";
    if (bytes && find(change.aspects, "size") != nullptr) continue;
    what += (what.empty() ? "" : ", ") + aspect.what;
    if (!bytes) what += " " + arrow(aspect.a, aspect.b);
  }
  return text + what + "\n";
}

}  // namespace

std::string to_text(const DiffReport& report) {
  std::string text;
  for (const auto& change : report.difference.microcode) text += line(change);
  for (const auto& change : report.difference.modules) text += line(change);
  for (const auto& change : report.difference.files) text += line(change);
  return text;
}

}  // namespace kip::cli
