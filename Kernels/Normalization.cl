// Normalization of the rows of [rows, columns], (x - mean)·scale·weight + bias, and its gradient. RowReductions.cl
// defines which work items process a row. In loops, `items` processes all rows.

typedef struct {
  float epsilon;
  int isCentered, hasWeight, hasBias, keeps;
} normalization_t;

// Whether a sum of squares is valid: none of the squares overflowed or vanished.
static inline int nn_is_square_sum(float sum) { return sum < FLT_MAX && sum > 1e-25f; }

// A power of two that brings the largest number of a row near 1, so that squares neither overflow nor vanish. For 0,
// denormals, infinities, and NaN, it is 1.
static inline float nn_squaring_factor(float largest) {
  const int exponent = as_int(largest) >> 23;
  return exponent <= 0 || exponent >= 255 ? 1.0f : as_float(max(254 - exponent, 1) << 23);
}

// Epsilon for squares of x·factor. It is above 0 unless epsilon is 0, so that a row of equal numbers is not divided by
// 0.
static inline float nn_scaled_epsilon(float epsilon, float factor) {
  return epsilon > 0.0f ? fmax(epsilon * factor * factor, 1e-37f) : 0.0f;
}

// Whether distances from the mean of a row, or their sums, may overflow: where the standard deviation is above 1e20.
static inline int nn_is_wide_row(float scale) { return scale < 1e-20f; }

// (x − mean)·scale. In a wide row, both numbers are divided by 4 before they are subtracted.
static inline float nn_normalized(float x, float mean, float scale) {
  const int isWide = nn_is_wide_row(scale);
  const float factor = isWide ? 0.25f : 1.0f;
  return (x * factor - mean * factor) * (scale * (isWide ? 4.0f : 1.0f));
}

#ifdef NN_LOOPS

// The mean and the variance of x·factor.
#define NN_STATISTICS                                                                                                \
  if (how.isCentered) {                                                                                              \
    NN_SUM_ROW(mean, columns, vload16(0, x + c) * factor, x[c] * factor)                                             \
    mean /= (float)columns;                                                                                          \
  }                                                                                                                  \
  NN_SUM_ROW(variance, columns, (vload16(0, x + c) * factor - mean) * (vload16(0, x + c) * factor - mean),           \
             (x[c] * factor - mean) * (x[c] * factor - mean))                                                        \
  variance /= (float)columns;

kernel void normalize_items(global const float *xs, ulong xOffset, global const float *weights, ulong weightOffset,
                            global const float *biases, ulong biasOffset, global float *ys, ulong yOffset,
                            global float *statistics, ulong statisticsOffset, index_t rows, index_t columns,
                            normalization_t how) {
  global const float *weight = weights + weightOffset, *bias = biases + biasOffset;
  NN_FOREACH(row, rows) {
    global const float *x = xs + xOffset + (ulong)row * columns;
    global float *y = ys + yOffset + (ulong)row * columns;
    float mean = 0.0f, variance, factor = 1.0f;
    NN_STATISTICS
    if (!nn_is_square_sum(variance + how.epsilon)) {
      float largest;
      NN_REDUCE_ROW(largest, columns, 0.0f, fabs(vload16(0, x + c)), fabs(x[c]), fmax(a, b))
      factor = nn_squaring_factor(largest);
      NN_STATISTICS
    }
    const float scale = 1.0f / sqrt(variance + nn_scaled_epsilon(how.epsilon, factor));
    if (how.keeps) {
      statistics[statisticsOffset + row] = mean / factor;
      statistics[statisticsOffset + rows + row] = scale * factor;
    }
#define NORMALIZED(...) \
  NN_VECTORIZED for (index_t c = 0; c < columns; c++) y[c] = (x[c] * factor - mean) * scale __VA_ARGS__
    if (how.hasWeight && how.hasBias) {
      NORMALIZED(*weight[c] + bias[c]);
    } else if (how.hasWeight) {
      NORMALIZED(*weight[c]);
    } else if (how.hasBias) {
      NORMALIZED(+bias[c]);
    } else {
      NORMALIZED();
    }
  }
}

// The gradients of N rows, starting at `row`. With SUMS, their terms of the gradients of weight and bias are added to
// `weightSums` and `biasSums`, whose cache lines are read and written once for all N rows.
#define NN_GRADIENT_OF_ROWS(N, SUMS)                                                                                 \
  {                                                                                                                  \
    global const float *dy = dys + dyOffset + (ulong)row * columns, *x = xs + xOffset + (ulong)row * columns;        \
    global float *dx = dxs + dxOffset + (ulong)row * columns;                                                        \
    float mean[N], scale[N], meanGradient[N], product[N];                                                            \
    for (uint k = 0; k < N; k++) {                                                                                   \
      mean[k] = means[row + k];                                                                                      \
      scale[k] = means[rows + row + k];                                                                              \
      meanGradient[k] = nn_gradient_means(                                                                           \
          dy + (ulong)k * columns, x + (ulong)k * columns, weight, how.hasWeight, mean[k], columns, &product[k]);    \
      meanGradient[k] = how.isCentered ? meanGradient[k] : 0.0f;                                                     \
      product[k] *= scale[k];                                                                                        \
    }                                                                                                                \
    index_t c = 0;                                                                                                   \
    for (; c + 16 <= columns; c += 16) NN_GRADIENT_AT(float16, GET_MANY, PUT_MANY, N, SUMS)                          \
    for (; c < columns; c++) NN_GRADIENT_AT(float, GET_ONE, PUT_ONE, N, SUMS)                                        \
  }
#define GET_MANY(p) vload16(0, p)
#define GET_ONE(p) (*(p))
#define PUT_MANY(value, p) nn_store(value, p)
#define PUT_ONE(value, p) *(p) = (value)

#define NN_GRADIENT_AT(VECTOR, GET, PUT, N, SUMS)                                                                    \
  {                                                                                                                  \
    const VECTOR factor = how.hasWeight ? GET(weight + c) : (VECTOR)(1.0f);                                          \
    VECTOR weightSum = 0.0f, biasSum = 0.0f;                                                                         \
    _Pragma("unroll") for (uint k = 0; k < N; k++) {                                                                 \
      const VECTOR g = GET(dy + (ulong)k * columns + c), n = (GET(x + (ulong)k * columns + c) - mean[k]) * scale[k]; \
      PUT(scale[k] * ((g * factor - meanGradient[k]) - n * product[k]), dx + (ulong)k * columns + c);                \
      weightSum += g * n;                                                                                            \
      biasSum += g;                                                                                                  \
    }                                                                                                                \
    if (SUMS) {                                                                                                      \
      PUT(GET(weightSums + c) + weightSum, weightSums + c);                                                          \
      PUT(GET(biasSums + c) + biasSum, biasSums + c);                                                                \
    }                                                                                                                \
  }

// The mean of the gradients g = dy·weight of a row, and the mean of g·(x − mean).
static inline float nn_gradient_means(global const float *dy, global const float *x, global const float *weight,
                                      int hasWeight, float mean, index_t columns, float *product) {
  const index_t whole = columns / 16 * 16;
  float16 sums = 0.0f, sumRests = 0.0f, products = 0.0f, productRests = 0.0f;
  for (index_t c = 0; c < whole;) {
    const index_t end = min(c + NN_SUM_BLOCK, whole);
    float16 sumPart = 0.0f, productPart = 0.0f;
    for (; c < end; c += 16) {
      const float16 g = vload16(0, dy + c) * (hasWeight ? vload16(0, weight + c) : (float16)(1.0f));
      sumPart += g;
      productPart += g * (vload16(0, x + c) - mean);
    }
    NN_ADD_MANY(sums, sumRests, sumPart)
    NN_ADD_MANY(products, productRests, productPart)
  }
  float sum, all;
  NN_REDUCE_LANES(sum, sums + sumRests, a + b)
  NN_REDUCE_LANES(all, products + productRests, a + b)
  for (index_t c = whole; c < columns; c++) {
    const float g = dy[c] * (hasWeight ? weight[c] : 1.0f);
    sum += g;
    all += g * (x[c] - mean);
  }
  *product = all / (float)columns;
  return sum / (float)columns;
}

// The gradient of a wide row. Its terms are added to the sums, if there are any.
static void nn_gradient_of_wide_row(global const float *dy, global const float *x, global const float *weight,
                                    const normalization_t how, float mean, float scale, index_t columns,
                                    global float *dx, global float *weightSums, global float *biasSums) {
  float sum = 0.0f, sumRest = 0.0f, product = 0.0f, productRest = 0.0f;
  for (index_t c = 0; c < columns; c++) {
    const float g = dy[c] * (how.hasWeight ? weight[c] : 1.0f);
    NN_ADD(sum, sumRest, g)
    NN_ADD(product, productRest, g * nn_normalized(x[c], mean, scale))
  }
  const float meanGradient = how.isCentered ? (sum + sumRest) / (float)columns : 0.0f;
  const float meanProduct = (product + productRest) / (float)columns;
  for (index_t c = 0; c < columns; c++) {
    const float g = dy[c], n = nn_normalized(x[c], mean, scale);
    if (weightSums) {
      weightSums[c] += g * n;
      biasSums[c] += g;
    }
    dx[c] = scale * ((g * (how.hasWeight ? weight[c] : 1.0f) - meanGradient) - n * meanProduct);
  }
}
#define NN_GRADIENT_OF_WIDE_ROW                                                                                      \
  nn_gradient_of_wide_row(dys + dyOffset + (ulong)row * columns, xs + xOffset + (ulong)row * columns, weight, how,   \
                          means[row], means[rows + row], columns, dxs + dxOffset + (ulong)row * columns, weightSums, \
                          biasSums);

kernel void normalizeGradient_items(global const float *dys, ulong dyOffset, global const float *xs, ulong xOffset,
                                    global const float *weights, ulong weightOffset, global const float *statistics,
                                    ulong statisticsOffset, global float *dxs, ulong dxOffset, index_t rows,
                                    index_t columns, normalization_t how) {
  global const float *weight = weights + weightOffset, *means = statistics + statisticsOffset;
  global float *weightSums = 0, *biasSums = 0;
  const index_t share = nn_share(rows), last = min((index_t)(get_group_id(0) + 1) * share, rows);
  for (index_t row = (index_t)get_group_id(0) * share; row < last; row++) {
    if (nn_is_wide_row(means[rows + row])) NN_GRADIENT_OF_WIDE_ROW
    else NN_GRADIENT_OF_ROWS(1, 0)
  }
}

// The same for one slice of rows per work group, with the sums of these rows for the gradients of weight and bias.
kernel void normalizeGradientSlices(global const float *dys, ulong dyOffset, global const float *xs, ulong xOffset,
                                    global const float *weights, ulong weightOffset, global const float *statistics,
                                    ulong statisticsOffset, global float *dxs, ulong dxOffset, index_t rows,
                                    index_t columns, normalization_t how, global float *sums, ulong sumsOffset,
                                    index_t slice) {
  global const float *weight = weights + weightOffset, *means = statistics + statisticsOffset;
  global float *weightSums = sums + sumsOffset + (ulong)get_group_id(0) * columns;
  global float *biasSums = weightSums + (ulong)get_num_groups(0) * columns;
  for (index_t c = 0; c < columns; c++) weightSums[c] = biasSums[c] = 0.0f;
  index_t row = (index_t)get_group_id(0) * slice;
  const index_t last = min(row + slice, rows);
  while (row < last) {
    global const float *scales = means + rows + row;
    const int isTogether =
        row + 4 <= last && !nn_is_wide_row(fmin(fmin(scales[0], scales[1]), fmin(scales[2], scales[3])));
    if (isTogether) NN_GRADIENT_OF_ROWS(4, 1)
    else if (nn_is_wide_row(scales[0])) NN_GRADIENT_OF_WIDE_ROW
    else NN_GRADIENT_OF_ROWS(1, 1)
    row += isTogether ? 4 : 1;
  }
}

#else

// The mean and the variance of x·factor.
#define NN_STATISTICS(HOW)                                                                                           \
  a = rest = 0.0f;                                                                                                   \
  NN_FOR_##HOW(k, c) NN_ADD(a, rest, factor * NN_KEEP_##HOW(kept, k, x[c]))                                          \
  if (how.isCentered) mean = NN_SUM_##HOW(a + rest) / (float)columns;                                                \
  a = rest = 0.0f;                                                                                                   \
  NN_FOR_##HOW(k, c) {                                                                                               \
    const float d = factor * NN_KEPT_##HOW(kept, k, x[c]) - mean;                                                    \
    NN_ADD(a, rest, d * d)                                                                                           \
  }                                                                                                                  \
  variance = NN_SUM_##HOW(a + rest) / (float)columns;

#define NORMALIZE(HOW)                                                                                               \
  kernel void normalize_##HOW(global const float *xs, ulong xOffset, global const float *weights, ulong weightOffset, \
                              global const float *biases, ulong biasOffset, global float *ys, ulong yOffset,         \
                              global float *statistics, ulong statisticsOffset, index_t rows, index_t columns,       \
                              normalization_t how) {                                                                 \
    NN_ROW_##HOW(kept[NN_HELD]) {                                                                                    \
      global const float *x = xs + xOffset + (ulong)row * columns;                                                   \
      global float *y = ys + yOffset + (ulong)row * columns;                                                         \
      float a, rest, mean = 0.0f, variance, factor = 1.0f;                                                           \
      NN_STATISTICS(HOW)                                                                                             \
      const int isExtreme = row < rows && !nn_is_square_sum(variance + how.epsilon);                                 \
      if (NN_ANY_##HOW(isExtreme)) {                                                                                 \
        a = 0.0f;                                                                                                    \
        NN_FOR_##HOW(k, c) a = fmax(a, fabs(NN_KEPT_##HOW(kept, k, x[c])));                                          \
        const float largest = NN_MAXIMUM_##HOW(a);                                                                   \
        if (isExtreme) factor = nn_squaring_factor(largest);                                                         \
        NN_STATISTICS(HOW)                                                                                           \
      }                                                                                                              \
      const float scale = 1.0f / sqrt(variance + nn_scaled_epsilon(how.epsilon, factor));                                     \
      if (NN_IS_FIRST_##HOW && how.keeps) {                                                                          \
        statistics[statisticsOffset + row] = mean / factor;                                                          \
        statistics[statisticsOffset + rows + row] = scale * factor;                                                  \
      }                                                                                                              \
      NN_FOR_##HOW(k, c) {                                                                                           \
        const float weight = how.hasWeight ? weights[weightOffset + c] : 1.0f;                                       \
        const float bias = how.hasBias ? biases[biasOffset + c] : 0.0f;                                              \
        y[c] = (factor * NN_KEPT_##HOW(kept, k, x[c]) - mean) * scale * weight + bias;                               \
      }                                                                                                              \
    }                                                                                                                \
  }
NN_EACH_HOW(NORMALIZE)

#define NORMALIZE_GRADIENT(HOW)                                                                                       \
  kernel void normalizeGradient_##HOW(global const float *dys, ulong dyOffset, global const float *xs, ulong xOffset, \
                                      global const float *weights, ulong weightOffset, global const float *statistics, \
                                      ulong statisticsOffset, global float *dxs, ulong dxOffset, index_t rows,        \
                                      index_t columns, normalization_t how) {                                         \
    NN_ROW_##HOW(gradients[NN_HELD], normalized[NN_HELD]) {                                                           \
      global const float *dy = dys + dyOffset + (ulong)row * columns, *x = xs + xOffset + (ulong)row * columns;       \
      global float *dx = dxs + dxOffset + (ulong)row * columns;                                                       \
      global const float *means = statistics + statisticsOffset, *scales = means + rows;                              \
      const float mean = row < rows ? means[row] : 0.0f, scale = row < rows ? scales[row] : 0.0f;                     \
      float a = 0.0f, b = 0.0f, aRest = 0.0f, bRest = 0.0f;                                                           \
      NN_FOR_##HOW(k, c) {                                                                                            \
        const float g = NN_KEEP_##HOW(gradients, k, dy[c] * (how.hasWeight ? weights[weightOffset + c] : 1.0f));      \
        NN_ADD(a, aRest, g)                                                                                           \
        NN_ADD(b, bRest, g * NN_KEEP_##HOW(normalized, k, nn_normalized(x[c], mean, scale)))                          \
      }                                                                                                               \
      const float sum = NN_SUM_##HOW(a + aRest), meanGradient = how.isCentered ? sum / (float)columns : 0.0f;         \
      const float product = NN_SUM_##HOW(b + bRest) / (float)columns;                                                 \
      NN_FOR_##HOW(k, c) {                                                                                            \
        const float g = NN_KEPT_##HOW(gradients, k, dy[c] * (how.hasWeight ? weights[weightOffset + c] : 1.0f));      \
        const float n = NN_KEPT_##HOW(normalized, k, nn_normalized(x[c], mean, scale));                               \
        dx[c] = scale * ((g - meanGradient) - n * product);                                                           \
      }                                                                                                               \
    }                                                                                                                 \
  }
NN_EACH_HOW(NORMALIZE_GRADIENT)

// One work item sums one column over one slice of rows.
kernel void normalizeSums(global const float *dys, ulong dyOffset, global const float *xs, ulong xOffset,
                          global const float *statistics, ulong statisticsOffset, global float *sums, ulong sumsOffset,
                          index_t rows, index_t columns, index_t slice) {
  const index_t c = get_global_id(0), first = (index_t)get_group_id(1) * slice, last = min(first + slice, rows);
  if (c >= columns) return;
  global const float *means = statistics + statisticsOffset, *scales = means + rows;
  float weight = 0.0f, bias = 0.0f, weightRest = 0.0f, biasRest = 0.0f;
  for (index_t r = first; r < last; r++) {
    const float dy = dys[dyOffset + (ulong)r * columns + c];
    NN_ADD(weight, weightRest, dy * nn_normalized(xs[xOffset + (ulong)r * columns + c], means[r], scales[r]))
    NN_ADD(bias, biasRest, dy)
  }
  global float *weights = sums + sumsOffset + (ulong)get_group_id(1) * columns;
  weights[c] = weight + weightRest;
  weights[(ulong)get_num_groups(1) * columns + c] = bias + biasRest;
}

#endif
