// Results in blocks: text goes to stdout when enough of it is there.
#pragma once

#include <string>
#include <string_view>

#include "src/base/file.h"
#include "src/base/sink.h"

namespace kip::cli {

/// The error of a write, of a closed pipe or a full disk, is "stdout: …" and kSystem. What is left at the
/// end is written by flush().
class Blocks : public Sink {
 public:
  Status flush();

  Status print(std::string_view text) { return write(as_bytes(text)); }

 protected:
  Status do_write(Bytes bytes) override;

 private:
  std::string waiting_;
};

}  // namespace kip::cli
