#include <algorithm>
#include <fmt/format.h>

#include "src/state/manifest.h"
#include "src/state/store.h"

namespace kip::state {
namespace {

constexpr const char* kKind = "manifests";

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("._+~:-").find(c) != std::string_view::npos;
}

// '@' and '%' are no plain bytes, so the first '@' of a name ends the token.
std::string encode(const std::string& part) {
  std::string text;
  for (const char c : part) {
    const bool hides = text.empty() && c == '.';
    text += is_plain(c) && !hides ? std::string(1, c)
                                  : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return text;
}

Result<Manifest> read_one(const Root& root, const std::string& name) {
  const auto bytes = TRY(read_record(root, kKind, name, kManifestLimit));
  Manifest manifest = TRY(parse_manifest(as_text(bytes)));
  if (manifest_name(manifest.token, manifest.kernel) != name)
    return fail(Errc::kInvalid, "is a record of another entry: kernel " + quote(manifest.kernel) +
                                    ", token " + quote(manifest.token));
  return manifest;
}

Result<std::string> name_for(const std::string& token, const std::string& kernel) {
  if (auto name = manifest_name(token, kernel)) return std::move(*name);
  return fail(Errc::kInvalid, "there is no record for kernel " + quote(kernel) + ", token " +
                                  quote(token) + ": no file can have its name");
}

}  // namespace

bool ImageFile::has_own() const {
  return std::any_of(parts.begin(), parts.end(),
                     [](const Part& part) { return part.kind != PartKind::kBase; });
}

std::optional<std::string> manifest_name(const std::string& token, const std::string& kernel) {
  if (token.empty() || kernel.empty()) return std::nullopt;
  std::string name = encode(token) + "@" + encode(kernel) + ".json";
  if (!names_a_record(name)) return std::nullopt;
  return name;
}

Status write_manifest(const std::string& root, const Manifest& manifest) {
  const std::string name = TRY(name_for(manifest.token, manifest.kernel));
  return put(root, kKind, name, to_json(manifest));
}

Status remove_manifest(const std::string& root, const std::string& token,
                       const std::string& kernel) {
  return drop(root, kKind, TRY(name_for(token, kernel)));
}

Result<Manifests> read_manifests(const Root& root) {
  return read_records<Manifests>(root, kKind, "manifest-unread", read_one);
}

}  // namespace kip::state
