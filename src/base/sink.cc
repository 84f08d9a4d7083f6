#include <algorithm>
#include <array>
#include <unistd.h>

#include "src/base/file.h"
#include "src/base/sink.h"

namespace kip {
namespace {

/// Bytes copied at a time.
constexpr std::uint64_t kCopyPiece = 256 * 1024;

Status write_all(int descriptor, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0) {
      if (errno == EINTR) continue;
      return fail_errno();
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace

Status Sink::write(Bytes bytes) {
  TRY(do_write(bytes));
  written_ += bytes.size();
  return {};
}

Status Sink::write_zeros(std::uint64_t count) {
  constexpr std::array<std::uint8_t, 512> kZeros = {};
  for (std::uint64_t piece = 0; count != 0; count -= piece) {
    piece = std::min<std::uint64_t>(count, kZeros.size());
    TRY(write(Bytes(kZeros).first(piece)));
  }
  return {};
}

Status Sink::append(int source, std::uint64_t offset, std::uint64_t size) {
  FileInput rest(source, offset);
  std::vector<std::uint8_t> buffer(std::min(size, kCopyPiece));
  while (size != 0) {
    const auto piece = MutableBytes(buffer).first(std::min<std::uint64_t>(size, buffer.size()));
    if (TRY(rest.read(piece)) < piece.size()) return fail(Errc::kTruncated, "ends early");
    TRY(write(piece));
    size -= piece.size();
  }
  return {};
}

Status MemorySink::do_write(Bytes bytes) {
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return {};
}

Status DescriptorSink::do_write(Bytes bytes) {
  return write_all(descriptor_, bytes);
}

Status NullSink::do_write(Bytes) {
  return {};
}

}  // namespace kip
