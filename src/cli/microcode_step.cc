#include <fcntl.h>
#include <fmt/format.h>

#include "src/cli/microcode_step.h"
#include "src/cli/packing.h"

namespace kip::cli {

using ucode::Vendor;

std::string microcode_name(Vendor vendor) {
  return std::string("microcode-") + ucode::vendor_name(vendor);
}

tl::expected<image::JoinOptions, Failure> join_options(const policy::MicrocodeSettings& settings,
                                                       const std::string& kernel,
                                                       const Messages& messages) {
  image::JoinOptions options;
  auto holds = parse_selectors(values_of(settings.hold));
  auto pins = parse_pins(values_of(settings.pin));
  if (!holds) return tl::unexpected(Failure{"Hold=", holds.error()});
  if (!pins) return tl::unexpected(Failure{"Pin=", pins.error()});
  options.select.holds = std::move(*holds);
  options.select.pins = std::move(*pins);
  options.select.kernel = ucode::KernelVersion::parse(kernel);
  options.strip = settings.conflict.value == policy::Conflict::kStrip;
  options.time = source_date_epoch(messages);
  return options;
}

std::optional<int> MicrocodeStep::read_settings() {
  auto options =
      join_options(plugin_.settings().microcode, plugin_.call().kernel, plugin_.messages());
  if (!options) return plugin_.give_up(options.error().place, options.error().error);
  options_ = std::move(*options);
  return std::nullopt;
}

std::optional<Failure> MicrocodeStep::look() {
  const std::string& staging = plugin_.call().staging;
  const auto nothing_chosen = [&] {
    plugin_.messages().detail("no microcode was chosen");
    return std::nullopt;
  };
  const auto directory = open_own_directory(staging);
  if (!directory && directory.error().system_errno == ENOENT) return nothing_chosen();
  if (!directory) return Failure{staging + "/" + kOwnDirectory, directory.error()};
  const auto file = Root().open(early(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!file && file.error().system_errno == ENOENT) return nothing_chosen();
  if (!file) return Failure{early(), file.error()};
  const auto front = image::read_front(file->get());
  if (!front) return Failure{early(), front.error()};
  if (front->own.empty())
    return Failure{early(), {Errc::kCorrupt, "is no early part of kip", {}, 0}};
  for (const image::EarlyManifest& own : front->own) {
    for (const image::ManifestCpu& cpu : own.cpus) vendors_.insert(cpu.vendor);
  }
  return std::nullopt;
}

bool MicrocodeStep::stands_in_front(const Staging& staging, const std::string& name) const {
  return plugin_.call().caller->lists_microcode && staging.has(staging.microcode, name);
}

void MicrocodeStep::say_foreign(const Staging& staging) const {
  for (const std::string& name : staging.microcode) {
    const bool ours =
        name == microcode_name(Vendor::kIntel) || name == microcode_name(Vendor::kAmd);
    if (ours || !stands_in_front(staging, name)) continue;
    plugin_.messages().warning(
        quote(name) + " was staged by another plugin, and stands in front of what kip adds");
  }
}

void MicrocodeStep::say_forbidden(const std::string& source, const char* fate) const {
  if (options_.select.holds.empty() && options_.select.pins.empty()) return;
  const auto updates = image::forbidden(Root(), source, options_.select);
  if (!updates) return;  // whoever reads it next says why
  for (const ucode::Update& update : *updates) {
    plugin_.messages().warning(
        fmt::format("{}: revision {:#010x} for {} came with the initrd, against Hold= or Pin={}",
                    quote(source), update.revision, update.targets.front().signature.name(), fate));
  }
}

void MicrocodeStep::say_fate(const image::Join& join, const std::string& source) const {
  if (!join.makes_early()) {
    plugin_.messages().note(quote(source) + " serves these CPUs as it is");
    say_forbidden(source, ", and stays: the image serves these CPUs as it is");
  } else if (!source.empty()) {
    say_forbidden(source, ", and is left out");
  }
}

}  // namespace kip::cli
