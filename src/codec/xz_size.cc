#include <algorithm>
#include <lzma.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/base/library.h"
#include "src/codec/size.h"

namespace kip::codec {
namespace {

/// One block, as xz writes without threads, has an index of 16 bytes or so; one of many blocks is
/// not worth knowing.
constexpr std::size_t kIndexLimit = 4096;

struct LzmaIndex {
  decltype(lzma_stream_footer_decode)* footer_decode = nullptr;
  decltype(lzma_index_buffer_decode)* index_decode = nullptr;
  decltype(lzma_index_uncompressed_size)* uncompressed_size = nullptr;
  decltype(lzma_index_stream_size)* stream_size = nullptr;
  decltype(lzma_index_end)* end = nullptr;

  static const LzmaIndex* get() {
    static const Result<LzmaIndex> loaded = load();
    return loaded ? &*loaded : nullptr;
  }

 private:
  static Result<LzmaIndex> load() {
    LzmaIndex lzma;
    TRY(bind_library("liblzma.so.5", {{"lzma_stream_footer_decode", lzma.footer_decode},
                                      {"lzma_index_buffer_decode", lzma.index_decode},
                                      {"lzma_index_uncompressed_size", lzma.uncompressed_size},
                                      {"lzma_index_stream_size", lzma.stream_size},
                                      {"lzma_index_end", lzma.end}}));
    return lzma;
  }
};

}  // namespace

std::optional<std::uint64_t> xz_decoded_size(int descriptor) {
  const LzmaIndex* const lzma = LzmaIndex::get();
  struct stat status;
  if (lzma == nullptr || ::fstat(descriptor, &status) != 0) return std::nullopt;
  const auto file_size = static_cast<std::uint64_t>(status.st_size);
  std::uint8_t tail[kIndexLimit + LZMA_STREAM_HEADER_SIZE];
  const std::size_t wanted = std::min<std::uint64_t>(sizeof tail, file_size);
  const ssize_t got = ::pread(descriptor, tail, wanted, static_cast<off_t>(file_size - wanted));
  if (got < LZMA_STREAM_HEADER_SIZE || static_cast<std::size_t>(got) != wanted) return std::nullopt;
  const std::size_t footer = wanted - LZMA_STREAM_HEADER_SIZE;
  lzma_stream_flags flags;
  if (lzma->footer_decode(&flags, tail + footer) != LZMA_OK || flags.backward_size > footer)
    return std::nullopt;
  lzma_index* index = nullptr;
  std::uint64_t memory = kIndexLimit * 64;
  std::size_t at = footer - static_cast<std::size_t>(flags.backward_size);
  if (lzma->index_decode(&index, &memory, nullptr, tail, &at, footer) != LZMA_OK)
    return std::nullopt;
  std::optional<std::uint64_t> size;
  if (lzma->stream_size(index) == file_size) size = lzma->uncompressed_size(index);
  lzma->end(index, nullptr);
  return size;
}

}  // namespace kip::codec
