#include "src/state/inputs_json.h"

namespace kip::state::detail {
namespace {

constexpr const char* kVendors[] = {"intel", "amd"};
constexpr const char* kClasses[] = {"old", "fixed"};

Json cpu_json(const CpuInput& cpu) {
  Json json = {{"label", encoded(cpu.label)}, {"signature", hex32(cpu.signature)}};
  if (cpu.vendor) json["vendor"] = kVendors[static_cast<int>(*cpu.vendor)];
  if (cpu.platform_flags) json["platform_flags"] = hex32(*cpu.platform_flags);
  if (cpu.proven) json["entrysign"] = kClasses[static_cast<int>(*cpu.proven)];
  return json;
}

CpuInput read_cpu(const Fields& in) {
  CpuInput cpu;
  cpu.label = in.text("label");
  cpu.signature = in.hex("signature");
  if (in.has("vendor")) cpu.vendor = static_cast<ucode::Vendor>(in.word("vendor", kVendors));
  if (in.has("platform_flags")) cpu.platform_flags = in.hex("platform_flags");
  if (in.has("entrysign"))
    cpu.proven = static_cast<ucode::EntrySignClass>(in.word("entrysign", kClasses));
  return cpu;
}

Json microcode_json(const MicrocodeInputs& microcode) {
  return {{"cpus", list_json(microcode.cpus, cpu_json)},
          {"updates", list_json(microcode.updates, update_json)}};
}

MicrocodeInputs read_microcode(const Fields& in) {
  MicrocodeInputs microcode;
  read_list(in, "cpus", microcode.cpus, read_cpu);
  read_list(in, "updates", microcode.updates, read_update);
  return microcode;
}

Json module_json(const ModuleInput& module) {
  Json json = {{"name", encoded(module.name)},       {"path", encoded(module.path)},
               {"version", encoded(module.version)}, {"in_tree", module.in_tree},
               {"cause", encoded(module.cause)},     {"of", encoded(module.of)}};
  if (module.digest) json["sha256"] = digest_json(*module.digest);
  add_stamp(json, module.stamp);
  return json;
}

ModuleInput read_module(const Fields& in) {
  ModuleInput module;
  module.name = in.text("name");
  module.path = in.text("path");
  module.version = in.text("version");
  module.in_tree = in.flag("in_tree");
  module.cause = in.text("cause");
  module.of = in.text("of");
  if (in.has("sha256")) module.digest = in.digest("sha256");
  module.stamp = read_stamp(in);
  return module;
}

Json firmware_json(const FirmwareInput& firmware) {
  Json json = {{"name", encoded(firmware.name)},
               {"path", encoded(firmware.path)},
               {"of", encoded(firmware.of)},
               {"sha256", digest_json(firmware.digest)}};
  add_stamp(json, firmware.stamp);
  return json;
}

FirmwareInput read_firmware(const Fields& in) {
  return {in.text("name"), in.text("path"), in.digest("sha256"), read_stamp(in), in.text("of")};
}

Json decision_json(const DecisionInput& decision) {
  return {{"name", encoded(decision.name)},
          {"path", encoded(decision.path)},
          {"state", encoded(decision.state)},
          {"why", encoded(decision.why)}};
}

DecisionInput read_decision(const Fields& in) {
  return {in.text("name"), in.text("path"), in.text("state"), in.text("why")};
}

Json modules_json(const ModuleInputs& modules) {
  Json json = {{"in_image", list_json(modules.modules, module_json)},
               {"firmware", list_json(modules.firmware, firmware_json)},
               {"decisions", list_json(modules.decisions, decision_json)}};
  if (modules.modprobe) json["modprobe_sha256"] = digest_json(*modules.modprobe);
  return json;
}

ModuleInputs read_modules(const Fields& in) {
  ModuleInputs modules;
  read_list(in, "in_image", modules.modules, read_module);
  read_list(in, "firmware", modules.firmware, read_firmware);
  read_list(in, "decisions", modules.decisions, read_decision);
  if (in.has("modprobe_sha256")) modules.modprobe = in.digest("modprobe_sha256");
  return modules;
}

Json settings_json(const SettingInputs& settings) {
  return {{"compression", encoded(settings.compression)},
          {"conflict", encoded(settings.conflict)},
          {"holds", texts_json(settings.holds)},
          {"pins", texts_json(settings.pins)}};
}

// There is no record of an image that was made with Enabled=no.
SettingInputs read_settings(const Fields& in) {
  SettingInputs settings;
  settings.compression = in.text("compression");
  settings.conflict = in.text("conflict");
  settings.holds = in.texts("holds");
  settings.pins = in.texts("pins");
  return settings;
}

}  // namespace

Json update_json(const UpdateInput& update) {
  const auto target = [](const ucode::Target& it) {
    return Json{{"signature", hex32(it.signature.value)},
                {"platform_flags", hex32(it.platform_flags)}};
  };
  return {{"vendor", kVendors[static_cast<int>(update.vendor)]},
          {"revision", hex32(update.revision)},
          {"date", hex32(update.date)},
          {"targets", list_json(update.targets, target)},
          {"size", update.size},
          {"file", encoded(update.file)},
          {"offset", update.offset},
          {"sha256", digest_json(update.digest)}};
}

UpdateInput read_update(const Fields& in) {
  UpdateInput update;
  update.vendor = static_cast<ucode::Vendor>(in.word("vendor", kVendors));
  update.revision = in.hex("revision");
  update.date = in.hex("date");
  read_list(in, "targets", update.targets, [](const Fields& it) {
    return ucode::Target{{it.hex("signature")}, it.hex("platform_flags")};
  });
  update.size = in.size("size");
  update.file = in.text("file");
  update.offset = in.size("offset");
  update.digest = in.digest("sha256");
  return update;
}

void add_stamp(Json& json, const Stamp& stamp) {
  json["size"] = stamp.size;
  json["mtime"] = stamp.mtime;
}

Stamp read_stamp(const Fields& in) {
  return {in.size("size"), in.number("mtime")};
}

Json inputs_json(const Inputs& inputs) {
  Json json = Json::object();
  if (inputs.microcode) json["microcode"] = microcode_json(*inputs.microcode);
  json["modules"] = modules_json(inputs.modules);
  json["settings"] = settings_json(inputs.settings);
  return json;
}

Inputs read_inputs(const Fields& in) {
  Inputs inputs;
  if (in.has("microcode")) inputs.microcode = read_microcode(in.object("microcode"));
  inputs.modules = read_modules(in.object("modules"));
  inputs.settings = read_settings(in.object("settings"));
  return inputs;
}

}  // namespace kip::state::detail
