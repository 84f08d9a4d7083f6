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
    case Method::kBzip2:
      return run_through({"bzip2", "-c"}, plain);
    case Method::kLzma:
      return run_through({"xz", "-c", "--format=lzma"}, plain);
    case Method::kLz4Legacy:
      return run_through({"lz4", "-l", "-q", "-c", "-"}, plain);
    default:
      return run_through({"gzip", "-c", "-n"}, plain);
  }
}

/// For the names of tests.
inline std::string name_of(Method method) {
  switch (method) {
    case Method::kXz:
      return "Xz";
    case Method::kZstd:
      return "Zstd";
    case Method::kGzip:
      return "Gzip";
    case Method::kBzip2:
      return "Bzip2";
    case Method::kLzma:
      return "Lzma";
    case Method::kLz4Legacy:
      return "Lz4";
    case Method::kLzo:
      return "Lzo";
  }
  return "";
}

}  // namespace kip::codec
