// A directory of the test's own, gone when the test ends, and the few things tests do with files.
//
// Everything throws std::system_error: a test whose ground gives way should stop, not go on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/blob.h"

namespace kip::support {

class TempDir {
 public:
  // Empty: below TMPDIR, or /tmp.
  explicit TempDir(const std::string& below = "");
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string operator/(std::string_view name) const;

  // Each makes the directories that lead to it, and returns the full path.
  std::string write(std::string_view name, View content) const;
  std::string write(std::string_view name, std::string_view content) const;
  std::string directory(std::string_view name) const;
  std::string link(std::string_view name, const std::string& target) const;  // symbolic
  std::string fifo(std::string_view name) const;
  std::string socket(std::string_view name) const;
  // `size` bytes of zeros that take no room, `head` written over the first of them.
  std::string sparse(std::string_view name, std::uint64_t size, View head = {}) const;

 private:
  std::string path_;
};

Blob read_file(const std::string& path);
std::vector<std::string> names_in(const std::string& directory);  // sorted, without . and ..
bool exists(const std::string& path);                             // a dangling link exists

std::string to_string(View bytes);

}  // namespace kip::support
