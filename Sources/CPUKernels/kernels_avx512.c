// The kernels for AVX-512 (F, VL, DQ, BW): 16 lanes, 32 registers.
#if defined(__x86_64__)
#include <immintrin.h>

#include "CPUKernels.h"

#pragma clang attribute push(__attribute__((target("avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c"))), apply_to = function)
#define NN_USE_AVX512
#define NN_W 16
#define NN_GEMM_VECTORS 4
#define NN_TABLE nn_kernels_avx512
#define NN_ISA NN_ISA_AVX512
#define NN_NAME "avx512"
#include "source/table.inc"
#pragma clang attribute pop
#endif
