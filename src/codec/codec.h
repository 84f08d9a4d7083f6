// Decompression behind one streaming interface.
//
//   Decoders decoders;  // keeps one context a method, reused from file to file
//   auto plain = TRY(decoders.open(Method::kXz, file, Extent::kWhole));
//   TRY(plain->read(buffer));  // an Input like any other
//   plain->consumed();         // compressed bytes used so far
//
// Libraries are opened when first needed (src/base/library.h): liblzma.so.5, libzstd.so.1,
// libz.so.1, libbz2.so.1.0, liblz4.so.1.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "src/base/input.h"

namespace kip::codec {

enum class Method : std::uint8_t {
  kXz,
  kZstd,
  kGzip,
  kBzip2,
  kLzma,       // the format that was before .xz: no magic to speak of, no checksum
  kLz4Legacy,  // of `lz4 -l`: no checksum, and no mark where it ends (lz4.cc)
  kLzo,        // recognised, since kernels take it for an initramfs, but not decoded
};

const char* method_name(Method method);

/// By the first bytes (8 suffice), with the magic numbers of the kernel's own table.
std::optional<Method> detect(Bytes head);

/// The suffix that a file compressed so carries, without whether its name ends in it: ".xz"; "" for
/// none.
std::optional<Method> method_of_suffix(std::string_view name);

/// Most memory a decoder may use, in bytes: `xz -9` needs 65 MiB of address space, most of it never
/// touched.
inline constexpr std::uint64_t kMemoryLimit = 128 * 1024 * 1024;

enum class Extent : std::uint8_t {
  kWhole,      // all streams of a file, as the command line tools read it; bytes behind them are
               // kCorrupt
  kOneStream,  // one xz stream, zstd frame, gzip member, …, as in an initramfs: the caller goes on
               // behind it
};

class Decoder : public Input {
 public:
  /// Compressed bytes used so far: with kOneStream, once the output ended, the size of the stream.
  /// Once reading failed in legacy lz4 data: up to the end of the last sound chunk.
  virtual std::uint64_t consumed() const = 0;

  /// Whether reading failed not in the data but at what stands behind it, at consumed(), which is
  /// then the error's offset. With kOneStream, only legacy lz4 does so: what follows a chunk and is
  /// neither zero nor a magic is read as the length of one more. Reading then gives what is in
  /// front of it, a shorter count than asked for, and fails when called again.
  virtual bool failed_behind() const = 0;

  /// Tells how long the decoded data is, so that skipping to its end decodes nothing. Whatever is
  /// wrong with what was skipped is then not noticed.
  virtual void set_decoded_size(std::uint64_t size) = 0;
};

/// The decoded size of a whole file, where that can be had without decoding: of one xz stream or one
/// zstd frame that says so. Moves no file position.
std::optional<std::uint64_t> decoded_size(Method method, int descriptor);

class Context;  // one library's state, reusable

class Decoders {
 public:
  Decoders();
  ~Decoders();

  /// `compressed` stays alive and untouched as long as the decoder. kUnsupported for methods that
  /// are not decoded.
  Result<std::unique_ptr<Decoder>> open(Method method, Input& compressed, Extent extent);

 private:
  std::map<Method, std::shared_ptr<Context>> contexts_;
};

}  // namespace kip::codec
