#include <algorithm>

#include "src/base/file.h"
#include "src/image/sums.h"

namespace kip::image {
namespace {

constexpr std::size_t kBlock = 256 * 1024;  // bytes at a time

const char* const kChanged = "changed while it was being read";

// Calls `take` with the bytes of a range, in pieces.
template <class Take>
Status read_range(int descriptor, const Range& range, std::vector<std::uint8_t>& buffer,
                  Take take) {
  buffer.resize(kBlock);
  FileInput in(descriptor, range.begin);
  for (std::uint64_t left = range.end - range.begin; left != 0;) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left, kBlock));
    const MutableBytes piece = MutableBytes(buffer).first(count);
    if (TRY(in.read(piece)) < count) return fail(Errc::kCorrupt, kChanged);
    take(Bytes(piece));
    left -= count;
  }
  return {};
}

Status check_end(int descriptor, std::uint64_t size) {
  FileInput in(descriptor, size);
  if (!TRY(in.peek(1)).empty()) return fail(Errc::kCorrupt, kChanged);
  return {};
}

}  // namespace

Result<Sums> read_sums(int descriptor, std::uint64_t size, std::span<const Range> ranges) {
  digest::Hasher whole = TRY(digest::Hasher::make()), one = TRY(digest::Hasher::make());
  std::vector<std::uint8_t> buffer;
  Sums sums;
  std::uint64_t at = 0;
  whole.begin();
  const auto add = [&](Bytes bytes) { whole.add(bytes); };
  for (const Range& range : ranges) {
    TRY(read_range(descriptor, {at, range.begin}, buffer, add));
    // A range that is the whole file need not be hashed twice.
    const bool all = range.begin == 0 && range.end == size;
    one.begin();
    TRY(read_range(descriptor, range, buffer, [&](Bytes bytes) {
      add(bytes);
      if (!all) one.add(bytes);
    }));
    sums.ranges.push_back(one.finish());
    at = range.end;
  }
  TRY(read_range(descriptor, {at, size}, buffer, add));
  TRY(check_end(descriptor, size));
  sums.whole = whole.finish();
  if (ranges.size() == 1 && ranges.front() == Range{0, size}) sums.ranges = {sums.whole};
  return sums;
}

Status add_ranges(digest::Hasher& hasher, int descriptor, std::span<const Range> ranges) {
  std::vector<std::uint8_t> buffer;
  for (const Range& range : ranges)
    TRY(read_range(descriptor, range, buffer, [&](Bytes bytes) { hasher.add(bytes); }));
  return {};
}

}  // namespace kip::image
