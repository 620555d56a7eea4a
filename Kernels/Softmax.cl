// Softmax over rows of [rows, columns], its gradient, and the cross-entropy of labels. RowReductions.cl defines which
// work items process a row. In loops, `items` processes all rows.

#ifdef NN_LOOPS

// `nn_exp_negative` of sixteen numbers.
static inline float16 nn_exp_negative16(float16 x) {
  const float16 least = (float16)(-104.5f), bounded = least > x ? least : x;
  const float16 shifted = NN_SHIFTED(bounded), r = NN_REDUCED(bounded, shifted);
  const int16 whole = as_int16(shifted) - as_int16((float16)(NN_WHOLE)), first = whole >> 1;
  const float16 y = (NN_EXP_CURVATURE(r) * r + r) + 1.0f;
  return (y * as_float16((first + 127) << 23)) * as_float16((whole - first + 127) << 23);
}

// This maximum may ignore NaN: e^(x − largest) propagates it to the sum, and thus to everything computed from the sum.
#define NN_LARGER(a, b) ((a) > (b) ? (a) : (b))
#define NN_LARGEST(RESULT, count, x)                                                                                 \
  NN_REDUCE_ROW(RESULT, count, -INFINITY, vload16(0, (x) + c), (x)[c], NN_LARGER(a, b))

// The sum of e^(x − largest) over a row, and the maximum of the next row, which is loaded from memory while the
// exponentials are computed. KEEP and KEEP_ONE may store the differences d, or their exponentials e.
#define NN_EXP_ROW(SUM, NEXT, columns, x, following, largest, KEEP, KEEP_ONE)                                        \
  {                                                                                                                  \
    const index_t nn_whole = (columns) / 16 * 16;                                                                    \
    float16 total = 0.0f, rest = 0.0f, maxima = -INFINITY;                                                           \
    for (index_t c = 0; c < nn_whole;) {                                                                             \
      float16 sums = 0.0f;                                                                                           \
      for (const index_t nn_end = min(c + NN_SUM_BLOCK, nn_whole); c < nn_end; c += 16) {                            \
        const float16 d = vload16(0, (x) + c) - (largest), e = nn_exp_negative16(d);                                 \
        KEEP;                                                                                                        \
        sums += e;                                                                                                   \
        maxima = NN_LARGER(maxima, vload16(0, (following) + c));                                                     \
      }                                                                                                              \
      NN_ADD_MANY(total, rest, sums)                                                                                 \
    }                                                                                                                \
    NN_REDUCE_LANES(SUM, total + rest, a + b)                                                                        \
    NN_REDUCE_LANES(NEXT, maxima, NN_LARGER(a, b))                                                                   \
    for (index_t c = nn_whole; c < (columns); c++) {                                                                 \
      const float d = (x)[c] - (largest), e = nn_exp_negative(d);                                                    \
      KEEP_ONE;                                                                                                      \
      SUM += e;                                                                                                      \
      NEXT = NN_LARGER(NEXT, (following)[c]);                                                                        \
    }                                                                                                                \
  }

// The rows of a group, from `row` to `last`, and the maximum of the first one.
#define NN_BEGIN_ROWS                                                                                                \
  const index_t share = nn_share(rows), last = min((index_t)(get_group_id(0) + 1) * share, rows);                    \
  index_t row = (index_t)get_group_id(0) * share;                                                                    \
  float next = 0.0f;                                                                                                 \
  if (row < last) NN_LARGEST(next, columns, xs + xOffset + (ulong)row * columns)

kernel void softmax_items(global const float *xs, ulong xOffset, global float *ys, ulong yOffset, index_t rows,
                          index_t columns, int logarithmic) {
  NN_BEGIN_ROWS
  for (; row < last; row++) {
    global const float *x = xs + xOffset + (ulong)row * columns, *following = row + 1 < last ? x + columns : x;
    global float *y = ys + yOffset + (ulong)row * columns;
    const float largest = next;
    float sum;
    if (logarithmic) {
      NN_EXP_ROW(sum, next, columns, x, following, largest, nn_store(d, y + c), y[c] = d)
      const float logSum = log(sum);
      NN_VECTORIZED for (index_t c = 0; c < columns; c++) y[c] -= logSum;
    } else {
      NN_EXP_ROW(sum, next, columns, x, following, largest, nn_store(e, y + c), y[c] = e)
      const float factor = 1.0f / sum;
      NN_VECTORIZED for (index_t c = 0; c < columns; c++) y[c] *= factor;
    }
  }
}

kernel void softmaxGradient_items(global const float *gs, ulong gOffset, global const float *ys, ulong yOffset,
                                  global float *dxs, ulong dxOffset, index_t rows, index_t columns, int logarithmic) {
  NN_FOREACH(row, rows) {
    global const float *g = gs + gOffset + (ulong)row * columns, *y = ys + yOffset + (ulong)row * columns;
    global float *dx = dxs + dxOffset + (ulong)row * columns;
    float sum;
    if (logarithmic) {
      NN_SUM_ROW(sum, columns, vload16(0, g + c), g[c])
      NN_VECTORIZED for (index_t c = 0; c < columns; c++) dx[c] = g[c] - nn_exp_negative(y[c]) * sum;
    } else {
      NN_SUM_ROW(sum, columns, vload16(0, g + c) * vload16(0, y + c), g[c] * y[c])
      NN_VECTORIZED for (index_t c = 0; c < columns; c++) dx[c] = y[c] * (g[c] - sum);
    }
  }
}

#else

#define SOFTMAX(HOW)                                                                                                 \
  kernel void softmax_##HOW(global const float *xs, ulong xOffset, global float *ys, ulong yOffset, index_t rows,    \
                            index_t columns, int logarithmic) {                                                      \
    NN_ROW_##HOW(kept[NN_HELD]) {                                                                                    \
      global const float *x = xs + xOffset + (ulong)row * columns;                                                   \
      global float *y = ys + yOffset + (ulong)row * columns;                                                         \
      float a = -INFINITY;                                                                                           \
      NN_FOR_##HOW(k, c) a = nn_maximum_float(a, NN_KEEP_##HOW(kept, k, x[c]));                                      \
      const float largest = NN_MAXIMUM_##HOW(a);                                                                     \
      float rest = 0.0f;                                                                                             \
      a = 0.0f;                                                                                                      \
      NN_FOR_##HOW(k, c) {                                                                                           \
        const float d = NN_KEPT_##HOW(kept, k, x[c]) - largest, e = exp(d);                                          \
        NN_ADD(a, rest, e)                                                                                           \
        (void)NN_KEEP_##HOW(kept, k, logarithmic ? d : e);                                                           \
      }                                                                                                              \
      const float sum = NN_SUM_##HOW(a + rest), logSum = log(sum), factor = 1.0f / sum;                              \
      NN_FOR_##HOW(k, c) {                                                                                           \
        const float z = NN_KEPT_##HOW(kept, k, logarithmic ? x[c] - largest : exp(x[c] - largest));                  \
        y[c] = logarithmic ? z - logSum : z * factor;                                                                \
      }                                                                                                              \
    }                                                                                                                \
  }
NN_EACH_HOW(SOFTMAX)

#define SOFTMAX_GRADIENT(HOW)                                                                                        \
  kernel void softmaxGradient_##HOW(global const float *gs, ulong gOffset, global const float *ys, ulong yOffset,    \
                                    global float *dxs, ulong dxOffset, index_t rows, index_t columns,                \
                                    int logarithmic) {                                                               \
    NN_ROW_##HOW(gradients[NN_HELD], results[NN_HELD]) {                                                             \
      global const float *g = gs + gOffset + (ulong)row * columns, *y = ys + yOffset + (ulong)row * columns;         \
      global float *dx = dxs + dxOffset + (ulong)row * columns;                                                      \
      float a = 0.0f, rest = 0.0f;                                                                                   \
      NN_FOR_##HOW(k, c) {                                                                                           \
        const float gradient = NN_KEEP_##HOW(gradients, k, g[c]), result = NN_KEEP_##HOW(results, k, y[c]);          \
        NN_ADD(a, rest, logarithmic ? gradient : gradient * result)                                                  \
      }                                                                                                              \
      const float sum = NN_SUM_##HOW(a + rest);                                                                      \
      NN_FOR_##HOW(k, c) {                                                                                           \
        const float gradient = NN_KEPT_##HOW(gradients, k, g[c]), result = NN_KEPT_##HOW(results, k, y[c]);          \
        dx[c] = logarithmic ? gradient - exp(result) * sum : result * (gradient - sum);                              \
      }                                                                                                              \
    }                                                                                                                \
  }
NN_EACH_HOW(SOFTMAX_GRADIENT)

#endif

// The target is 1 − smoothing at the label, plus smoothing/columns everywhere. The gradient is multiplied by its scale.
typedef struct {
  float atLabel, everywhere, gradientScale;
  int ignoredLabel, ignoresLabel, hasGradient;
} target_t;

// loss = −atLabel·ln p[label] − everywhere·Σ ln p; 0 for an ignored label, NaN for an invalid one.
static inline float nn_loss(target_t target, int isIgnored, int isOutside, float atLabel, float sumOfAll) {
  if (isIgnored) return 0.0f;
  const float loss = isOutside ? NAN : -target.atLabel * atLabel;
  return target.everywhere != 0.0f ? loss - target.everywhere * sumOfAll : loss;
}

#ifdef NN_LOOPS

kernel void crossEntropy_items(global const float *xs, ulong xOffset, global const int *labels, ulong labelsOffset,
                               global float *losses, ulong lossOffset, global float *gradients, ulong gradientOffset,
                               index_t rows, index_t columns, target_t target) {
  NN_BEGIN_ROWS
  for (; row < last; row++) {
    global const float *x = xs + xOffset + (ulong)row * columns, *following = row + 1 < last ? x + columns : x;
    global float *g = gradients + gradientOffset + (ulong)row * columns;
    const int label = labels[labelsOffset + row];
    const int isIgnored = target.ignoresLabel && label == target.ignoredLabel;
    const int isOutside = label < 0 || label >= columns;
    const float largest = next;
    float sum, sumOfAll = 0.0f;
    if (target.hasGradient) {
      NN_EXP_ROW(sum, next, columns, x, following, largest, nn_store(e, g + c), g[c] = e)
    } else {
      NN_EXP_ROW(sum, next, columns, x, following, largest, , )
    }
    const float logSum = log(sum);
    if (target.everywhere != 0.0f)
      NN_SUM_ROW(sumOfAll, columns, vload16(0, x + c) - largest - logSum, x[c] - largest - logSum)
    losses[lossOffset + row] = nn_loss(target, isIgnored, isOutside, isOutside ? 0.0f : x[label] - largest - logSum, sumOfAll);
    if (target.hasGradient) {
      if (isIgnored || isOutside) {
        const float all = isIgnored ? 0.0f : NAN;
        NN_VECTORIZED for (index_t c = 0; c < columns; c++) g[c] = all;
      } else {
        const float factor = target.gradientScale / sum, spread = -target.gradientScale * target.everywhere;
        NN_VECTORIZED for (index_t c = 0; c < columns; c++) g[c] = fma(g[c], factor, spread);
        g[label] -= target.gradientScale * target.atLabel;
      }
    }
  }
}

#else

// ln p = x − largest − logSum. Every work item runs every loop, even for ignored or invalid labels, because all must
// reach the barriers.
#define CROSS_ENTROPY(HOW)                                                                                            \
  kernel void crossEntropy_##HOW(global const float *xs, ulong xOffset, global const int *labels, ulong labelsOffset, \
                                 global float *losses, ulong lossOffset, global float *gradients,                     \
                                 ulong gradientOffset, index_t rows, index_t columns, target_t target) {              \
    NN_ROW_##HOW(logits[NN_HELD], kept[NN_HELD]) {                                                                    \
      global const float *x = xs + xOffset + (ulong)row * columns;                                                    \
      float a = -INFINITY;                                                                                            \
      NN_FOR_##HOW(k, c) a = nn_maximum_float(a, NN_KEEP_##HOW(logits, k, x[c]));                                     \
      const float largest = NN_MAXIMUM_##HOW(a);                                                                      \
      float rest = 0.0f;                                                                                              \
      a = 0.0f;                                                                                                       \
      NN_FOR_##HOW(k, c) NN_ADD(a, rest, NN_KEEP_##HOW(kept, k, exp(NN_KEPT_##HOW(logits, k, x[c]) - largest)))       \
      const float sum = NN_SUM_##HOW(a + rest), logSum = log(sum), factor = 1.0f / sum;                               \
      a = rest = 0.0f;                                                                                                \
      if (target.everywhere != 0.0f)                                                                                  \
        NN_FOR_##HOW(k, c) NN_ADD(a, rest, NN_KEPT_##HOW(logits, k, x[c]) - largest - logSum)                         \
      const float logSumOfAll = NN_SUM_##HOW(a + rest);                                                               \
      const int label = row < rows ? labels[labelsOffset + row] : 0;                                                  \
      const int isIgnored = target.ignoresLabel && label == target.ignoredLabel;                                      \
      const int isOutside = label < 0 || label >= columns;                                                            \
      if (NN_IS_FIRST_##HOW) {                                                                                        \
        const float atLabel = isIgnored || isOutside ? 0.0f : x[label] - largest - logSum;                            \
        losses[lossOffset + row] = nn_loss(target, isIgnored, isOutside, atLabel, logSumOfAll);                       \
      }                                                                                                               \
      if (target.hasGradient) {                                                                                       \
        global float *g = gradients + gradientOffset + (ulong)row * columns;                                          \
        NN_FOR_##HOW(k, c) {                                                                                          \
          const float p = NN_KEPT_##HOW(kept, k, exp(x[c] - largest)) * factor;                                       \
          const float q = (c == (index_t)label ? target.atLabel : 0.0f) + target.everywhere;                          \
          g[c] = isIgnored ? 0.0f : (isOutside ? NAN : target.gradientScale * (p - q));                               \
        }                                                                                                             \
      }                                                                                                               \
    }                                                                                                                 \
  }
NN_EACH_HOW(CROSS_ENTROPY)

#endif
