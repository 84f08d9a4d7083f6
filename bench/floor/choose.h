// Shared by floor_pack and floor_decode: choosing one update by its headers, and writing it as a
// small early cpio. Refuses to know errors: input is trusted. Formats: Intel SDM vol. 3A,
// "Microcode Update Facilities"; Linux arch/x86/kernel/cpu/microcode/amd.c.
#ifndef KIP_BENCH_CHOOSE_H
#define KIP_BENCH_CHOOSE_H
#include <sys/uio.h>

#include "floor.h"

struct source {  // one file, plain or compressed
  // `len` bytes at `off`, valid until the next call; null past the end
  const unsigned char* (*get)(struct source*, uint64_t off, size_t len);
  // the update at (off, len) is the best so far
  void (*keep)(struct source*, uint64_t off, uint32_t len);
  int fd;
};

struct choice {
  uint32_t sig, pf;  // asked for; pf all ones: any platform
  uint32_t revision, amd_equivalence;
  int found;
};

static inline struct choice choice_of(const char* spec) {  // 806f8 | 0x806f8 | 0x806f8,0x87
  char* end;
  struct choice c = {.sig = (uint32_t)strtoul(spec, &end, 16), .pf = ~0u};
  if (*end == ',') c.pf = (uint32_t)strtoul(end + 1, NULL, 16);
  return c;
}

static inline void consider(struct source* s, struct choice* c, uint32_t rev, uint64_t off,
                            uint32_t len) {
  if (c->found && rev <= c->revision) return;
  c->found = 1, c->revision = rev;
  s->keep(s, off, len);
}

static inline void walk_intel(struct source* s, struct choice* c) {
  const unsigned char* h;
  for (uint64_t off = 0; (h = s->get(s, off, 48)) != NULL;) {
    uint32_t rev = u32(h + 4), data = u32(h + 28), total = data ? u32(h + 32) : 2048;
    int match = u32(h + 12) == c->sig && (u32(h + 24) & c->pf);
    if (!data) data = 2000;
    if (total > 48 + data && (h = s->get(s, off + 48 + data, total - 48 - data)) != NULL)
      for (uint32_t i = 0, n = u32(h); i < n; i++)
        match |= u32(h + 20 + 12 * i) == c->sig && (u32(h + 24 + 12 * i) & c->pf);
    if (match) consider(s, c, rev, off, total);
    off += total;
  }
}

static inline void walk_amd(struct source* s, struct choice* c) {
  const unsigned char* h;
  uint32_t equivalence = 0;
  for (uint64_t off = 0; (h = s->get(s, off, 72)) != NULL;) {
    uint32_t size = u32(h + 4);
    if (u32(h) == AMD_MAGIC) {
      uint32_t bytes = u32(h + 8);
      h = s->get(s, off + 12, bytes);
      equivalence = 0;
      for (uint32_t i = 0; i + 16 <= bytes; i += 16)
        if (u32(h + i) == c->sig) equivalence = u32(h + i + 12) & 0xffff;
      off += 12 + bytes;
    } else {
      if (equivalence && (u32(h + 8 + 24) & 0xffff) == equivalence) {
        c->amd_equivalence = equivalence;
        consider(s, c, u32(h + 8 + 4), off + 8, size);
      }
      off += 8 + size;
    }
  }
}

static inline void write_chosen(const struct choice* c, const char* out, unsigned char* update,
                                uint32_t len) {
  if (sum32(update, len) == 1) fputs("", stderr); /* so that the sum is not optimised away */
  static char head[512], tail[1024];
  unsigned char amd[52] = {0};
  uint32_t before = c->amd_equivalence ? sizeof amd : 0;
  uint32_t words[13] = {AMD_MAGIC, 0, 32, c->sig, 0, 0, c->amd_equivalence, 0, 0, 0, 0, 1, len};
  memcpy(amd, words, sizeof amd);
  size_t n = c->amd_equivalence ? newc(head, 0100644, AMD_MEMBER, before + len)
                                : newc(head, 0100644, INTEL_MEMBER, len);
  size_t pad = -(n + before + len) & 3, end = pad + newc(tail + pad, 0, "TRAILER!!!", 11, 0);
  end += -(n + before + len + end) & 511;
  struct iovec parts[4] = {{head, n}, {amd, before}, {update, len}, {tail, end}};
  char temporary[4096];
  int fd = open_beside(out, temporary, sizeof temporary);
  need(writev(fd, parts, 4) == (ssize_t)(n + before + len + end), out);
  commit(fd, temporary, out);
}
#endif
