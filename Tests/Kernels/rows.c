// Softmax, cross-entropy, and optimizer steps.
#include "support.h"

#include <string.h>

static void softmax(long rows, long columns, bool logarithmic, bool streams) {
  const long count = rows * columns;
  const float *const x = floats(count, -8, 8), *const dy = floats(count, -1, 1);
  float *const y = guarded(count, sizeof *y), *const dx = guarded(count, sizeof *dx);
  kernels->softmax(x, rows, columns, logarithmic, y, streams);
  kernels->softmax_gradient(dy, y, rows, columns, logarithmic, dx);
  for (long r = 0; r < rows; r++) {
    double sum = 0, weighted = 0;
    for (long c = 0; c < columns; c++) sum += exp(x[r * columns + c]);
    for (long c = 0; c < columns; c++) {
      weighted += logarithmic ? dy[r * columns + c] : (double)dy[r * columns + c] * y[r * columns + c];
    }
    for (long c = 0; c < columns; c++) {
      const long i = r * columns + c;
      const double share = exp(x[i]) / sum;
      if (logarithmic) expect_near("log-softmax", i, y[i], log(share), 1e-5);
      else expect_near("softmax", i, y[i], share, 1e-6 * share + 1e-9);
      const double expected = logarithmic ? dy[i] - exp(y[i]) * weighted : y[i] * (dy[i] - weighted);
      expect_near("softmax_gradient", i, dx[i], expected, 2e-6 * (1 + fabs(weighted)));
    }
  }
  release();
}

static void normalization(long rows, long columns, bool centered, bool weights, bool biases) {
  const long count = rows * columns;
  const float *const x = floats(count, -3, 5), *const dy = floats(count, -1, 1);
  const float *const weight = weights ? floats(columns, -1, 1) : NULL, *const bias = biases ? floats(columns, -1, 1) : NULL;
  float *const y = guarded(count, sizeof *y), *const dx = guarded(count, sizeof *dx);
  float *const means = guarded(rows, sizeof *means), *const scales = guarded(rows, sizeof *scales);
  float *const dweight = weights ? guarded(columns, sizeof *dweight) : NULL, *const dbias = guarded(columns, sizeof *dbias);
  kernels->normalize(x, weight, bias, rows, columns, centered, 1e-2, y, means, scales);
  kernels->normalize_gradient(dy, x, weight, means, scales, rows, columns, centered, dx);
  kernels->normalize_sums(dy, x, means, scales, rows, columns, 0, columns / 2, dweight, dbias);
  kernels->normalize_sums(dy, x, means, scales, rows, columns, columns / 2, columns, dweight, dbias);
  // The sums are bitwise identical for every division of the columns.
  float *const whole = guarded(columns, sizeof *whole);
  kernels->normalize_sums(dy, x, means, scales, rows, columns, 0, columns, NULL, whole);
  for (long c = 0; c < columns; c++) {
    expect(whole[c] == dbias[c], "normalize_sums bias in one piece", c, whole[c], dbias[c]);
  }
  if (weights) {
    kernels->normalize_sums(dy, x, means, scales, rows, columns, 0, columns, whole, NULL);
    for (long c = 0; c < columns; c++) {
      expect(whole[c] == dweight[c], "normalize_sums weight in one piece", c, whole[c], dweight[c]);
    }
  }
  for (long r = 0; r < rows; r++) {
    double mean = 0, variance = 0, gradient = 0, product = 0;
    for (long c = 0; c < columns; c++) mean += centered ? x[r * columns + c] / (double)columns : 0;
    for (long c = 0; c < columns; c++) variance += pow(x[r * columns + c] - mean, 2) / (double)columns;
    const double scale = 1 / sqrt(variance + 1e-2);
    for (long c = 0; c < columns; c++) {
      const double g = dy[r * columns + c] * (weight ? weight[c] : 1.0);
      gradient += centered ? g / (double)columns : 0;
      product += g * (x[r * columns + c] - mean) * scale / (double)columns;
    }
    expect_near("normalize mean", r, means[r], mean, 1e-5);
    expect_near("normalize scale", r, scales[r], scale, 1e-5 * scale);
    for (long c = 0; c < columns; c++) {
      const long i = r * columns + c;
      const double normal = (x[i] - mean) * scale, factor = weight ? weight[c] : 1;
      expect_near("normalize", i, y[i], normal * factor + (bias ? bias[c] : 0), 1e-4);
      expect_near("normalize_gradient", i, dx[i], scale * (dy[i] * factor - gradient - normal * product), 2e-4 * scale);
    }
  }
  for (long c = 0; c < columns; c++) {
    double products = 0, sum = 0;
    for (long r = 0; r < rows; r++) {
      products += dy[r * columns + c] * ((x[r * columns + c] - means[r]) * scales[r]);
      sum += dy[r * columns + c];
    }
    if (weights) expect_near("normalize_sums weight", c, dweight[c], products, 1e-4 * (double)rows);
    expect_near("normalize_sums bias", c, dbias[c], sum, 1e-5 * (double)rows);
  }
  release();
}

static void cross_entropy(long rows, long columns, double smoothing, bool wants_gradient, bool streams) {
  const long count = rows * columns;
  const float *const x = floats(count, -8, 8);
  int32_t *const labels = integers(rows, 0, (int32_t)columns - 1), *const ignored = guarded(1, sizeof *ignored);
  *ignored = (int32_t)columns - 1;
  if (rows > 2) labels[rows - 1] = (int32_t)columns;  // out of range
  float *const loss = guarded(rows, sizeof *loss), *const gradient = wants_gradient ? guarded(count, sizeof *gradient) : NULL;
  kernels->cross_entropy(x, labels, rows, columns, smoothing, ignored, 0.75f, loss, gradient, streams);
  for (long r = 0; r < rows; r++) {
    const bool skipped = labels[r] == *ignored, wrong = !skipped && labels[r] >= columns;
    double sum = 0, expected = 0;
    for (long c = 0; c < columns; c++) sum += exp(x[r * columns + c]);
    for (long c = 0; c < columns; c++) {
      const double target = (c == labels[r] ? 1 - smoothing : 0) + smoothing / (double)columns;
      const double share = exp(x[r * columns + c]) / sum;
      expected -= target * log(share);
      if (!gradient) continue;
      const double expected_gradient = skipped ? 0 : wrong ? NAN : 0.75 * (share - target);
      expect_near("cross_entropy gradient", r * columns + c, gradient[r * columns + c], expected_gradient, 1e-6);
    }
    expect_near("cross_entropy", r, loss[r], skipped ? 0 : wrong ? NAN : expected, 4e-6 * (1 + fabs(expected)));
  }
  release();
}

// One parameter of one step, in double; the formulas are PyTorch's.
static void step(const struct nn_optimizer *o, const struct nn_step_scalars *t, double *p, double g, double s[3]) {
  g = fmin(fmax(g * t->gradient_scale, -t->gradient_bound), t->gradient_bound);
  if (o->decays_directly) *p -= t->learning_rate * o->weight_decay * *p;
  else g += o->weight_decay * *p;
  switch (o->rule) {
    case NN_SGD:
      if (o->momentum != 0) {
        s[0] = o->momentum * s[0] + g;
        g = o->nesterov ? g + o->momentum * s[0] : s[0];
      }
      *p -= t->learning_rate * g;
      break;
    case NN_RMSPROP: {
      double *const velocity = &s[1], *const mean = &s[o->momentum != 0 ? 2 : 1];
      s[0] = o->smoothing * s[0] + o->rest * g * g;
      double variance = s[0];
      if (o->extra) {
        *mean = o->smoothing * *mean + o->rest * g;
        variance = fmax(variance - *mean * *mean, 0);
      }
      double move = g / (sqrt(variance) + o->epsilon);
      if (o->momentum != 0) move = *velocity = o->momentum * *velocity + move;
      *p -= t->learning_rate * move;
      break;
    }
    case NN_ADAGRAD:
      s[0] += g * g;
      *p -= t->learning_rate * g / (sqrt(s[0]) + o->epsilon);
      break;
    case NN_ADAM:
      s[0] = o->smoothing * s[0] + o->rest * g;
      s[1] = o->second * s[1] + o->second_rest * g * g;
      if (o->extra) s[2] = fmax(s[2], s[1]);
      *p -= t->learning_rate / t->first_correction * s[0] /
            (sqrt(s[o->extra ? 2 : 1]) / t->second_correction_root + o->epsilon);
  }
}

static void optimizer(struct nn_optimizer o, int states, long n) {
  o.smoothing = 0.9f;
  o.rest = 0.1f;
  o.second = 0.999f;
  o.second_rest = 0.001f;
  o.epsilon = 1e-4f;
  const struct nn_step_scalars t = {
      .learning_rate = 0.01f, .gradient_scale = 0.5f, .gradient_bound = 0.8f, .first_correction = 0.1f,
      .second_correction_root = 0.05f};
  const float *const old = floats(n, -1, 1), *const g = floats(n, -2, 2);
  float *const p = copy_of(old, n), *s[3] = {0};
  const float *before[3] = {0};
  for (int i = 0; i < states; i++) {
    // Squares are larger than the square of the means of RMSProp, as in training.
    before[i] = floats(n, i == 0 && o.rule != NN_ADAM ? 0.5 : 0, i == 0 && o.rule != NN_ADAM ? 1 : 0.5);
    s[i] = copy_of(before[i], n);
  }
  kernels->optimizer_step(&o, &t, p, g, s[0], s[1], s[2], n);
  for (long i = 0; i < n; i++) {
    double parameter = old[i], expected[3] = {0};
    for (int k = 0; k < states; k++) expected[k] = before[k][i];
    step(&o, &t, &parameter, g[i], expected);
    expect_near("optimizer_step", o.rule * 1000 + i, p[i], parameter, 2e-6 * (1 + fabs(parameter)));
    for (int k = 0; k < states; k++) {
      expect_near("optimizer_step state", o.rule * 1000 + i, s[k][i], expected[k], 2e-6 * (1 + fabs(expected[k])));
    }
  }
  release();
}

static void optimizers(long n, float decay, bool directly) {
  const struct nn_optimizer base = {.weight_decay = decay, .decays_directly = directly};
  struct nn_optimizer o = base;
  o.rule = NN_SGD;
  optimizer(o, 0, n);
  o.momentum = 0.9f;
  optimizer(o, 1, n);
  o.nesterov = true;
  optimizer(o, 1, n);
  for (int extra = 0; extra < 2; extra++) {
    for (int momentum = 0; momentum < 2; momentum++) {
      o = base;
      o.rule = NN_RMSPROP;
      o.extra = extra;
      o.momentum = momentum ? 0.9f : 0;
      optimizer(o, 1 + extra + momentum, n);
    }
    o = base;
    o.rule = NN_ADAM;
    o.extra = extra;
    optimizer(o, 2 + extra, n);
  }
  o = base;
  o.rule = NN_ADAGRAD;
  optimizer(o, 1, n);
}

void test_rows(void) {
  for (int l = 0; l < length_count; l++) {
    for (int flag = 0; flag < 2; flag++) {
      for (int streams = 0; streams < 2; streams++) {
        softmax(3, lengths[l], flag, streams);
        cross_entropy(4, lengths[l], 0, flag, streams);
        cross_entropy(4, lengths[l], 0.1, flag, streams);
      }
    }
    optimizers(lengths[l], 0, false);
    optimizers(lengths[l], 0.1f, false);
    optimizers(lengths[l], 0.1f, true);
  }
  // Rows of several blocks of a sum; rows whose exponentials are kept while they are streamed, and rows too long for
  // that.
  static const long long_rows[] = {2500, 2560, 8208};
  for (int l = 0; l < 3; l++) {
    for (int flag = 0; flag < 2; flag++) {
      softmax(2, long_rows[l], flag, true);
      cross_entropy(3, long_rows[l], 0.1, true, flag);
    }
  }
  softmax(2, 2500, false, false);
  for (int l = 0; l < length_count; l++) {
    for (int flags = 0; flags < 8; flags++) normalization(3, lengths[l], flags & 1, flags & 2, flags & 4);
  }
  normalization(200, 70, true, true, true);
  normalization(2, 2500, true, true, true);
  normalization(131, 1700, true, true, true);
}
