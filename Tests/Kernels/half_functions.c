// Functions of float16 and bfloat16 elements, compared in every bit with those of float32 between the conversions, which have
// tests of their own. Results start at any address, so that streaming stores begin and end within a vector.
#include <string.h>

#include "support.h"

enum { starts = 33 };

static void widen(enum nn_half type, const uint16_t *x, float *y, long n) {
  (type == NN_BFLOAT16 ? kernels->bfloat16_to_float : kernels->float16_to_float)(x, y, n);
}
static void narrow(enum nn_half type, const float *x, uint16_t *y, long n) {
  (type == NN_BFLOAT16 ? kernels->float_to_bfloat16 : kernels->float_to_float16)(x, y, n);
}
// Any bits. Some elements are -0.
static uint16_t *any_halves(long n) {
  uint16_t *const x = guarded(n, sizeof *x);
  for (long i = 0; i < n; i++) x[i] = i % 8 == 5 ? 0x8000 : (uint16_t)draw();
  return x;
}
static float *widened(enum nn_half type, const uint16_t *x, long n) {
  float *const y = guarded(n, sizeof *y);
  widen(type, x, y, n);
  return y;
}
static bool is_nan(enum nn_half type, uint16_t half) { return (half & 0x7fff) > (type == NN_BFLOAT16 ? 0x7f80 : 0x7c00); }

// `found` are `n` elements after `start` others, which keep their pattern.
static void compare(const char *what, enum nn_half type, const uint16_t *found, long start, const float *expected, long n) {
  uint16_t *const halves = guarded(n, sizeof *halves);
  narrow(type, expected, halves, n);
  for (long i = 0; i < start; i++) expect(found[i] == 0xA5A5, what, i - start, found[i], 0xA5A5);
  for (long i = 0; i < n; i++) {
    const uint16_t half = found[start + i];
    expect(half == halves[i] || (is_nan(type, half) && is_nan(type, halves[i])), what, i, half, halves[i]);
  }
}
static uint16_t *result(long start, long n) {
  uint16_t *const y = guarded(start + n, sizeof *y);
  memset(y, 0xA5, (size_t)(start + n) * sizeof *y);
  return y;
}

static void functions(enum nn_half type, long n, long start, bool streams) {
  static const enum nn_unary ops[] = {nn_unary_relu, nn_unary_leakyReLU, nn_unary_clamp, nn_unary_negate, nn_unary_squareRoot};
  for (int k = 0; k < 5; k++) {
    const uint16_t *const x = any_halves(n);
    float *const numbers = widened(type, x, n);
    uint16_t *const y = result(start, n);
    kernels->half_unary(ops[k], type, x, y + start, n, 0.3f, 1.7f, streams);
    kernels->unary(ops[k], numbers, numbers, n, 0.3f, 1.7f);
    compare("half_unary", type, y, start, numbers, n);
    release();
  }
  float *const x = floats(n, -2, 2);
  uint16_t *const y = result(start, n);
  kernels->stream_halves(type, x, y + start, n);
  compare("stream_halves", type, y, start, x, n);
  release();
}

static void lookups(long n, long start, bool streams) {
  const uint16_t *const table = any_halves(1 << 16), *const x = any_halves(n);
  uint16_t *const y = result(start, n);
  kernels->map_halves(table, x, y + start, n, streams);
  for (long i = 0; i < start; i++) expect(y[i] == 0xA5A5, "map_halves", i - start, y[i], 0xA5A5);
  for (long i = 0; i < n; i++) expect(y[start + i] == table[x[i]], "map_halves", i, y[start + i], table[x[i]]);
  release();
}

// Two rows; one operand may be one number for each row.
static void pairs(enum nn_half type, enum nn_binary op, long n, long start, long a_step, long b_step, bool streams) {
  const long a_row = a_step == 1 ? n : 1, b_row = b_step == 1 ? n : 1, count = 2 * n;
  const uint16_t *const a = any_halves(2 * a_row), *const b = any_halves(2 * b_row);
  const float *const x = widened(type, a, 2 * a_row), *const z = widened(type, b, 2 * b_row);
  float *const numbers = guarded(count, sizeof *numbers);
  uint16_t *const y = result(start, count);
  const struct nn_view left = {a, a_row, a_step}, right = {b, b_row, b_step};
  kernels->half_binary(op, type, left, right, y + start, n, 2, n, streams);
  const struct nn_view first = {x, a_row, a_step}, second = {z, b_row, b_step};
  kernels->binary(op, first, second, numbers, n, 2, n);
  compare("half_binary", type, y, start, numbers, count);
  release();
}

static void scalars(enum nn_half type, enum nn_binary op, long n, long start, bool first, bool streams) {
  const uint16_t *const a = any_halves(n);
  const float scalar = 0.3f, *const x = widened(type, a, n);
  float *const numbers = guarded(n, sizeof *numbers);
  uint16_t *const y = result(start, n);
  kernels->half_binary_scalar(op, type, a, scalar, first, y + start, n, streams);
  const struct nn_view element = {x, 0, 1}, constant = {&scalar, 0, 0};
  kernels->binary(op, first ? constant : element, first ? element : constant, numbers, 0, 1, n);
  compare("half_binary_scalar", type, y, start, numbers, n);
  release();
}

static void softmax(enum nn_half type, long columns, long start, bool logarithmic, bool streams) {
  const long count = 3 * columns;
  float *const numbers = floats(count, -4, 4);
  uint16_t *const x = guarded(count, sizeof *x), *const y = result(start, count);
  narrow(type, numbers, x, count);
  widen(type, x, numbers, count);
  kernels->softmax_halves(type, x, 3, columns, logarithmic, y + start, streams);
  kernels->softmax(numbers, 3, columns, logarithmic, numbers, false);
  compare("softmax_halves", type, y, start, numbers, count);
  release();
}

void test_half_functions(void) {
  static const enum nn_binary ops[] = {nn_binary_add,     nn_binary_subtract, nn_binary_multiply, nn_binary_divide,
                                       nn_binary_maximum, nn_binary_minimum,  nn_binary_copySign};
  for (int l = 0; l < length_count; l++) {
    for (int streams = 0; streams < 2; streams++) lookups(lengths[l], draw_below(starts), streams);
  }
  for (int t = 0; t < 2; t++) {
    const enum nn_half type = t == 0 ? NN_FLOAT16 : NN_BFLOAT16;
    for (int streams = 0; streams < 2; streams++) {
      for (int l = 0; l < length_count; l++) {
        const long n = lengths[l], start = draw_below(starts);
        functions(type, n, start, streams);
        const enum nn_binary op = ops[l % 7];
        pairs(type, op, n, start, 1, 1, streams);
        pairs(type, op, n, start, 1, 0, streams);
        pairs(type, op, n, start, 0, 1, streams);
        scalars(type, op, n, start, false, streams);
        scalars(type, op, n, start, true, streams);
      }
      for (int k = 0; k < 7; k++) pairs(type, ops[k], 301, k, 1, 1, streams);
      for (long start = 0; start < starts; start++) functions(type, 97, start, streams);
      // Longer than the four vectors that `softmax` keeps in registers.
      for (int flag = 0; flag < 2; flag++) {
        softmax(type, 4 * kernels->width + 1, 3, flag, streams);
        softmax(type, 1000, 0, flag, streams);
        softmax(type, NN_KEPT_COLUMNS, 17, flag, streams);
      }
    }
  }
}
