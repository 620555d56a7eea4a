// Softmax over rows of [rows, columns], its gradient, and the cross-entropy of labels.
// Items: one item does one row, for short rows. Rows: one work group does one row. Where items run loops, Items does all.

#ifdef NN_LOOPS

// Stores and returns a value.
static inline float16 nn_stored(float16 value, global float *y) {
  vstore16(value, 0, y);
  return value;
}

kernel void softmaxItems(global const float *xs, ulong xOffset, global float *ys, ulong yOffset, index_t rows,
                         index_t columns, int logarithmic) {
  NN_FOREACH(row, rows) {
    global const float *x = xs + xOffset + (ulong)row * columns;
    global float *y = ys + yOffset + (ulong)row * columns;
    float largest, sum;
    NN_MAXIMUM_ROW(largest, columns, x)
    NN_SUM_ROW(
        sum, columns, nn_stored(nn_exp(vload16(0, x + c) - largest), y + c), (y[c] = nn_exp(x[c] - largest)))
    if (logarithmic) {
      const float logSum = log(sum);
      NN_VECTORIZED for (index_t c = 0; c < columns; c++) y[c] = x[c] - largest - logSum;
    } else {
      const float share = 1.0f / sum;
      NN_VECTORIZED for (index_t c = 0; c < columns; c++) y[c] *= share;
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
  NN_FOREACH(row, rows) {
    global const float *x = xs + xOffset + (ulong)row * columns;
    global float *g = gradients + gradientOffset + (ulong)row * columns;
    const int label = labels[labelsOffset + row];
    const int isIgnored = target.ignoresLabel && label == target.ignoredLabel;
    const int isOutside = label < 0 || label >= columns;
    float largest, sum, sumOfAll = 0.0f;
    NN_MAXIMUM_ROW(largest, columns, x)
    if (target.hasGradient) {
      NN_SUM_ROW(
          sum, columns, nn_stored(nn_exp(vload16(0, x + c) - largest), g + c), (g[c] = nn_exp(x[c] - largest)))
    } else {
      NN_SUM_ROW(sum, columns, nn_exp(vload16(0, x + c) - largest), nn_exp(x[c] - largest))
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
        const float share = target.gradientScale / sum, spread = -target.gradientScale * target.everywhere;
        NN_VECTORIZED for (index_t c = 0; c < columns; c++) g[c] = fma(g[c], share, spread);
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
