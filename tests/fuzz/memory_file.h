// A file that has a path and no directory.
#pragma once

#include <string>
#include <sys/mman.h>

#include "src/base/file.h"
#include "src/base/sink.h"
#include "tests/fuzz/fuzz.h"

namespace kip::fuzz {

/// A path to what a descriptor of this process refers to.
inline std::string path_of(int descriptor) {
  return "/proc/self/fd/" + std::to_string(descriptor);
}

class MemoryFile {
 public:
  explicit MemoryFile(Bytes bytes) : file_(::memfd_create("file", MFD_CLOEXEC)) {
    require(file_ && DescriptorSink(file_.get()).write(bytes).has_value(), "a memory file");
  }
  std::string path() const { return path_of(file_.get()); }

 private:
  Fd file_;
};

}  // namespace kip::fuzz
