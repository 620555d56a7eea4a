// Conversions from and to int64, except for float64.

// Rounds toward zero and saturates; NaN gives 0.
static inline long nn_long_from_float(float x) {
  return x != x ? 0 : x >= 0x1p63f ? LONG_MAX : x < -0x1p63f ? LONG_MIN : (long)x;
}
static inline int nn_int_from_long(long x) { return as_int((uint)as_ulong(x)); }
// A float that rounds to the same float16 and bfloat16 as the integer: its first 24 bits, the last of which is set if one
// of the bits after it is. The power of two is at most 2^40.
static inline float nn_sticky_float_from_long(long x) {
  const ulong size = x < 0 ? 0 - as_ulong(x) : as_ulong(x);
  const uint excess = size < (1u << 24) ? 0 : 40 - (uint)clz(size);
  const ulong kept = size >> excess, lost = size & (((ulong)1 << excess) - 1);
  const float magnitude = (float)(int)(kept | (lost != 0 ? 1 : 0)) * as_float((127 + excess) << 23);
  return x < 0 ? -magnitude : magnitude;
}

CAST(float, int64, nn_long_from_float(x))
CAST(float16, int64, nn_long_from_float(nn_float_from_float16(x)))
CAST(bfloat16, int64, nn_long_from_float(nn_float_from_bfloat16(x)))
CAST(int, int64, x)
CAST(bool, int64, x ? 1 : 0)
CAST(int8, int64, x)
CAST(uint8, int64, x)
CAST(int16, int64, x)
CAST(int64, float, convert_float_rte(x))
CAST(int64, float16, nn_float16_from_float(nn_sticky_float_from_long(x)))
CAST(int64, bfloat16, nn_bfloat16_from_float(nn_sticky_float_from_long(x)))
CAST(int64, int, nn_int_from_long(x))
CAST(int64, bool, x != 0)
CAST(int64, int8, nn_int8_from_int(nn_int_from_long(x)))
CAST(int64, uint8, nn_uint8_from_int(nn_int_from_long(x)))
CAST(int64, int16, nn_int16_from_int(nn_int_from_long(x)))
