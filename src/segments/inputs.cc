#include <algorithm>
#include <numeric>

#include "src/segments/inputs.h"

namespace kip::segments {

std::size_t zero_run(Bytes bytes) {
  const auto end = std::find_if(bytes.begin(), bytes.end(), [](std::uint8_t b) { return b != 0; });
  return static_cast<std::size_t>(end - bytes.begin());
}

Result<Bytes> Plain::ahead() {
  if (begin_ == end_) {
    if (error_) return tl::unexpected<Error>(*error_);
    auto got = decoder_.read(block_);
    if (!got) {
      error_ = got.error();
      return tl::unexpected<Error>(*error_);
    }
    begin_ = 0;
    end_ = *got;
  }
  return Bytes(block_).subspan(begin_, end_ - begin_);
}

Result<std::size_t> Plain::do_read(MutableBytes out) {
  std::size_t done = 0;
  while (done < out.size()) {
    const auto some = ahead();
    if (!some && done == 0) return tl::unexpected<Error>(some.error());
    if (!some || some->empty()) break;
    const std::size_t count = std::min(out.size() - done, some->size());
    std::copy_n(some->begin(), count, out.begin() + static_cast<std::ptrdiff_t>(done));
    begin_ += count;
    done += count;
  }
  return done;
}

Result<std::uint64_t> Plain::do_skip(std::uint64_t count) {
  std::uint64_t done = 0;
  while (done < count) {
    const Bytes some = TRY(ahead());
    if (some.empty()) break;
    const std::uint64_t step = std::min<std::uint64_t>(count - done, some.size());
    begin_ += static_cast<std::size_t>(step);
    done += step;
  }
  return done;
}

Status Summed::finish() {
  TRY(skip(UINT64_MAX));
  return {};
}

Result<std::size_t> Summed::do_read(MutableBytes out) {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_));
  const std::size_t count = TRY(parent_.read(out.first(wanted)));
  sum_ = std::accumulate(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(count), sum_);
  left_ -= count;
  return count;
}

}  // namespace kip::segments
