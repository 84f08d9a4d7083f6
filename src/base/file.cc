#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "src/base/file.h"

namespace kip {
namespace {

/// After so many bytes, those in front of them go to the disk.
constexpr std::uint64_t kWriteBehind = 16 << 20;

/// Bytes copied at a time.
constexpr std::uint64_t kCopyPiece = 256 * 1024;

tl::unexpected<Error> system_error() {
  const int number = errno;
  return tl::unexpected<Error>(Error{Errc::kSystem, std::strerror(number), std::nullopt, number});
}

Status write_all(int descriptor, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      return system_error();
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

std::string path_of(const Fd& file) {
  return "/proc/self/fd/" + std::to_string(file.get());
}

}  // namespace

Fd::~Fd() {
  if (number_ >= 0) ::close(number_);
}

Result<Root> Root::at(const std::string& directory) {
  Root root;
  root.directory_ = Fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.directory_) return system_error();
  return root;
}

Result<Fd> Root::open(const std::string& path, int flags) const {
  int number;
  if (is_host()) {
    number = ::open(path.c_str(), flags | O_CLOEXEC);
  } else {
    open_how how = {};
    how.flags = static_cast<std::uint64_t>(flags | O_CLOEXEC);
    how.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
    number =
        static_cast<int>(::syscall(SYS_openat2, directory_.get(), path.c_str(), &how, sizeof how));
  }
  if (number < 0) return system_error();
  return Fd(number);
}

Result<Fd> Root::open_in(int directory, const std::string& directory_path, const char* name,
                         int flags) const {
  if (!is_host()) return open(directory_path + "/" + name, flags);
  const int number = ::openat(directory, name, flags | O_CLOEXEC);
  if (number < 0) return system_error();
  return Fd(number);
}

Result<std::size_t> FileInput::read_once(MutableBytes out, MutableBytes ahead) {
  if (end_ && at_ >= *end_) return 0;
  const iovec parts[2] = {{out.data(), out.size()}, {ahead.data(), ahead.size()}};
  for (;;) {
    const ssize_t count =
        ::preadv(descriptor_, parts, ahead.empty() ? 1 : 2, static_cast<off_t>(at_));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return system_error();
    at_ += static_cast<std::uint64_t>(count);
    return static_cast<std::size_t>(count);
  }
}

Result<std::size_t> FileInput::do_read(MutableBytes out) {
  // Small reads are look-ahead, thousands of them in a firmware tree: a short count on a regular
  // file is its end.
  if (out.size() <= kPeek) {
    const std::size_t count = TRY(read_once(out, {}));
    if (count < out.size()) end_ = at_;
    return count;
  }
  std::size_t none = 0;
  return do_read_on(out, {}, none);
}

// Large reads ask again after a short count, for file systems that deliver in pieces.
Result<std::size_t> FileInput::do_read_on(MutableBytes out, MutableBytes ahead,
                                          std::size_t& got_ahead) {
  std::size_t done = 0;
  while (done < out.size()) {
    const std::size_t count = TRY(read_once(out.subspan(done), ahead));
    if (count == 0) break;
    done += count;
  }
  got_ahead = done - std::min(done, out.size());
  return done - got_ahead;
}

Result<std::uint64_t> FileInput::do_skip(std::uint64_t count) {
  if (!end_) {
    struct stat status;
    if (::fstat(descriptor_, &status) != 0) return system_error();
    end_ = static_cast<std::uint64_t>(status.st_size);
  }
  const std::uint64_t moved = std::min(count, *end_ > at_ ? *end_ - at_ : 0);
  at_ += moved;
  return moved;
}

Result<std::vector<std::uint8_t>> read_file(const Root& root, const std::string& path,
                                            std::uint64_t limit) {
  const Fd file = TRY(root.open(path, O_RDONLY | O_NONBLOCK));
  FileInput in(file.get());
  return read_rest(in, limit);
}

Status Sink::write(Bytes bytes) {
  TRY(do_write(bytes));
  written_ += bytes.size();
  return {};
}

Status Sink::write_zeros(std::uint64_t count) {
  constexpr std::array<std::uint8_t, 512> kZeros = {};
  for (std::uint64_t piece = 0; count != 0; count -= piece) {
    piece = std::min<std::uint64_t>(count, kZeros.size());
    TRY(write(Bytes(kZeros).first(piece)));
  }
  return {};
}

Status Sink::append(int source, std::uint64_t offset, std::uint64_t size) {
  FileInput rest(source, offset);
  std::vector<std::uint8_t> buffer(std::min(size, kCopyPiece));
  while (size != 0) {
    const auto piece = MutableBytes(buffer).first(std::min<std::uint64_t>(size, buffer.size()));
    if (TRY(rest.read(piece)) < piece.size()) return fail(Errc::kTruncated, "ends early");
    TRY(write(piece));
    size -= piece.size();
  }
  return {};
}

Status MemorySink::do_write(Bytes bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return {};
}

Status DescriptorSink::do_write(Bytes bytes) {
  return write_all(descriptor_, bytes);
}

Result<AtomicFile> AtomicFile::create(const std::string& path, Existing existing, mode_t mode) {
  AtomicFile file = TRY(prepare(path, existing));
  TRY(file.open_unnamed(mode));
  return file;
}

Result<AtomicFile> AtomicFile::create_staged(const std::string& path) {
  AtomicFile file = TRY(create(path, Existing::kReplaceLink, 0600));
  file.synced_ = false;
  return file;
}

Status AtomicFile::check(const std::string& path, Existing existing) {
  const AtomicFile file = TRY(prepare(path, existing));
  if (::access(file.directory_.c_str(), W_OK | X_OK) != 0) return system_error();
  return {};
}

// Everything but the file itself.
Result<AtomicFile> AtomicFile::prepare(const std::string& path, Existing existing) {
  AtomicFile file;
  file.path_ = path;
  file.existing_ = existing;
  struct stat status;
  const bool is_link = ::lstat(path.c_str(), &status) == 0 && S_ISLNK(status.st_mode);
  if (is_link && existing != Existing::kReplaceLink) {
    char* const real = ::realpath(path.c_str(), nullptr);
    if (real == nullptr) return system_error();
    file.path_ = real;
    std::free(real);
  }
  if (!(is_link && existing == Existing::kReplaceLink) &&
      ::stat(file.path_.c_str(), &status) == 0) {
    if (!S_ISREG(status.st_mode)) return fail(Errc::kInvalid, "exists and is not a regular file");
    if (existing == Existing::kRefuse) return fail(Errc::kInvalid, "exists (--force replaces it)");
  }
  const std::size_t slash = file.path_.rfind('/');
  file.directory_ = slash == std::string::npos ? "."
                    : slash == 0               ? "/"
                                               : file.path_.substr(0, slash);
  return file;
}

Status AtomicFile::open_unnamed(mode_t mode) {
  file_ = Fd(::open(directory_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, mode));
  if (!file_ && errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) return system_error();
  if (file_ && ::access(path_of(file_).c_str(), F_OK) == 0) return {};
  // vfat (an ESP) and some network file systems have no unnamed files, and in a chroot without /proc
  // one cannot be given its name.
  std::string name = directory_ + "/.kip-XXXXXX";
  file_ = Fd(::mkostemp(name.data(), O_CLOEXEC));
  if (!file_) return system_error();
  temporary_ = name;
  const mode_t mask = ::umask(0);
  ::umask(mask);
  if (::fchmod(file_.get(), mode & ~mask) != 0 && errno != EPERM) return system_error();
  return {};
}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

// The disk begins while the rest is still being copied, so that the sync at the end has less to wait for.
Status AtomicFile::do_write(Bytes bytes) {
  if (synced_ && written() - begun_ >= kWriteBehind) {
    ::sync_file_range(file_.get(), static_cast<off64_t>(begun_),
                      static_cast<off64_t>(written() - begun_), SYNC_FILE_RANGE_WRITE);
    begun_ = written();
  }
  return write_all(file_.get(), bytes);
}

// From a page's start on: blocks can be shared from there only, and where they cannot, writing whole pages takes
// two thirds of the time of writing across them. Not copy_file_range(): on ext4 it moves pages one by one, and took 0.20 s
// for 500 MiB, reading and writing 0.16.
Status AtomicFile::append(int source, std::uint64_t offset, std::uint64_t size) {
  const std::uint64_t head = std::min(size, (kPage - written() % kPage) % kPage);
  TRY(Sink::append(source, offset, head));
  offset += head;
  size -= head;
  // To the end of the source the length needs no whole pages; what else was asked for is copied.
  file_clone_range range{source, offset, size, written()};
  if (size != 0 && offset % kPage == 0 && ::ioctl(file_.get(), FICLONERANGE, &range) == 0) {
    count(size);
    if (::lseek(file_.get(), 0, SEEK_END) < 0) return system_error();
    return {};
  }
  return Sink::append(source, offset, size);
}

Status AtomicFile::give_name() {
  const std::string self = path_of(file_);
  if (temporary_.empty()) {
    if (existing_ == Existing::kRefuse) {
      if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, path_.c_str(), AT_SYMLINK_FOLLOW) != 0) {
        return system_error();
      }
      return {};
    }
    // Only rename replaces, and it wants a name to rename from.
    for (unsigned attempt = 0; temporary_.empty(); ++attempt) {
      const std::string name =
          directory_ + "/.kip-" + std::to_string(::getpid()) + "-" + std::to_string(attempt);
      if (::linkat(AT_FDCWD, self.c_str(), AT_FDCWD, name.c_str(), AT_SYMLINK_FOLLOW) == 0) {
        temporary_ = name;
      } else if (errno != EEXIST || attempt == 100) {
        return system_error();
      }
    }
  }
  const unsigned flags = existing_ == Existing::kRefuse ? RENAME_NOREPLACE : 0;
  if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), flags) != 0)
    return system_error();
  temporary_.clear();
  return {};
}

Status AtomicFile::commit() {
  if (!synced_) return give_name();
  if (::fsync(file_.get()) != 0) return system_error();
  TRY(give_name());
  const Fd directory(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) != 0) return system_error();
  return {};
}

}  // namespace kip
