// The parts of an initramfs image, as the kernel's unpacker meets them: newc archives, zero bytes,
// compressed streams.
//
//   FileInput / memory -> Source: "give me the image from this offset on"
//   TRY(walk(source, options, visitor));
//
// Rules (Linux init/initramfs.c, unpack_to_rootfs()): '0' at a multiple of 4 begins an archive;
// zero bytes are stepped over; anything else must be the magic of a compressor, whose stream is an
// archive (or several) again, and what comes behind it is looked at in the same way. A raw archive
// must be followed by a multiple of 4.
#pragma once

#include <functional>
#include <memory>

#include "cpio/reader.h"
#include "src/base/finding.h"
#include "src/codec/codec.h"

namespace kip::segments {

/// Opens the image at an offset. May be called several times; the Inputs are used one after the
/// other.
using Source = std::function<Result<std::unique_ptr<Input>>(std::uint64_t offset)>;

struct Segment {
  enum class Kind : std::uint8_t { kArchive, kPadding, kCompressed, kUnknown };
  Kind kind = Kind::kUnknown;
  std::uint64_t offset = 0;  // bytes from the start of the image
  std::uint64_t size = 0;    // bytes; 0 where no end is known: kUnknown, data that is not decoded
  std::optional<codec::Method> method;
  std::uint64_t plain_size = 0;  // bytes it unpacks to; a raw archive's own size
  bool reached = true;           // false: kernels stop unpacking in front of it, or refuse it
};

class Visitor {
 public:
  virtual ~Visitor() = default;

  /// A member of the archive that begins at `archive.offset` (its size is not known yet). `data`
  /// holds at most member.size bytes; what is not read is stepped over. In a compressed segment,
  /// offsets count decompressed bytes.
  virtual Status member(const Segment& archive, const cpio::Member& member, Input& data) = 0;

  /// A segment that has ended.
  virtual Status segment(const Segment& segment) = 0;

  /// What the kernel would stumble over. The rules: kRule… below. The walk ends behind it, unless it
  /// was told to go on and can.
  virtual void fault(const Finding& finding) = 0;
};

struct Options {
  bool decompress = true;  // false: the walk ends in front of the first compressed segment
  /// Go on wherever the next segment is plain to see (it is not `reached`), and say as faults also what
  /// only some kernels stumble over.
  bool beyond_faults = false;
};

// An archive, or what follows one, at no multiple of 4: "broken padding".
inline constexpr const char* kRuleMisaligned = "segment-misaligned";
// Neither zeros nor an archive nor any compressor's magic.
inline constexpr const char* kRuleUnknown = "segment-unknown";
// More zero bytes than are read through.
inline constexpr const char* kRulePadding = "segment-padding";
// A raw archive that contradicts itself or ends early.
inline constexpr const char* kRuleArchive = "archive";
// A method that is not decoded here (lzo). Kernels do; what follows it is not known.
inline constexpr const char* kRuleMethod = "segment-method";
// Compressed data that is damaged, or holds no archive.
inline constexpr const char* kRuleCompressed = "segment-compressed";
// Sound for the command line tools, not for the kernel's own decoders: an .xz check other than none
// and CRC32, a gzip header with more than a name, a zstd frame with a dictionary or a window above
// 128 MiB.
inline constexpr const char* kRuleNotForKernels = "segment-not-for-kernels";
// One archive over two compressed streams, as parallel compressors write them: kernels take each
// stream as archives of its own.
inline constexpr const char* kRuleSplit = "segment-split";
// Only some kernels, and only with beyond_faults. 070702: refused before 5.19; with a wrong sum,
// refused from 5.19 on; a name without its NUL: refused from 6.13 on.
inline constexpr const char* kRuleSummed = "archive-summed";
inline constexpr const char* kRuleSum = "archive-sum";
inline constexpr const char* kRuleNameEnd = "archive-name-end";
// Bytes behind legacy lz4 data that are read as the length of one more chunk.
inline constexpr const char* kRuleLz4Tail = "segment-lz4-tail";

Status walk(const Source& source, const Options& options, Visitor& visitor);

}  // namespace kip::segments
