// Decoders. Input: a byte that chooses the method, one that chooses how far it is read and in what
// pieces, then compressed bytes.
//
// Whatever the bytes are, a decoder stays below its memory limit, uses no more than there is, and
// gives the same, be it read in one piece or in many.
#include <algorithm>
#include <malloc.h>

#include "src/codec/kernel_fit.h"
#include "tests/fuzz/fuzz.h"

/// Of the sanitizers' run-time library, where there is one.
extern "C" std::size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));

namespace kip::fuzz {
namespace {

using codec::Extent;
using codec::Method;

constexpr std::size_t kPlainLimit = 1
                                    << 20;   // read no further: a few bytes may unpack to gigabytes
constexpr std::size_t kOverhead = 16 << 20;  // of a library, besides its window

// Bytes of heap in use: of the sanitizers' allocator, or else of the C library's.
std::size_t allocated() {
  if (__sanitizer_get_current_allocated_bytes != nullptr)
    return __sanitizer_get_current_allocated_bytes();
  const struct mallinfo2 heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

struct Decoded {
  support::Blob plain;
  std::optional<Error> error;
  bool ended = false;  // false, without an error: kPlainLimit was reached
  std::uint64_t consumed = 0;
  bool failed_behind = false;
};

Decoded decode(Method method, Extent extent, Bytes compressed, std::size_t piece) {
  const std::size_t before = allocated();
  MemoryInput in(compressed);
  codec::Decoders decoders;
  const auto decoder = decoders.open(method, in, extent);
  require(decoder.has_value(), "a decoder can be opened");
  Decoded decoded;
  support::Blob some(piece);
  while (decoded.plain.size() < kPlainLimit) {
    const auto count = (*decoder)->read(some);
    require(allocated() <= before + codec::kMemoryLimit + kOverhead, "the memory limit holds");
    if (!count) {
      decoded.error = count.error();
      break;
    }
    support::append(decoded.plain, support::View(some).first(*count));
    decoded.ended = *count == 0;
    if (decoded.ended) break;
  }
  decoded.consumed = (*decoder)->consumed();
  decoded.failed_behind = (*decoder)->failed_behind();
  require(decoded.consumed <= compressed.size(), "no more is consumed than there is");
  return decoded;
}

void require_same(const Decoded& a, const Decoded& b) {
  const std::size_t both = std::min(a.plain.size(), b.plain.size());
  require(std::equal(a.plain.begin(), a.plain.begin() + static_cast<std::ptrdiff_t>(both),
                     b.plain.begin()),
          "the same bytes come out");
  if ((!a.error && !a.ended) || (!b.error && !b.ended)) return;
  require(a.ended == b.ended, "there is an error in both or in none");
  require(a.failed_behind == b.failed_behind, "of the same kind");
  if (a.ended) require(a.plain.size() == b.plain.size(), "as many of them");
  if (a.error)
    require(a.error->code == b.error->code && a.error->what == b.error->what, "the same");
  if (a.ended || a.failed_behind) require(a.consumed == b.consumed, "at the same place");
  if (a.failed_behind) require(a.error->offset == a.consumed, "which the error names");
}

void run(Bytes input) {
  constexpr Method kMethods[] = {Method::kXz,    Method::kZstd, Method::kGzip,
                                 Method::kBzip2, Method::kLzma, Method::kLz4Legacy};
  Choices choices(input);
  const Method method = choices.one_of(kMethods);
  const Extent extent = choices.flip() ? Extent::kOneStream : Extent::kWhole;
  const std::size_t piece = 1 + choices.below(256);
  const Bytes compressed = choices.rest();
  const Bytes head = compressed.first(std::min(compressed.size(), Input::kPeek));
  for (const Method any : kMethods) (void)codec::unfit_for_kernel(any, head);
  require(!codec::detect(head) || codec::known_but_unread(head) == nullptr,
          "what can be decoded is not called unread");
  require_same(decode(method, extent, compressed, 1 << 16),
               decode(method, extent, compressed, piece));
}

}  // namespace
}  // namespace kip::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kip::fuzz::run({data, size});
  return 0;
}
