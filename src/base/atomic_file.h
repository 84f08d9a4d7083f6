// Atomic replacement of a file.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>

#include "src/base/file.h"
#include "src/base/sink.h"

namespace kip {

/// A file that appears under its name whole, or not at all.
///
/// The bytes go into an unnamed file (or, where the file system knows none, a hidden one) in the
/// target's directory; commit() syncs it, gives it the name, and syncs the directory. Destroyed
/// without commit(), nothing stays behind.
class AtomicFile : public Sink {
 public:
  enum class Existing : std::uint8_t {
    kRefuse,
    kReplace,
    kReplaceLink,  // a symbolic link is replaced itself: what it points to is somebody else's
  };

  /// Otherwise an existing symbolic link is followed, so that it still points to the new file. What
  /// exists and is no regular file (a directory, a device) is refused always, and with kRefuse so is
  /// an existing regular file.
  static Result<AtomicFile> create(const std::string& path, Existing existing, mode_t mode = 0644);

  /// In kernel-install's staging area: ours alone to read, in place of a link, and never synced, since no power loss
  /// can make anybody miss it.
  static Result<AtomicFile> create_staged(const std::string& path);

  /// What create() would refuse, found out without touching anything: also a directory that is
  /// missing or not writable.
  static Status check(const std::string& path, Existing existing);

  /// What was left behind by processes that were killed: hidden files of a directory, which nobody else is writing into.
  static void remove_leftovers(const std::string& directory);

  AtomicFile(AtomicFile&&) = default;
  ~AtomicFile() override;

  /// For reading back what was written.
  int descriptor() const { return file_.get(); }

  /// By reference, where the file system can: from the first whole page on, if both places are as far into one.
  Status append(int source, std::uint64_t offset, std::uint64_t size) override;

  /// Takes over mode, owner and label (SELinux, Smack, an ACL) of the file that this one will stand for.
  /// Not what belongs to its bytes, such as a signature.
  Status take_over(int original);

  Status commit();

 protected:
  Status do_write(Bytes bytes) override;

 private:
  AtomicFile() = default;
  static Result<AtomicFile> prepare(const std::string& path, Existing existing);
  Status open_unnamed(mode_t mode);
  Status give_name();

  std::string path_;
  std::string directory_;
  std::string temporary_;    // empty while the file has no name
  std::uint64_t begun_ = 0;  // bytes that are on their way to the disk
  Existing existing_ = Existing::kRefuse;
  bool synced_ = true;
  Fd file_;
};

}  // namespace kip
