// Measures the highest multiply-add rate that a device can reach, which is 100 % in benchmarks.
//
// Eight independent sums hide the latency of the multiply-add. Vectors of 16 fill the registers of wide CPUs, and
// vectors of 8 those of other CPUs. A GPU treats both as independent numbers. The constants given by the caller keep
// all numbers near 1.

#define ROUND                                                                                        \
  s0 = fma(s0, a, b); s1 = fma(s1, a, b); s2 = fma(s2, a, b); s3 = fma(s3, a, b);                    \
  s4 = fma(s4, a, b); s5 = fma(s5, a, b); s6 = fma(s6, a, b); s7 = fma(s7, a, b);

// Each work item runs `loops` loops of four rounds of eight vector multiply-adds.
#define PEAK(TYPE)                                                                                   \
  kernel void peak_##TYPE(global float *ys, ulong yOffset, uint loops, float factor, float term) {   \
    const TYPE a = (TYPE)(factor), b = (TYPE)(term);                                                 \
    TYPE s0 = (TYPE)(1.001f + 1e-6f * get_local_id(0)), s1 = s0 + 0.001f, s2 = s1 + 0.001f;          \
    TYPE s3 = s2 + 0.001f, s4 = s3 + 0.001f, s5 = s4 + 0.001f, s6 = s5 + 0.001f, s7 = s6 + 0.001f;   \
    for (uint i = 0; i < loops; i++) { ROUND ROUND ROUND ROUND }                                     \
    const TYPE sum = ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));                              \
    ys[yOffset + get_global_id(0)] = dot(sum.s0123, (float4)(1.0f)) + dot(sum.s4567, (float4)(1.0f)) \
                                     + LAST_##TYPE(sum);                                             \
  }
#define LAST_float8(sum) 0.0f
#define LAST_float16(sum) ((sum.s8 + sum.s9) + (sum.sa + sum.sb)) + ((sum.sc + sum.sd) + (sum.se + sum.sf))

PEAK(float8)
PEAK(float16)
