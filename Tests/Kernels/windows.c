// Convolution and pooling.
#include "support.h"

static long *offsets(long n, long bound) {
  long *const x = guarded(n, sizeof *x);
  for (long i = 0; i < n; i++) x[i] = draw_below(bound);
  return x;
}

static void spread(long m, long n, long k, bool has_bias, bool rectifies) {
  const long size = 50 + draw_below(50), ldb = n + draw_below(3), ldc = n + draw_below(3), count = (m - 1) * ldc + n;
  const float *const x = floats(2 * size - 1, -1, 1), *const b = floats(k == 0 ? 0 : (k - 1) * ldb + n, -1, 1);
  const long *const rows = offsets(m, size), *const depth = offsets(k, size);
  const float *const old = floats(count, -1, 1), *const bias = floats(n, -1, 1);
  float *const c = copy_of(old, count);
  kernels->implicit_gemm(m, n, k, x, rows, depth, b, ldb, has_bias ? bias : c, has_bias ? 0 : ldc, rectifies, c, ldc);
  for (long i = 0; i < m; i++) {
    for (long j = 0; j < n; j++) {
      double sum = has_bias ? bias[j] : old[i * ldc + j], size_of_terms = fabs(sum);
      for (long p = 0; p < k; p++) {
        const double term = (double)x[rows[i] + depth[p]] * b[p * ldb + j];
        sum += term;
        size_of_terms += fabs(term);
      }
      const double expected = rectifies && sum < 0 ? 0 : sum;
      expect_near("implicit_gemm", i * n + j, c[i * ldc + j], expected, 1.2e-7 * (double)(k + 2) * size_of_terms);
    }
    for (long j = n; j < ldc && i + 1 < m; j++) expect(c[i * ldc + j] == old[i * ldc + j], "implicit_gemm", j, 0, 0);
  }
  release();
}

static void part(long height, long width) {
  const long top = draw_below(5) - 2, left = draw_below(40) - 20, rows = 1 + draw_below(height + 4);
  const long columns = 1 + draw_below(width + 30);
  const float *const x = floats(height * width, -1, 1);
  float *const y = floats(rows * columns, 5, 6);
  kernels->padded_part(x, height, width, top, left, y, rows, columns);
  for (long r = 0; r < rows; r++) {
    for (long c = 0; c < columns; c++) {
      const bool inside = top + r >= 0 && top + r < height && left + c >= 0 && left + c < width;
      const float expected = inside ? x[(top + r) * width + left + c] : 0;
      expect(y[r * columns + c] == expected, "padded_part", r * columns + c, y[r * columns + c], expected);
    }
  }
  release();
}

// Rows of one output, and the sums for its weights.
static void planes(long rows, long columns, long k, bool rectifies) {
  const long reach = 40, x_step = columns + draw_below(9), y_step = columns + draw_below(3);
  const float *const x = floats((rows - 1) * x_step + columns + reach - 1, -1, 1), *const w = floats(k, -1, 1);
  const long *const depth = offsets(k, reach), count = (rows - 1) * y_step + columns;
  float *const y = floats(count, 5, 6);
  const float *const old = copy_of(y, count);
  kernels->correlate_plane(rows, columns, k, w, x, x_step, depth, 0.5f, rectifies, y, y_step);
  double *const dots = guarded(k, sizeof *dots);
  for (long p = 0; p < k; p++) dots[p] = 1;
  for (long i = 0; i < rows; i++) {
    for (long j = 0; j < columns; j++) {
      double sum = 0.5;
      for (long p = 0; p < k; p++) {
        sum += (double)w[p] * x[i * x_step + depth[p] + j];
        dots[p] += (double)old[i * y_step + j] * x[i * x_step + depth[p] + j];
      }
      expect_near("correlate_plane", i * columns + j, y[i * y_step + j], rectifies && sum < 0 ? 0 : sum, 1e-6 * (double)(k + 1));
    }
    for (long j = columns; j < y_step && i + 1 < rows; j++) {
      expect(y[i * y_step + j] == old[i * y_step + j], "correlate_plane", j, 0, 0);
    }
  }
  float *const sums = guarded(k, sizeof *sums);
  for (long p = 0; p < k; p++) sums[p] = 1;
  kernels->correlate_dots(rows, columns, k, x, x_step, depth, old, y_step, sums);
  for (long p = 0; p < k; p++) expect_near("correlate_dots", p, sums[p], dots[p], 6e-6 * (double)(rows * columns + 1));
  release();
}

static struct nn_window window(long input, bool pairs) {
  struct nn_window axis = {.input = input, .kernel = 2, .stride = 2, .dilation = 1};
  if (!pairs) {
    axis.kernel = 1 + draw_below(4);
    axis.stride = 1 + draw_below(3);
    axis.dilation = 1 + draw_below(2);
    axis.padding = draw_below(3);
  }
  const long room = input + 2 * axis.padding - (axis.kernel - 1) * axis.dilation - 1;
  axis.output = room < 0 ? 0 : room / axis.stride + 1;
  return axis;
}

static void pool(long rows, long columns, bool pairs) {
  const struct nn_window h = window(rows, pairs), w = window(columns, pairs);
  const long count = h.output * w.output;
  if (count == 0) return;
  float *const x = floats(rows * columns, -1, 1);
  for (long i = 0; i < rows * columns; i++) x[i] = rintf(x[i] * 4) / 4;  // some are equal
  if (draw() & 1) x[draw_below(rows * columns)] = NAN;
  const float *const dy = floats(count, -1, 1);
  float *const y = guarded(count, sizeof *y), *const dx = guarded(rows * columns, sizeof *dx);
  int32_t *const at = guarded(count, sizeof *at);
  double *const sums = guarded(2 * rows * columns, sizeof *sums), *const mean_sums = sums + rows * columns;
  for (long i = 0; i < 2 * rows * columns; i++) sums[i] = 0;
  for (int op = NN_POOL_MAXIMUM; op <= NN_POOL_MEAN; op++) {
    kernels->pool_plane((enum nn_pooling)op, x, &h, &w, y, op == NN_POOL_MAXIMUM ? at : NULL);
    for (long o = 0; o < count; o++) {
      double best = -INFINITY, sum = 0;
      long position = -1, inside = 0;
      for (long e = 0; e < 2 * h.kernel * w.kernel; e++) {
        const long p = e % (h.kernel * w.kernel);
        const long r = o / w.output * h.stride + p / w.kernel * h.dilation - h.padding;
        const long c = o % w.output * w.stride + p % w.kernel * w.dilation - w.padding;
        if (r < 0 || r >= rows || c < 0 || c >= columns) continue;
        const double v = x[r * columns + c];
        if (e >= h.kernel * w.kernel) {
          if (op == NN_POOL_MEAN) mean_sums[r * columns + c] += dy[o] / (double)inside;
          continue;
        }
        inside++;
        sum += v;
        if (position < 0 || (best == best && (v != v || v > best))) best = v, position = r * columns + c;
      }
      if (op == NN_POOL_MEAN) {
        expect_near("mean of a window", o, y[o], inside ? sum / inside : 0, 1e-6);
        continue;
      }
      expect(at[o] == position, "position of a maximum", o, at[o], (double)position);
      expect_near("maximum of a window", o, y[o], best, 0);
      if (position >= 0) sums[position] += dy[o];
    }
  }
  kernels->pool_maximum_gradient(dy, &h, &w, at, dx);
  for (long i = 0; i < rows * columns; i++) expect_near("pool_maximum_gradient", i, dx[i], sums[i], 1e-5);
  kernels->pool_mean_gradient(NN_POOL_MEAN, dy, &h, &w, dx);
  for (long i = 0; i < rows * columns; i++) expect_near("pool_mean_gradient", i, dx[i], mean_sums[i], 1e-5);
  release();
}

void test_windows(void) {
  for (long n = 1; n <= kernels->strip; n++) {
    for (long m = 1; m <= 20; m++) spread(m, n, draw_below(20), draw() & 1, draw() & 1);
  }
  for (int i = 0; i < length_count; i++) {
    for (int j = 0; j < 8; j++) {
      part(1 + draw_below(6), lengths[i]);
      planes(1 + draw_below(9), lengths[i], 1 + draw_below(20), draw() & 1);
      pool(1 + draw_below(9), lengths[i], j < 3);
    }
  }
}
