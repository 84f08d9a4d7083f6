#include <algorithm>
#include <limits>
#include <vector>

#include "cpio/reader.h"
#include "src/base/file.h"
#include "src/codec/size.h"
#include "src/image/manifest.h"
#include "src/image/overlay_manifest.h"
#include "src/image/overlay_sign.h"
#include "src/image/pieces.h"

namespace kip::image {
namespace {

constexpr std::size_t kBlock = 1 << 18;  // bytes read at a time
constexpr std::size_t kStep = 64;        // bytes looked at with one answer

constexpr std::string_view kMagic = "070701";

// Whether these are the first two bytes of zstd, gzip, xz or an archive.
unsigned is_candidate(const std::uint8_t* at) {
  return static_cast<unsigned>((at[0] == 0x28) & (at[1] == 0xb5)) |
         static_cast<unsigned>((at[0] == 0x1f) & (at[1] == 0x8b)) |
         static_cast<unsigned>((at[0] == 0xfd) & (at[1] == 0x37)) |
         static_cast<unsigned>((at[0] == '0') & (at[1] == '7'));
}

// Of kStep places. Written so that compilers make vector instructions of it: 50 MB take some 10 ms.
bool any_candidate(const std::uint8_t* at) {
  unsigned found = 0;
  for (std::size_t i = 0; i < kStep; ++i) found |= is_candidate(at + i);
  return found != 0;
}

// The early part has a member `kip` as well, and another one behind it.
bool begins_overlay(Input& in) {
  cpio::Reader archive(in);
  const auto is_next = [&](std::string_view name) {
    const auto member = archive.next().value_or(std::nullopt);
    return member && member->name == name;
  };
  return is_next(kManifestDirectory) && is_next(kOverlayManifestPath);
}

class Search {
 public:
  explicit Search(int descriptor) : descriptor_(descriptor) {}

  // Most generators make one frame of zstd behind raw archives, and over a frame one can step.
  bool run() {
    const auto front = read_shape(descriptor_, Depth::kFront);
    const auto begin = front ? front->compressed : std::nullopt;
    const auto end = begin ? codec::zstd_frame_end(descriptor_, *begin) : std::nullopt;
    if (!begin || !end) return search(0);
    return search(0, *begin + kStep) || search(*end);
  }

 private:
  // Beginnings from `start` on; whoever knows that there are none behind `end` saves the reading.
  bool search(std::uint64_t start, std::uint64_t end = std::numeric_limits<std::uint64_t>::max()) {
    // Behind each block a little is left over, so that no beginning is cut in two.
    std::vector<std::uint8_t> buffer(kBlock + kStep + 1);
    FileInput in(descriptor_, start);
    std::size_t kept = 0;
    for (;;) {
      const auto count = in.read(MutableBytes(buffer).subspan(kept));
      if (!count) return false;
      const std::size_t filled = kept + *count;
      const bool last = filled < buffer.size();
      if (last) std::fill(buffer.begin() + static_cast<std::ptrdiff_t>(filled), buffer.end(), 0);
      if (look_at(Bytes(buffer).first(buffer.size()), start)) return true;
      if (last || start + filled > end) return false;
      kept = kStep + 1;
      std::copy(buffer.end() - static_cast<std::ptrdiff_t>(kept), buffer.end(), buffer.begin());
      start += buffer.size() - kept;
    }
  }

  // `start`: of the block, in the image.
  bool look_at(Bytes block, std::uint64_t start) {
    for (std::size_t at = 0; at + kStep < block.size(); at += kStep) {
      if (!any_candidate(block.data() + at)) continue;
      for (std::size_t i = at; i < at + kStep; ++i) {
        if (is_candidate(block.data() + i) != 0 && is_overlay(block.subspan(i), start + i))
          return true;
      }
    }
    return false;
  }

  // `head`: what is in the buffer from there on; zeros behind the image's end are no magic of anything.
  bool is_overlay(Bytes head, std::uint64_t offset) {
    if (as_text(head).starts_with(kMagic)) {
      FileInput in(descriptor_, offset);
      return begins_overlay(in);
    }
    const auto method = codec::detect(head);
    if (method != codec::Method::kZstd && method != codec::Method::kGzip &&
        method != codec::Method::kXz)
      return false;
    FileInput in(descriptor_, offset);
    const auto plain = decoders_.open(*method, in, codec::Extent::kOneStream);
    return plain && begins_overlay(**plain);
  }

  int descriptor_;
  codec::Decoders decoders_;
};

}  // namespace

bool may_have_overlay(int descriptor) {
  return Search(descriptor).run();
}

}  // namespace kip::image
