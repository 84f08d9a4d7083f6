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
// Blocks have up to 128 KiB. Files larger than 1024 of them are simply decoded; frames of 8 GiB are no initrd.
constexpr unsigned kFileBlocksLimit = 1024;
constexpr unsigned kFrameBlocksLimit = 65536;

struct Frame {
  std::uint64_t header_size;  // bytes, with the magic number
  std::optional<std::uint64_t> content_size;
  bool has_checksum;
};

std::optional<Frame> frame_of(Bytes head) {
  if (head.size() < sizeof(le32) + 1 || copy_out<le32>(head) != kMagic) return std::nullopt;
  const std::uint8_t descriptor = head[4];
  const bool single_segment = (descriptor & 0x20) != 0;
  const unsigned size_flag = descriptor >> 6;
  constexpr std::array<std::size_t, 4> kDictionaryBytes = {0, 1, 2, 4};
  constexpr std::array<std::size_t, 4> kSizeBytes = {1, 2, 4, 8};
  const std::size_t at =
      sizeof(le32) + 1 + (single_segment ? 0 : 1) + kDictionaryBytes[descriptor & 3];
  const bool has_size = size_flag != 0 || single_segment;
  const std::size_t bytes = has_size ? kSizeBytes[size_flag] : 0;
  if (head.size() < at + bytes) return std::nullopt;
  Frame frame{at + bytes, std::nullopt, (descriptor & 4) != 0};
  if (!has_size) return frame;
  std::uint64_t size = 0;
  for (std::size_t i = 0; i < bytes; ++i) size |= std::uint64_t{head[at + i]} << (8 * i);
  frame.content_size = size_flag == 1 ? size + 256 : size;
  return frame;
}

std::optional<Frame> read_frame(int descriptor, std::uint64_t offset) {
  std::uint8_t head[kHeaderLimit];
  const ssize_t got = ::pread(descriptor, head, sizeof head, static_cast<off_t>(offset));
  if (got < 0) return std::nullopt;
  return frame_of(Bytes(head, static_cast<std::size_t>(got)));
}

// Behind the frame at `offset`, from block to block.
std::optional<std::uint64_t> end_of(const Frame& frame, int descriptor, std::uint64_t offset,
                                    unsigned limit) {
  struct stat status;
  if (::fstat(descriptor, &status) != 0) return std::nullopt;
  std::uint64_t at = offset + frame.header_size;
  for (unsigned block = 0; block < limit; ++block) {
    std::uint8_t field[3];
    if (::pread(descriptor, field, sizeof field, static_cast<off_t>(at)) != ssize_t{sizeof field})
      return std::nullopt;
    const std::uint32_t header =
        field[0] | (std::uint32_t{field[1]} << 8) | (std::uint32_t{field[2]} << 16);
    const bool is_last = (header & 1) != 0;
    const bool is_repeated_byte = (header >> 1 & 3) == 1;
    at += sizeof field + (is_repeated_byte ? 1 : header >> 3);
    if (!is_last) continue;
    if (frame.has_checksum) at += sizeof(le32);
    if (at > static_cast<std::uint64_t>(status.st_size)) return std::nullopt;
    return at;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> zstd_decoded_size(int descriptor) {
  struct stat status;
  const auto frame = read_frame(descriptor, 0);
  if (!frame || !frame->content_size || ::fstat(descriptor, &status) != 0) return std::nullopt;
  const auto end = end_of(*frame, descriptor, 0, kFileBlocksLimit);
  if (end != static_cast<std::uint64_t>(status.st_size)) return std::nullopt;
  return frame->content_size;
}

std::optional<std::uint64_t> zstd_frame_end(int descriptor, std::uint64_t offset) {
  const auto frame = read_frame(descriptor, offset);
  if (!frame) return std::nullopt;
  return end_of(*frame, descriptor, offset, kFrameBlocksLimit);
}

}  // namespace kip::codec
