// Conversions from and to float64. Only devices with the extension build this program.

#pragma OPENCL EXTENSION cl_khr_fp64 : enable
typedef double nn_double;

// Round toward zero and saturate; NaN gives 0.
static inline int nn_clamped_double(double x, double minimum, double maximum) {
  return x != x ? 0 : (int)fmin(fmax(x, minimum), maximum);
}
static inline long nn_long_from_double(double x) {
  return x != x ? 0 : x >= 0x1p63 ? LONG_MAX : x < -0x1p63 ? LONG_MIN : (long)x;
}
// A float that rounds to the same float16 and bfloat16 as the number: if it is not a float, its neighbor toward zero with
// the last bit set. Denormal floats count units of 2^-149, because a device may treat them as zeros.
static inline float nn_sticky_float_from_double(double x) {
  const double units = fabs(x) * 0x1p149;
  const uint whole = (uint)(units < 0x1p23 ? units : 0), sign = (uint)(as_ulong(x) >> 32) & 0x80000000;
  const uint small = sign | whole | ((double)whole != units ? 1 : 0);
  const float nearest = (float)x;
  const uint bits = as_uint(nearest), below = fabs((double)nearest) > fabs(x) ? 1 : 0;
  const uint large = (double)nearest == x || x != x ? bits : (bits - below) | 1;
  return as_float(units < 0x1p23 ? small : large);
}

CAST(float, double, x)
CAST(float16, double, nn_float_from_float16(x))
CAST(bfloat16, double, nn_float_from_bfloat16(x))
CAST(int, double, x)
CAST(bool, double, x ? 1 : 0)
CAST(int8, double, x)
CAST(uint8, double, x)
CAST(int16, double, x)
CAST(int64, double, convert_double_rte(x))
CAST(double, float, (float)x)
CAST(double, float16, nn_float16_from_float(nn_sticky_float_from_double(x)))
CAST(double, bfloat16, nn_bfloat16_from_float(nn_sticky_float_from_double(x)))
CAST(double, int, nn_clamped_double(x, -0x1p31, 0x1p31 - 1))
CAST(double, bool, x != 0)
CAST(double, int8, nn_clamped_double(x, -128, 127))
CAST(double, uint8, nn_clamped_double(x, 0, 255))
CAST(double, int16, nn_clamped_double(x, -32768, 32767))
CAST(double, int64, nn_long_from_double(x))
