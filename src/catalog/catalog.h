// The catalogue: every microcode update in firmware trees, archives and images. The only scanner of
// firmware trees.
//
//   Catalog catalog;
//   Scanner scanner(root, {.depth = Depth::kHeaders}, catalog);
//   scanner.add("/lib/firmware/intel-ucode");              // a directory (recursively) or a file
//   ... choose among catalog.entries ...
//   Loader loader(root, catalog, scratch);
//   const Bytes bytes = TRY(loader.load(entry_index));      // read again, checked again
//
// Files are recognised by content, after decompression (.xz, .zst, .gz by their magic), and inside
// raw newc archives (an early cpio, the uncompressed front of an initrd). Foreign files are stepped
// over silently after their first bytes, whatever their name; microcode that is broken becomes a
// finding, and so does a file whose name says microcode and whose content does not. Order is by
// path bytes, files of a directory before its sub-directories, whatever order the file system lists
// them in. Memory is bounded by the largest single update, times the threads.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "src/base/file.h"
#include "src/base/finding.h"
#include "src/catalog/names.h"
#include "src/codec/codec.h"
#include "src/digest/sha256.h"
#include "ucode/select.h"
#include "ucode/walk.h"

namespace kip::catalog {

/// A run of microcode: a whole file, or a member of an archive in one.
struct Stream {
  std::string path;                     // as it was found, openable through the Root
  std::optional<codec::Method> method;  // the file is compressed as a whole
  std::string member;                   // name in the archive, or empty
  std::uint64_t member_offset = 0;      // of its data in the (decompressed) file
  std::uint64_t member_size = 0;
  ucode::StreamKind kind = ucode::StreamKind::kIntel;

  /// Path, and member in brackets.
  std::string place() const;
};

struct Entry {
  std::size_t stream = 0;                // into Catalog::streams
  ucode::Update update;                  // its offset counts in the stream
  bool sound = true;                     // false: recognised but broken; there is a finding on it
  std::optional<digest::Sha256> digest;  // with ScanOptions::digests

  /// Offset in the (decompressed) file.
  std::uint64_t file_offset(const Stream& of) const { return of.member_offset + update.offset; }
};

/// The rule of findings about data that only a library could judge, which is not installed.
inline constexpr const char* kRuleNoLibrary = "no-library";

/// A file that should hold microcode and could not be read to its end; there is a finding on it.
struct Unread {
  std::string path;
  Claim claim;  // whose microcode may be in it
};

struct Contents {
  std::vector<Stream> streams;
  std::vector<Entry> entries;
  std::vector<Finding> findings;
  std::vector<Unread> unread;
  std::uint64_t files = 0;  // regular files looked at

  const Stream& stream_of(const Entry& entry) const { return streams[entry.stream]; }
};

using Catalog = Contents;

/// What a selection chooses among: every entry, in order. The catalogue must outlive it.
std::vector<ucode::Candidate> candidates_of(const Catalog& catalog);

struct ScanOptions {
  ucode::Depth depth = ucode::Depth::kHeaders;
  bool digests = false;  // of AMD from Depth::kChecked on, of Intel at kWhole
  unsigned threads = 1;
  void (*progress)(std::uint64_t files) = nullptr;  // called now and then, from the calling thread
};

class Scanner {
 public:
  Scanner(const Root& root, const ScanOptions& options, Catalog& catalog)
      : root_(root), options_(options), catalog_(catalog) {}

  /// A file or a directory. The error is for the path itself (missing, unreadable); below it there
  /// are findings.
  Status add(const std::string& path);

  /// Files of one directory that lie in others' shadow are left out: `intel-ucode` and `amd-ucode`
  /// below each of `directories`, as the kernel searches them. A plain file beats a compressed one
  /// (.zst before .xz, as in drivers/base/firmware_loader), then an earlier directory beats a later
  /// one. Missing directories are no error.
  void add_search_path(const std::vector<std::string>& directories);

 private:
  const Root& root_;
  ScanOptions options_;
  Catalog& catalog_;
};

/// Where the kernel looks for firmware, first match first. `custom` is the firmware_class.path
/// parameter, or empty.
std::vector<std::string> firmware_search_path(const std::string& custom,
                                              const std::string& kernel_release);

/// Reads updates of a catalogue again. Keeps the last stream open: cheap in the order of the
/// catalogue.
class Loader {
 public:
  /// `scratch` holds the update that was loaded last.
  Loader(const Root& root, const Catalog& catalog, Scratch& scratch);
  ~Loader();

  /// The update's bytes, with every check the kernel makes, and the same facts as in the catalogue
  /// (kCorrupt if not: the file changed meanwhile). The view is valid until the next call.
  Result<Bytes> load(std::size_t entry);

 private:
  struct Opened;
  Status open(std::size_t stream);

  const Root& root_;
  const Catalog& catalog_;
  codec::Decoders decoders_;
  std::unique_ptr<Opened> opened_;
  Scratch& scratch_;
};

}  // namespace kip::catalog
