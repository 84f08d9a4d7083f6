#include <algorithm>

#include "src/base/input.h"

namespace kip {

Result<Bytes> Input::peek(std::size_t count) {
  if (end_ - begin_ < count) {
    std::copy(ahead_.begin() + static_cast<std::ptrdiff_t>(begin_),
              ahead_.begin() + static_cast<std::ptrdiff_t>(end_), ahead_.begin());
    end_ -= begin_;
    begin_ = 0;
    end_ += TRY(do_read(MutableBytes(ahead_).subspan(end_)));
  }
  return Bytes(ahead_).subspan(begin_, std::min(count, end_ - begin_));
}

std::size_t Input::take_ahead(MutableBytes out) {
  const std::size_t count = std::min(out.size(), end_ - begin_);
  std::copy_n(ahead_.begin() + static_cast<std::ptrdiff_t>(begin_), count, out.begin());
  begin_ += count;
  return count;
}

Result<std::size_t> Input::read(MutableBytes out) {
  std::size_t done = take_ahead(out);
  out = out.subspan(done);
  if (out.size() > kPeek / 2) {
    begin_ = end_ = 0;
    done += TRY(do_read_on(out, ahead_, end_));
  } else if (!out.empty()) {
    // Behind something small comes something small: headers, tables.
    TRY(peek(kPeek));
    done += take_ahead(out);
  }
  position_ += done;
  return done;
}

Result<std::size_t> Input::do_read_on(MutableBytes out, MutableBytes, std::size_t&) {
  return do_read(out);
}

Result<std::uint64_t> Input::skip(std::uint64_t count) {
  const std::uint64_t ready = std::min<std::uint64_t>(count, end_ - begin_);
  begin_ += static_cast<std::size_t>(ready);
  std::uint64_t done = ready;
  if (done < count) done += TRY(do_skip(count - done));
  position_ += done;
  return done;
}

Result<std::uint64_t> Input::skip_by_reading(std::uint64_t count) {
  std::array<std::uint8_t, 16 * 1024> scrap;
  std::uint64_t done = 0;
  while (done < count) {
    const auto step = static_cast<std::size_t>(std::min<std::uint64_t>(scrap.size(), count - done));
    const std::size_t got = TRY(do_read(MutableBytes(scrap).first(step)));
    done += got;
    if (got < step) break;
  }
  return done;
}

Result<std::size_t> MemoryInput::do_read(MutableBytes out) {
  const std::size_t count = std::min(out.size(), rest_.size());
  std::copy_n(rest_.begin(), count, out.begin());
  rest_ = rest_.subspan(count);
  return count;
}

Result<std::uint64_t> MemoryInput::do_skip(std::uint64_t count) {
  const std::size_t moved = static_cast<std::size_t>(std::min<std::uint64_t>(count, rest_.size()));
  rest_ = rest_.subspan(moved);
  return moved;
}

Result<std::size_t> SliceInput::do_read(MutableBytes out) {
  const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), left_));
  const std::size_t count = TRY(parent_.read(out.first(wanted)));
  left_ -= count;
  return count;
}

Result<std::uint64_t> SliceInput::do_skip(std::uint64_t count) {
  const std::uint64_t moved = TRY(parent_.skip(std::min(count, left_)));
  left_ -= moved;
  return moved;
}

Result<std::vector<std::uint8_t>> read_rest(Input& in, std::uint64_t limit) {
  constexpr std::size_t kStep = 64 * 1024;
  std::vector<std::uint8_t> all;
  for (;;) {
    const std::size_t before = all.size();
    all.resize(before + kStep);
    const std::size_t count = TRY(in.read(MutableBytes(all).subspan(before)));
    all.resize(before + count);
    if (all.size() > limit) {
      return fail(Errc::kLimit, "more than " + std::to_string(limit) + " bytes", in.position());
    }
    if (count < kStep) return all;
  }
}

}  // namespace kip
