// Compressed inputs, made by the tools that people make them with.
#pragma once

#include <string>
#include <vector>

#include "src/codec/codec.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_dir.h"

namespace kip::codec {

inline support::Blob run_through(const std::vector<std::string>& command, Bytes plain) {
  return support::text(support::must_run(command, {.input = std::string(as_text(plain))}));
}

inline support::Blob compress(Method method, Bytes plain) {
  switch (method) {
    case Method::kXz:
      return run_through({"xz", "-c", "-T1"}, plain);
    case Method::kZstd:
      return run_through({"zstd", "-c", "-q"}, plain);
    default:
      return run_through({"gzip", "-c", "-n"}, plain);
  }
}

}  // namespace kip::codec
