#include <algorithm>
#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <memory>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "src/base/file.h"

namespace kip {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

}  // namespace

Fd::~Fd() {
  if (number_ >= 0) ::close(number_);
}

Result<Root> Root::at(const std::string& directory) {
  Root root;
  root.directory_ = Fd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.directory_) return fail_errno();
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
  if (number < 0) return fail_errno();
  return Fd(number);
}

Result<Fd> Root::open_in(int directory, const std::string& directory_path, const char* name,
                         int flags) const {
  if (!is_host()) return open(directory_path + "/" + name, flags);
  const int number = ::openat(directory, name, flags | O_CLOEXEC);
  if (number < 0) return fail_errno();
  return Fd(number);
}

Result<std::size_t> FileInput::read_once(MutableBytes out, MutableBytes ahead) {
  if (end_ && at_ >= *end_) return 0;
  const iovec parts[2] = {{out.data(), out.size()}, {ahead.data(), ahead.size()}};
  for (;;) {
    const ssize_t count =
        ::preadv(descriptor_, parts, ahead.empty() ? 1 : 2, static_cast<off_t>(at_));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno();
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
    if (::fstat(descriptor_, &status) != 0) return fail_errno();
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

Result<std::vector<std::string>> list_directory(const Root& root, const std::string& directory) {
  std::vector<std::string> names;
  const auto opened = root.open(directory, O_RDONLY | O_DIRECTORY);
  if (!opened && opened.error().system_errno == ENOENT) return names;
  if (!opened) return tl::unexpected<Error>(opened.error());
  // The stream closes its descriptor, so it gets one of its own.
  const std::unique_ptr<DIR, CloseDirectory> stream(
      ::fdopendir(::fcntl(opened->get(), F_DUPFD_CLOEXEC, 0)));
  if (!stream) return fail_errno("cannot be listed");
  errno = 0;
  while (const dirent* const entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return fail_errno("cannot be listed");
  std::sort(names.begin(), names.end());
  return names;
}

bool is_same_file(const Root& root, const std::string& a, const std::string& b) {
  const auto one = root.open(a, O_PATH), other = root.open(b, O_PATH);
  struct stat status, of_other;
  return one && other && ::fstat(one->get(), &status) == 0 &&
         ::fstat(other->get(), &of_other) == 0 && status.st_dev == of_other.st_dev &&
         status.st_ino == of_other.st_ino;
}

}  // namespace kip
