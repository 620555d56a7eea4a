// The processors available to this process. This is in C because the call needs a feature macro, which Swift cannot
// define.
#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#endif

#include "CPUKernels.h"

int nn_allowed_processors(void) {
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
#endif
  return 0;
}
