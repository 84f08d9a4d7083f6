#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/finding.h"
#include "src/base/sink.h"
#include "src/image/base_store.h"

namespace kip::image {
namespace {

constexpr std::size_t kBlock = 128 * 1024;  // bytes

// The host's file under that path, if it is as large.
Fd open_alike(const std::string& path, std::uint64_t size) {
  Fd file(::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  struct stat status;
  if (!file || ::fstat(file.get(), &status) != 0) return Fd();
  const bool alike = S_ISREG(status.st_mode) && static_cast<std::uint64_t>(status.st_size) == size;
  return alike ? std::move(file) : Fd();
}

// Writes a file only from where it differs from another one on.
class Copy {
 public:
  Copy(std::string path, Fd alike) : path_(std::move(path)), alike_(std::move(alike)) {}

  Status add(Bytes block) {
    if (!file_ && alike_ && TRY(goes_on(block))) {
      same_ += block.size();
      return {};
    }
    if (!file_) TRY(begin());
    return DescriptorSink(file_.get()).write(block);
  }

  /// Whether the other one has all of it.
  Result<bool> finish() {
    if (!file_ && !alike_) TRY(begin());
    return !file_;
  }

 private:
  Result<bool> goes_on(Bytes block) {
    FileInput in(alike_.get(), same_);
    other_.resize(block.size());
    const std::size_t got = TRY(in.read(other_));
    return got == block.size() && std::equal(block.begin(), block.end(), other_.begin());
  }

  Status begin() {
    file_ = Fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file_) return fail_errno(quote(path_));
    if (same_ == 0) return {};
    return DescriptorSink(file_.get()).append(alike_.get(), 0, same_);
  }

  std::string path_;
  Fd alike_, file_;
  std::uint64_t same_ = 0;  // bytes that were found in the other one, and not written
  std::vector<std::uint8_t> other_;
};

}  // namespace

Result<BaseStore> BaseStore::make(const std::string& scratch, const std::string& kernel,
                                  const std::string& host) {
  const std::string modules = scratch + "/lib/modules/" + kernel;
  TRY(make_parents(scratch + "/base/x"));
  TRY(make_parents(modules + "/x"));
  return BaseStore(scratch + "/base", modules, absolute(host), TRY(digest::Hasher::make()));
}

Status BaseStore::take(std::size_t inode, const std::string& path, std::uint64_t size,
                       Input& data) {
  bytes_ += size;
  if (bytes_ > kStoreLimit) return fail(Errc::kLimit, "holds more modules than are looked at");
  const std::string at_host = host_ + "/" + path;
  Copy copy(name_of(inode), path.empty() ? Fd() : open_alike(at_host, size));
  std::vector<std::uint8_t> block(std::min<std::uint64_t>(size + 1, kBlock));
  hasher_.begin();
  for (std::size_t count = block.size(); count == block.size();) {
    count = TRY(data.read(block));
    hasher_.add(Bytes(block).first(count));
    if (count != 0) TRY(copy.add(Bytes(block).first(count)));
  }
  const bool is_there = TRY(copy.finish());
  stored_[inode] = {hasher_.finish(), is_there ? at_host : ""};
  return {};
}

const digest::Sha256* BaseStore::digest(std::size_t inode) const {
  const auto found = stored_.find(inode);
  return found == stored_.end() ? nullptr : &found->second.digest;
}

Status BaseStore::place(std::size_t inode, const std::string& path) const {
  const Stored& stored = stored_.at(inode);
  const std::string place = modules_ + "/" + path;
  TRY(make_parents(place));
  const int done = stored.at_host.empty() ? ::link(name_of(inode).c_str(), place.c_str())
                                          : ::symlink(stored.at_host.c_str(), place.c_str());
  return done == 0 ? Status() : Status(fail_errno(quote(place)));
}

Status make_parents(const std::string& path) {
  const std::string directory = path.substr(0, path.rfind('/'));
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (!error) return {};
  errno = error.value();
  return fail_errno(quote(directory));
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const auto found = std::filesystem::absolute(path, error);
  return error ? path : found.string();
}

}  // namespace kip::image
