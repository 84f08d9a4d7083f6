// Builds newc cpio archives, good by default, crooked where a test asks for it.
//
// A member: 110 ASCII bytes (6 of magic, then 13 fields of 8 hex digits: ino mode uid gid nlink
// mtime filesize devmajor devminor rdevmajor rdevminor namesize check), the name with its NUL
// (namesize counts the NUL), zeros to a multiple of 4, the data, zeros to a multiple of 4; closed
// by an empty member named TRAILER!!!. Source: Linux Documentation/driver-api/early-userspace/
// buffer-format.rst. Multiples of 4 are counted from the start of this builder's bytes.
//
//   NewcBlob().directory("kernel").file("kernel/x86/microcode/GenuineIntel.bin", update)
//             .pad_to(512).bytes()
//
// Two archives in one image: pass one's bytes() to the other's raw(), or join() them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tests/support/blob.h"

namespace kip::support {

enum class HexCase { kLower, kUpper, kMixed };

// What differs from a good member. Unset: the good value.
struct NewcFields {
  std::optional<std::string> magic = {};  // six characters; "070701", with "070702" check is summed
  std::optional<std::uint32_t> ino = {};  // counted from 1
  std::optional<std::uint32_t> mode = {};  // with file type bits; 0100644, 040755, 0120777
  std::optional<std::uint32_t> uid = {};
  std::optional<std::uint32_t> gid = {};
  std::optional<std::uint32_t> nlink = {};  // 1; directories 2
  std::optional<std::uint32_t> mtime = {};  // seconds since 1970
  std::optional<std::uint32_t> filesize =
      {};  // bytes, stored only: the data is not cut or extended
  std::optional<std::uint32_t> devmajor = {};
  std::optional<std::uint32_t> devminor = {};
  std::optional<std::uint32_t> rdevmajor = {};
  std::optional<std::uint32_t> rdevminor = {};
  std::optional<std::uint32_t> namesize = {};  // bytes, stored only
  std::optional<std::uint32_t> check = {};     // 0; for 070702 the u32 sum of the data bytes
  std::optional<std::string> uid_text = {};    // eight characters in place of the uid digits
  HexCase hex = HexCase::kLower;
  // Bytes the name really takes, filled with NULs or cut (also stored as namesize).
  std::optional<std::uint32_t> name_room = {};
  // Grow the name's room until the data begins at a multiple of this many bytes; 0 = leave it.
  std::uint32_t data_align = 0;
  bool pad_data = true;       // zeros behind the data; false for a final member without padding
  std::uint8_t pad_byte = 0;  // what padding is made of
};

class NewcBlob {
 public:
  NewcBlob& file(std::string_view name, View data, const NewcFields& fields = {});
  NewcBlob& directory(std::string_view name, const NewcFields& fields = {});
  NewcBlob& symlink(std::string_view name, std::string_view target, const NewcFields& fields = {});
  // One name of a hard-linked file: nlink 2, and the ino that the names share. newc carries the
  // data with the last name only: pass it there, nothing before.
  NewcBlob& link(std::string_view name, std::uint32_t ino, View data = {},
                 const NewcFields& fields = {});
  NewcBlob& raw(View bytes);                 // as they are, here
  NewcBlob& trailer(bool wanted);            // default yes; stands behind everything
  NewcBlob& pad_to(std::uint32_t multiple);  // zeros behind the trailer; default: none but its own

  [[nodiscard]] Blob bytes() const;

 private:
  void member(std::string_view name, View data, const NewcFields& fields);

  Blob out_;
  std::uint32_t members_ = 0;
  bool trailer_ = true;
  std::uint32_t pad_to_ = 1;
};

}  // namespace kip::support
