// Files: a descriptor that closes itself, a directory that stands for '/', reading, and atomic
// replacement.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "src/base/bytes.h"
#include "src/base/input.h"
#include "src/base/result.h"

namespace kip {

/// Blocks of the file systems that share them are as large or smaller, in bytes.
inline constexpr std::uint64_t kPage = 4096;

class Fd {
 public:
  Fd() = default;
  explicit Fd(int number) : number_(number) {}
  Fd(Fd&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Fd();

  int get() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_ = -1;
};

/// Where absolute paths begin. Below a directory other than '/', no link and no '..' leads out of
/// it.
class Root {
 public:
  /// The machine's own '/'; relative paths are relative to the working directory.
  Root() = default;
  static Result<Root> at(const std::string& directory);

  bool is_host() const { return !directory_; }

  /// open(2) with O_CLOEXEC. The error's text is strerror's alone; the caller names the path.
  Result<Fd> open(const std::string& path, int flags) const;

  /// `name` in an open directory whose path is `directory_path`; on the host without walking that
  /// path again.
  Result<Fd> open_in(int directory, const std::string& directory_path, const char* name,
                     int flags) const;

 private:
  Fd directory_;
};

/// Reads from an open file, from `start` on. Does not close it; several may read one file.
class FileInput : public Input {
 public:
  explicit FileInput(int descriptor, std::uint64_t start = 0)
      : descriptor_(descriptor), at_(start) {}

 protected:
  Result<std::size_t> do_read(MutableBytes out) override;
  Result<std::size_t> do_read_on(MutableBytes out, MutableBytes ahead,
                                 std::size_t& got_ahead) override;
  Result<std::uint64_t> do_skip(std::uint64_t count) override;

 private:
  /// One preadv(2) from at_ on, which it moves.
  Result<std::size_t> read_once(MutableBytes out, MutableBytes ahead);

  int descriptor_;
  std::uint64_t at_;
  std::optional<std::uint64_t> end_;  // of the file, once it was asked for or met
};

/// A whole file of at most `limit` bytes.
Result<std::vector<std::uint8_t>> read_file(const Root& root, const std::string& path,
                                            std::uint64_t limit);

/// Where bytes go. Counts them, so that writers of formats know their position.
class Sink {
 public:
  virtual ~Sink() = default;
  Status write(Bytes bytes);
  Status write_zeros(std::uint64_t count);
  std::uint64_t written() const { return written_; }

  /// Appends `size` bytes of an open file. kTruncated if it ends first.
  virtual Status append(int source, std::uint64_t offset, std::uint64_t size);

 protected:
  virtual Status do_write(Bytes bytes) = 0;

  /// For bytes that went another way than write().
  void count(std::uint64_t bytes) { written_ += bytes; }

 private:
  std::uint64_t written_ = 0;
};

class MemorySink : public Sink {
 public:
  const std::vector<std::uint8_t>& bytes() const { return bytes_; }

 protected:
  Status do_write(Bytes bytes) override;

 private:
  std::vector<std::uint8_t> bytes_;
};

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

/// Writes to a descriptor that is not ours to close (stdout, a memory file).
class DescriptorSink : public Sink {
 public:
  explicit DescriptorSink(int descriptor) : descriptor_(descriptor) {}

 protected:
  Status do_write(Bytes bytes) override;

 private:
  int descriptor_;
};

}  // namespace kip
