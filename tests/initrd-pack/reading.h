// Images to be read by the program, and what it says of them.
#pragma once

#include <string>
#include <vector>

#include "tests/support/newc_blob.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace kip::initrd_pack_test {

class Reading {
 public:
  [[nodiscard]] const support::TempDir& dir() const { return dir_; }

  /// Runs initrd-pack where the images are.
  [[nodiscard]] support::RunResult run(const std::vector<std::string>& arguments) const {
    std::vector<std::string> argv = {KIP_PROGRAM_DIR "/initrd-pack"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return support::run_program(argv, {.input = {}, .cwd = dir_.path(), .env = {}});
  }

  /// In a shell, "$0" standing for the program.
  [[nodiscard]] support::RunResult shell(const std::string& command) const {
    return support::run_program({"sh", "-c", command, KIP_PROGRAM_DIR "/initrd-pack"},
                                {.input = {}, .cwd = dir_.path(), .env = {}});
  }

 private:
  support::TempDir dir_;
};

inline support::Blob packed(const std::vector<std::string>& command, support::View plain) {
  return support::text(support::must_run(command, {.input = support::to_string(plain)}));
}

inline support::Blob zstd(support::View plain) {
  return packed({"zstd", "-c", "-q"}, plain);
}

inline support::Blob xz(support::View plain) {
  return packed({"xz", "-c", "--check=crc32"}, plain);
}

}  // namespace kip::initrd_pack_test
