// The conversions of float16 and bfloat16: every number, every middle between two neighbors, and the floats next to it,
// compared with a search for the nearest number in double.
#include "support.h"

struct format {
  const char *name;
  int fraction_bits, bias;
  void (*narrow)(const float *x, uint16_t *y, long n);
  void (*widen)(const uint16_t *x, float *y, long n);
};

// The number with these bits, without the sign; infinity is the number that follows the largest one.
static double number(const struct format *f, uint32_t bits) {
  const int exponent = (int)(bits >> f->fraction_bits), fraction = (int)(bits & ((1u << f->fraction_bits) - 1));
  if (exponent == 0) return ldexp(fraction, 1 - f->bias - f->fraction_bits);
  return ldexp(fraction + (1 << f->fraction_bits), exponent - f->bias - f->fraction_bits);
}

static uint32_t infinity(const struct format *f) { return (2u * (uint32_t)f->bias + 1) << f->fraction_bits; }

// The bits of the number that is nearest to x >= 0; of two, the even one.
static uint32_t nearest(const struct format *f, double x) {
  uint32_t low = 0, high = infinity(f);
  if (x >= number(f, high)) return high;
  while (high - low > 1) {
    const uint32_t middle = (low + high) / 2;
    if (number(f, middle) <= x) low = middle;
    else high = middle;
  }
  const double below = x - number(f, low), above = number(f, high) - x;
  return below < above || (below == above && low % 2 == 0) ? low : high;
}

static float with_bits(uint32_t bits) {
  union { uint32_t bits; float number; } u = {bits};
  return u.number;
}
static uint32_t bits_of_float(float x) {
  union { float number; uint32_t bits; } u = {x};
  return u.bits;
}

static void widening(const struct format *f) {
  enum { count = 65536 };
  uint16_t *const x = guarded(count, sizeof *x);
  float *const y = guarded(count, sizeof *y);
  for (long i = 0; i < count; i++) x[i] = (uint16_t)i;
  f->widen(x, y, count);
  for (long i = 0; i < count; i++) {
    const uint32_t size = (uint32_t)i & 0x7fff;
    if (size > infinity(f)) {
      expect(isnan(y[i]) && (bits_of_float(y[i]) & 0x400000), f->name, i, y[i], NAN);
      continue;
    }
    const double magnitude = size == infinity(f) ? (double)INFINITY : number(f, size);
    const double expected = i & 0x8000 ? -magnitude : magnitude;
    expect(y[i] == expected && signbit(y[i]) == signbit(expected), f->name, i, y[i], expected);
  }
  release();
}

// `length` numbers at a time, so that vectors and the elements after them are tested.
static void narrowing(const struct format *f, long length) {
  const long count = 8 * (long)infinity(f);
  float *const x = guarded(count, sizeof *x);
  uint16_t *const y = guarded(count, sizeof *y);
  for (uint32_t p = 0; p < infinity(f); p++) {
    const float middle = (float)((number(f, p) + number(f, p + 1)) / 2);
    const float near[] = {(float)number(f, p), middle, nextafterf(middle, 0), nextafterf(middle, INFINITY)};
    for (int k = 0; k < 4; k++) {
      x[8 * (long)p + k] = near[k];
      x[8 * (long)p + 4 + k] = -near[k];
    }
  }
  for (long i = 0; i < count; i += length) f->narrow(x + i, y + i, count - i < length ? count - i : length);
  for (long i = 0; i < count; i++) {
    const uint32_t expected = nearest(f, fabs((double)x[i])) | (signbit(x[i]) ? 0x8000 : 0);
    expect(y[i] == expected, f->name, i, y[i], expected);
  }
  release();
}

static void special_values(const struct format *f) {
  enum { count = 40 };
  static const uint32_t numbers[] = {0x7f800000, 0xff800000, 0x7f7fffff, 0xff7fffff, 0x7f800001, 0xff800001, 0x7fc00000,
                                     0x7fffffff, 0xffffffff, 0x00000001, 0x80000001, 0x007fffff};
  float *const x = guarded(count, sizeof *x);
  uint16_t *const y = guarded(count, sizeof *y);
  for (int i = 0; i < count; i++) x[i] = with_bits(numbers[i % 12]);
  f->narrow(x, y, count);
  for (int i = 0; i < count; i++) {
    const uint32_t sign = signbit(x[i]) ? 0x8000 : 0, quiet = infinity(f) | 1u << (f->fraction_bits - 1);
    if (isnan(x[i])) {
      expect((y[i] & quiet) == quiet && (y[i] & 0x8000) == sign, "NaN", i, y[i], quiet | sign);
    } else {
      const uint32_t expected = (isinf(x[i]) ? infinity(f) : nearest(f, fabs((double)x[i]))) | sign;
      expect(y[i] == expected, "special values", i, y[i], expected);
    }
  }
  release();
}

// Integers around the middles between numbers.
static void integers_to(const struct format *f) {
  enum { count = 16 * 300 };
  int32_t *const x = guarded(count, sizeof *x);
  float *const between = guarded(count, sizeof *between);
  uint16_t *const y = guarded(count, sizeof *y);
  for (long i = 0; i < count; i++) {
    const int shift = (int)draw_below(23);
    const int64_t middle = (int64_t)(256 + draw_below(256)) * 2 + 1, size = (middle << shift) / 2 + draw_below(3) - 1;
    x[i] = (int32_t)(size > INT32_MAX ? INT32_MAX : size) * (draw_below(2) ? 1 : -1);
  }
  x[0] = INT32_MIN;
  x[1] = INT32_MAX;
  x[2] = 0;
  kernels->int32_to_sticky_float(x, between, count);
  f->narrow(between, y, count);
  for (long i = 0; i < count; i++) {
    const uint32_t expected = nearest(f, fabs((double)x[i])) | (x[i] < 0 ? 0x8000 : 0);
    expect(y[i] == expected, "int32 to half", x[i], y[i], expected);
  }
  release();
}

static void moves(long n) {
  uint16_t *const x = guarded(2 * n, sizeof *x), *const y = guarded(2 * n, sizeof *y);
  uint8_t *const mask = booleans(n);
  for (long i = 0; i < 2 * n; i++) x[i] = (uint16_t)draw();
  for (long step = 0; step < 3; step++) {
    kernels->copy_halves(x, step, y, 1, n);
    for (long i = 0; i < n; i++) expect(y[i] == x[i * step], "copy_halves", i, y[i], x[i * step]);
  }
  const struct nn_view a = {x, 0, 1}, b = {x + n, 0, 1}, condition = {mask, 0, 1};
  kernels->select_halves(condition, a, b, y, 0, 1, n);
  for (long i = 0; i < n; i++) expect(y[i] == (mask[i] ? x[i] : x[n + i]), "select_halves", i, y[i], x[i]);
  kernels->fill_halves(y, 0x1234, n);
  for (long i = 0; i < n; i++) expect(y[i] == 0x1234, "fill_halves", i, y[i], 0x1234);
  release();
}

void test_halves(void) {
  const struct format formats[] = {
      {"float16", 10, 15, kernels->float_to_float16, kernels->float16_to_float},
      {"bfloat16", 7, 127, kernels->float_to_bfloat16, kernels->bfloat16_to_float},
  };
  for (int f = 0; f < 2; f++) {
    widening(&formats[f]);
    narrowing(&formats[f], 1000003);
    narrowing(&formats[f], 7);
    special_values(&formats[f]);
    integers_to(&formats[f]);
  }
  for (int l = 0; l < length_count; l++) moves(lengths[l]);
}
