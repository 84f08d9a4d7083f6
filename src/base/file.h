// Files: a descriptor that closes itself, a directory that stands for '/', and reading.
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

/// The names in a directory but "." and "..", sorted (bytes); a directory that is missing is empty.
Result<std::vector<std::string>> list_directory(const Root& root, const std::string& directory);

/// Whether two paths lead to one file.
bool is_same_file(const Root& root, const std::string& a, const std::string& b);

}  // namespace kip
