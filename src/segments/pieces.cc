#include <algorithm>

#include "src/base/file.h"
#include "src/segments/pieces.h"

namespace kip::segments {
namespace {

class Joined : public Input {
 public:
  Joined(int descriptor, std::vector<Piece> pieces, std::uint64_t padded_to, std::uint64_t start)
      : descriptor_(descriptor), pieces_(std::move(pieces)), padded_to_(padded_to) {
    move(start);
  }

 protected:
  Result<std::size_t> do_read(MutableBytes out) override {
    std::size_t done = 0;
    while (done < out.size() && next_ < pieces_.size()) {
      const Piece& piece = pieces_[next_];
      const MutableBytes rest = out.subspan(done);
      if (at_ < piece.size) {
        done += TRY(read_piece(piece, rest));
      } else {
        const auto count = static_cast<std::size_t>(
            std::min<std::uint64_t>(rest.size(), cpio::align_up(piece.size, padded_to_) - at_));
        std::fill_n(rest.begin(), count, std::uint8_t{0});
        at_ += count;
        done += count;
      }
      leave_ended();
    }
    return done;
  }

  Result<std::uint64_t> do_skip(std::uint64_t count) override { return move(count); }

 private:
  std::uint64_t move(std::uint64_t count) {
    std::uint64_t done = 0;
    while (done < count && next_ < pieces_.size()) {
      const std::uint64_t left = cpio::align_up(pieces_[next_].size, padded_to_) - at_;
      const std::uint64_t step = std::min(count - done, left);
      at_ += step;
      done += step;
      in_.reset();
      leave_ended();
    }
    return done;
  }

  Result<std::size_t> read_piece(const Piece& piece, MutableBytes out) {
    if (!in_) in_ = std::make_unique<FileInput>(descriptor_, piece.offset + at_);
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(out.size(), piece.size - at_));
    const std::size_t got = TRY(in_->read(out.first(wanted)));
    if (got < wanted)
      return fail(Errc::kTruncated, "the file became shorter while it was read",
                  piece.offset + at_);
    at_ += got;
    return got;
  }

  void leave_ended() {
    while (next_ < pieces_.size() && at_ >= cpio::align_up(pieces_[next_].size, padded_to_)) {
      at_ = 0;
      ++next_;
      in_.reset();
    }
  }

  int descriptor_;
  std::vector<Piece> pieces_;
  std::uint64_t padded_to_;
  std::size_t next_ = 0;           // of the pieces
  std::uint64_t at_ = 0;           // in that piece and its padding
  std::unique_ptr<FileInput> in_;  // at that place, if it was needed
};

}  // namespace

Source join_pieces(int descriptor, std::vector<Piece> pieces, std::uint64_t padded_to) {
  std::erase_if(pieces, [](const Piece& piece) { return piece.size == 0; });
  return [=](std::uint64_t offset) -> Result<std::unique_ptr<Input>> {
    return std::make_unique<Joined>(descriptor, pieces, padded_to, offset);
  };
}

}  // namespace kip::segments
