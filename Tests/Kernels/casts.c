// The conversions in all pairs, compared with long double, which represents every number of every type, and the floats to
// which 64-bit numbers are converted before they are rounded to 16 bits.
#include "support.h"

#include <float.h>
#include <string.h>

_Static_assert(LDBL_MANT_DIG >= 64, "long double does not represent every int64");

static const enum nn_type types[] = {NN_BOOL, NN_INT8, NN_UINT8, NN_INT16, NN_INT32, NN_INT64, NN_FLOAT, NN_DOUBLE};
static const size_t sizes[] = {1, 1, 1, 2, 4, 8, 4, 8};

static long double element(enum nn_type type, const void *x, long i) {
  switch (type) {
    case NN_INT8: return ((const int8_t *)x)[i];
    case NN_BOOL:
    case NN_UINT8: return ((const uint8_t *)x)[i];
    case NN_INT16: return ((const int16_t *)x)[i];
    case NN_INT32: return ((const int32_t *)x)[i];
    case NN_INT64: return ((const int64_t *)x)[i];
    case NN_FLOAT: return ((const float *)x)[i];
    default: return ((const double *)x)[i];
  }
}

static bool is_real(enum nn_type type) { return type == NN_FLOAT || type == NN_DOUBLE; }

// What v becomes in another type.
static long double converted(enum nn_type from, enum nn_type to, long double v) {
  static const int bits[] = {1, 8, 8, 16, 32, 64};
  if (to == NN_BOOL) return v != 0;
  if (to == NN_FLOAT) return (float)v;
  if (to == NN_DOUBLE) return (double)v;
  const long double range = ldexpl(1, bits[to]), low = to == NN_UINT8 ? 0 : -range / 2, high = low + range - 1;
  if (isnan(v)) return 0;
  if (is_real(from)) {
    const long double whole = truncl(v) + 0;  // integers have no -0
    return whole < low ? low : whole > high ? high : whole;
  }
  return v - range * floorl((v - low) / range);
}

// Numbers around the limits of all types, and numbers with random bits.
static void fill_operand(enum nn_type type, void *x, long n) {
  static const int powers[] = {0, 7, 8, 15, 16, 24, 31, 32, 53, 62, 63};
  static const double specials[] = {0.0, -0.0, 0.5, -0.9, 255.5, NAN, INFINITY, -INFINITY, 1e300, -1e300, 0x1p-149, 0x1p-150};
  for (long i = 0; i < n; i++) {
    const uint64_t random = (uint64_t)draw() << 32 | draw();
    const int power = powers[draw_below(11)];
    const int64_t near = (int64_t)(((uint64_t)1 << power) + (uint64_t)draw_below(5) - 2);
    const int64_t integer = draw_below(2) ? (int64_t)(random >> draw_below(64)) : draw_below(2) ? near : (int64_t)(0 - (uint64_t)near);
    const double distance = ldexp((double)(draw_below(5) - 2), (int)draw_below(3) - 1);
    double real = draw_below(3) ? ldexp(1, power) + distance : specials[draw_below(12)];
    if (draw_below(2)) real = -real;
    if (draw_below(4) == 0) memcpy(&real, &random, 8);
    const float single = (float)real;
    if (type == NN_BOOL) ((uint8_t *)x)[i] = (uint8_t)(random & 1);
    else if (type == NN_FLOAT) ((float *)x)[i] = single;
    else if (type == NN_DOUBLE) ((double *)x)[i] = real;
    else memcpy((char *)x + (size_t)i * sizes[type], &integer, sizes[type]);
  }
}

static void pairs_of_types(long n) {
  for (int f = 0; f < 8; f++) {
    for (int t = 0; t < 8; t++) {
      void *const x = guarded(n, sizes[f]), *const y = guarded(n, sizes[t]);
      fill_operand(types[f], x, n);
      kernels->cast(types[f], types[t], x, y, n);
      for (long i = 0; i < n; i++) {
        const long double found = element(types[t], y, i), expected = converted(types[f], types[t], element(types[f], x, i));
        const bool agree = isnan(expected) ? isnan(found) : found == expected && signbit(found) == signbit(expected);
        expect(agree, "cast", f * 1000 + t * 100 + i, (double)found, (double)expected);
      }
      release();
    }
  }
}

// A float is the number, or its last bit is set and no other float lies between them.
static void expect_sticky(const char *name, long i, float found, long double x) {
  uint32_t bits;
  memcpy(&bits, &found, 4);
  if ((long double)found == x || isnan(x)) return expect(isnan(x) == isnan(found), name, i, found, (double)x);
  const float other = nextafterf(found, found < x ? INFINITY : -INFINITY);
  expect((bits & 1) && (found < x ? other > x : other < x), name, i, found, (double)x);
}

static void sticky_floats(long n) {
  int64_t *const integers = guarded(n, sizeof *integers);
  double *const reals = guarded(n, sizeof *reals);
  float *const y = guarded(n, sizeof *y);
  fill_operand(NN_INT64, integers, n);
  integers[0] = INT64_MIN;
  kernels->int64_to_sticky_float(integers, y, n);
  for (long i = 0; i < n; i++) expect_sticky("int64_to_sticky_float", i, y[i], integers[i]);
  fill_operand(NN_DOUBLE, reals, n);
  kernels->double_to_sticky_float(reals, y, n);
  for (long i = 0; i < n; i++) expect_sticky("double_to_sticky_float", i, y[i], reals[i]);
  release();
}

static void moves(long n) {
  uint64_t *const x = guarded(2 * n, sizeof *x), *const y = guarded(2 * n, sizeof *y);
  uint8_t *const mask = booleans(n);
  for (long i = 0; i < 2 * n; i++) x[i] = (uint64_t)draw() << 32 | draw();
  for (long step = 0; step < 3; step++) {
    kernels->copy_longs(x, step, y, 1, n);
    for (long i = 0; i < n; i++) expect(y[i] == x[i * step], "copy_longs", i, (double)y[i], (double)x[i * step]);
  }
  const struct nn_view a = {x, 0, 1}, b = {x + n, 0, 1}, condition = {mask, 0, 1};
  kernels->select_longs(condition, a, b, y, 0, 1, n);
  for (long i = 0; i < n; i++) expect(y[i] == (mask[i] ? x[i] : x[n + i]), "select_longs", i, (double)y[i], (double)x[i]);
  kernels->fill_longs(y, 0x123456789abcdef0, n);
  for (long i = 0; i < n; i++) expect(y[i] == 0x123456789abcdef0, "fill_longs", i, (double)y[i], 0x1p60);
  release();
}

void test_casts(void) {
  for (int l = 0; l < length_count; l++) {
    pairs_of_types(lengths[l]);
    sticky_floats(lengths[l]);
    moves(lengths[l]);
  }
}
