#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "cpio/writer.h"
#include "src/base/sink.h"

namespace kip::cpio {
namespace {

// Appends a field of 8 hex digits.
Status append_field(std::string& header, const char* name, std::uint64_t value) {
  if (value > 0xffffffff)
    return fail(Errc::kLimit, fmt::format("{} {} does not fit a newc archive", name, value));
  header += fmt::format("{:08x}", value);
  return {};
}

}  // namespace

Writer::Writer(Sink& sink, std::int64_t mtime)
    : sink_(sink), start_(sink.written()), mtime_(mtime) {}

Status Writer::directory(std::string_view path, std::uint32_t permissions) {
  return member(path, kModeDirectory | permissions, 0, kPadding);
}

Status Writer::symlink(std::string_view path, std::string_view target) {
  if (target.empty() || target.find('\0') != target.npos)
    return fail(Errc::kInvalid, "a link's target is empty or holds NUL");
  if (target.size() >= kNameLimit)
    return fail(Errc::kLimit,
                fmt::format("a link's target of {} bytes is too long", target.size()));
  TRY(member(path, kModeSymlink | 0777, target.size(), kPadding));
  return write(as_bytes(target));
}

Status Writer::begin_file(std::string_view path, std::uint64_t size, std::uint64_t alignment,
                          std::uint32_t permissions) {
  return member(path, kModeRegular | permissions, size, alignment);
}

Status Writer::member(std::string_view path, std::uint32_t mode, std::uint64_t size,
                      std::uint64_t alignment) {
  TRY(end_member());
  if (path.empty() || path.find('\0') != path.npos)
    return fail(Errc::kInvalid, "a member's name is empty or holds NUL");
  if (mtime_ < 0)
    return fail(Errc::kLimit, fmt::format("time {} does not fit a newc archive", mtime_));
  const std::uint64_t name_end = position() + kHeaderSize + path.size() + 1;
  data_offset_ = align_up(name_end, alignment);
  // Data begins at the next multiple of 4 behind the name, so a name that ends at most 3 bytes in
  // front needs no NULs.
  const std::uint64_t name_size =
      path.size() + 1 +
      (align_up(name_end, kPadding) == data_offset_ ? 0 : data_offset_ - name_end);
  if (name_size > kNameLimit)
    return fail(Errc::kLimit, fmt::format("a member's name of {} bytes is too long", path.size()));

  const bool is_directory = (mode & kModeTypeMask) == kModeDirectory;
  const bool is_trailer = path == kTrailer;
  std::string header(kMagic);
  TRY(append_field(header, "inode number", is_trailer ? 0 : next_inode_++));
  TRY(append_field(header, "mode", is_trailer ? 0 : mode));
  TRY(append_field(header, "owner", 0));
  TRY(append_field(header, "group", 0));
  TRY(append_field(header, "link count", is_directory ? 2 : 1));
  TRY(append_field(header, "time", is_trailer ? 0 : static_cast<std::uint64_t>(mtime_)));
  TRY(append_field(header, "file size", size));
  for (const char* device : {"device major", "device minor", "rdev major", "rdev minor"}) {
    TRY(append_field(header, device, 0));
  }
  TRY(append_field(header, "name size", name_size));
  TRY(append_field(header, "checksum", 0));
  header += path;
  header.resize(kHeaderSize + name_size, '\0');
  TRY(sink_.write(as_bytes(header)));
  TRY(zeros(data_offset_ - position()));
  left_ = size;
  return {};
}

Status Writer::check_room(std::uint64_t size) const {
  if (size > left_) return fail(Errc::kInvalid, "more data than the member announced");
  return {};
}

Status Writer::write(Bytes data) {
  TRY(check_room(data.size()));
  TRY(sink_.write(data));
  left_ -= data.size();
  return {};
}

Status Writer::append(int source, std::uint64_t offset, std::uint64_t size) {
  TRY(check_room(size));
  TRY(sink_.append(source, offset, size));
  left_ -= size;
  return {};
}

Status Writer::end_member() {
  if (left_ != 0)
    return fail(Errc::kInvalid,
                fmt::format("member lacks {} bytes of the data it announced", left_));
  return zeros(align_up(position(), kPadding) - position());
}

Status Writer::zeros(std::uint64_t count) {
  constexpr std::array<std::uint8_t, 512> kZeros = {};
  while (count != 0) {
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(count, kZeros.size()));
    TRY(sink_.write(Bytes(kZeros).first(step)));
    count -= step;
  }
  return {};
}

Status Writer::finish(std::uint64_t pad_to) {
  TRY(member(kTrailer, 0, 0, kPadding));
  return zeros(align_up(position(), pad_to) - position());
}

}  // namespace kip::cpio
