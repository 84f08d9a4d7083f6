// Legacy lz4, as `lz4 -l` writes it and Linux reads it (lib/decompress_unlz4.c, unlz4(); this way
// since 5.14): the magic, then chunks, each of them le32 length and so many bytes. There is no end
// mark: where the next length should stand, a second magic is stepped over, while a length of 0 and
// fewer than 4 bytes end the stream and are not part of it. Anything else is taken for a length.
#include <algorithm>
#include <lz4.h>

#include "src/base/library.h"
#include "src/codec/context.h"

namespace kip::codec {
namespace {

KIP_DLOPEN_NOTE(kNote, "lz4", "reads files compressed with lz4 -l", "liblz4.so.1");

constexpr std::uint32_t kMagic = 0x184c2102;
constexpr std::size_t kPlainChunk = 8 << 20;  // most bytes a chunk unpacks to
constexpr std::size_t kPackedChunk = LZ4_COMPRESSBOUND(kPlainChunk);  // and most that it has itself
static_assert(Context::kAhead >= sizeof(le32));

struct Lz4 {
  decltype(LZ4_decompress_safe)* decompress = nullptr;

  Status load() { return bind_library("liblz4.so.1", {{"LZ4_decompress_safe", decompress}}); }
};

class Lz4Context : public Context {
 public:
  explicit Lz4Context(const Lz4& lz4) : lz4_(lz4) {}

  Status begin() override {
    begun_ = false;
    length_ = 0;
    chunk_.clear();
    plain_ = {};
    return {};
  }

  Result<Step> step(Bytes in, MutableBytes out) override {
    if (!plain_.empty()) return give(out);
    if (length_ == 0) return next_length(in);
    if (chunk_.size() < length_) return take(in);
    return decode();
  }

  std::size_t held() const override { return length_ == 0 ? 0 : sizeof(le32) + chunk_.size(); }

 private:
  Step give(MutableBytes out) {
    const std::size_t count = std::min(out.size(), plain_.size());
    std::copy_n(plain_.begin(), count, out.begin());
    plain_ = plain_.subspan(count);
    return {0, count, false};
  }

  Result<Step> next_length(Bytes in) {
    constexpr Step kEnd{0, 0, true};
    if (in.size() < sizeof(le32)) {
      if (!begun_) return fail(Errc::kTruncated, "lz4 data ends early");
      return kEnd;
    }
    const std::uint32_t word = copy_out<le32>(in);
    if (!begun_ && word != kMagic) return fail(Errc::kCorrupt, "lz4 data is corrupt");
    begun_ = true;
    if (word == 0) return kEnd;
    if (word != kMagic) {
      if (word > kPackedChunk) return not_a_length(Errc::kCorrupt);
      length_ = word;
    }
    return Step{sizeof(le32), 0, false};
  }

  // Of a chunk's bytes: the buffer grows with what is there, not with what was announced.
  Result<Step> take(Bytes in) {
    const std::size_t count = std::min(in.size(), length_ - chunk_.size());
    if (count == 0) return not_a_length(Errc::kTruncated);
    chunk_.insert(chunk_.end(), in.begin(), in.begin() + static_cast<std::ptrdiff_t>(count));
    return Step{count, 0, false};
  }

  // Takes nothing, so that a chunk which fails stays held.
  Result<Step> decode() {
    const MutableBytes room = room_.take(kPlainChunk);
    const int size = lz4_.decompress(
        reinterpret_cast<const char*>(chunk_.data()), reinterpret_cast<char*>(room.data()),
        static_cast<int>(chunk_.size()), static_cast<int>(room.size()));
    if (size < 0) {
      if (is_another_stream()) return not_a_length(Errc::kCorrupt);
      return fail(Errc::kCorrupt, "lz4 data is corrupt");
    }
    plain_ = room.first(static_cast<std::size_t>(size));
    length_ = 0;
    chunk_.clear();
    return Step{};
  }

  // The first bytes of a gzip stream make a length that may well be there.
  bool is_another_stream() const {
    std::array<std::uint8_t, sizeof(le32) + 4> head = {};
    const le32 length(static_cast<std::uint32_t>(length_));
    std::copy_n(bytes_of(length).begin(), sizeof length, head.begin());
    std::copy_n(chunk_.begin(), std::min<std::size_t>(4, chunk_.size()), head.begin() + 4);
    return detect(head).has_value();
  }

  static tl::unexpected<Error> not_a_length(Errc code) {
    return fail(code, "bytes behind the lz4 (legacy) data are read as the length of one more chunk",
                0);
  }

  Lz4 lz4_;
  bool begun_ = false;               // the magic was seen
  std::size_t length_ = 0;           // of the chunk under way; 0: a length comes next
  std::vector<std::uint8_t> chunk_;  // its bytes, as far as they came
  Scratch room_;                     // for what it unpacks to
  Bytes plain_;                      // of which this was not yet given out
};

}  // namespace

Result<std::shared_ptr<Context>> make_lz4() {
  Lz4 lz4;
  TRY(lz4.load());
  return std::shared_ptr<Context>(std::make_shared<Lz4Context>(lz4));
}

}  // namespace kip::codec
