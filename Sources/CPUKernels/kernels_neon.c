// The kernels for NEON, which every 64-bit ARM processor has: 4 lanes, 32 registers.
#if defined(__aarch64__)

#include "CPUKernels.h"

#define NN_USE_NEON
#define NN_W 4
#define NN_GEMM_VECTORS 4
#define NN_TABLE nn_kernels_neon
#define NN_ISA NN_ISA_NEON
#define NN_NAME "neon"
#include "source/table.inc"
#endif
