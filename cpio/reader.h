// Reads newc archives from an Input, every length checked, concatenated archives included.
//
//   Reader archive(input);
//   while (const auto member = TRY(archive.next())) {
//     if (member->is_regular() && member->name == wanted) read(member->size bytes of input);
//   }
//
// Data that the caller does not read is stepped over. The trailer is a member like any other here,
// as for the kernel's early search; unpackers look for `is_trailer()`.
#pragma once

#include <optional>
#include <string>

#include "cpio/newc.h"
#include "src/base/input.h"

namespace kip::cpio {

struct Member {
  std::string name;  // up to its first NUL; empty too where it is longer than kNameLimit
  std::uint32_t inode = 0;
  std::uint32_t mode = 0;
  std::uint32_t uid = 0, gid = 0;
  std::uint32_t links = 0;
  std::uint32_t mtime = 0;                             // seconds since 1970
  std::uint32_t size = 0;                              // bytes of data
  std::uint32_t device_major = 0, device_minor = 0;    // of the file system it came from
  std::uint32_t special_major = 0, special_minor = 0;  // of a device node
  std::uint32_t name_size = 0;                         // bytes as stored, with NULs
  std::uint32_t check = 0;                             // sum of the data's bytes, where `summed`
  bool summed = false;                                 // magic 070702
  bool name_ends = true;     // the name's last stored byte is NUL, or the name is empty or too long
  std::uint64_t offset = 0;  // of the header in the input
  std::uint64_t data_offset = 0;  // of the data in the input

  bool is_regular() const { return (mode & kModeTypeMask) == kModeRegular; }
  bool is_directory() const { return (mode & kModeTypeMask) == kModeDirectory; }
  bool is_symlink() const { return (mode & kModeTypeMask) == kModeSymlink; }
  bool is_device() const {
    const std::uint32_t type = mode & kModeTypeMask;
    return type == kModeCharacter || type == kModeBlock;
  }
  bool is_trailer() const { return name == kTrailer; }
};

/// Whether bytes begin like a newc member.
bool is_newc(Bytes head);

class Reader {
 public:
  /// The archive begins at the input's present position, which REQUIRES to be a multiple of 4.
  explicit Reader(Input& in) : in_(in) {}

  /// The next member; nullopt where no newc header begins (the end, zero padding, compressed data):
  /// that byte is then the input's next one. kCorrupt for a header with a field that is no hex
  /// number, kTruncated for one cut off.
  Result<std::optional<Member>> next();

 private:
  Status read_name(Member& member);

  Input& in_;
  std::uint64_t member_end_ = 0;  // where the padding behind the current member ends
  bool inside_ = false;
};

}  // namespace kip::cpio
