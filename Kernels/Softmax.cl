// Softmax over rows of [rows, columns], its gradient, and the cross-entropy of labels.
// Items: one item does one row, for short rows. Rows: one work group does one row. Where items run loops, Items does all.

#ifdef NN_LOOPS

// The largest may lose NaN here: e^(x − largest) then passes it on to the sum, and so to all that is made of it.
#define NN_LARGER(a, b) ((a) > (b) ? (a) : (b))
#define NN_LARGEST(RESULT, count, x)                                                                                 \
  NN_FOLD_ROW(RESULT, count, -INFINITY, vload16(0, (x) + c), (x)[c], NN_LARGER(a, b))

// The sum of e^(x − largest) over a row, and the largest of the row that follows: it is read from memory while these are
// computed. KEEP and KEEP_ONE may store the differences d or their exponentials e.
#define NN_EXP_ROW(SUM, NEXT, columns, x, following, largest, KEEP, KEEP_ONE)                                        \
  {                                                                                                                  \
    float16 sums = 0.0f, maxima = -INFINITY;                                                                         \
    index_t c = 0;                                                                                                   \
    for (; c + 16 <= (columns); c += 16) {                                                                           \
      const float16 d = vload16(0, (x) + c) - (largest), e = nn_exp(d);                                              \
      KEEP;                                                                                                          \
      sums += e;                                                                                                     \
      maxima = NN_LARGER(maxima, vload16(0, (following) + c));                                                       \
    }                                                                                                                \
    NN_FOLD_LANES(SUM, sums, a + b)                                                                                  \
    NN_FOLD_LANES(NEXT, maxima, NN_LARGER(a, b))                                                                     \
    for (; c < (columns); c++) {                                                                                     \
      const float d = (x)[c] - (largest), e = nn_exp(d);                                                             \
      KEEP_ONE;                                                                                                      \
      SUM += e;                                                                                                      \
      NEXT = NN_LARGER(NEXT, (following)[c]);                                                                        \
    }                                                                                                                \
  }

// The rows of a group, from `row` to `last`, and the largest of the first.
#define NN_BEGIN_ROWS                                                                                                \
  const index_t share = nn_share(rows), last = min((index_t)(get_group_id(0) + 1) * share, rows);                    \
  index_t row = (index_t)get_group_id(0) * share;                                                                    \
  float next = 0.0f;                                                                                                 \
  if (row < last) NN_LARGEST(next, columns, xs + xOffset + (ulong)row * columns)

kernel void softmaxItems(global const float *xs, ulong xOffset, global float *ys, ulong yOffset, index_t rows,
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

kernel void softmaxGradientItems(global const float *gs, ulong gOffset, global const float *ys, ulong yOffset,
                                 global float *dxs, ulong dxOffset, index_t rows, index_t columns, int logarithmic) {
  NN_FOREACH(row, rows) {
    global const float *g = gs + gOffset + (ulong)row * columns, *y = ys + yOffset + (ulong)row * columns;
    global float *dx = dxs + dxOffset + (ulong)row * columns;
    float sum;
    if (logarithmic) {
      NN_SUM_ROW(sum, columns, vload16(0, g + c), g[c])
      NN_VECTORIZED for (index_t c = 0; c < columns; c++) dx[c] = g[c] - nn_exp(y[c]) * sum;
    } else {
      NN_SUM_ROW(sum, columns, vload16(0, g + c) * vload16(0, y + c), g[c] * y[c])
      NN_VECTORIZED for (index_t c = 0; c < columns; c++) dx[c] = y[c] * (g[c] - sum);
    }
  }
}

#else

#define SOFTMAX(FIRST, STEP, SUM, MAXIMUM)                                                                           \
  {                                                                                                                  \
    global const float *x = xs + xOffset + (ulong)row * columns;                                                     \
    global float *y = ys + yOffset + (ulong)row * columns;                                                           \
    float a = -INFINITY;                                                                                             \
    for (index_t c = FIRST; c < columns; c += STEP) a = nn_maximum_float(a, x[c]);                                   \
    const float largest = MAXIMUM(a);                                                                                \
    a = 0.0f;                                                                                                        \
    for (index_t c = FIRST; c < columns; c += STEP) a += exp(x[c] - largest);                                        \
    const float sum = SUM(a), logSum = log(sum);                                                                     \
    for (index_t c = FIRST; c < columns; c += STEP)                                                                  \
      y[c] = logarithmic ? x[c] - largest - logSum : exp(x[c] - largest) / sum;                                      \
  }

kernel void softmaxItems(global const float *xs, ulong xOffset, global float *ys, ulong yOffset, index_t rows,
                         index_t columns, int logarithmic) {
  NN_FOREACH(row, rows) SOFTMAX(0, 1, ALONE_SUM, ALONE_MAXIMUM)
}

kernel void softmaxRows(global const float *xs, ulong xOffset, global float *ys, ulong yOffset, index_t rows,
                        index_t columns, int logarithmic) {
  local float shared[NN_GROUP];
  const index_t row = get_group_id(0);
  SOFTMAX(get_local_id(0), NN_GROUP, GROUP_SUM, GROUP_MAXIMUM)
}

#define SOFTMAX_GRADIENT(FIRST, STEP, SUM)                                                                           \
  {                                                                                                                  \
    global const float *g = gs + gOffset + (ulong)row * columns, *y = ys + yOffset + (ulong)row * columns;           \
    global float *dx = dxs + dxOffset + (ulong)row * columns;                                                        \
    float a = 0.0f;                                                                                                  \
    for (index_t c = FIRST; c < columns; c += STEP) a += logarithmic ? g[c] : g[c] * y[c];                           \
    const float sum = SUM(a);                                                                                        \
    for (index_t c = FIRST; c < columns; c += STEP)                                                                  \
      dx[c] = logarithmic ? g[c] - exp(y[c]) * sum : y[c] * (g[c] - sum);                                            \
  }

kernel void softmaxGradientItems(global const float *gs, ulong gOffset, global const float *ys, ulong yOffset,
                                 global float *dxs, ulong dxOffset, index_t rows, index_t columns, int logarithmic) {
  NN_FOREACH(row, rows) SOFTMAX_GRADIENT(0, 1, ALONE_SUM)
}

kernel void softmaxGradientRows(global const float *gs, ulong gOffset, global const float *ys, ulong yOffset,
                                global float *dxs, ulong dxOffset, index_t rows, index_t columns, int logarithmic) {
  local float shared[NN_GROUP];
  const index_t row = get_group_id(0);
  SOFTMAX_GRADIENT(get_local_id(0), NN_GROUP, GROUP_SUM)
}

#endif

// The targets: 1 − smoothing at the label, and smoothing/columns everywhere. The gradient is multiplied by its scale.
typedef struct {
  float atLabel, everywhere, gradientScale;
  int ignoredLabel, ignoresLabel, hasGradient;
} target_t;

// loss = −atLabel·ln p[label] − everywhere·Σ ln p; 0 for a label that is ignored, NaN for one that is out of range.
static inline float nn_loss(target_t target, int isIgnored, int isOutside, float atLabel, float sumOfAll) {
  if (isIgnored) return 0.0f;
  const float loss = isOutside ? NAN : -target.atLabel * atLabel;
  return target.everywhere != 0.0f ? loss - target.everywhere * sumOfAll : loss;
}

#ifdef NN_LOOPS

kernel void crossEntropyItems(global const float *xs, ulong xOffset, global const int *labels, ulong labelsOffset,
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

// ln p = x − largest − logSum. Every item runs every loop, also for labels that are ignored or out of range: barriers are
// for all.
#define CROSS_ENTROPY(FIRST, STEP, SUM, MAXIMUM)                                                                     \
  {                                                                                                                  \
    global const float *x = xs + xOffset + (ulong)row * columns;                                                     \
    const int label = labels[labelsOffset + row];                                                                    \
    const int isIgnored = target.ignoresLabel && label == target.ignoredLabel;                                       \
    const int isOutside = label < 0 || label >= columns;                                                             \
    float a = -INFINITY;                                                                                             \
    for (index_t c = FIRST; c < columns; c += STEP) a = nn_maximum_float(a, x[c]);                                   \
    const float largest = MAXIMUM(a);                                                                                \
    a = 0.0f;                                                                                                        \
    for (index_t c = FIRST; c < columns; c += STEP) a += exp(x[c] - largest);                                        \
    const float sum = SUM(a), logSum = log(sum);                                                                     \
    a = 0.0f;                                                                                                        \
    if (target.everywhere != 0.0f)                                                                                   \
      for (index_t c = FIRST; c < columns; c += STEP) a += x[c] - largest - logSum;                                  \
    const float logSumOfAll = SUM(a);                                                                                \
    if (FIRST == 0) {                                                                                                \
      const float atLabel = isIgnored || isOutside ? 0.0f : x[label] - largest - logSum;                             \
      losses[lossOffset + row] = nn_loss(target, isIgnored, isOutside, atLabel, logSumOfAll);                        \
    }                                                                                                                \
    if (target.hasGradient) {                                                                                        \
      global float *g = gradients + gradientOffset + (ulong)row * columns;                                           \
      for (index_t c = FIRST; c < columns; c += STEP) {                                                              \
        const float q = (c == (index_t)label ? target.atLabel : 0.0f) + target.everywhere;                           \
        g[c] = isIgnored ? 0.0f : (isOutside ? NAN : target.gradientScale * (exp(x[c] - largest) / sum - q));        \
      }                                                                                                              \
    }                                                                                                                \
  }

kernel void crossEntropyItems(global const float *xs, ulong xOffset, global const int *labels, ulong labelsOffset,
                              global float *losses, ulong lossOffset, global float *gradients, ulong gradientOffset,
                              index_t rows, index_t columns, target_t target) {
  NN_FOREACH(row, rows) CROSS_ENTROPY(0, 1, ALONE_SUM, ALONE_MAXIMUM)
}

kernel void crossEntropyRows(global const float *xs, ulong xOffset, global const int *labels, ulong labelsOffset,
                             global float *losses, ulong lossOffset, global float *gradients, ulong gradientOffset,
                             index_t rows, index_t columns, target_t target) {
  local float shared[NN_GROUP];
  const index_t row = get_group_id(0);
  CROSS_ENTROPY(get_local_id(0), NN_GROUP, GROUP_SUM, GROUP_MAXIMUM)
}

#endif
