// float16 and bfloat16, whose bits are stored as ushort. Kernels compute with them in float32.

// Conversions between float and the bits of float16 and bfloat16. They round to the nearest number, ties to even, keep
// denormal numbers, and NaN becomes a quiet NaN.
#if !defined(NN_LOOPS) && !defined(__EMBEDDED_PROFILE__)
// GPUs have instructions. With the full profile, the default rounding is to the nearest number, ties to even.
// (vstore_half_rte is a long function in some libraries.)
static inline ushort nn_float16_from_float(float x) {
  ushort bits;
  vstore_half(x, 0, (half *)&bits);
  return bits;
}
static inline float nn_float_from_float16(ushort half_bits) { return vload_half(0, (const half *)&half_bits); }
#else
#ifdef __F16C__
// CPUs with an instruction for it. The load remains integer arithmetic: compilers would compare elements as halves, for
// which these CPUs have no instructions.
static inline ushort nn_float16_from_float(float x) {
  ushort bits;
  __builtin_store_halff(x, (half *)&bits);
  return bits;
}
#else
static inline ushort nn_float16_from_float(float x) {
  const uint sign = as_uint(x) >> 16 & 0x8000, size = as_uint(x) & 0x7fffffff;
  // Below the smallest normal number, the bits count units of 2^-24. An addition would round to this unit, too, but
  // compilers might fuse it with a product, and so round only once.
  const uint digits = (size & 0x7fffff) | 0x800000, distance = 126 - (size >> 23), shift = distance < 25 ? distance : 25;
  const uint small = (digits + (1u << (shift - 1)) - 1 + (digits >> shift & 1)) >> shift;
  // The exponent is 112 less, and 13 bits are rounded.
  const uint normal = (size - (112u << 23) + 0xfff + (size >> 13 & 1)) >> 13;
  // From 65520, the middle between the largest number and 2^16.
  const uint large = size > 0x7f800000 ? 0x7e00 | (size >> 13 & 0x3ff) : 0x7c00;
  return (ushort)(sign | (size >= 0x477ff000 ? large : size < (113u << 23) ? small : normal));
}
#endif
static inline float nn_float_from_float16(ushort half_bits) {
  const uint sign = (uint)(half_bits & 0x8000) << 16, size = half_bits & 0x7fff;
  const uint small = as_uint((float)(int)size * 0x1p-24f), normal = (size << 13) + (112u << 23);
  const uint large = ((size << 13) + (224u << 23)) | (size > 0x7c00 ? 0x400000 : 0);
  return as_float(sign | (size < 0x400 ? small : size < 0x7c00 ? normal : large));
}
#endif
static inline ushort nn_bfloat16_from_float(float x) {
  const uint bits = as_uint(x), rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return (ushort)((bits & 0x7fffffff) > 0x7f800000 ? bits >> 16 | 0x40 : rounded);
}
static inline float nn_float_from_bfloat16(ushort half_bits) {
  const uint bits = (uint)half_bits << 16;
  return as_float((bits & 0x7fffffff) > 0x7f800000 ? bits | 0x400000 : bits);
}

// The type of elements in memory, an element as NN_TYPE(TYPE), and a number as it is stored.
#define NN_STORED(TYPE) nn_stored_##TYPE
#define NN_READ(TYPE, element) NN_READ_##TYPE(element)
#define NN_WRITE(TYPE, number) NN_WRITE_##TYPE(number)
#ifdef NN_HALVES
typedef ushort nn_stored_float;
#define NN_READ_float(element) NN_JOIN(nn_float_from_, NN_ELEMENT)(element)
#define NN_WRITE_float(number) NN_JOIN(NN_JOIN(nn_, NN_ELEMENT), _from_float)(number)
#else
typedef nn_float nn_stored_float;
#define NN_READ_float(element) (element)
#define NN_WRITE_float(number) (number)
#endif
typedef nn_int nn_stored_int;
#define NN_READ_int(element) (element)
#define NN_WRITE_int(number) (number)
typedef nn_bool nn_stored_bool;
#define NN_READ_bool(element) (element)
#define NN_WRITE_bool(number) (number)
