#include <algorithm>
#include <array>
#include <string>

#include "src/segments/finder.h"

namespace kip::segments {
namespace {

constexpr std::size_t kFields = 14;  // the magic counts as one
enum Field : std::size_t { kMagic = 0, kMode = 2, kLinks = 5, kFileSize = 7, kNameSize = 12 };
constexpr std::uint32_t kPlainMagic = 0x070701, kSummedMagic = 0x070702;

using Fields = std::array<std::uint32_t, kFields>;

std::optional<std::uint32_t> hex_digit(std::uint8_t byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  const int letter = byte | 0x20;
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  return std::nullopt;
}

// Every digit has to be one, whether or not anybody needs the field.
std::optional<Fields> parse(Bytes header) {
  Fields fields{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < kFields; ++i) {
    const std::size_t end = at + (i == kMagic ? cpio::kMagic.size() : 8);
    for (; at < end; ++at) {
      const auto digit = hex_digit(header[at]);
      if (!digit) return std::nullopt;
      fields[i] = fields[i] << 4 | *digit;
    }
  }
  return fields;
}

class Finder {
 public:
  Finder(const Source& source, std::uint64_t size, std::string_view path)
      : source_(source), size_(size), path_(path) {}

  Result<Search> run() {
    auto in = TRY(source_(0));
    while (size_ - at_ > cpio::kHeaderSize) {
      TRY(in->skip(at_ - begin_ - in->position()));
      const Bytes head = TRY(in->peek(cpio::kHeaderSize));
      if (head.size() < cpio::kHeaderSize) return ended_early();
      if (head[0] == 0) {
        TRY(step_over_zeros(*in));
        in = TRY(source_(at_));
        begin_ = at_;
      } else if (const auto stop = TRY(member(*in, head))) {
        search_.stop = *stop;
        break;
      }
      if (search_.found) break;
    }
    search_.end = at_;
    return std::move(search_);
  }

 private:
  tl::unexpected<Error> ended_early() const {
    return fail(Errc::kTruncated, "the image became shorter while it was read", at_);
  }

  // By fours, of which only the first byte is looked at. Leaves the input anywhere.
  Status step_over_zeros(Input& in) {
    std::vector<std::uint8_t> block(Input::kPeek);
    for (;;) {
      const std::size_t got = TRY(in.read(block));
      for (std::size_t i = 0; i < got; i += 4, at_ += 4) {
        if (block[i] != 0 || size_ - at_ <= cpio::kHeaderSize) return {};
      }
      if (got < block.size()) return ended_early();
      block.resize(std::min<std::size_t>(block.size() * 2, kMostAtOnce));
    }
  }

  // Goes behind the member, or says why not.
  Result<std::optional<Search::Stop>> member(Input& in, Bytes head) {
    const auto fields = parse(head);
    if (!fields) return cpio::is_newc(head) ? Search::Stop::kBadField : Search::Stop::kNoArchive;
    if ((*fields)[kMagic] != kPlainMagic && (*fields)[kMagic] != kSummedMagic)
      return Search::Stop::kNoArchive;
    // Sizes have 32 bits: sums of 64 do not wrap.
    const std::uint64_t name = at_ + cpio::kHeaderSize;
    const std::uint64_t data = cpio::align_up(name + (*fields)[kNameSize], cpio::kPadding);
    const std::uint64_t next = cpio::align_up(data + (*fields)[kFileSize], cpio::kPadding);
    if (next > size_) return Search::Stop::kOverrun;
    const bool regular = ((*fields)[kMode] & cpio::kModeTypeMask) == cpio::kModeRegular;
    if (regular && (*fields)[kNameSize] >= path_.size()) {
      TRY(in.skip(cpio::kHeaderSize));
      std::vector<std::uint8_t> stored(
          std::clamp<std::size_t>((*fields)[kNameSize], path_.size(), cpio::kNameLimit));
      if (TRY(in.read(stored)) < stored.size()) return ended_early();
      const std::string_view text = as_text(stored);
      if (text.starts_with(path_)) {
        search_.found = {std::string(text.substr(0, text.find('\0'))), at_, data,
                         (*fields)[kFileSize], (*fields)[kLinks]};
        return std::optional<Search::Stop>();
      }
    }
    at_ = next;
    return std::optional<Search::Stop>();
  }

  static constexpr std::size_t kMostAtOnce = 64 * 1024;

  const Source& source_;
  const std::uint64_t size_;
  const std::string_view path_;
  std::uint64_t at_ = 0;     // in the image
  std::uint64_t begin_ = 0;  // where the input began
  Search search_;
};

}  // namespace

Result<Search> find_early(const Source& source, std::uint64_t size, std::string_view path) {
  return Finder(source, size, path).run();
}

}  // namespace kip::segments
