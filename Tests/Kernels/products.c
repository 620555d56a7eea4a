// The matrix product and its epilogue.
#include "support.h"

struct product {
  long m, n, k;
  bool a_transposed, b_transposed;
  const float *a, *b;
  long lda, ldb;
};

static double element(const struct product *q, long i, long j, double *size) {
  double sum = 0;
  *size = 0;
  for (long p = 0; p < q->k; p++) {
    const double x = q->a[q->a_transposed ? p * q->lda + i : i * q->lda + p];
    const double y = q->b[q->b_transposed ? j * q->ldb + p : p * q->ldb + j];
    sum += x * y;
    *size += fabs(x * y);
  }
  return sum;
}

static void compare(const char *what, const struct product *q, const float *c, const float *old, long ldc, double alpha,
                    double beta) {
  for (long i = 0; i < q->m; i++) {
    for (long j = 0; j < q->n; j++) {
      double size;
      const double sum = alpha * element(q, i, j, &size) + (beta == 0 ? 0 : beta * old[i * ldc + j]);
      const double bound = 1.2e-7 * ((double)(q->k + 2) * fabs(alpha) * size + 2 * fabs(sum) + 1e-20);
      expect_near(what, i * q->n + j, c[i * ldc + j], sum, bound);
    }
    // Nothing is written between the rows of C.
    for (long j = q->n; j < ldc && i + 1 < q->m; j++) expect(c[i * ldc + j] == old[i * ldc + j], what, j, c[i * ldc + j], 0);
  }
}

static const double factors[][2] = {{1, 0}, {-0.5, 0}, {1, 1}, {2, -0.25}};

static void strip(long m, long n, long k, bool transposed, bool packs, int factor) {
  struct product q = {.m = m, .n = n, .k = k, .a_transposed = transposed};
  // Rows do not have to be contiguous; the last one ends with its last element.
  q.lda = (transposed ? m : k) + draw_below(3);
  q.ldb = n + draw_below(3);
  const long ldc = n + draw_below(3), rows = transposed ? k : m, columns = transposed ? m : k;
  q.a = floats(rows == 0 ? 0 : (rows - 1) * q.lda + columns, -1, 1);
  q.b = floats(k == 0 ? 0 : (k - 1) * q.ldb + n, -1, 1);
  const double alpha = factors[factor][0], beta = factors[factor][1];
  const long count = (m - 1) * ldc + n;
  const float *const old = floats(count, -1, 1);
  float *const c = copy_of(old, count);
  if (beta == 0) {
    for (long i = 0; i < m; i++) {
      for (long j = 0; j < n; j++) c[i * ldc + j] = NAN;
    }
  }
  float *const panel = packs ? guarded(k * kernels->strip, sizeof *panel) : NULL;
  kernels->gemm_strip(transposed, m, n, k, q.a, q.lda, q.b, q.ldb, panel, c, ldc, (float)alpha, (float)beta);
  compare("gemm_strip", &q, c, old, ldc, alpha, beta);
  for (long i = 0; packs && i < k * n; i++) {
    const float expected = q.b[i / n * q.ldb + i % n];
    expect(panel[i] == expected, "packed B", i, panel[i], expected);
  }
  release();
}

static void row(long n, long k, int factor) {
  const struct product q = {.m = 1, .n = n, .k = k, .a = floats(k, -1, 1), .b = floats(k * n, -1, 1), .lda = k, .ldb = n};
  const double alpha = factors[factor][0], beta = factors[factor][1];
  const float *const old = floats(n, -1, 1);
  float *const y = copy_of(old, n);
  kernels->gemm_row(n, k, q.a, q.b, n, y, (float)alpha, (float)beta);
  compare("gemm_row", &q, y, old, n, alpha, beta);
  release();
}

static void dot(long m, long n, long k, int factor) {
  struct product q = {.m = m, .n = n, .k = k, .b_transposed = true, .lda = k + draw_below(3), .ldb = k + draw_below(3)};
  const double alpha = factors[factor][0], beta = factors[factor][1];
  const long ldc = n + draw_below(3), count = (m - 1) * ldc + n;
  q.a = floats((m - 1) * q.lda + k, -1, 1);
  q.b = floats((n - 1) * q.ldb + k, -1, 1);
  const float *const old = floats(count, -1, 1);
  float *const c = copy_of(old, count);
  kernels->gemm_dot(m, n, k, q.a, q.lda, q.b, q.ldb, c, ldc, (float)alpha, (float)beta);
  compare("gemm_dot", &q, c, old, ldc, alpha, beta);
  release();
}

static void transpose(long rows, long columns) {
  const long x_step = columns + draw_below(3), y_step = rows + draw_below(3);
  const float *const x = floats((rows - 1) * x_step + columns, -1, 1);
  float *const y = guarded((columns - 1) * y_step + rows, sizeof *y);
  kernels->transpose(x, rows, columns, x_step, y, y_step);
  for (long r = 0; r < rows; r++) {
    for (long c = 0; c < columns; c++) {
      expect(y[c * y_step + r] == x[r * x_step + c], "transpose", r * columns + c, y[c * y_step + r], x[r * x_step + c]);
    }
  }
  release();
}

static void epilogue(long rows, long columns, bool has_bias, bool activates) {
  const long step = columns + draw_below(3), count = (rows - 1) * step + columns;
  const float *const old = floats(count, -2, 2), *const bias = floats(columns, -1, 1);
  float *const z = copy_of(old, count), *const y = draw() & 1 ? z : guarded(count, sizeof *y);
  kernels->bias_activation(z, step, has_bias ? bias : NULL, activates, nn_unary_relu, 0, 0, y, step, rows, columns);
  for (long r = 0; r < rows; r++) {
    for (long c = 0; c < columns; c++) {
      const float sum = old[r * step + c] + (has_bias ? bias[c] : 0), expected = activates && sum < 0 ? 0 : sum;
      expect(y[r * step + c] == expected, "bias_activation", r * columns + c, y[r * step + c], expected);
    }
  }
  release();
}

void test_products(void) {
  const long strip_width = kernels->strip;
  // Every tile: all heights, all widths, both layouts of A, every factor.
  for (long n = 1; n <= strip_width; n++) {
    for (int t = 0; t < 2; t++) {
      for (long m = 1; m <= 13; m++) strip(m, n, 1 + draw_below(20), t, false, (int)draw_below(4));
      strip(37, n, 33, t, false, (int)draw_below(4));
    }
  }
  for (long m = 1; m <= 40; m++) {
    for (int t = 0; t < 2; t++) strip(m, strip_width, 1 + draw_below(40), t, true, (int)draw_below(4));
  }
  strip(20, strip_width, 300, true, true, 0);
  strip(5, strip_width, 0, false, false, 3);
  for (int i = 0; i < length_count; i++) {
    for (int f = 0; f < 4; f++) {
      row(lengths[i], 1 + draw_below(50), f);
      row(1 + draw_below(300), lengths[i], f);
    }
    for (long m = 1; m <= 12; m++) {
      dot(m, 1 + draw_below(20), lengths[i], (int)draw_below(4));
      dot(m, lengths[i], 1 + draw_below(70), (int)draw_below(4));
    }
    for (int j = 0; j < length_count; j++) transpose(lengths[i], lengths[j]);
    for (int e = 0; e < 4; e++) epilogue(1 + draw_below(5), lengths[i], e & 1, e & 2);
  }
}
