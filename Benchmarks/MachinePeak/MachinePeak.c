#include "MachinePeak.h"

// Sixteen accumulators cover the latency of four cycles on two units, and fit the registers of every instruction set but
// the oldest, where eight are used. The constants keep all values near 1, so that no denormal number slows the loop; none starts at 1, where the compiler sees a fixed point.
#define DEFINE_LOOP(NAME, ATTRIBUTES, LANES, ACCUMULATORS)                                                             \
  ATTRIBUTES static float NAME(size_t rounds) {                                                                        \
    _Pragma("clang fp contract(fast)") typedef float vector __attribute__((vector_size(LANES * sizeof(float))));       \
    vector sums[ACCUMULATORS], factor = (vector){} + 0.999999f, term = (vector){} + 1e-6f;                             \
    for (int i = 0; i < ACCUMULATORS; i++) sums[i] = (vector){} + (1.0f + 0.001f * (float)(i + 1));                        \
    for (size_t round = 0; round < rounds; round++) {                                                                  \
      _Pragma("clang loop unroll(full)") for (int i = 0; i < ACCUMULATORS; i++) sums[i] = sums[i] * factor + term;     \
    }                                                                                                                  \
    for (int i = 1; i < ACCUMULATORS; i++) sums[0] += sums[i];                                                         \
    float total = 0;                                                                                                   \
    for (int i = 0; i < LANES; i++) total += sums[0][i];                                                               \
    return total;                                                                                                      \
  }

#if defined(__x86_64__)
DEFINE_LOOP(loop_avx512, __attribute__((target("avx512f,fma"))), 16, 16)
DEFINE_LOOP(loop_avx2, __attribute__((target("avx2,fma"))), 8, 12)
DEFINE_LOOP(loop_baseline, , 4, 8)

static int level(void) {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return 2;
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? 1 : 0;
}

float mp_multiply_add(size_t rounds) {
  switch (level()) {
    case 2: return loop_avx512(rounds);
    case 1: return loop_avx2(rounds);
    default: return loop_baseline(rounds);
  }
}
size_t mp_operations_per_round(void) {
  static const size_t lanes[] = {4, 8, 16}, accumulators[] = {8, 12, 16};
  int found = level();
  return 2 * lanes[found] * accumulators[found];
}
const char *mp_instruction_set(void) {
  static const char *const names[] = {"baseline", "avx2", "avx512"};
  return names[level()];
}
#else
DEFINE_LOOP(loop_vector, , 4, 16)

float mp_multiply_add(size_t rounds) { return loop_vector(rounds); }
size_t mp_operations_per_round(void) { return 2 * 4 * 16; }
const char *mp_instruction_set(void) {
#if defined(__aarch64__)
  return "neon";
#else
  return "baseline";
#endif
}
#endif
