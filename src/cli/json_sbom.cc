// A bill of materials: SPDX 2.3 in JSON, one package for each update that is there, whatever files hold copies of it.
//
// Source: https://spdx.github.io/spdx-spec/v2.3/ and its JSON schema.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <map>

#include "src/cli/json.h"
#include "src/cli/json_values.h"
#include "src/digest/sha256.h"

namespace kip::cli {
namespace {

using namespace detail;

std::string time_text(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

std::string cpus_text(const ucode::Update& update) {
  std::string text;
  for (const ucode::Target& target : ucode::distinct_targets(update)) {
    text += fmt::format("{}{} {:#010x}", text.empty() ? "" : ", ", target.signature.name(),
                        target.signature.value);
    if (update.vendor == ucode::Vendor::kIntel)
      text += fmt::format(" platforms {:#04x}", target.platform_flags);
  }
  return text;
}

std::string place_text(const UpdateRow& row) {
  return fmt::format("{} at offset {:#x}", quote(row.file), row.offset);
}

Json package_json(const UpdateRow& row, const std::string& id, const std::string& places) {
  const bool intel = row.update.vendor == ucode::Vendor::kIntel;
  Json json = {
      {"SPDXID", id},
      {"name", std::string(ucode::vendor_name(row.update.vendor)) + " microcode " +
                   row.update.targets.front().signature.name()},
      {"versionInfo", hex32(row.update.revision)},
      {"supplier",
       intel ? "Organization: Intel Corporation" : "Organization: Advanced Micro Devices, Inc."},
      {"downloadLocation", "NOASSERTION"},
      {"filesAnalyzed", false},
      {"primaryPackagePurpose", "FIRMWARE"},
      {"sourceInfo", places},
      {"description", fmt::format("for {}; {} bytes", cpus_text(row.update), row.update.size)}};
  if (!row.sha256.empty())
    json["checksums"] = Json::array({{{"algorithm", "SHA256"}, {"checksumValue", row.sha256}}});
  if (ucode::date_plausible(row.update.date))
    json["releaseDate"] = ucode::date_text(row.update.date) + "T00:00:00Z";
  return json;
}

}  // namespace

std::string to_sbom(const ListReport& report, const SbomOrigin& origin) {
  std::map<std::string, std::string> places;  // by digest: of every copy
  for (const UpdateRow& row : report.updates) {
    std::string& text = places[row.sha256];
    text += (text.empty() ? "" : ", ") + place_text(row);
  }
  Json packages = Json::array(), relations = Json::array();
  for (const UpdateRow& row : report.updates) {
    std::string where = place_text(row);
    if (!row.sha256.empty()) {
      const auto known = places.find(row.sha256);
      if (known == places.end()) continue;  // a copy
      where = std::move(known->second);
      places.erase(known);
    }
    const std::string id =
        fmt::format("SPDXRef-{}-{:08x}-{}", ucode::vendor_name(row.update.vendor),
                    row.update.revision, packages.size() + 1);
    packages.push_back(package_json(row, id, where));
    relations.push_back({{"spdxElementId", "SPDXRef-DOCUMENT"},
                         {"relationshipType", "DESCRIBES"},
                         {"relatedSpdxElement", id}});
  }
  const std::string created = time_text(origin.created);
  const auto contents = digest::sha256(as_bytes(created + origin.tool + dump(packages)));
  Json json = {{"spdxVersion", "SPDX-2.3"},
               {"dataLicense", "CC0-1.0"},
               {"SPDXID", "SPDXRef-DOCUMENT"},
               {"name", "microcode"},
               {"documentNamespace", "https://spdx.org/spdxdocs/microcode-" +
                                         (contents ? digest::to_hex(*contents) : created)},
               {"creationInfo",
                {{"created", created}, {"creators", Json::array({"Tool: " + origin.tool})}}}};
  json["packages"] = std::move(packages);
  json["relationships"] = std::move(relations);
  return dump(json);
}

}  // namespace kip::cli
