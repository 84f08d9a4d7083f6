// The overlay: the archive of out-of-tree modules behind an initrd, with what they need and with indexes of all modules
// that are then there.
//
//   const BaseModules base = TRY(read_base_modules(descriptor, kernel, scratch, host_modules));
//   const OverlayPlan plan = TRY(plan_overlay(base, files, kernel, host_modules, search, scratch));
//   TRY(write_overlay(plan, options, sink));
//   … plan_join() with options.overlay, options.tail = &base.tail          (join.h)
//
// Layout, as measured by boots (docs/errata.md): an entry for the directory `lib` would replace the link lib -> usr/lib of a
// merged base, and everything below it would be gone. So members are named by where the base has its modules:
//   lib is a link to usr/lib    usr/lib/modules/KVER/…, with entries only for directories that are missing
//   lib is a directory          lib/modules/KVER/…, with no entry for lib
//   neither                     the link lib -> usr/lib, then usr/lib/modules/KVER/… with usr and usr/lib
// An index that the base has (often hard-linked to another file) is written as a link first, then as a file: that makes
// it a file of its own. A module that the base has with the same bytes is not written again.
//
// Indexes are those of base ∪ overlay: depmod run over a directory with both. modprobe in the guest finds both, then.
//
// Deterministic: members sorted, inode numbers counting up, one time, owner 0; whatever the order of installation, the number of
// cores or the order of directories.
#pragma once

#include <map>
#include <set>

#include "src/base/file.h"
#include "src/base/sink.h"
#include "src/codec/codec.h"
#include "src/image/tail.h"

namespace kip::image {

enum class LibKind : std::uint8_t { kLink, kDirectory, kNone };

struct BaseModule {
  std::string path;            // relative to lib/modules/KVER
  digest::Sha256 digest = {};  // as stored
};

/// What of a base matters to an overlay. Of its own overlay of an earlier run nothing counts: it is cut.
struct BaseModules {
  LibKind lib = LibKind::kNone;
  std::string directory;  // where lib/modules/KVER leads, or would: "usr/lib/modules/KVER"
  std::string firmware;   // and lib/firmware
  std::map<std::string, BaseModule>
      modules;  // by module name; of twins one that is not below kernel/
  std::map<std::string, digest::Sha256>
      files;  // all of them and depmod's inputs, by path relative to lib/modules/KVER
  std::set<std::string> paths;          // every name of the root file system, without a leading '/'
  std::optional<codec::Method> method;  // of the last compressed segment; nullopt: raw
  std::string sealed;  // a squashfs or erofs in a file holds the root: that file's name; or empty
  Tail tail;           // where it ends, and overlays of ours
};

/// One scan. Modules of the kernel are put below scratch/lib/modules/KVER under their own paths; of a file that the host has
/// with the same bytes (`host_modules`/path), a link there. kCorrupt, kUnsupported: the base cannot be read to its end, or a
/// kernel would not unpack all of it; then there must be no overlay.
Result<BaseModules> read_base_modules(int descriptor, const std::string& kernel,
                                      const std::string& scratch, const std::string& host_modules);

/// Kernels of which the base has modules, if it has none of `kernel`: sorted, and empty as a rule.
std::vector<std::string> other_kernels(const BaseModules& base, const std::string& kernel);

/// A file to be added.
struct OverlayFile {
  enum class Kind : std::uint8_t { kModule, kFirmware, kConfig };
  Kind kind = Kind::kModule;
  std::string
      path;  // kModule: relative to lib/modules/KVER; kFirmware: relative to lib/firmware; kConfig: in the root
  std::string source;    // where its bytes are; kConfig: empty
  std::string content;   // kConfig
  OverlayReason reason;  // goes into the manifest
};

struct OverlayOptions {
  std::int64_t mtime = 0;               // seconds since 1970
  std::optional<codec::Method> method;  // nullopt: raw
};

struct OverlayMember {
  std::string name;
  std::string source;   // path of its bytes, or empty
  std::string content;  // if there is no source; of a link its target
  std::uint32_t mode = 0;
  std::uint64_t size = 0;
};

struct OverlayPlan {
  std::vector<OverlayMember> members;  // in order
  OverlayManifest manifest;            // but for the padding, which the method decides
  Tail tail;                           // of the base
  std::vector<Finding> findings;       // a stale twin in the base, …
};

/// Runs depmod over the union, and reads back with `modprobe`'s eyes that each module of `files` resolves, with all it depends on.
/// The base's and the host's modules.order and modules.builtin* are taken. REQUIRES: scratch holds the base's modules.
Result<OverlayPlan> plan_overlay(const BaseModules& base, const std::vector<OverlayFile>& files,
                                 const std::string& kernel, const std::string& host_modules,
                                 const std::string& search, const std::string& scratch);

/// A newc archive, padded to a multiple of 4 (raw) or compressed as one stream that kernels read.
Status write_overlay(const OverlayPlan& plan, const OverlayOptions& options, Sink& out);

/// The method for `auto`: none if the modules are compressed already; else zstd, the base's own or gzip, by what the kernel's
/// configuration (/boot/config-KVER, lib/modules/KVER/config) has; nullopt: raw.
std::optional<codec::Method> choose_method(const Root& root, const std::string& kernel,
                                           const BaseModules& base,
                                           const std::vector<OverlayFile>& files);

}  // namespace kip::image
