#include "COpenCL.h"

#ifdef CL_TARGET_OPENCL_VERSION

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static NNOpenCLFunctions table;
static const char *failure = "";
static atomic_int forks;
static pthread_once_t once = PTHREAD_ONCE_INIT;

char *nn_opencl_open(const char *library, NNOpenCLFunctions *functions) {
  // The library stays open to the end of the process: drivers do not survive being unloaded.
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return strdup(dlerror());
#define NN_OPENCL_LOAD(function) \
  functions->function = (__typeof__(function) *)dlsym(handle, #function); \
  if (!functions->function) return strdup("the OpenCL loader has no " #function);
  NN_OPENCL_FUNCTIONS(NN_OPENCL_LOAD)
#undef NN_OPENCL_LOAD
  return NULL;
}

static void count_fork(void) { atomic_fetch_add(&forks, 1); }

static void load(void) {
  char *reason = nn_opencl_open("libOpenCL.so.1", &table);
  if (reason) failure = reason;
  pthread_atfork(NULL, NULL, count_fork);
}

const NNOpenCLFunctions *nn_opencl_functions(void) {
  pthread_once(&once, load);
  return *failure ? NULL : &table;
}

const char *nn_opencl_load_error(void) {
  pthread_once(&once, load);
  return failure;
}

int nn_opencl_forks(void) { return atomic_load_explicit(&forks, memory_order_relaxed); }

#endif
