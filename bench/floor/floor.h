// Shared by the floors: summing, going through a directory, newc headers, a durable write.
// Refuses to know errors: input is trusted, whatever fails is exit 1.
#ifndef KIP_BENCH_FLOOR_H
#define KIP_BENCH_FLOOR_H
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define AMD_MAGIC 0x00414d44u /* "DMA\0" */

typedef uint32_t words4 __attribute__((vector_size(16), aligned(1), may_alias));

static inline uint32_t u32(const unsigned char* p) {
  uint32_t v;
  memcpy(&v, p, 4);
  return v;
}

static inline void need(int ok, const char* what) {
  if (!ok) {
    perror(what);
    exit(1);
  }
}

/* Explicit vectors: GCC 12 at -O2 leaves the plain loop scalar, which would flatter the subject. */
static inline uint32_t sum32(const unsigned char* p, size_t bytes) {
  words4 a = {0}, b = {0}, c = {0}, d = {0};
  uint32_t s = 0;
  for (; bytes >= 64; p += 64, bytes -= 64) {
    a += *(const words4*)p, b += *(const words4*)(p + 16);
    c += *(const words4*)(p + 32), d += *(const words4*)(p + 48);
  }
  a += b + c + d;
  for (; bytes >= 4; p += 4, bytes -= 4) s += u32(p);
  return s + a[0] + a[1] + a[2] + a[3];
}

static inline void each_file(const char* path, void (*visit)(int dir, const char* name)) {
  DIR* d = opendir(path);
  need(d != NULL, path);
  for (struct dirent* e; (e = readdir(d)) != NULL;)
    if (e->d_type == DT_REG) visit(dirfd(d), e->d_name);
  closedir(d);
}

static inline size_t newc(char* at, unsigned mode, const char* name, unsigned namesize,
                          unsigned filesize) {
  memset(at, 0, 110 + namesize + 3);
  sprintf(at, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s", 1u, mode, 0u, 0u, 1u,
          0u, filesize, 0u, 0u, 0u, 0u, namesize, 0u, name);
  return (110 + namesize + 3) & ~3u;
}
/* A 37-character member name in a namesize of 50: the data starts at byte 160, a multiple of 16. */
#define INTEL_MEMBER "kernel/x86/microcode/GenuineIntel.bin", 50
#define AMD_MEMBER "kernel/x86/microcode/AuthenticAMD.bin", 50

static inline int open_beside(const char* out, char* temporary, size_t room) {
  snprintf(temporary, room, "%s.tmp", out);
  int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  need(fd >= 0, temporary);
  return fd;
}

static inline void commit(int fd, const char* temporary, const char* out) {
  need(fsync(fd) == 0 && close(fd) == 0 && rename(temporary, out) == 0, out);
  char dir[4096];
  snprintf(dir, sizeof dir, "%s", out);
  char* slash = strrchr(dir, '/');
  if (slash) slash[1] = 0;
  int d = open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  need(d >= 0 && fsync(d) == 0 && close(d) == 0, dir);
}
#endif
