// For dladdr.
#define _GNU_SOURCE 1
#include "COpenCL.h"

#ifdef CL_TARGET_OPENCL_VERSION

#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static NNOpenCLFunctions table;
static const char *failure = "";
static atomic_int forks;
static pthread_once_t once = PTHREAD_ONCE_INIT;

char *nn_opencl_open(const char *library, NNOpenCLFunctions *functions) {
  // The library stays open until the process ends, because drivers do not tolerate being unloaded.
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

const char *nn_opencl_loader_path(void) {
  const NNOpenCLFunctions *functions = nn_opencl_functions();
  Dl_info info;
  return functions && dladdr((void *)functions->clGetPlatformIDs, &info) ? info.dli_fname : NULL;
}

char *nn_opencl_vendor_failure(const char *library) {
  // It stays open, because the loader also keeps it open.
  void *handle = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
  if (!handle) return strdup(dlerror());
  void *(*address)(const char *) = (void *(*)(const char *))dlsym(handle, "clGetExtensionFunctionAddress");
  if (!address) return strdup("no OpenCL driver: it has no clGetExtensionFunctionAddress");
  __typeof__(clGetPlatformIDs) *platforms = (__typeof__(clGetPlatformIDs) *)address("clIcdGetPlatformIDsKHR");
  if (!platforms) return strdup("no OpenCL driver: it has no clIcdGetPlatformIDsKHR");
  cl_uint count = 0;
  cl_int status = platforms(0, NULL, &count);
  if (status == CL_SUCCESS && count > 0) return NULL;
  char reason[80];
  snprintf(reason, sizeof reason, "it offers no platform (status %d)", status);
  return strdup(reason);
}

int nn_opencl_forks(void) { return atomic_load_explicit(&forks, memory_order_relaxed); }

#endif
