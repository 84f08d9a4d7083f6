#include <algorithm>

#include "cpio/writer.h"
#include "src/base/finding.h"
#include "src/base/sink.h"
#include "src/codec/encode.h"
#include "src/image/manifest.h"
#include "src/image/overlay.h"

namespace kip::image {
namespace {

/// Largest configuration of a kernel that is read, in bytes: a distribution's has 300 KB.
constexpr std::uint64_t kConfigLimit = 4 << 20;

Status write_file(cpio::Writer& archive, const OverlayMember& member) {
  TRY(archive.begin_file(member.name, member.size));
  if (member.source.empty()) return archive.write(as_bytes(member.content));
  const auto file = open_regular(Root(), member.source);
  if (!file) return fail(file.error().code, quote(member.source) + ": " + file.error().what);
  if (file->size != member.size)
    return fail(Errc::kCorrupt, quote(member.source) + ": changed while it was being read");
  return archive.append(file->file.get(), 0, member.size);
}

Status write_member(cpio::Writer& archive, const OverlayMember& member) {
  switch (member.mode & cpio::kModeTypeMask) {
    case cpio::kModeDirectory:
      return archive.directory(member.name);
    case cpio::kModeSymlink:
      return archive.symlink(member.name, member.content);
    default:
      return write_file(archive, member);
  }
}

Status write_archive(const OverlayPlan& plan, const OverlayOptions& options, Sink& out) {
  OverlayManifest manifest = plan.manifest;
  manifest.padding = overlay_padding(plan.tail, /*raw=*/!options.method);
  cpio::Writer archive(out, options.mtime);
  // First of all, so that it is known for what it is.
  TRY(archive.directory(kManifestDirectory));
  const std::string text = to_text(manifest);
  if (text.size() > kOverlayManifestLimit)
    return fail(Errc::kLimit, "more modules than an overlay can name");
  TRY(write_file(archive, {kOverlayManifestPath, "", text, cpio::kModeRegular, text.size()}));
  for (const OverlayMember& member : plan.members) TRY(write_member(archive, member));
  return archive.finish(cpio::kPadding);
}

bool is_compressed(const OverlayFile& file) {
  return codec::method_of_suffix(file.source.empty() ? file.path : file.source).has_value();
}

// Which methods a kernel's configuration has; nullopt: it is not there.
std::optional<std::set<codec::Method>> configured(const Root& root, const std::string& kernel) {
  for (const std::string& path : {"/boot/config-" + kernel, "/lib/modules/" + kernel + "/config",
                                  "/usr/lib/modules/" + kernel + "/config"}) {
    const auto bytes = read_file(root, path, kConfigLimit);
    if (!bytes) continue;
    const std::string text = "\n" + std::string(as_text(*bytes));
    std::set<codec::Method> methods;
    const auto look_for = [&](const char* key, codec::Method method) {
      if (text.find(std::string("\nCONFIG_RD_") + key + "=y\n") != text.npos)
        methods.insert(method);
    };
    look_for("ZSTD", codec::Method::kZstd);
    look_for("XZ", codec::Method::kXz);
    look_for("GZIP", codec::Method::kGzip);
    return methods;
  }
  return std::nullopt;
}

}  // namespace

Status write_overlay(const OverlayPlan& plan, const OverlayOptions& options, Sink& out) {
  if (!options.method) return write_archive(plan, options, out);
  const auto encoder = TRY(codec::make_encoder(*options.method, out));
  TRY(write_archive(plan, options, *encoder));
  return encoder->finish();
}

std::optional<codec::Method> choose_method(const Root& root, const std::string& kernel,
                                           const BaseModules& base,
                                           const std::vector<OverlayFile>& files) {
  const auto is_module = [](const OverlayFile& file) {
    return file.kind == OverlayFile::Kind::kModule;
  };
  if (std::all_of(files.begin(), files.end(),
                  [&](const OverlayFile& file) { return !is_module(file) || is_compressed(file); }))
    return std::nullopt;
  // The kernel unpacks the base: what that is compressed with, it has.
  std::set<codec::Method> known = configured(root, kernel).value_or(std::set<codec::Method>());
  if (base.method) known.insert(*base.method);
  if (known.contains(codec::Method::kZstd)) return codec::Method::kZstd;
  if (base.method && codec::can_encode(*base.method)) return base.method;
  if (known.contains(codec::Method::kGzip)) return codec::Method::kGzip;
  return std::nullopt;
}

}  // namespace kip::image
