// The kernels for AVX2 with FMA and F16C: 8 lanes, 16 registers.
#if defined(__x86_64__)
#include <immintrin.h>

#include "CPUKernels.h"

#pragma clang attribute push(__attribute__((target("avx2,fma,f16c"))), apply_to = function)
#define NN_USE_AVX2
#define NN_W 8
#define NN_GEMM_VECTORS 2
#define NN_TABLE nn_kernels_avx2
#define NN_ISA NN_ISA_AVX2
#define NN_NAME "avx2"
#include "source/table.inc"
#pragma clang attribute pop
#endif
