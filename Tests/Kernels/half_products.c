// Products and convolutions of float16 and bfloat16 operands, and the blocks that they are made of.
#include <string.h>

#include "support.h"

// Halves between -1 and 1, and their numbers.
struct halves {
  uint16_t *bits;
  float *numbers;
};

static void to_floats(enum nn_half type, const uint16_t *x, float *y, long n) {
  (type == NN_BFLOAT16 ? kernels->bfloat16_to_float : kernels->float16_to_float)(x, y, n);
}
static void to_halves(enum nn_half type, const float *x, uint16_t *y, long n) {
  (type == NN_BFLOAT16 ? kernels->float_to_bfloat16 : kernels->float_to_float16)(x, y, n);
}

static struct halves halves(enum nn_half type, long n) {
  const struct halves x = {guarded(n, sizeof(uint16_t)), floats(n, -1, 1)};
  to_halves(type, x.numbers, x.bits, n);
  to_floats(type, x.bits, x.numbers, n);
  return x;
}

static const double factors[][2] = {{1, 0}, {-0.5, 0}, {1, 1}, {2, -0.25}};

// y = alpha·x·B + beta·y; B is [k, n], or [n, k] for the dot products.
static void vector(enum nn_half type, bool dots, long n, long k, int factor) {
  const long ldb = (dots ? k : n) + draw_below(3), rows = dots ? n : k, columns = dots ? k : n;
  const struct halves x = halves(type, k), b = halves(type, rows == 0 ? 0 : (rows - 1) * ldb + columns);
  const double alpha = factors[factor][0], beta = factors[factor][1];
  const float *const old = floats(n, -1, 1);
  float *const y = copy_of(old, n);
  if (beta == 0) {
    for (long j = 0; j < n; j++) y[j] = NAN;
  }
  if (dots) kernels->half_dot(type, n, k, type == NN_BFLOAT16 ? (const void *)x.bits : x.numbers, b.bits, ldb, y, (float)alpha, (float)beta);
  else kernels->half_row(type, n, k, x.numbers, b.bits, ldb, y, (float)alpha, (float)beta);
  for (long j = 0; j < n; j++) {
    double sum = 0, size = 0;
    for (long p = 0; p < k; p++) {
      const double term = (double)x.numbers[p] * b.numbers[dots ? j * ldb + p : p * ldb + j];
      sum += term;
      size += fabs(term);
    }
    const double expected = alpha * sum + (beta == 0 ? 0 : beta * old[j]);
    const double bound = 1.2e-7 * ((double)(k + 2) * fabs(alpha) * size + 2 * fabs(expected) + 1e-20);
    expect_near(dots ? "half_dot" : "half_row", j, y[j], expected, bound);
  }
  release();
}

static void conversion(enum nn_half type, long rows, long columns) {
  const long x_step = columns + draw_below(3), y_step = columns + draw_below(3);
  const long x_count = (rows - 1) * x_step + columns, y_count = (rows - 1) * y_step + columns;
  const struct halves x = halves(type, x_count);
  const float *const old = floats(y_count, 2, 3);
  float *const y = copy_of(old, y_count);
  uint16_t *const back = guarded(x_count, sizeof *back);
  memset(back, 0xA5, (size_t)x_count * sizeof *back);
  kernels->widen_halves(type, x.bits, x_step, rows, columns, y, y_step);
  kernels->narrow_to_halves(type, y, y_step, rows, columns, back, x_step);
  for (long r = 0; r < rows; r++) {
    for (long c = 0; c < x_step && r * x_step + c < x_count; c++) {
      const long i = r * x_step + c;
      if (c < columns) expect(y[r * y_step + c] == x.numbers[i], "widen_halves", i, y[r * y_step + c], x.numbers[i]);
      expect(back[i] == (c < columns ? x.bits[i] : 0xA5A5), "narrow_to_halves", i, back[i], x.bits[i]);
    }
    for (long c = columns; c < y_step && r + 1 < rows; c++) {
      expect(y[r * y_step + c] == old[r * y_step + c], "widen_halves", c, y[r * y_step + c], old[r * y_step + c]);
    }
  }
  release();
}

// The product that `nn_bfloat16_kernels.strip` computes, with its operands packed as it expects them.
struct strip {
  long m, n, k;
  bool transposed, packs, is_bfloat16;
  int factor;
};

static void bfloat16_strip(const struct nn_bfloat16_kernels *pairs, struct strip s) {
  const long m = s.m, n = s.n, k = s.k, width = kernels->width, pair_count = (k + 1) / 2;
  const long lda = (s.transposed ? m : k) + draw_below(3), ldb = n + draw_below(3), ldc = n + draw_below(3);
  const long a_rows = s.transposed ? k : m, a_columns = s.transposed ? m : k;
  const struct halves a = halves(NN_BFLOAT16, a_rows == 0 ? 0 : (a_rows - 1) * lda + a_columns);
  const struct halves b = halves(NN_BFLOAT16, k == 0 ? 0 : (k - 1) * ldb + n);
  const long panel_step = (n + width - 1) / width * width, a_step = (m + width - 1) / width * width;
  uint32_t *const panel = guarded(pair_count * panel_step, sizeof *panel);
  if (!s.packs) pairs->pack(b.bits, ldb, k, n, panel, panel_step);
  uint32_t *const packed = guarded(s.transposed ? pair_count * a_step : 0, sizeof *packed);
  if (s.transposed) pairs->pack(a.bits, lda, k, m, packed, a_step);

  const double alpha = factors[s.factor][0], beta = s.is_bfloat16 ? 0 : factors[s.factor][1];
  const long count = (m - 1) * ldc + n;
  const float *const old = floats(count, -1, 1);
  float *const c = copy_of(old, count);
  uint16_t *const rounded = guarded(count, sizeof *rounded);
  to_halves(NN_BFLOAT16, old, rounded, count);
  const struct nn_bfloat16_result result = {s.is_bfloat16, ldc, (float)alpha, (float)beta};
  pairs->strip(s.transposed, m, n, k, s.transposed ? (const void *)packed : a.bits, s.transposed ? a_step : lda,
               s.packs ? b.bits : NULL, ldb, panel, s.is_bfloat16 ? (void *)rounded : c, &result);

  float *const found = s.is_bfloat16 ? guarded(count, sizeof *found) : c;
  if (s.is_bfloat16) to_floats(NN_BFLOAT16, rounded, found, count);
  for (long i = 0; i < m; i++) {
    for (long j = 0; j < ldc && i * ldc + j < count; j++) {
      if (j >= n) {
        uint16_t kept;
        to_halves(NN_BFLOAT16, old + i * ldc + j, &kept, 1);
        const bool same = s.is_bfloat16 ? rounded[i * ldc + j] == kept : c[i * ldc + j] == old[i * ldc + j];
        expect(same, "between rows of a bfloat16 product", i * ldc + j, found[i * ldc + j], old[i * ldc + j]);
        continue;
      }
      double sum = 0, size = 0;
      for (long p = 0; p < k; p++) {
        const double term = (double)a.numbers[s.transposed ? p * lda + i : i * lda + p] * b.numbers[p * ldb + j];
        sum += term;
        size += fabs(term);
      }
      const double expected = alpha * sum + (beta == 0 ? 0 : beta * old[i * ldc + j]);
      double bound = 1.2e-7 * ((double)(k + 2) * fabs(alpha) * size + 2 * fabs(expected) + 1e-20);
      if (s.is_bfloat16) bound += fabs(expected) * 0x1.01p-8;
      expect_near("bfloat16 strip", i * n + j, found[i * ldc + j], expected, bound);
    }
  }
  for (long p = 0; s.packs && p < pair_count; p++) {
    for (long j = 0; j < n; j++) {
      const uint32_t upper = 2 * p + 1 < k ? b.bits[(2 * p + 1) * ldb + j] : 0;
      const uint32_t expected = b.bits[2 * p * ldb + j] | upper << 16;
      expect(panel[p * panel_step + j] == expected, "packed pairs", p, panel[p * panel_step + j], expected);
    }
  }
  release();
}

static void bfloat16_strips(const struct nn_bfloat16_kernels *pairs) {
  for (int t = 0; t < 2; t++) {
    for (int r = 0; r < 2; r++) {
      for (long n = 1; n <= kernels->strip; n++) {
        for (long m = 1; m <= 7; m++) {
          const long k = 1 + draw_below(20);
          bfloat16_strip(pairs, (struct strip){m, n, k, t, false, r, (int)draw_below(4)});
        }
        bfloat16_strip(pairs, (struct strip){37, n, 33, t, false, r, (int)draw_below(4)});
      }
      for (long m = 1; m <= 20; m++) {
        const long k = draw_below(40);
        bfloat16_strip(pairs, (struct strip){m, kernels->strip, k, t, true, r, (int)draw_below(4)});
      }
      bfloat16_strip(pairs, (struct strip){3, 20, 0, t, false, r, 3});
    }
  }
}

static long *offsets(long n, long bound) {
  long *const x = guarded(n, sizeof *x);
  for (long i = 0; i < n; i++) x[i] = draw_below(bound);
  return x;
}

// Convolution with pairs: rows are numbers of words in x.
static void bfloat16_spread(const struct nn_bfloat16_kernels *pairs, long m, long n, long k, bool has_bias, bool rectifies) {
  const long size = 50 + draw_below(50), width = kernels->width, ldb = (n + width - 1) / width * width;
  const long ldc = n + draw_below(3), count = (m - 1) * ldc + n;
  const struct halves x = halves(NN_BFLOAT16, 2 * (2 * size - 1)), b = halves(NN_BFLOAT16, 2 * k * ldb);
  const long *const rows = offsets(m, size), *const depth = offsets(k, size);
  const float *const old = floats(count, -1, 1), *const bias = floats(n, -1, 1);
  float *const c = copy_of(old, count);
  uint32_t *const words = guarded(2 * size - 1, sizeof *words), *const panel = guarded(k * ldb, sizeof *panel);
  memcpy(words, x.bits, (size_t)(2 * size - 1) * sizeof *words);
  memcpy(panel, b.bits, (size_t)(k * ldb) * sizeof *panel);
  pairs->implicit_gemm(m, n, k, words, rows, depth, panel, ldb, has_bias ? bias : c, has_bias ? 0 : ldc, rectifies, c, ldc);
  for (long i = 0; i < m; i++) {
    for (long j = 0; j < n; j++) {
      double sum = has_bias ? bias[j] : old[i * ldc + j], size_of_terms = fabs(sum);
      for (long p = 0; p < 2 * k; p++) {
        const double term = (double)x.numbers[2 * (rows[i] + depth[p / 2]) + p % 2] * b.numbers[2 * (p / 2 * ldb + j) + p % 2];
        sum += term;
        size_of_terms += fabs(term);
      }
      const double expected = rectifies && sum < 0 ? 0 : sum, bound = 1.2e-7 * (double)(2 * k + 2) * size_of_terms;
      expect_near("implicit_gemm of pairs", i * n + j, c[i * ldc + j], expected, bound);
    }
    for (long j = n; j < ldc && i + 1 < m; j++) {
      expect(c[i * ldc + j] == old[i * ldc + j], "between rows of pairs", j, c[i * ldc + j], old[i * ldc + j]);
    }
  }
  release();
}

// Parts of planes, as floats and as pairs. `fits` chooses rows without a gap between them.
static void part(const struct nn_bfloat16_kernels *_Nullable pairs, enum nn_half type, long height, long width, bool fits) {
  const long top = fits ? draw_below(height) : draw_below(5) - 2, left = fits ? 0 : draw_below(40) - 20;
  const long rows = 1 + draw_below(fits ? height - top : height + 4), columns = fits ? width : 1 + draw_below(width + 30);
  const struct halves x = halves(type, height * width), z = halves(type, height * width);
  float *const y = floats(rows * columns, 5, 6);
  uint32_t *const words = guarded(rows * columns, sizeof *words);
  kernels->padded_halves(type, x.bits, height, width, top, left, y, rows, columns);
  for (int other = 0; other < 2; other++) {
    if (pairs) pairs->padded_pairs(x.bits, other ? z.bits : NULL, height, width, top, left, words, rows, columns);
    for (long i = 0; i < rows * columns; i++) {
      const long r = top + i / columns, c = left + i % columns;
      const bool inside = r >= 0 && r < height && c >= 0 && c < width;
      const long at = inside ? r * width + c : 0;
      const double expected = inside ? x.numbers[at] : 0;
      const uint32_t pair = inside ? x.bits[at] | (other ? (uint32_t)z.bits[at] << 16 : 0) : 0;
      expect(y[i] == expected, "padded_halves", i, y[i], expected);
      expect(!pairs || words[i] == pair, "padded_pairs", i, words[i], pair);
    }
  }
  release();
}

static void convolutions(const struct nn_bfloat16_kernels *_Nullable pairs) {
  for (long size = 1; size < 40; size += 3) {
    for (int type = NN_FLOAT16; type <= NN_BFLOAT16; type++) {
      for (int fits = 0; fits < 2; fits++) {
        part(type == NN_BFLOAT16 ? pairs : NULL, (enum nn_half)type, 1 + draw_below(6), size, fits);
      }
    }
  }
  for (long m = 1; pairs && m < 18; m++) {
    for (long n = 1; n <= kernels->strip; n += n % 5 == 0 ? 6 : 5) {
      bfloat16_spread(pairs, m, n, draw_below(20), m % 2 == 0, n % 2 == 0);
    }
    bfloat16_spread(pairs, m, kernels->strip, draw_below(20), m % 2 == 0, m % 3 == 0);
  }
}

void test_half_products(void) {
  convolutions(nn_bfloat16_kernels_for(kernels->isa));
  for (enum nn_half type = NN_FLOAT16; type <= NN_BFLOAT16; type++) {
    for (int i = 0; i < length_count; i++) {
      for (int f = 0; f < 4; f++) {
        for (int dots = 0; dots < 2; dots++) {
          vector(type, dots, lengths[i], draw_below(50), f);
          vector(type, dots, 1 + draw_below(300), lengths[i], f);
        }
      }
      conversion(type, 1 + draw_below(5), lengths[i]);
    }
    for (long n = 1; n <= 9 * kernels->width; n++) vector(type, false, n, 1 + draw_below(9), (int)draw_below(4));
  }
  const struct nn_bfloat16_kernels *const pairs = nn_bfloat16_kernels_for(kernels->isa);
  if (pairs) bfloat16_strips(pairs);
}
