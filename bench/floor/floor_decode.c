// floor_decode DIR_INTEL DIR_AMD SIGHEX[,PFHEX] OUT
// Floor of row 2: as floor_pack, over files that are all .xz or all .zst. Each is decoded only up
// to its last update header (to the end of its last extended table, where it has one) and, for the
// chosen update, to that update's end. One decoder and one buffer are reused. Where a file ends is
// taken from the xz index or the zstd frame header, so nothing is decoded to learn that nothing
// follows. Leaves out: what floor_pack leaves out, integrity checks at the end of a stream, several
// streams.
#define _GNU_SOURCE
#include <lzma.h>
#include <sys/stat.h>
#include <zstd.h>

#include "choose.h"

static struct choice choice;
static unsigned char packed[32 << 10], plain[32 << 20];  // untouched pages cost nothing
static uint64_t packed_at;                               // offset of the next bytes to read
static size_t plain_size;                                // by index or frame header
static lzma_stream xz = LZMA_STREAM_INIT;
static ZSTD_DCtx* zstd;
static ZSTD_inBuffer in;
static ZSTD_outBuffer out;
static unsigned char* kept;
static uint32_t kept_len;
static int is_xz;

static uint64_t varint(const unsigned char** p) {
  uint64_t v = 0;
  for (int shift = 0;; shift += 7) {
    v |= (uint64_t)(**p & 0x7f) << shift;
    if (!(*(*p)++ & 0x80)) return v;
  }
}

// Uncompressed size by the index in front of the footer (xz file format 1.1.0, "Index"). One block,
// as xz writes without threads, has an index far below 64 bytes.
static size_t xz_size(int fd) {
  unsigned char end[64];
  struct stat st;
  need(fstat(fd, &st) == 0 && pread(fd, end, sizeof end, st.st_size - 64) == 64, "footer");
  const unsigned char* footer = end + sizeof end - 12;
  const unsigned char* p = footer - ((size_t)u32(footer + 4) + 1) * 4 + 1;
  size_t size = 0;
  for (uint64_t records = varint(&p); records > 0; records--) varint(&p), size += varint(&p);
  return size;
}

static size_t refill(int fd) {
  ssize_t n = pread(fd, packed, sizeof packed, (off_t)packed_at);
  need(n > 0, "read");
  packed_at += (uint64_t)n;
  return (size_t)n;
}

static const unsigned char* get(struct source* s, uint64_t off, size_t len) {
  size_t upto = (size_t)off + len;
  if (upto > plain_size) return NULL;
  if (is_xz) {
    size_t done = (size_t)(xz.next_out - plain);
    xz.avail_out = upto > done ? upto - done : 0;
    while (xz.avail_out > 0) {
      if (xz.avail_in == 0) xz.avail_in = refill(s->fd), xz.next_in = packed;
      need(lzma_code(&xz, LZMA_RUN) <= LZMA_STREAM_END, "xz");
    }
  } else {
    out.size = upto > out.pos ? upto : out.pos;
    while (out.pos < upto) {
      if (in.pos == in.size) in = (ZSTD_inBuffer){packed, refill(s->fd), 0};
      need(!ZSTD_isError(ZSTD_decompressStream(zstd, &out, &in)), "zstd");
    }
  }
  return plain + off;
}

static void keep(struct source* s, uint64_t off, uint32_t len) {
  kept = realloc(kept, len), kept_len = len;
  const unsigned char* from = get(s, off, len);
  need(kept && from, "update");
  memcpy(kept, from, len);
}

static void visit(int dir, const char* name, void (*walk)(struct source*, struct choice*)) {
  struct source s = {get, keep, openat(dir, name, O_RDONLY | O_CLOEXEC)};
  need(s.fd >= 0, name);
  packed_at = 0;
  size_t n = refill(s.fd);
  is_xz = packed[0] == 0xfd;
  if (is_xz) {
    need(lzma_stream_decoder(&xz, UINT64_MAX, LZMA_IGNORE_CHECK) == LZMA_OK, "xz");
    xz.next_in = packed, xz.avail_in = n, xz.next_out = plain;
    plain_size = xz_size(s.fd);
  } else {
    if (!zstd) zstd = ZSTD_createDCtx();
    ZSTD_DCtx_reset(zstd, ZSTD_reset_session_only);
    in = (ZSTD_inBuffer){packed, n, 0}, out = (ZSTD_outBuffer){plain, 0, 0};
    plain_size = (size_t)ZSTD_getFrameContentSize(packed, n);
  }
  need(plain_size <= sizeof plain, "size");
  walk(&s, &choice);
  close(s.fd);
}
static void intel(int dir, const char* name) {
  visit(dir, name, walk_intel);
}
static void amd(int dir, const char* name) {
  visit(dir, name, walk_amd);
}

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  choice = choice_of(argv[3]);
  each_file(argv[1], intel);
  each_file(argv[2], amd);
  if (!choice.found) return 3;
  write_chosen(&choice, argv[4], kept, kept_len);
  return 0;
}
