// Selects from the compiled instruction sets those that this machine supports.
#include "CPUKernels.h"

#if defined(__x86_64__)
extern const struct nn_cpu_kernels nn_kernels_avx512, nn_kernels_avx2, nn_kernels_baseline;
extern const struct nn_bfloat16_kernels nn_bfloat16_kernels_avx512;
extern const struct nn_integer_kernels nn_integer_kernels_avx512_vnni;

static bool has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
}
static bool has_avx512(void) {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
}

const struct nn_cpu_kernels *_Nullable nn_cpu_kernels_for(enum nn_isa isa) {
  switch (isa) {
    case NN_ISA_AVX512: return has_avx512() ? &nn_kernels_avx512 : NULL;
    case NN_ISA_AVX2: return has_avx2() ? &nn_kernels_avx2 : NULL;
    case NN_ISA_BASELINE: return &nn_kernels_baseline;
    case NN_ISA_NEON: return NULL;
  }
  return NULL;
}

const struct nn_bfloat16_kernels *_Nullable nn_bfloat16_kernels_for(enum nn_isa isa) {
  return isa == NN_ISA_AVX512 && has_avx512() && __builtin_cpu_supports("avx512bf16") ? &nn_bfloat16_kernels_avx512 : NULL;
}

const struct nn_integer_kernels *_Nullable nn_integer_kernels_for(enum nn_isa isa) {
  return isa == NN_ISA_AVX512 && has_avx512() && __builtin_cpu_supports("avx512vnni") ? &nn_integer_kernels_avx512_vnni : NULL;
}
#elif defined(__aarch64__)
extern const struct nn_cpu_kernels nn_kernels_neon;

const struct nn_cpu_kernels *_Nullable nn_cpu_kernels_for(enum nn_isa isa) {
  return isa == NN_ISA_NEON || isa == NN_ISA_BASELINE ? &nn_kernels_neon : NULL;
}
#else
extern const struct nn_cpu_kernels nn_kernels_baseline;

const struct nn_cpu_kernels *_Nullable nn_cpu_kernels_for(enum nn_isa isa) {
  return isa == NN_ISA_BASELINE ? &nn_kernels_baseline : NULL;
}
#endif

#if !defined(__x86_64__)
const struct nn_bfloat16_kernels *_Nullable nn_bfloat16_kernels_for(enum nn_isa isa) {
  (void)isa;
  return NULL;
}

const struct nn_integer_kernels *_Nullable nn_integer_kernels_for(enum nn_isa isa) {
  (void)isa;
  return NULL;
}
#endif

const struct nn_cpu_kernels *nn_cpu_kernels_best(void) {
  static const enum nn_isa order[] = {NN_ISA_AVX512, NN_ISA_AVX2, NN_ISA_NEON, NN_ISA_BASELINE};
  for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
    const struct nn_cpu_kernels *const kernels = nn_cpu_kernels_for(order[i]);
    if (kernels) return kernels;
  }
  __builtin_unreachable();  // the baseline always exists
}
