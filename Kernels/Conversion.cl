// Functions of the programs that convert elements from one type to another.

// Rounds toward zero, saturates, and maps NaN to 0, because the result of convert_int_sat for NaN depends on the
// device.
static inline int nn_int_from_float(float x) { return x != x ? 0 : convert_int_sat_rtz(x); }

#define CAST(FROM, TO, EXPRESSION)                                                                                   \
  kernel void cast_##FROM##_##TO(global const NN_TYPE(FROM) *xs, ulong xOffset, global NN_TYPE(TO) *ys,              \
                                 ulong yOffset, index_t count) {                                                     \
    xs += xOffset;                                                                                                   \
    ys += yOffset;                                                                                                   \
    NN_MAP(i, count, NN_TYPE(TO), ys, i, const NN_TYPE(FROM) x = xs[i]; y = EXPRESSION)                              \
  }

// A float that rounds to the same float16 and bfloat16 as the integer. From 2^24 on, a float cannot hold the last eight
// bits: the ninth bit is set if one of them is. It is below the bits that decide how the integer is rounded.
static inline float nn_sticky_float_from_int(int x) {
  // The magnitude, also of the smallest number, for which abs gave a wrong float with PoCL.
  const uint sign = (uint)x & 0x80000000, size = sign ? 0 - (uint)x : (uint)x;
  const uint odd = (size & ~0xffu) | (size & 0xff ? 0x100 : 0);
  return as_float(as_uint((float)(size < (1u << 24) ? size : odd)) | sign);
}
// Rounds toward zero and saturates at bounds that float represents; NaN gives 0. (A clamped nn_int_from_float crashes the
// vectorizer of Intel's compiler for CPUs.)
static inline int nn_clamped_float(float x, float minimum, float maximum) {
  return x != x ? 0 : (int)fmin(fmax(x, minimum), maximum);
}
// The low bits of an integer.
static inline char nn_int8_from_int(int x) { return as_char((uchar)x); }
static inline uchar nn_uint8_from_int(int x) { return (uchar)x; }
static inline short nn_int16_from_int(int x) { return as_short((ushort)x); }

// All casts between the common types and a type of integers from MINIMUM to MAXIMUM, which int and float represent.
#define CAST_SHORT(SHORT, MINIMUM, MAXIMUM)                                                               \
  CAST(float, SHORT, nn_clamped_float(x, MINIMUM, MAXIMUM))                                               \
  CAST(float16, SHORT, nn_clamped_float(nn_float_from_float16(x), MINIMUM, MAXIMUM))                      \
  CAST(bfloat16, SHORT, nn_clamped_float(nn_float_from_bfloat16(x), MINIMUM, MAXIMUM))                    \
  CAST(int, SHORT, nn_##SHORT##_from_int(x))                                                              \
  CAST(bool, SHORT, x ? 1 : 0)                                                                            \
  CAST(SHORT, float, (float)x)                                                                            \
  CAST(SHORT, float16, nn_float16_from_float((float)x))                                                   \
  CAST(SHORT, bfloat16, nn_bfloat16_from_float((float)x))                                                 \
  CAST(SHORT, int, x)                                                                                     \
  CAST(SHORT, bool, x != 0)
