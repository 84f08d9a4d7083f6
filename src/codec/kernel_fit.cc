#include <fmt/format.h>

#include "src/codec/kernel_fit.h"

namespace kip::codec {
namespace {

std::optional<std::string> xz_unfit(Bytes head) {
  constexpr std::size_t kCheck = 7;  // behind the magic: the stream flags, a zero byte and this one
  if (head.size() <= kCheck) return std::nullopt;
  const unsigned check = head[kCheck] & 0xfu;
  if (check <= 1) return std::nullopt;
  const char* const name = check == 4    ? "CRC64"
                           : check == 10 ? "SHA-256"
                                         : "neither none nor CRC32";
  return fmt::format("its check is {}; kernels take xz --check=crc32 and --check=none", name);
}

std::optional<std::string> gzip_unfit(Bytes head) {
  constexpr std::uint8_t kDeflate = 8;
  constexpr unsigned kChecksum = 0x02, kExtra = 0x04, kComment = 0x10;
  if (head.size() < 2) return std::nullopt;
  if (head[1] == 0x9e) return "the old gzip format, magic 1f 9e; kernels know only deflate";
  if (head.size() < 4) return std::nullopt;
  if (head[2] != kDeflate)
    return fmt::format("compression method {}; kernels know only deflate, method 8", head[2]);
  const unsigned flags = head[3];
  const char* const field = (flags & kExtra) != 0      ? "an extra field"
                            : (flags & kComment) != 0  ? "a comment"
                            : (flags & kChecksum) != 0 ? "a checksum"
                                                       : nullptr;
  if (field == nullptr) return std::nullopt;
  return fmt::format("{} in the gzip header; kernels step over nothing but a name", field);
}

std::uint64_t little_endian(Bytes bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i != 0; --i) value = value << 8 | bytes[i - 1];
  return value;
}

// RFC 8878, "Frame_Header".
struct ZstdHeader {
  std::uint64_t dictionary = 0;
  std::uint64_t window = 0;  // bytes; of a frame in one segment, that is all of its content
};

Result<ZstdHeader> read_zstd_header(Bytes head) {
  Reader in(head);
  TRY(in.take(4));
  const unsigned descriptor = TRY(in.take(1))[0];
  const bool one_segment = (descriptor & 0x20) != 0;
  ZstdHeader header;
  if (!one_segment) {
    const unsigned window = TRY(in.take(1))[0];
    const std::uint64_t base = std::uint64_t{1} << (10 + (window >> 3));
    header.window = base + base / 8 * (window & 7);
  }
  constexpr std::size_t kDictionarySizes[] = {0, 1, 2, 4};
  header.dictionary = little_endian(TRY(in.take(kDictionarySizes[descriptor & 3])));
  if (one_segment) {
    constexpr std::size_t kContentSizes[] = {1, 2, 4, 8};
    const std::size_t size = kContentSizes[descriptor >> 6];
    header.window = little_endian(TRY(in.take(size))) + (size == 2 ? 256 : 0);
  }
  return header;
}

std::optional<std::string> zstd_unfit(Bytes head) {
  constexpr std::uint64_t kMebibyte = 1 << 20;
  const auto header = read_zstd_header(head);
  if (!header) return std::nullopt;
  if (header->dictionary != 0)
    return fmt::format("needs dictionary {}, which kernels do not have", header->dictionary);
  if (header->window > 128 * kMebibyte)
    return fmt::format("a window of {} MiB; kernels take 128 MiB",
                       (header->window + kMebibyte - 1) / kMebibyte);
  return std::nullopt;
}

struct Known {
  std::size_t at;
  std::string_view bytes;
  const char* what;
};

constexpr Known kKnown[] = {
    {0, "\x04\x22\x4d\x18", "an lz4 frame; kernels read only the legacy format (lz4 -l)"},
    {0, std::string_view("PK\x03\x04", 4), "a zip archive"},
    {0, "7z\xbc\xaf\x27\x1c", "a 7z archive"},
    {0, "LZIP", "lzip data"},
    {0, "\x1f\x9d", "data of compress(1)"},
    {0, "070707",
     "a cpio archive in the old portable format; kernels read only newc (cpio -H newc)"},
    {0, "\xc7\x71",
     "a cpio archive in the old binary format; kernels read only newc (cpio -H newc)"},
    {0, "hsqs", "a squashfs file system"},
    {257, "ustar", "a tar archive"},
};

}  // namespace

std::optional<std::string> unfit_for_kernel(Method method, Bytes head) {
  switch (method) {
    case Method::kXz:
      return xz_unfit(head);
    case Method::kGzip:
      return gzip_unfit(head);
    case Method::kZstd:
      return zstd_unfit(head);
    case Method::kBzip2:
    case Method::kLzma:
    case Method::kLz4Legacy:
    case Method::kLzo:
      return std::nullopt;
  }
  return std::nullopt;
}

const char* known_but_unread(Bytes head) {
  if (detect(head)) return nullptr;
  const std::string_view text = as_text(head);
  for (const Known& known : kKnown) {
    if (text.size() > known.at && text.substr(known.at).starts_with(known.bytes)) return known.what;
  }
  if (head.size() >= 4 && (copy_out<le32>(head) & 0xfffffff0) == 0x184d2a50)
    return "a skippable zstd frame; kernels want the magic of zstd data first";
  return nullptr;
}

}  // namespace kip::codec
