#include <algorithm>
#include <fmt/format.h>

#include "src/cli/derived.h"
#include "src/cli/microcode_inputs.h"
#include "src/cli/module_files.h"
#include "src/cli/module_inputs.h"
#include "src/host/situation.h"

namespace kip::cli {
namespace {

using state::Manifest;
using state::ModuleInput;
using state::Stamp;

// What the manifest knows of files that have not been touched since.
KnownFiles known_from(const state::ModuleInputs& before) {
  const auto in_base = [&before](const ModuleInput& now) {
    return std::any_of(before.modules.begin(), before.modules.end(), [&](const ModuleInput& it) {
      return it.path == now.path && it.in_tree && !it.digest;
    });
  };
  const auto digest = [&before](const std::string& path,
                                const Stamp& stamp) -> std::optional<digest::Sha256> {
    for (const ModuleInput& it : before.modules) {
      if (it.path == path && it.stamp == stamp && it.digest) return it.digest;
    }
    for (const state::FirmwareInput& it : before.firmware) {
      if (it.path == path && it.stamp == stamp) return it.digest;
    }
    return std::nullopt;
  };
  return {in_base, digest};
}

std::optional<codec::Method> method_called(const std::string& name) {
  for (const codec::Method method :
       {codec::Method::kXz, codec::Method::kZstd, codec::Method::kGzip, codec::Method::kBzip2,
        codec::Method::kLzma, codec::Method::kLz4Legacy, codec::Method::kLzo}) {
    if (name == codec::method_name(method)) return method;
  }
  return std::nullopt;
}

// Of the overlay that these modules would make behind the same base.
std::string compression_of(const policy::Settings& settings, const Root& root,
                           const Manifest& recorded, const state::ModuleInputs& modules) {
  image::BaseModules base;
  if (recorded.base) base.method = method_called(recorded.base->compression);
  std::vector<image::OverlayFile> files;
  for (const ModuleInput& module : modules.modules) {
    if (!module.digest) continue;
    image::OverlayFile file;
    file.path = file.source = module.path;
    files.push_back(std::move(file));
  }
  return compression_name(
      overlay_method(settings.image.compression.value, root, recorded.kernel, base, files));
}

}  // namespace

Derived::Derived(const Root& root, const std::string& root_path, const Messages& messages)
    : root_(root), root_path_(root_path), messages_(messages), errors_(messages) {
  errors_.set_level(Messages::Level::kQuiet);
}

bool Derived::failed(const std::string& place, const Error& error) const {
  messages_.error(place + ": " + error.what);
  return false;
}

ExitCode Derived::read() {
  auto settings = policy::read_settings(root_);
  auto dracut = policy::read_dracut_files(root_);
  if (!settings) failed("kip.conf.d", settings.error());
  if (!dracut) failed("dracut.conf.d", dracut.error());
  if (!settings || !dracut) return ExitCode::kFailed;
  settings_ = std::move(*settings);
  dracut_ = std::move(*dracut);
  for (const Finding& finding : settings_.findings) {
    if (finding.severity == Severity::kError) messages_.finding(finding);
  }
  return settings_.broken() ? ExitCode::kFailed : ExitCode::kDone;
}

policy::Settings Derived::settings_for(const Manifest& recorded) const {
  policy::Settings settings = settings_;
  const auto cpu = environment("KIP_CPU"), firmware = environment("KIP_FIRMWARE");
  policy::apply_environment(settings, cpu ? cpu : recorded.call.kip_cpu,
                            firmware ? firmware : recorded.call.kip_firmware);
  return settings;
}

std::optional<state::Inputs> Derived::inputs_for(const Manifest& recorded) const {
  const policy::Settings settings = settings_for(recorded);
  state::Inputs inputs;
  const bool strips = settings.microcode.conflict.value == policy::Conflict::kStrip;
  inputs.settings.conflict = strips ? "strip" : "union";
  inputs.settings.holds = values_of(settings.microcode.hold);
  inputs.settings.pins = values_of(settings.microcode.pin);
  inputs.settings.enabled = settings.image.enabled.value;
  if (!inputs.settings.enabled) {
    inputs.settings.enabled_by = to_text(*settings.image.enabled.origin);
    return inputs;
  }
  const bool microcode = add_microcode(settings, recorded, inputs.microcode);
  if (!add_modules(settings, recorded, inputs) || !microcode) return std::nullopt;
  return inputs;
}

// Whether an error was said is all that the result tells; microcode that is none of this image's business stays unknown.
bool Derived::add_microcode(const policy::Settings& settings, const Manifest& recorded,
                            Microcode& microcode) const {
  SourceOptions options = source_options(settings.microcode, recorded.kernel);
  options.root = root_path_;
  options.allow_none = true;
  if (!options.cpus.empty()) return choose(options, microcode);
  const Microcode& before = recorded.inputs.microcode;
  if (!before) return true;
  if (!root_.is_host()) {
    options.known = request_of(before->cpus);
    return choose(options, microcode);
  }
  const host::Situation here = host::read_situation(root_);
  if (host::has_early_microcode() && here.owns_microcode()) return choose(options, microcode);
  messages_.detail(fmt::format("kernel {}: this is {}: its microcode is not compared",
                               quote(recorded.kernel), to_text(here)));
  return true;
}

bool Derived::choose(const SourceOptions& options, Microcode& microcode) const {
  Choice choice(options, errors_);
  if (choice.decide() != ExitCode::kDone) return false;
  microcode = microcode_inputs(choice);
  const Status status = add_digests(choice, *microcode);
  return status ? true : failed("microcode", status.error());
}

bool Derived::add_modules(const policy::Settings& settings, const Manifest& recorded,
                          state::Inputs& inputs) const {
  if (policy::module_rules(settings, dracut_).rules.empty()) return true;
  ModuleChoice choice(root_, recorded.kernel, messages_, &settings, ModuleChoice::Say::kNothing,
                      root_path_);
  const ExitCode code = choice.read();
  if (code == ExitCode::kNothing) return true;
  if (code != ExitCode::kDone) return false;
  const KnownFiles known = known_from(recorded.inputs.modules);
  auto modules = module_inputs(root_, choice, known);
  if (!modules) return failed("modules of kernel " + quote(recorded.kernel), modules.error());
  if (choice.refusal()) {
    messages_.error("kernel " + quote(recorded.kernel) + ": " + *choice.refusal());
    return false;
  }
  inputs.modules = std::move(*modules);
  if (!inputs.modules.modules.empty())
    inputs.settings.compression = compression_of(settings, root_, recorded, inputs.modules);
  return true;
}

}  // namespace kip::cli
