#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>

#include "tests/support/temp_dir.h"

namespace kip::support {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const std::string& path) {
  throw std::system_error(errno, std::generic_category(), path);
}

std::string with_parents(std::string path) {
  fs::create_directories(fs::path(path).parent_path());
  return path;
}

}  // namespace

TempDir::TempDir(const std::string& below) {
  const char* base = below.empty() ? std::getenv("TMPDIR") : below.c_str();
  path_ = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/kip-test-XXXXXX";
  if (::mkdtemp(path_.data()) == nullptr) fail(path_);
}

TempDir::~TempDir() {
  std::error_code ignored;
  // A test may have taken permissions away; take them back where it is still ours to do.
  for (fs::recursive_directory_iterator it(path_, ignored), end; !ignored && it != end;
       it.increment(ignored)) {
    if (it->is_directory(ignored) && !it->is_symlink(ignored)) {
      fs::permissions(it->path(), fs::perms::owner_all, fs::perm_options::add, ignored);
    }
  }
  fs::remove_all(path_, ignored);
}

std::string TempDir::operator/(std::string_view name) const {
  return path_ + "/" + std::string(name);
}

std::string TempDir::write(std::string_view name, View content) const {
  std::string path = with_parents(*this / name);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(content.data()),
            static_cast<std::streamsize>(content.size()));
  out.close();
  if (!out) fail(path);
  return path;
}

std::string TempDir::write(std::string_view name, std::string_view content) const {
  return write(name, text(content));
}

std::string TempDir::directory(std::string_view name) const {
  std::string path = *this / name;
  fs::create_directories(path);
  return path;
}

std::string TempDir::link(std::string_view name, const std::string& target) const {
  std::string path = with_parents(*this / name);
  if (::symlink(target.c_str(), path.c_str()) != 0) fail(path);
  return path;
}

std::string TempDir::fifo(std::string_view name) const {
  std::string path = with_parents(*this / name);
  if (::mkfifo(path.c_str(), 0600) != 0) fail(path);
  return path;
}

std::string TempDir::socket(std::string_view name) const {
  std::string path = with_parents(*this / name);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) {
    errno = ENAMETOOLONG;
    fail(path);
  }
  std::copy(path.begin(), path.end(), address.sun_path);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail(path);
  const int bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  const int error = errno;
  ::close(fd);  // the name stays
  errno = error;
  if (bound != 0) fail(path);
  return path;
}

std::string TempDir::sparse(std::string_view name, std::uint64_t size, View head) const {
  std::string path = write(name, head);
  if (::truncate(path.c_str(), static_cast<off_t>(size)) != 0) fail(path);
  return path;
}

Blob read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) fail(path);
  Blob bytes;
  constexpr std::size_t kStep = 1 << 20;
  while (in) {
    const std::size_t before = bytes.size();
    bytes.resize(before + kStep);
    in.read(reinterpret_cast<char*>(bytes.data() + before), kStep);
    bytes.resize(before + static_cast<std::size_t>(in.gcount()));
  }
  return bytes;
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool exists(const std::string& path) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0;
}

std::string to_string(View bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace kip::support
