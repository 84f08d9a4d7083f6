// launch [-1] PROGRAM ARG...
// Runs PROGRAM once with output to /dev/null (-1: on one CPU) and prints one line:
// nanoseconds from before the fork to after the wait, peak resident KiB, exit status (128 +
// signal). Why not from Python: exec carries the caller's high-water mark into ru_maxrss (Linux
// fs/exec.c, exec_mmap), even after vfork, so a child of a 12 MiB interpreter never measures below
// 12 MiB. This is small.
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void pin(void) {
  cpu_set_t all, one;
  if (sched_getaffinity(0, sizeof all, &all) != 0) return;
  size_t cpu = 0;
  while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET(cpu, &all)) cpu++;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  sched_setaffinity(0, sizeof one, &one);
}

int main(int argc, char** argv) {
  if (argc > 1 && strcmp(argv[1], "-1") == 0) pin(), argv++, argc--;
  if (argc < 2) return 2;
  int null = open("/dev/null", O_RDWR | O_CLOEXEC), status;
  struct timespec from, to;
  struct rusage used;
  posix_spawn_file_actions_t redirect;
  posix_spawn_file_actions_init(&redirect);
  for (int fd = 0; fd < 3; fd++) posix_spawn_file_actions_adddup2(&redirect, null, fd);
  clock_gettime(CLOCK_MONOTONIC, &from);
  pid_t child;
  if (posix_spawn(&child, argv[1], &redirect, NULL, argv + 1, environ) != 0) return 1;
  if (wait4(child, &status, 0, &used) != child) return 1;
  clock_gettime(CLOCK_MONOTONIC, &to);
  long long ns = (to.tv_sec - from.tv_sec) * 1000000000LL + (to.tv_nsec - from.tv_nsec);
  printf("%lld %ld %d\n", ns, used.ru_maxrss,
         WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  return 0;
}
