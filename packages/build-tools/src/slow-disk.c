// Makes every flush take longer, as on a disk that is slower than this machine's: loaded into the server by LD_PRELOAD.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

static int (*real_fdatasync)(int);
static struct timespec delay;

__attribute__((constructor)) static void prepare(void) {
  const char *microseconds = getenv("WRIT_FLUSH_MICROSECONDS");
  long wanted = microseconds ? atol(microseconds) : 0;
  delay.tv_sec = wanted / 1000000;
  delay.tv_nsec = wanted % 1000000 * 1000;
  real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
}

int fdatasync(int file) {
  int result = real_fdatasync(file);
  int error = errno;
  struct timespec left = delay;
  // A signal ends the sleep early, and says how much of it was left.
  while (nanosleep(&left, &left) == -1 && errno == EINTR)
    ;
  errno = error;
  return result;
}
