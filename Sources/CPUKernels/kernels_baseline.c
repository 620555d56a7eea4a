// The kernels for every processor of the architecture: SSE2 on x86-64; on other architectures, the vectors that the
// compiler generates for four lanes.
#if !defined(__aarch64__)

#include "CPUKernels.h"

#define NN_W 4
#define NN_GEMM_VECTORS 2
#define NN_TABLE nn_kernels_baseline
#define NN_ISA NN_ISA_BASELINE
#define NN_NAME "baseline"
#include "source/table.inc"
#endif
