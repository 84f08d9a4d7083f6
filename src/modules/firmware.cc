#include <algorithm>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include "src/modules/firmware.h"

namespace kip::modules {
namespace {

/// Most files that a message names.
constexpr std::size_t kNamed = 8;

bool leads_out(std::string_view name) {
  return name.empty() || name.front() == '/' ||
         ("/" + std::string(name) + "/").find("/../") != std::string::npos;
}

// "0.0 MiB" would tell nothing of a small limit.
std::string in_units(std::uint64_t bytes) {
  if (bytes < 1 << 10) return fmt::format("{} bytes", bytes);
  if (bytes < 1 << 20) return fmt::format("{:.1f} KiB", static_cast<double>(bytes) / (1 << 10));
  return fmt::format("{:.1f} MiB", static_cast<double>(bytes) / (1 << 20));
}

}  // namespace

std::optional<NeededFirmware> find_firmware(const Root& root, const std::string& kernel,
                                            const std::string& name) {
  if (leads_out(name)) return std::nullopt;
  for (const char* const suffix : {"", ".zst", ".xz"}) {
    for (const std::string& directory :
         {"updates/" + kernel + "/", std::string("updates/"), kernel + "/", std::string()}) {
      std::string path = fmt::format("/lib/firmware/{}{}{}", directory, name, suffix);
      const auto file = root.open(path, O_PATH);
      struct stat status;
      if (!file || ::fstat(file->get(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
      return NeededFirmware{name, std::move(path), static_cast<std::uint64_t>(status.st_size), ""};
    }
  }
  return std::nullopt;
}

std::optional<Finding> keep_to_limit(std::vector<NeededFirmware>& firmware, std::uint64_t limit) {
  std::uint64_t total = 0;
  for (const NeededFirmware& file : firmware) total += file.size;
  if (total <= limit) return std::nullopt;
  std::vector<NeededFirmware> by_size = firmware;
  std::stable_sort(
      by_size.begin(), by_size.end(),
      [](const NeededFirmware& a, const NeededFirmware& b) { return a.size > b.size; });
  std::string names;
  std::uint64_t left = total;
  std::size_t gone = 0;
  for (; left > limit; ++gone) {
    const NeededFirmware& file = by_size[gone];
    left -= file.size;
    std::erase_if(firmware, [&](const NeededFirmware& other) { return other.path == file.path; });
    if (gone < kNamed)
      names += fmt::format("{}{} ({}, of {})", gone == 0 ? "" : ", ", quote(file.path),
                           in_units(file.size), file.of);
  }
  if (gone > kNamed) names += fmt::format(" and {} more", gone - kNamed);
  Finding finding;
  finding.rule = "firmware-limit";
  finding.text = fmt::format("the modules' firmware has {}, more than {}: leaving out {}",
                             in_units(total), in_units(limit), names);
  finding.remedy = "FirmwareLimit= in kip.conf.d";
  return finding;
}

}  // namespace kip::modules
