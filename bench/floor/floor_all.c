// floor_all DIR_INTEL DIR_AMD|- OUT
// Floor of row 4: read every file once into one reused buffer, sum it, write every distinct update
// into one early cpio, fsync, rename, fsync the directory. "Distinct" goes by four header words.
// Leaves out: checks, comparing bytes, ordering, merging AMD tables (containers are put end to
// end), reading back.
#define _GNU_SOURCE
#include "floor.h"

static unsigned char room[16 << 20];  // untouched pages cost nothing
static uint32_t seen[4096][4], seen_count, total;
static uint64_t written;
static int out;

static size_t slurp(int dir, const char* name) {
  int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
  need(fd >= 0, name);
  ssize_t n = read(fd, room, sizeof room);
  need(n >= 0, name);
  close(fd);
  total += sum32(room, (size_t)n);
  return (size_t)n;
}

static void put(const void* from, size_t n) {
  if (n) need(write(out, from, n) == (ssize_t)n, "write");
  written += n;
}

static int is_new(const unsigned char* h) {
  uint32_t key[4] = {u32(h + 12), u32(h + 24), u32(h + 4), u32(h + 16)};  // sig, pf, revision, sum
  for (uint32_t i = 0; i < seen_count; i++)
    if (memcmp(seen[i], key, sizeof key) == 0) return 0;
  need(seen_count < 4096, "too many updates");
  memcpy(seen[seen_count++], key, sizeof key);
  return 1;
}

static void intel(int dir, const char* name) {
  size_t n = slurp(dir, name), from = 0, off = 0;
  while (off + 48 <= n) {
    size_t len = u32(room + off + 28) ? u32(room + off + 32) : 2048;
    if (!is_new(room + off)) put(room + from, off - from), from = off + len;
    off += len;
  }
  put(room + from, n - from);
}

static void amd(int dir, const char* name) {
  put(room, slurp(dir, name));
}

static void member(const char* name, unsigned namesize, const char* path,
                   void (*visit)(int, const char*)) {
  char head[256];
  uint64_t at = written;
  put(head, newc(head, 0100644, name, namesize, 0));
  uint64_t data = written;
  each_file(path, visit);
  size_t n = newc(head, 0100644, name, namesize, (unsigned)(written - data));
  need(pwrite(out, head, n, (off_t)at) == (ssize_t)n, "header");
  put("\0\0\0", -written & 3);
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  char temporary[4096], tail[1024] = {0};
  out = open_beside(argv[3], temporary, sizeof temporary);
  if (strcmp(argv[2], "-") != 0) member(AMD_MEMBER, argv[2], amd);
  member(INTEL_MEMBER, argv[1], intel);
  size_t n = newc(tail, 0, "TRAILER!!!", 11, 0);
  put(tail, n + (-(written + n) & 511));
  commit(out, temporary, argv[3]);
  printf("%08x %u\n", total, seen_count);
  return 0;
}
