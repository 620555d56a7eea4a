// Softmax over rows of [rows, columns], its gradient, and the cross-entropy of labels.
// Items: one item does one row, for short rows. Rows: one work group does one row.

// The sum, or the largest, of one number from each item of the work group; every item gets it.
static inline float nn_group_sum(float a, local float *shared) {
  const uint item = get_local_id(0);
  shared[item] = a;
  for (uint width = NN_GROUP / 2; width > 0; width /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < width) shared[item] += shared[item + width];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const float result = shared[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return result;
}

static inline float nn_group_maximum(float a, local float *shared) {
  const uint item = get_local_id(0);
  shared[item] = a;
  for (uint width = NN_GROUP / 2; width > 0; width /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < width) shared[item] = nn_maximum_float(shared[item], shared[item + width]);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const float result = shared[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return result;
}

// A row by one item, or by a work group: SHARED(f, a) joins what the items have.
#define ALONE_SUM(a) (a)
#define ALONE_MAXIMUM(a) (a)
#define GROUP_SUM(a) nn_group_sum(a, shared)
#define GROUP_MAXIMUM(a) nn_group_maximum(a, shared)

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

// The targets: 1 − smoothing at the label, and smoothing/columns everywhere.
typedef struct {
  float atLabel, everywhere;
  int ignoredLabel, ignoresLabel, hasGradient;
} target_t;

// loss = −atLabel·ln p[label] − everywhere·Σ ln p, where ln p = x − largest − logSum. Every item runs every loop, also for
// labels that are ignored or out of range: barriers are for all.
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
      float loss = 0.0f;                                                                                             \
      if (!isIgnored) {                                                                                              \
        loss = isOutside ? NAN : -target.atLabel * (x[label] - largest - logSum);                                    \
        if (target.everywhere != 0.0f) loss -= target.everywhere * logSumOfAll;                                      \
      }                                                                                                              \
      losses[lossOffset + row] = loss;                                                                               \
    }                                                                                                                \
    if (target.hasGradient) {                                                                                        \
      global float *g = gradients + gradientOffset + (ulong)row * columns;                                           \
      for (index_t c = FIRST; c < columns; c += STEP) {                                                              \
        const float q = (c == (index_t)label ? target.atLabel : 0.0f) + target.everywhere;                           \
        g[c] = isIgnored ? 0.0f : (isOutside ? NAN : exp(x[c] - largest) / sum - q);                                 \
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
