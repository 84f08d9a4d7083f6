// The manifest of one boot entry: what its image was made of, in /var/lib/kip/manifests/TOKEN@KVER.json.
//
//   TRY(write_manifest(root, manifest));               // replaces the one before, at once
//   TRY(remove_manifest(root, token, kernel));         // nothing there is no error
//   const Manifests found = TRY(read_manifests(root)); // those that can be read, and findings about the others
//
// An entry is an entry token and a kernel's release. In the name each stands with all bytes but letters, digits and "._+~:-",
// and a dot in front, as %XX, so that no two entries share a name and none leads out of the directory.
//
// JSON with a `schema` number, kip-manifest(5). Another schema is not guessed at: it is a finding. So is what is no
// regular file, larger than kManifestLimit, or a record under another entry's name.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/file.h"
#include "src/base/finding.h"
#include "src/state/inputs.h"

namespace kip::state {

inline constexpr std::int64_t kManifestSchema = 1;

/// Largest manifest we read, in bytes: 100 modules take 50 KB, microcode for all CPUs of a release 100 KB.
inline constexpr std::uint64_t kManifestLimit = 8 << 20;

/// What a part of an image is for.
enum class PartKind : std::uint8_t { kEarly, kBase, kOverlay };

struct Part {
  PartKind kind = PartKind::kBase;
  std::uint64_t offset = 0, size = 0;  // bytes; zeros in front of an overlay belong to it
  digest::Sha256 digest = {};

  bool operator==(const Part&) const = default;
};

/// A file of the entry that kip made, or looked at and left as it was.
struct ImageFile {
  std::string name;  // as it was staged: "initrd", "microcode-intel"
  std::string path;  // where the boot loader finds it; empty: not known
  Stamp stamp;       // of that
  std::optional<digest::Sha256>
      digest;  // nullopt: nothing of kip's is in it, and nobody has hashed it
  std::vector<Part>
      parts;  // in order; of a unified image those of the initrds in it, each from its own start

  /// Whether there is anything of kip's in it.
  bool has_own() const;

  bool operator==(const ImageFile&) const = default;
};

/// What the image was made from, as its generator had made it: without parts of ours from an earlier run. Several files count
/// as one behind the other.
struct Base {
  std::uint64_t size = 0;
  digest::Sha256 digest = {};
  std::string compression;  // of its last compressed part: "zstd", …; empty: raw, or not known
  std::vector<UpdateInput> updates;  // of microcode that a kernel would find in it

  bool operator==(const Base&) const = default;
};

/// How the plugins were called.
struct Call {
  std::string caller;                           // "systemd 254 to 257"
  std::vector<std::string> arguments;           // "add", KVER, image, initrds
  std::string layout;                           // "bls", "uki", …
  std::string initrd_generator, uki_generator;  // empty: whoever is installed
  std::string entry_directory, boot_root;
  std::optional<std::string> kip_cpu, kip_firmware;  // of the environment; nullopt: not set

  bool operator==(const Call&) const = default;
};

struct Manifest {
  std::string token, kernel;
  std::string kip_version;
  std::string zstd_version;  // empty: nothing was compressed with it
  Call call;
  std::optional<Base> base;  // nullopt: nothing of kip's is in the image, and nobody has read it
  Inputs inputs;
  std::vector<ImageFile> files;
  std::string entry;                   // file of the boot entry; empty: not known
  std::optional<std::string> options;  // the kernel's command line in it

  bool operator==(const Manifest&) const = default;
};

/// Never fails: any bytes in strings come back as they were.
std::string to_json(const Manifest& manifest);

/// kUnsupported: of another schema. kInvalid: no manifest; says which key. kLimit: too large.
Result<Manifest> parse_manifest(std::string_view json);

/// nullopt if there is no such file name: one of them is empty, or it would be too long.
std::optional<std::string> manifest_name(const std::string& token, const std::string& kernel);

/// kInvalid without a name for it; otherwise as put() and drop() in store.h.
Status write_manifest(const std::string& root, const Manifest& manifest);
Status remove_manifest(const std::string& root, const std::string& token,
                       const std::string& kernel);

struct Manifests {
  std::vector<Manifest> records;  // by file name (bytes)
  std::vector<Finding> findings;  // rule "manifest-unread", place the path
};

Result<Manifests> read_manifests(const Root& root);

}  // namespace kip::state
