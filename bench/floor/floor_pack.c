// floor_pack DIR_INTEL DIR_AMD SIGHEX[,PFHEX] OUT
// Floor of row 1: read every header, read and sum the chosen update once, write it durably.
// Leaves out: checks, checksums of updates not chosen, duplicates, reports, reading back.
#define _GNU_SOURCE
#include "choose.h"

static struct choice choice;
static int kept_fd = -1;
static uint64_t kept_off;
static uint32_t kept_len;

static const unsigned char* get(struct source* s, uint64_t off, size_t len) {
  static unsigned char room[65536];
  return pread(s->fd, room, len, (off_t)off) == (ssize_t)len ? room : NULL;
}

static void keep(struct source* s, uint64_t off, uint32_t len) {
  if (kept_fd >= 0 && kept_fd != s->fd) close(kept_fd);
  kept_fd = s->fd, kept_off = off, kept_len = len;
}

static void visit(int dir, const char* name, void (*walk)(struct source*, struct choice*)) {
  struct source s = {get, keep, openat(dir, name, O_RDONLY | O_CLOEXEC)};
  need(s.fd >= 0, name);
  walk(&s, &choice);
  if (s.fd != kept_fd) close(s.fd);
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
  unsigned char* update = malloc(kept_len);
  need(update && pread(kept_fd, update, kept_len, (off_t)kept_off) == (ssize_t)kept_len, "update");
  write_chosen(&choice, argv[4], update, kept_len);
  return 0;
}
