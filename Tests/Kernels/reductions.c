// Reductions along rows and columns, and the positions of maxima and minima.
#include "support.h"

static double reduced(enum nn_reduction op, const float *x, long step, long n, double *size) {
  double result = op == NN_PRODUCT ? 1 : op == NN_LARGEST ? -INFINITY : op == NN_SMALLEST ? INFINITY : 0;
  *size = 0;
  for (long i = 0; i < n; i++) {
    const double v = x[i * step];
    switch (op) {
      case NN_SUM: result += v; *size += fabs(v); break;
      case NN_SUM_OF_SQUARES: result += v * v; *size += v * v; break;
      case NN_PRODUCT: result *= v; *size = fabs(result); break;
      case NN_LARGEST: result = isnan(result) || isnan(v) ? NAN : fmax(result, v); break;
      case NN_SMALLEST: result = isnan(result) || isnan(v) ? NAN : fmin(result, v); break;
    }
  }
  return result;
}

static long position(bool largest, const float *x, long step, long n) {
  long best = 0;
  for (long i = 0; i < n; i++) {
    if (isnan(x[i * step])) return i;
    if (largest ? x[i * step] > x[best * step] : x[i * step] < x[best * step]) best = i;
  }
  return best;
}

static void rows(long n, bool has_nan) {
  float *const x = floats(n, 0.7, 1.4);
  for (long i = 0; i < n; i += 3) x[i] = -x[i];
  if (n > 4) x[n - 2] = x[1];  // a maximum or minimum may occur twice
  if (has_nan) x[draw_below(n)] = NAN;
  for (int op = NN_SUM; op <= NN_PRODUCT; op++) {
    double size;
    const double expected = reduced(op, x, 1, n, &size);
    expect_near("reduce", op * 10000 + n, kernels->reduce(op, x, n), expected, 2e-6 * size);
  }
  for (int largest = 0; largest < 2; largest++) {
    expect(kernels->arg_reduce(largest, x, n) == position(largest, x, 1, n), "arg_reduce", n, 0, 0);
  }
  release();
}

static void columns(long count, long width, bool has_nan) {
  const long step = width + draw_below(3), whole = (count - 1) * step + width;
  float *const x = floats(whole, 0.7, 1.4);
  for (long i = 0; i < whole; i += 3) x[i] = -x[i];
  if (has_nan) x[draw_below(whole)] = NAN;
  float *const y = guarded(width, sizeof *y);
  double *const partial = guarded(width, sizeof *partial);
  int32_t *const positions = guarded(width, sizeof *positions);
  for (int op = NN_SUM; op <= NN_PRODUCT; op++) {
    kernels->reduce_columns(op, x, count, width, step, 0.5, y);
    kernels->reduce_columns_partial(op, x, count, width, step, partial);
    for (long c = 0; c < width; c++) {
      double size;
      const double expected = reduced(op, x + c, step, count, &size);
      expect_near("reduce_columns", op * 10000 + c, y[c], 0.5 * expected, 2e-6 * (size + fabs(expected)));
      expect_near("reduce_columns_partial", op * 10000 + c, partial[c], expected, 2e-6 * (size + fabs(expected)));
    }
  }
  for (int largest = 0; largest < 2; largest++) {
    kernels->arg_reduce_columns(largest, x, count, width, step, positions);
    for (long c = 0; c < width; c++) {
      const long expected = position(largest, x + c, step, count);
      expect(positions[c] == expected, "arg_reduce_columns", c, positions[c], (double)expected);
    }
  }
  release();
}

static void running_sums(long count, long width, bool reversed, bool streams) {
  float *const x = floats(count * width, -2, 2), *const y = guarded(count * width, sizeof *y);
  kernels->scan_rows(NN_SUM, reversed, x, count, width, y, streams);
  for (long r = 0; r < count; r++) {
    double sum = 0;
    for (long i = 0; i < width; i++) {
      const long at = r * width + (reversed ? width - 1 - i : i);
      sum += x[at];
      expect_near("scan_rows", at, y[at], sum, 2e-7 * (1 + fabs(sum)));
    }
  }
  float *const same = copy_of(x, count * width);
  kernels->scan_rows(NN_SUM, reversed, same, count, width, same, streams);
  for (long i = 0; i < count * width; i++) expect(same[i] == y[i], "scan_rows in place", i, same[i], y[i]);

  kernels->scan_columns(NN_SUM, reversed, x, count, width, width, y, streams);
  for (long c = 0; c < width; c++) {
    double sum = 0;
    for (long r = 0; r < count; r++) {
      const long at = (reversed ? count - 1 - r : r) * width + c;
      sum += x[at];
      expect(y[at] == (float)sum, "scan_columns", at, y[at], sum);
    }
  }
  kernels->scan_columns(NN_SUM, reversed, x, count, width, width, x, streams);
  for (long i = 0; i < count * width; i++) expect(x[i] == y[i], "scan_columns in place", i, x[i], y[i]);
  release();
}

// Products are rounded to float one by one.
static double scanned(enum nn_reduction op, double a, double b) {
  if (op == NN_PRODUCT) return (float)(a * b);
  if (isnan(a) || isnan(b)) return NAN;
  return op == NN_LARGEST ? fmax(a, b) : fmin(a, b);
}

// Running products, maxima, and minima, with a NaN in the middle.
static void running_values(enum nn_reduction op, long count, long width, bool reversed) {
  const double start = op == NN_PRODUCT ? 1 : op == NN_LARGEST ? -INFINITY : INFINITY;
  float *const x = floats(count * width, -1.2, 1.2), *const y = guarded(count * width, sizeof *y);
  x[count * width / 2] = NAN;
  kernels->scan_rows(op, reversed, x, count, width, y, false);
  for (long r = 0; r < count; r++) {
    double value = start;
    for (long i = 0; i < width; i++) {
      const long at = r * width + (reversed ? width - 1 - i : i);
      value = scanned(op, value, x[at]);
      expect(y[at] == (float)value || isnan(value), "scan_rows", at, y[at], value);
      expect(isnan(y[at]) == isnan(value), "NaN of scan_rows", at, y[at], value);
    }
  }
  kernels->scan_columns(op, reversed, x, count, width, width, y, false);
  for (long c = 0; c < width; c++) {
    double value = start;
    for (long r = 0; r < count; r++) {
      const long at = (reversed ? count - 1 - r : r) * width + c;
      value = scanned(op, value, x[at]);
      expect(y[at] == (float)value || isnan(value), "scan_columns", at, y[at], value);
      expect(isnan(y[at]) == isnan(value), "NaN of scan_columns", at, y[at], value);
    }
  }
  float *const same = copy_of(x, count * width);
  kernels->scan_columns(op, reversed, same, count, width, width, same, false);
  for (long i = 0; i < count * width; i++) {
    expect(same[i] == y[i] || isnan(y[i]), "scan_columns in place", i, same[i], y[i]);
  }
  release();
}

static void whole_numbers(long n, long step) {
  const int32_t *const x = integers((n - 1) * step + 1, -4, 4);
  const uint8_t *const bits = booleans((n - 1) * step + 1);
  uint32_t sum = 0, squares = 0, product = 1;
  int32_t largest = x[0], smallest = x[0];
  long first_largest = 0, first_smallest = 0;
  bool any = false, all = true;
  for (long i = 0; i < n; i++) {
    const int32_t v = x[i * step];
    sum += (uint32_t)v;
    squares += (uint32_t)(v * v);
    product *= (uint32_t)v;
    if (v > largest) largest = v, first_largest = i;
    if (v < smallest) smallest = v, first_smallest = i;
    any |= bits[i * step];
    all &= bits[i * step];
  }
  const int32_t results[] = {[NN_SUM] = (int32_t)sum, [NN_SUM_OF_SQUARES] = (int32_t)squares, [NN_LARGEST] = largest,
                             [NN_SMALLEST] = smallest, [NN_PRODUCT] = (int32_t)product};
  for (int op = NN_SUM; op <= NN_PRODUCT; op++) {
    const int32_t found = kernels->reduce_int32(op, x, step, n);
    expect(found == results[op], "reduce_int32", op, found, results[op]);
  }
  expect(kernels->arg_reduce_int32(true, x, step, n) == first_largest, "arg_reduce_int32", n, 0, (double)first_largest);
  expect(kernels->arg_reduce_int32(false, x, step, n) == first_smallest, "arg_reduce_int32", n, 0, (double)first_smallest);
  expect(kernels->reduce_bool(NN_LARGEST, bits, step, n) == any, "any", n, 0, any);
  expect(kernels->reduce_bool(NN_SMALLEST, bits, step, n) == all, "all", n, 0, all);
  release();
}

void test_reductions(void) {
  for (int l = 0; l < length_count; l++) {
    for (int has_nan = 0; has_nan < 2; has_nan++) {
      rows(lengths[l], has_nan);
      for (int w = 0; w < length_count; w++) columns(lengths[l], lengths[w], has_nan);
    }
    for (long step = 1; step < 3; step++) whole_numbers(lengths[l], step);
    for (int flags = 0; flags < 4; flags++) running_sums(5, lengths[l], flags & 1, flags & 2);
    for (int reversed = 0; reversed < 2; reversed++) {
      running_values(NN_PRODUCT, 5, lengths[l], reversed);
      running_values(NN_LARGEST, 5, lengths[l], reversed);
      running_values(NN_SMALLEST, 5, lengths[l], reversed);
    }
  }
  // Several blocks of a row, and strips of columns.
  rows(5000, false);
  rows(5000, true);
  running_sums(3, 2064, false, true);
  rows(5000, false);
  columns(70, 2100, false);
}
