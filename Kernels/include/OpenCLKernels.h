// The OpenCL C source of the kernels, part of the binary.
#pragma once
#include <stddef.h>

/// One file of this folder.
typedef struct NNKernelSource {
  /// The file's path without its extension: "Matmul", "Operations/Unary".
  const char *_Nonnull name;
  const unsigned char *_Nonnull bytes;
  size_t length;
} NNKernelSource;

/// The number of files.
size_t nn_kernel_source_count(void);

/// The file at `index`, below the count.
NNKernelSource nn_kernel_source(size_t index);
