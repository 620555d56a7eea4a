// Products of 8-bit integers, and rounding to 8 bits and back.
#include <string.h>

#include "support.h"

enum { panel_columns = 64 };

// Any bytes, or only those at which sums of products saturate in 16 bits.
static uint8_t *bytes(long n, bool extreme) {
  static const uint8_t extremes[] = {0, 1, 127, 128, 129, 255, 255, 128};
  uint8_t *const x = guarded(n, 1);
  for (long i = 0; i < n; i++) x[i] = extreme ? extremes[draw() >> 29] : (uint8_t)(draw() >> 24);
  return x;
}

static int64_t number(bool is_signed, uint8_t x) { return is_signed ? (int8_t)x : x; }
static long least(long a, long b) { return a < b ? a : b; }
static int32_t wrapped(int64_t x) { return (int32_t)(uint32_t)x; }

static int32_t *pattern(long n) {
  int32_t *const x = guarded(n, sizeof *x);
  for (long i = 0; i < n; i++) x[i] = (int32_t)draw();
  return x;
}
static int32_t *words_of(const int32_t *x, long n) {
  int32_t *const y = guarded(n, sizeof *y);
  memcpy(y, x, (size_t)n * sizeof *y);
  return y;
}

// C[m, n] = A[m, k]·B[k, n], as the CPU backend computes it: panel by panel, from the column `first` on, a multiple of 16.
struct product {
  long m, n, k, first;
  bool left_signed, right_signed;
};

static long quads_of(struct product s) { return (s.k + 3) / 4; }

// The packed rows of A: bytes in their order, or two pairs of 16 bits for each four elements.
static void compare_rows(const struct nn_integer_kernels *table, struct product s, const uint8_t *a, long lda,
                         const uint8_t *packed, const uint8_t *old, long step) {
  static const long places[] = {0, 2, 1, 3};
  const long size = table->element_size, used = 4 * quads_of(s) * size;
  const int64_t offset = s.left_signed ? table->left_offset : 0;
  for (long r = 0; r < s.m; r++) {
    for (long p = 0; p < 4 * quads_of(s); p++) {
      const uint8_t *const at = packed + r * step + size * (size == 2 ? p / 4 * 4 + places[p % 4] : p);
      int16_t pair_element = 0;
      memcpy(&pair_element, at, (size_t)size);
      const int64_t expected = p < s.k ? number(s.left_signed, a[r * lda + p]) + offset : 0;
      expect(pair_element == expected, "packed rows of integers", r * s.k + p, pair_element, (double)expected);
    }
    for (long i = used; i < step && r + 1 < s.m; i++) {
      const long at = r * step + i;
      expect(packed[at] == old[at], "between packed rows of integers", i, packed[at], old[at]);
    }
  }
}

static void compare_panel(const struct nn_integer_kernels *table, struct product s, long columns, const uint8_t *b, long ldb,
                          const uint8_t *panel, const int32_t *sums, const int32_t *old_sums) {
  for (long j = 0; j < panel_columns; j++) {
    int64_t sum = 0;
    for (long p = 0; p < 4 * quads_of(s); p++) {
      const int8_t found = (int8_t)panel[4 * (p / 4 * panel_columns + j) + p % 4];
      sum += found;
      if (j >= columns && p < s.k) continue;
      const int64_t expected = p < s.k ? number(s.right_signed, b[p * ldb + j]) - (s.right_signed ? 0 : 128) : 0;
      expect(found == expected, "panel of integers", p * panel_columns + j, found, (double)expected);
    }
    const int32_t expected = table->left_offset != 0 ? wrapped(sum) : old_sums[j];
    expect(sums[j] == expected, "sums of a panel", j, sums[j], expected);
  }
}

static void compare_strip(struct product s, const uint8_t *a, long lda, const uint8_t *b, long ldb, const int32_t *c,
                          const int32_t *old, long ldc) {
  const long columns = s.n - s.first;
  for (long i = 0; i < s.m; i++) {
    for (long j = 0; j < (i + 1 < s.m ? ldc : columns); j++) {
      int64_t sum = 0;
      for (long p = 0; j < columns && p < s.k; p++) {
        sum += number(s.left_signed, a[i * lda + p]) * number(s.right_signed, b[p * ldb + s.first + j]);
      }
      const int32_t expected = j < columns ? wrapped(sum) : old[i * ldc + j], found = c[i * ldc + j];
      expect(found == expected, j < columns ? "strip of integers" : "between rows of integers", i * ldc + j, found, expected);
    }
  }
}

// As `product`, with rows of A that are not packed: once with a panel that is packed first, and again with this panel.
static void direct_product(const struct nn_integer_kernels *table, struct product s, const uint8_t *a, long lda,
                           const uint8_t *b, long ldb) {
  const long quads = quads_of(s), step = 4 * quads + draw_below(3), width = least(s.n - s.first, panel_columns);
  const long ldc = width + draw_below(3), count = (s.m - 1) * ldc + width;
  const int32_t right_offset = s.left_signed != s.right_signed ? 0 : s.left_signed ? 128 : -128;
  const struct nn_integer_product shape = {quads, step, ldc, 0, right_offset};
  // Elements after a row have any value.
  uint8_t *const rows = bytes((s.m - 1) * step + 4 * quads, false), *const panel = guarded(4 * quads * panel_columns, 1);
  int32_t *const sums = right_offset == 0 ? NULL : pattern(s.m);
  if (sums) table->sum_rows(s.left_signed, s.m, s.k, a, lda, sums);
  for (long i = 0; i < s.m; i++) {
    if (s.k > 0) memcpy(rows + i * step, a + i * lda, (size_t)s.k);
    int64_t sum = 0;
    for (long p = 0; p < s.k; p++) sum += number(s.left_signed, a[i * lda + p]);
    expect(!sums || sums[i] == wrapped(sum), "sum_rows", i, sums ? sums[i] : 0, wrapped(sum));
  }
  const int32_t *const old = pattern(count);
  const struct product part = {s.m, s.first + width, s.k, s.first, s.left_signed, s.right_signed};
  for (int again = 0; again < 2; again++) {
    int32_t *const c = words_of(old, count);
    const uint8_t *const from = again ? NULL : b + s.first;
    table->direct_strip(&shape, s.left_signed, s.m, width, s.k, rows, sums, from, ldb, panel, c);
    compare_strip(part, a, lda, b, ldb, c, old, ldc);
  }
}

static void product(const struct nn_integer_kernels *table, struct product s, const uint8_t *a, long lda, const uint8_t *b,
                    long ldb) {
  const long quads = quads_of(s), row_size = 4 * quads * table->element_size, step = row_size + 4 * draw_below(3);
  const long packed_size = (s.m - 1) * step + row_size;
  const uint8_t *const old_rows = bytes(packed_size, false);
  uint8_t *const rows = guarded(packed_size, 1);
  memcpy(rows, old_rows, (size_t)packed_size);
  int32_t *const row_sums = s.right_signed ? NULL : pattern(s.m);
  table->pack_rows(s.left_signed, s.m, s.k, a, lda, rows, step, row_sums);
  compare_rows(table, s, a, lda, rows, old_rows, step);
  for (long i = 0; row_sums && i < s.m; i++) {
    int64_t sum = 0;
    for (long p = 0; p < s.k; p++) sum += number(s.left_signed, a[i * lda + p]);
    expect(row_sums[i] == wrapped(sum), "sums of rows of integers", i, row_sums[i], wrapped(sum));
  }

  const long panels = (s.n + panel_columns - 1) / panel_columns, panel_size = 4 * quads * panel_columns;
  uint8_t *const packed = guarded(panels * panel_size, 1);
  const int32_t *const old_sums = pattern(panels * panel_columns);
  int32_t *const sums = words_of(old_sums, panels * panel_columns);
  // From the last one: a panel that writes beyond its end changes the next one, which is compared afterwards.
  for (long j = (panels - 1) * panel_columns; j >= 0; j -= panel_columns) {
    uint8_t *const panel = packed + j / panel_columns * panel_size;
    table->pack_panel(s.right_signed, s.k, least(s.n - j, panel_columns), b + j, ldb, panel, sums + j);
  }
  for (long j = 0; j < s.n; j += panel_columns) {
    const uint8_t *const panel = packed + j / panel_columns * panel_size;
    compare_panel(table, s, least(s.n - j, panel_columns), b + j, ldb, panel, sums + j, old_sums + j);
  }

  const long columns = s.n - s.first, ldc = columns + draw_below(3), count = (s.m - 1) * ldc + columns;
  const int32_t *const old = pattern(count);
  int32_t *const c = words_of(old, count);
  int32_t *const workspace = table->workspace > 0 ? pattern(quads * table->workspace) : NULL;
  const int32_t left_offset = s.left_signed ? table->left_offset : 0, right_offset = s.right_signed ? 0 : -128;
  const struct nn_integer_product shape = {quads, step, ldc, left_offset, right_offset};
  for (long j = s.first; j < s.n;) {
    const long place = j % panel_columns, width = least(s.n - j, panel_columns - place);
    const uint8_t *const panel = packed + j / panel_columns * panel_size + 4 * place;
    table->strip(&shape, s.m, width, rows, row_sums, panel, sums + j, workspace, c + j - s.first);
    j += width;
  }
  compare_strip(s, a, lda, b, ldb, c, old, ldc);
  if (table->direct_strip) direct_product(table, s, a, lda, b, ldb);
  release();
}

static void drawn_product(const struct nn_integer_kernels *table, struct product s) {
  guards_start = draw() >> 31;
  const long lda = s.k + draw_below(3), ldb = s.n + draw_below(3);
  const uint8_t *const a = bytes(s.k == 0 ? 0 : (s.m - 1) * lda + s.k, draw() >> 30 == 0);
  const uint8_t *const b = bytes(s.k == 0 ? 0 : (s.k - 1) * ldb + s.n, draw() >> 30 == 0);
  product(table, s, a, lda, b, ldb);
}

// Sums beyond 32 bits, at which the offsets of packed elements wrap around as well.
static void wrapping_product(const struct nn_integer_kernels *table, bool left_signed, bool right_signed) {
  const struct product s = {4, 3, 66000, 0, left_signed, right_signed};
  uint8_t *const a = guarded(s.m * s.k, 1), *const b = guarded(s.k * s.n, 1);
  memset(a, left_signed ? 0x80 : 0xff, (size_t)(s.m * s.k));
  memset(b, right_signed ? 0x80 : 0xff, (size_t)(s.k * s.n));
  product(table, s, a, s.k, b, s.n);
}

static void products(const struct nn_integer_kernels *table) {
  static const long wide[] = {65, 100, 129};
  for (int signs = 0; signs < 4; signs++) {
    const bool left = signs & 1, right = signs >> 1;
    for (long n = 1; n <= panel_columns + 3; n++) {
      for (long m = 1; m <= 13; m++) {
        const long columns = n <= panel_columns ? n : wide[n - panel_columns - 1];
        drawn_product(table, (struct product){m, columns, 4 * draw_below(8) + (m + n) % 4, 0, left, right});
      }
    }
    for (long k = 0; k <= 132; k++) drawn_product(table, (struct product){1 + k % 7, 1 + draw_below(64), k, 0, left, right});
    for (long m = 1; m <= 13; m++) drawn_product(table, (struct product){m, m % 2 ? 64 : 23, 0, 0, left, right});
    for (long first = 16; first < panel_columns; first += 16) {
      for (long n = first + 1; n <= panel_columns; n += n % 16 == 15 ? 1 : 5) {
        for (long m = 1; m <= 7; m++) drawn_product(table, (struct product){m, n, draw_below(30), first, left, right});
      }
      drawn_product(table, (struct product){5, 150, 21, first, left, right});
      drawn_product(table, (struct product){2, 150, 21, first + panel_columns, left, right});
    }
    wrapping_product(table, left, right);
  }
}

// MARK: Rounding to 8 bits, and back

static void quantized(const float *x, long n, float scale) {
  double largest = 0;
  bool is_finite = true;
  for (long i = 0; i < n; i++) {
    if (!isfinite(x[i])) is_finite = false;
    else largest = fmax(largest, fabs(x[i]));
  }
  float expected_scale = scale == 0 ? (float)largest / 127 : scale;
  if (expected_scale < 0x1p-126f) expected_scale = 0;
  if (!is_finite) expected_scale = NAN;
  int8_t *const y = guarded(n, 1);
  memset(y, 0x77, (size_t)n);
  const float found = kernels->quantize_row(x, n, scale, y);
  expect_near("scale of quantize_row", n, found, expected_scale, 0);
  int exponent;
  const bool is_exact = frexpf(expected_scale, &exponent) == 0.5;
  for (long i = 0; i < n; i++) {
    if (!(expected_scale > 0)) {
      expect(y[i] == 0, "quantize_row", i, y[i], 0);
      continue;
    }
    const double quotient = fmin(fmax(x[i] / (double)expected_scale, -127), 127);
    // The reciprocal and the product with it are rounded, except for powers of two.
    if (is_exact) expect(y[i] == nearbyint(quotient), "quantize_row", i, y[i], nearbyint(quotient));
    else expect_near("quantize_row", i, y[i], quotient, 0.5 + 127 * 0x1p-22);
  }
}

static void quantize(long n) {
  guards_start = n % 2 == 0;
  quantized(floats(n, -3, 3), n, 0);
  quantized(floats(n, -3, 3), n, 0.011f);
  quantized(floats(n, -1e38, 1e38), n, 0);
  quantized(floats(n, -1e38, 1e38), n, 0x1p-126f);
  quantized(floats(n, -2e-36, 2e-36), n, 0);
  quantized(floats(n, -1e-37, 1e-37), n, 0);
  quantized(floats(n, -1e-37, 1e-37), n, 0x1p-126f);
  quantized(floats(n, -1e-37, 1e-37), n, 0x1p-127f);
  quantized(floats(n, 0, 0), n, 0);
  quantized(floats(n, 0, 0), n, 0.5f);
  float *const ties = floats(n, 0, 1);
  for (long i = 0; i < n; i++) ties[i] = 0.25f * ((float)draw_below(521) - 260);
  quantized(ties, n, 0.5f);
  for (long i = 0; i < n; i++) ties[i] *= 0x1p-125f;
  quantized(ties, n, 0x1p-126f);
  release();
  // Infinities, and NaN, also with the smallest and the largest magnitude of its bits.
  static const uint32_t special[] = {0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0xffffffff};
  float *const x = floats(n, -3, 3);
  for (long i = 0; i < n; i += n < 40 ? 1 : 7) {
    const float kept = x[i];
    memcpy(x + i, special + i % 5, sizeof *x);
    quantized(x, n, i % 2 ? 0.5f : 0);
    x[i] = kept;
  }
  release();
}

static void scaled(long rows, long n, bool has_bias) {
  guards_start = draw() >> 31;
  const long step = n + draw_below(3), count = (rows - 1) * step + n;
  const float *const row_scales = floats(rows, 0, 0.1), *const scales = floats(n, -0.1, 0.1), *const bias = floats(n, -9, 9);
  const int32_t range = draw() & 1 ? 1000000000 : 100, *const x = integers(count, -range, range);
  int32_t *const y = words_of(x, count);
  kernels->scale_integers(rows, n, row_scales, scales, has_bias ? bias : NULL, y, step);
  for (long r = 0; r < rows; r++) {
    for (long i = 0; i < step && r * step + i < count; i++) {
      const long at = r * step + i;
      if (i >= n) {
        expect(y[at] == x[at], "between rows of scale_integers", at, y[at], x[at]);
        continue;
      }
      float found;
      memcpy(&found, y + at, sizeof found);
      const double value = x[at] * ((double)row_scales[r] * scales[i]), expected = has_bias ? value + bias[i] : value;
      expect_near("scale_integers", at, found, expected, 0x1p-24 * (3.01 * fabs(value) + 1.01 * fabs(expected)));
    }
  }
  release();
}

void test_integers(void) {
  const struct nn_integer_kernels *const extended = nn_integer_kernels_for(kernels->isa);
  products(&kernels->integers);
  if (extended) products(extended);
  for (long n = 0; n <= 70; n++) quantize(n);
  for (long n = 1; n <= 70; n++) scaled(1 + draw_below(4), n, n % 3 != 0);
  for (int i = 0; i < length_count; i++) {
    quantize(lengths[i]);
    scaled(1 + draw_below(4), lengths[i], i % 2);
  }
  guards_start = false;
}
