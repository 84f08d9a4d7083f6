// Reports on images: inspect, ls, diff, join and swap.
#include <fmt/format.h>

#include "src/base/text.h"
#include "src/cli/json.h"
#include "src/cli/json_values.h"
#include "src/cli/members.h"

namespace kip::cli {
namespace {

using namespace detail;

std::string hex_bytes(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

Json place_json(const segments::Place& place) {
  Json json = {{"offset", place.offset}};
  if (!place.section.empty()) json["section"] = place.section;
  return json;
}

Json segment_json(const SegmentRow& row) {
  constexpr const char* kKinds[] = {"archive", "padding", "compressed", "unknown"};
  const segments::Segment& segment = row.entry.segment;
  Json uses = Json::array();
  for (const image::Use use : row.entry.uses) uses.push_back(image::use_name(use));
  return {{"number", row.number == 0 ? Json(nullptr) : Json(row.number)},
          {"kind", kKinds[static_cast<int>(segment.kind)]},
          {"offset", segment.offset},
          {"size", segment.size},
          {"method", image::method_text(segment)},
          {"plain_size", segment.plain_size},
          {"members", row.entry.members},
          {"files", row.entry.files},
          {"modules", row.entry.modules},
          {"uses", std::move(uses)},
          {"kernels", row.entry.kernels},
          {"reached", segment.reached},
          {"in_file", place_json(row.place)}};
}

Json microcode_json(const MicrocodeRow& row) {
  const image::MicrocodeMember& member = row.member;
  Json updates = Json::array();
  for (const ucode::Update& update : member.updates)
    updates.push_back(row_json({update, member.name, member.data_offset + update.offset, ""}));
  return {{"vendor", ucode::vendor_name(member.vendor)},
          {"name", member.name},
          {"segment", row.segment},
          {"compressed", row.compressed},
          {"offset", member.offset},
          {"data_offset", member.data_offset},
          {"size", member.size},
          {"standing", checks::standing_name(row.standing)},
          {"updates", std::move(updates)},
          {"faults", findings_json(member.faults)},
          {"in_file", place_json(row.place)}};
}

template <class File>
Json file_json(const File& file) {
  return {{"path", file.path},
          {"sha256", digest::to_hex(file.digest)},
          {"cause", file.reason.cause},
          {"detail", file.reason.detail}};
}

Json overlay_json(const OverlayRow& row) {
  const image::OverlayManifest& manifest = row.manifest;
  Json modules = Json::array(), firmware = Json::array(), config = Json::array();
  for (const image::OverlayModule& module : manifest.modules) {
    Json entry = file_json(module);
    entry["name"] = module.name;
    entry["version"] = module.version;
    entry["srcversion"] = module.srcversion;
    entry["in_base"] = module.in_base;
    modules.push_back(std::move(entry));
  }
  for (const auto& file : manifest.firmware) firmware.push_back(file_json(file));
  for (const auto& file : manifest.config) config.push_back(file_json(file));
  return {{"segment", row.segment},          {"kernel", manifest.kernel},
          {"padding", manifest.padding},     {"modules", std::move(modules)},
          {"firmware", std::move(firmware)}, {"config", std::move(config)}};
}

Json loader_json(const LoaderRow& row) {
  Json json = {{"vendor", ucode::vendor_name(row.vendor)}, {"found", row.search.found.has_value()}};
  if (row.search.found) {
    json["name"] = row.search.found->name;
    json["offset"] = row.search.found->member_offset;
    json["data_offset"] = row.search.found->data_offset;
    json["size"] = row.search.found->size;
  } else {
    json["stopped_at"] = row.search.end;
    json["why"] = stop_text(row.search.stop);
  }
  json["in_file"] = place_json(row.place);
  return json;
}

Json served_json(const ServedRow& row) {
  Json json = {{"cpu", row.label}};
  if (row.platforms != 0) json["platform_flags"] = fmt::format("{:#04x}", row.platforms);
  if (row.update) {
    json["revision"] = hex32(row.update->revision);
    json["date"] = ucode::date_text(row.update->date);
    json["effect"] = row.effect;
  } else {
    json["why"] = row.why;
  }
  if (row.running) json["running"] = hex32(*row.running);
  if (!row.kernels.empty()) json["kernels"] = row.kernels;
  if (!row.bios.empty()) json["bios"] = row.bios;
  return json;
}

template <class Row>
Json rows_of(const std::vector<Row>& rows, Json (*one)(const Row&)) {
  Json json = Json::array();
  for (const Row& row : rows) json.push_back(one(row));
  return json;
}

const char* change_name(image::Change change) {
  constexpr const char* kNames[] = {"added", "removed", "changed"};
  return kNames[static_cast<int>(change)];
}

Json revisions_json(const std::vector<std::uint32_t>& revisions) {
  Json json = Json::array();
  for (const std::uint32_t revision : revisions) json.push_back(hex32(revision));
  return json;
}

Json microcode_json(const std::vector<image::MicrocodeChange>& changes) {
  Json json = Json::array();
  for (const image::MicrocodeChange& it : changes) {
    Json entry = {{"vendor", ucode::vendor_name(it.vendor)},
                  {"signature", hex32(it.signature.value)},
                  {"name", it.signature.name()}};
    if (it.vendor == ucode::Vendor::kIntel)
      entry["platform_flags"] = fmt::format("{:#04x}", it.platform_flags);
    entry["a"] = revisions_json(it.a);
    entry["b"] = revisions_json(it.b);
    json.push_back(std::move(entry));
  }
  return json;
}

Json aspects_json(const std::vector<image::Aspect>& aspects) {
  Json json = Json::object();
  for (const image::Aspect& it : aspects) json[it.what] = {{"a", it.a}, {"b", it.b}};
  return json;
}

Json modules_json(const std::vector<image::ModuleChange>& changes) {
  Json json = Json::array();
  for (const image::ModuleChange& it : changes) {
    Json entry = {{"kernel", it.module.release},
                  {"name", it.module.name},
                  {"change", change_name(it.change)},
                  {"path", it.path}};
    if (it.change == image::Change::kChanged)
      entry["differs"] = aspects_json(it.aspects);
    else if (const std::string version = it.a + it.b; !version.empty())
      entry["version"] = version;
    json.push_back(std::move(entry));
  }
  return json;
}

Json files_json(const std::vector<image::FileChange>& changes) {
  Json json = Json::array();
  for (const image::FileChange& it : changes) {
    Json entry = {{"path", it.path}, {"change", change_name(it.change)}};
    if (it.change == image::Change::kChanged) entry["differs"] = aspects_json(it.aspects);
    json.push_back(std::move(entry));
  }
  return json;
}

}  // namespace

std::string to_json(const InspectReport& report) {
  Json json = envelope("inspect");
  json["image"] = report.image;
  json["size"] = report.size;
  json["unified"] = report.layout.unified;
  if (report.layout.unified) {
    Json sections = Json::array();
    for (const segments::Section& section : report.layout.sections) {
      sections.push_back(
          {{"name", section.name}, {"offset", section.offset}, {"size", section.size}});
    }
    json["sections"] = std::move(sections);
  }
  if (report.layout.uname) json["uname"] = *report.layout.uname;
  if (!report.kernel.empty()) json["kernel"] = report.kernel;
  json["early_only"] = report.early;
  json["segments"] = rows_of(report.segments, segment_json);
  json["microcode"] = rows_of(report.microcode, microcode_json);
  json["overlays"] = rows_of(report.overlays, overlay_json);
  json["loaders"] = rows_of(report.loaders, loader_json);
  json["cpus"] = rows_of(report.cpus, served_json);
  json["findings"] = findings_json(report.findings);
  return dump(json);
}

std::string members_json_begin(const std::string& image) {
  const std::string name = Json(image).dump(-1, ' ', false, Json::error_handler_t::replace);
  return fmt::format(
      "{{\n  \"schema\": {},\n  \"report\": \"ls\",\n  \"image\": {},\n  \"members\": [", kSchema,
      name);
}

std::string member_json(const image::Row& row) {
  const cpio::Member& it = row.member;
  Json json = {{"segment", row.segment},
               {"name", it.name},
               {"type", cli::type_name(it.mode)},
               {"mode", fmt::format("{:04o}", it.mode & ~cpio::kModeTypeMask)},
               {"inode", it.inode},
               {"links", it.links},
               {"uid", it.uid},
               {"gid", it.gid},
               {"mtime", it.mtime},
               {"size", it.size},
               {"device", {it.device_major, it.device_minor}}};
  if (!is_utf8(it.name)) json["name_hex"] = hex_bytes(it.name);
  if (it.is_device()) json["special"] = {it.special_major, it.special_minor};
  if (it.is_symlink()) {
    json["target"] = row.target;
    if (!is_utf8(row.target)) json["target_hex"] = hex_bytes(row.target);
  }
  if (it.summed) json["check"] = hex32(it.check);
  json["offset"] = it.offset;
  json["data_offset"] = it.data_offset;
  return "    " + json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string members_json_end(const std::vector<Finding>& faults) {
  const std::string text =
      findings_json(faults).dump(-1, ' ', false, Json::error_handler_t::replace);
  return "\n  ],\n  \"findings\": " + text + "\n}\n";
}

std::string to_json(const DiffReport& report) {
  Json json = envelope("diff");
  json["a"] = report.a;
  json["b"] = report.b;
  json["identical"] = report.identical;
  json["microcode"] = microcode_json(report.difference.microcode);
  json["modules"] = modules_json(report.difference.modules);
  json["files"] = files_json(report.difference.files);
  json["only_time"] = report.difference.only_time;
  json["findings"] = findings_json(report.findings);
  return dump(json);
}

std::string to_json(const JoinReport& report) {
  Json json = envelope(report.verb);
  json["output"] = report.output;
  json["changed"] = report.changed;
  json["bytes"] = report.bytes;
  json["early_bytes"] = report.early_bytes;
  json["updates"] = rows_json(report.updates);
  Json parts = Json::array();
  for (const JoinedPart& part : report.parts) {
    parts.push_back({{"file", part.file},
                     {"offset", part.offset},
                     {"size", part.size},
                     {"left_out", part.left_out},
                     {"padding", part.padding}});
  }
  json["parts"] = std::move(parts);
  return dump(json);
}

}  // namespace kip::cli
