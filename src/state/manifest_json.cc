#include "src/state/inputs_json.h"
#include "src/state/manifest.h"

namespace kip::state {
namespace {

using namespace detail;

constexpr const char* kParts[] = {"early", "base", "overlay"};

Json call_json(const Call& call) {
  Json json = {{"caller", encoded(call.caller)},
               {"arguments", texts_json(call.arguments)},
               {"layout", encoded(call.layout)},
               {"initrd_generator", encoded(call.initrd_generator)},
               {"uki_generator", encoded(call.uki_generator)},
               {"entry_directory", encoded(call.entry_directory)},
               {"boot_root", encoded(call.boot_root)}};
  if (call.kip_cpu) json["KIP_CPU"] = encoded(*call.kip_cpu);
  if (call.kip_firmware) json["KIP_FIRMWARE"] = encoded(*call.kip_firmware);
  return json;
}

Call read_call(const Fields& in) {
  Call call;
  call.caller = in.text("caller");
  call.arguments = in.texts("arguments");
  call.layout = in.text("layout");
  call.initrd_generator = in.text("initrd_generator");
  call.uki_generator = in.text("uki_generator");
  call.entry_directory = in.text("entry_directory");
  call.boot_root = in.text("boot_root");
  if (in.has("KIP_CPU")) call.kip_cpu = in.text("KIP_CPU");
  if (in.has("KIP_FIRMWARE")) call.kip_firmware = in.text("KIP_FIRMWARE");
  return call;
}

Json part_json(const Part& part) {
  return {{"kind", kParts[static_cast<int>(part.kind)]},
          {"offset", part.offset},
          {"size", part.size},
          {"sha256", digest_json(part.digest)}};
}

Part read_part(const Fields& in) {
  return {static_cast<PartKind>(in.word("kind", kParts)), in.size("offset"), in.size("size"),
          in.digest("sha256")};
}

Json file_json(const ImageFile& file) {
  Json json = {{"name", encoded(file.name)}, {"path", encoded(file.path)}};
  add_stamp(json, file.stamp);
  if (file.digest) json["sha256"] = digest_json(*file.digest);
  json["parts"] = list_json(file.parts, part_json);
  return json;
}

ImageFile read_file(const Fields& in) {
  ImageFile file;
  file.name = in.text("name");
  file.path = in.text("path");
  file.stamp = read_stamp(in);
  if (in.has("sha256")) file.digest = in.digest("sha256");
  read_list(in, "parts", file.parts, read_part);
  return file;
}

Json base_json(const Base& base) {
  return {{"size", base.size},
          {"sha256", digest_json(base.digest)},
          {"compression", encoded(base.compression)},
          {"updates", list_json(base.updates, update_json)}};
}

Base read_base(const Fields& in) {
  Base base{in.size("size"), in.digest("sha256"), in.text("compression"), {}};
  read_list(in, "updates", base.updates, read_update);
  return base;
}

Manifest read_manifest(const Fields& in) {
  Manifest manifest;
  manifest.token = in.text("token");
  manifest.kernel = in.text("kernel");
  manifest.kip_version = in.text("kip_version");
  manifest.zstd_version = in.text("zstd_version");
  manifest.call = read_call(in.object("call"));
  if (in.has("base")) manifest.base = read_base(in.object("base"));
  manifest.inputs = read_inputs(in.object("inputs"));
  read_list(in, "files", manifest.files, read_file);
  manifest.entry = in.text("entry");
  if (in.has("options")) manifest.options = in.text("options");
  return manifest;
}

}  // namespace

std::string to_json(const Manifest& manifest) {
  Json json = {{"schema", kManifestSchema},
               {"token", encoded(manifest.token)},
               {"kernel", encoded(manifest.kernel)},
               {"kip_version", encoded(manifest.kip_version)},
               {"zstd_version", encoded(manifest.zstd_version)},
               {"call", call_json(manifest.call)},
               {"inputs", inputs_json(manifest.inputs)},
               {"files", list_json(manifest.files, file_json)},
               {"entry", encoded(manifest.entry)}};
  if (manifest.base) json["base"] = base_json(*manifest.base);
  if (manifest.options) json["options"] = encoded(*manifest.options);
  return json.dump(1) + "\n";
}

Result<Manifest> parse_manifest(std::string_view text) {
  if (text.size() > kManifestLimit) return fail(Errc::kLimit, "is larger than any manifest");
  const auto keep = [](int depth, Json::parse_event_t, Json&) {
    return depth <= detail::kMostLevels;
  };
  const Json json = Json::parse(text, keep, /*allow_exceptions=*/false);
  if (json.is_discarded()) return fail(Errc::kInvalid, "is no manifest: not JSON");
  std::string fault;
  const Fields in(json, "", fault);
  const std::int64_t schema = in.number("schema");
  if (fault.empty() && schema != kManifestSchema) {
    return fail(Errc::kUnsupported,
                fmt::format("has schema {}, and this version knows {}", schema, kManifestSchema));
  }
  Manifest manifest = fault.empty() ? read_manifest(in) : Manifest();
  if (!fault.empty()) return fail(Errc::kInvalid, "is no manifest: " + fault);
  return manifest;
}

}  // namespace kip::state
