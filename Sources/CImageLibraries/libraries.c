#include "CImageLibraries.h"

#include <dlfcn.h>

// Returns false from the function around it if the library lacks a function.
#define NN_LOAD(FUNCTION)                                                              \
  functions->FUNCTION = (__typeof__(functions->FUNCTION))dlsym(handle, #FUNCTION);     \
  if (!functions->FUNCTION) return false;

bool nn_png_open(const char *library, struct nn_png *functions) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return false;
  NN_LOAD(png_image_begin_read_from_memory)
  NN_LOAD(png_image_finish_read)
  NN_LOAD(png_image_free)
  return true;
}

bool nn_jpeg_open(const char *library, struct nn_jpeg *functions) {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle) return false;
  NN_LOAD(tjInitDecompress)
  NN_LOAD(tjDecompressHeader3)
  NN_LOAD(tjDecompress2)
  NN_LOAD(tjGetErrorStr2)
  NN_LOAD(tjDestroy)
  return true;
}
