#include <algorithm>
#include <array>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/bytes.h"
#include "src/codec/size.h"

// RFC 8878, 3.1.1: a frame is a magic number, a header that may state the size of the content,
// blocks that each state their size and whether they are the last, and maybe a checksum.

namespace kip::codec {
namespace {

constexpr std::uint32_t kMagic = 0xfd2fb528;
constexpr std::size_t kHeaderLimit = 18;  // magic number and all optional fields
constexpr unsigned kBlocksLimit = 1024;   // of up to 128 KiB: larger files are simply decoded

struct Frame {
  std::uint64_t header_size;  // bytes, with the magic number
  std::uint64_t content_size;
  bool has_checksum;
};

std::optional<Frame> frame_of(Bytes head) {
  if (head.size() < sizeof(le32) + 1 || copy_out<le32>(head) != kMagic) return std::nullopt;
  const std::uint8_t descriptor = head[4];
  const bool single_segment = (descriptor & 0x20) != 0;
  const unsigned size_flag = descriptor >> 6;
  if (size_flag == 0 && !single_segment) return std::nullopt;  // the size is not stated
  constexpr std::array<std::size_t, 4> kDictionaryBytes = {0, 1, 2, 4};
  constexpr std::array<std::size_t, 4> kSizeBytes = {1, 2, 4, 8};
  const std::size_t at =
      sizeof(le32) + 1 + (single_segment ? 0 : 1) + kDictionaryBytes[descriptor & 3];
  if (head.size() < at + kSizeBytes[size_flag]) return std::nullopt;
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < kSizeBytes[size_flag]; ++i)
    size |= std::uint64_t{head[at + i]} << (8 * i);
  if (size_flag == 1) size += 256;
  return Frame{at + kSizeBytes[size_flag], size, (descriptor & 4) != 0};
}

}  // namespace

std::optional<std::uint64_t> zstd_decoded_size(int descriptor) {
  struct stat status;
  std::uint8_t head[kHeaderLimit];
  const ssize_t got = ::pread(descriptor, head, sizeof head, 0);
  if (got < 0 || ::fstat(descriptor, &status) != 0) return std::nullopt;
  const auto frame = frame_of(Bytes(head, static_cast<std::size_t>(got)));
  if (!frame) return std::nullopt;
  std::uint64_t at = frame->header_size;
  for (unsigned block = 0; block < kBlocksLimit; ++block) {
    std::uint8_t field[3];
    if (::pread(descriptor, field, sizeof field, static_cast<off_t>(at)) != ssize_t{sizeof field})
      return std::nullopt;
    const std::uint32_t header = field[0] | (field[1] << 8) | (field[2] << 16);
    const bool is_last = (header & 1) != 0;
    const bool is_repeated_byte = (header >> 1 & 3) == 1;
    at += sizeof field + (is_repeated_byte ? 1 : header >> 3);
    if (!is_last) continue;
    if (frame->has_checksum) at += sizeof(le32);
    if (at != static_cast<std::uint64_t>(status.st_size)) return std::nullopt;
    return frame->content_size;
  }
  return std::nullopt;
}

}  // namespace kip::codec
