// Writes newc archives: deterministic (inode numbers count up, owner 0, one time for all), every
// field checked.
//
//   Writer archive(sink, mtime);
//   TRY(archive.directory("kernel"));
//   TRY(archive.begin_file("kernel/blob", blob.size(), 16));  // data at a multiple of 16
//   TRY(archive.write(blob));
//   TRY(archive.finish(512));  // trailer, then zeros to a multiple of 512
//
// A number that does not fit its field of 8 hex digits is kLimit; more or fewer data bytes than
// announced is kInvalid.
#pragma once

#include <string_view>

#include "cpio/newc.h"
#include "src/base/file.h"
#include "src/base/sink.h"

namespace kip::cpio {

class Writer {
 public:
  /// The archive begins at the sink's present position, which REQUIRES to be where a kernel finds
  /// offset 0 (or a multiple of 16 from it). `mtime` in seconds since 1970.
  Writer(Sink& sink, std::int64_t mtime);

  Status directory(std::string_view path, std::uint32_t permissions = 0755);

  /// `target` as the link is to hold it; longer than kernels take (kNameLimit) is kLimit.
  Status symlink(std::string_view path, std::string_view target);

  /// Opens a member of exactly `size` bytes, whose data begins at a multiple of `alignment` (a
  /// power of two >= 4).
  Status begin_file(std::string_view path, std::uint64_t size, std::uint64_t alignment = kPadding,
                    std::uint32_t permissions = 0644);
  Status write(Bytes data);

  /// As write(), of the next `size` bytes of an open file.
  Status append(int source, std::uint64_t offset, std::uint64_t size);

  /// Writes the trailer, then zeros so that the archive's size is a multiple of `pad_to`.
  Status finish(std::uint64_t pad_to);

  /// Offset of the data of the member last begun, in bytes from the archive's start.
  std::uint64_t data_offset() const { return data_offset_; }

 private:
  Status member(std::string_view path, std::uint32_t mode, std::uint64_t size,
                std::uint64_t alignment);
  Status check_room(std::uint64_t size) const;
  Status end_member();
  Status zeros(std::uint64_t count);
  std::uint64_t position() const { return sink_.written() - start_; }

  Sink& sink_;
  std::uint64_t start_;
  std::int64_t mtime_;
  std::uint64_t next_inode_ = 1;
  std::uint64_t left_ = 0;  // data bytes of the open member still to come
  std::uint64_t data_offset_ = 0;
};

}  // namespace kip::cpio
