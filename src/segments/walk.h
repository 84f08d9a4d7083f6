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
  std::uint64_t size = 0;    // bytes; kUnknown: 0, it reaches to the end
  std::optional<codec::Method> method;
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

  /// What the kernel would stumble over; the walk ends behind it.
  virtual void fault(const Finding& finding) = 0;
};

struct Options {
  bool decompress = true;  // false: the walk ends in front of the first compressed segment
};

Status walk(const Source& source, const Options& options, Visitor& visitor);

}  // namespace kip::segments
