// Normalisation of the rows of [rows, columns], (x - mean)·scale·gain + shift, and its gradient.
// RowFolds.cl says who does a row. Where items run loops, `items` does all.

typedef struct {
  float epsilon;
  int isCentred, hasGain, hasShift, keeps;
} normalization_t;

#ifdef NN_LOOPS

kernel void normalize_items(global const float *xs, ulong xOffset, global const float *gains, ulong gainOffset,
                            global const float *shifts, ulong shiftOffset, global float *ys, ulong yOffset,
                            global float *statistics, ulong statisticsOffset, index_t rows, index_t columns,
                            normalization_t how) {
  global const float *gain = gains + gainOffset, *shift = shifts + shiftOffset;
  NN_FOREACH(row, rows) {
    global const float *x = xs + xOffset + (ulong)row * columns;
    global float *y = ys + yOffset + (ulong)row * columns;
    float mean = 0.0f, variance;
    if (how.isCentred) {
      NN_SUM_ROW(mean, columns, vload16(0, x + c), x[c])
      mean /= (float)columns;
    }
    NN_SUM_ROW(
        variance, columns, (vload16(0, x + c) - mean) * (vload16(0, x + c) - mean), (x[c] - mean) * (x[c] - mean))
    const float scale = 1.0f / sqrt(variance / (float)columns + how.epsilon);
    if (how.keeps) {
      statistics[statisticsOffset + row] = mean;
      statistics[statisticsOffset + rows + row] = scale;
    }
#define NORMALIZED(...) NN_VECTORIZED for (index_t c = 0; c < columns; c++) y[c] = (x[c] - mean) * scale __VA_ARGS__
    if (how.hasGain && how.hasShift) {
      NORMALIZED(*gain[c] + shift[c]);
    } else if (how.hasGain) {
      NORMALIZED(*gain[c]);
    } else if (how.hasShift) {
      NORMALIZED(+shift[c]);
    } else {
      NORMALIZED();
    }
  }
}

// The gradients of N rows from `row` on. With SUMS, their terms of the gradients of gain and shift are added to `gains` and
// `shifts`, one cache line for all rows.
#define NN_GRADIENT_OF_ROWS(N, SUMS)                                                                                 \
  {                                                                                                                  \
    global const float *dy = dys + dyOffset + (ulong)row * columns, *x = xs + xOffset + (ulong)row * columns;        \
    global float *dx = dxs + dxOffset + (ulong)row * columns;                                                        \
    float mean[N], scale[N], slope[N], product[N];                                                                   \
    for (uint k = 0; k < N; k++) {                                                                                   \
      mean[k] = means[row + k];                                                                                      \
      scale[k] = means[rows + row + k];                                                                              \
      slope[k] = nn_gradient_means(                                                                                  \
          dy + (ulong)k * columns, x + (ulong)k * columns, gain, how.hasGain, mean[k], columns, &product[k]);        \
      slope[k] = how.isCentred ? slope[k] : 0.0f;                                                                    \
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
    const VECTOR factor = how.hasGain ? GET(gain + c) : (VECTOR)(1.0f);                                              \
    VECTOR gainSum = 0.0f, shiftSum = 0.0f;                                                                          \
    _Pragma("unroll") for (uint k = 0; k < N; k++) {                                                                 \
      const VECTOR g = GET(dy + (ulong)k * columns + c), n = (GET(x + (ulong)k * columns + c) - mean[k]) * scale[k]; \
      PUT(scale[k] * ((g * factor - slope[k]) - n * product[k]), dx + (ulong)k * columns + c);                       \
      gainSum += g * n;                                                                                              \
      shiftSum += g;                                                                                                 \
    }                                                                                                                \
    if (SUMS) {                                                                                                      \
      PUT(GET(gainSums + c) + gainSum, gainSums + c);                                                                \
      PUT(GET(shiftSums + c) + shiftSum, shiftSums + c);                                                             \
    }                                                                                                                \
  }

// The mean of the gradients g = dy·gain of a row, and that of g·(x − mean).
static inline float nn_gradient_means(global const float *dy, global const float *x, global const float *gain,
                                      int hasGain, float mean, index_t columns, float *product) {
  float16 sums[2] = {(float16)(0.0f), (float16)(0.0f)}, products[2] = {(float16)(0.0f), (float16)(0.0f)};
  index_t c = 0;
  while (c + 32 <= columns) {
    _Pragma("unroll") for (uint k = 0; k < 2; k++, c += 16) {
      const float16 g = vload16(0, dy + c) * (hasGain ? vload16(0, gain + c) : (float16)(1.0f));
      sums[k] += g;
      products[k] += g * (vload16(0, x + c) - mean);
    }
  }
  const float16 sumLanes = sums[0] + sums[1], productLanes = products[0] + products[1];
  float sum, all;
  NN_FOLD_LANES(sum, sumLanes, a + b)
  NN_FOLD_LANES(all, productLanes, a + b)
  for (; c < columns; c++) {
    const float g = dy[c] * (hasGain ? gain[c] : 1.0f);
    sum += g;
    all += g * (x[c] - mean);
  }
  *product = all / (float)columns;
  return sum / (float)columns;
}

kernel void normalizeGradient_items(global const float *dys, ulong dyOffset, global const float *xs, ulong xOffset,
                                    global const float *gains, ulong gainOffset, global const float *statistics,
                                    ulong statisticsOffset, global float *dxs, ulong dxOffset, index_t rows,
                                    index_t columns, normalization_t how) {
  global const float *gain = gains + gainOffset, *means = statistics + statisticsOffset;
  global float *gainSums = 0, *shiftSums = 0;
  const index_t share = nn_share(rows), last = min((index_t)(get_group_id(0) + 1) * share, rows);
  for (index_t row = (index_t)get_group_id(0) * share; row < last; row++) NN_GRADIENT_OF_ROWS(1, 0)
}

// The same for one stretch of rows a group, and their sums for the gradients of gain and shift.
kernel void normalizeGradientStretches(global const float *dys, ulong dyOffset, global const float *xs, ulong xOffset,
                                       global const float *gains, ulong gainOffset, global const float *statistics,
                                       ulong statisticsOffset, global float *dxs, ulong dxOffset, index_t rows,
                                       index_t columns, normalization_t how, global float *sums, ulong sumsOffset,
                                       index_t stretch) {
  global const float *gain = gains + gainOffset, *means = statistics + statisticsOffset;
  global float *gainSums = sums + sumsOffset + (ulong)get_group_id(0) * columns;
  global float *shiftSums = gainSums + (ulong)get_num_groups(0) * columns;
  for (index_t c = 0; c < columns; c++) gainSums[c] = shiftSums[c] = 0.0f;
  index_t row = (index_t)get_group_id(0) * stretch;
  const index_t last = min(row + stretch, rows);
  for (; row + 4 <= last; row += 4) NN_GRADIENT_OF_ROWS(4, 1)
  for (; row < last; row++) NN_GRADIENT_OF_ROWS(1, 1)
}

#else

#define NORMALIZE(HOW)                                                                                               \
  kernel void normalize_##HOW(global const float *xs, ulong xOffset, global const float *gains, ulong gainOffset,    \
                              global const float *shifts, ulong shiftOffset, global float *ys, ulong yOffset,        \
                              global float *statistics, ulong statisticsOffset, index_t rows, index_t columns,       \
                              normalization_t how) {                                                                 \
    NN_ROW_##HOW(kept[NN_HELD]) {                                                                                    \
      global const float *x = xs + xOffset + (ulong)row * columns;                                                   \
      global float *y = ys + yOffset + (ulong)row * columns;                                                         \
      float a = 0.0f, mean = 0.0f;                                                                                   \
      NN_FOR_##HOW(k, c) a += NN_KEEP_##HOW(kept, k, x[c]);                                                          \
      if (how.isCentred) mean = NN_SUM_##HOW(a) / (float)columns;                                                    \
      a = 0.0f;                                                                                                      \
      NN_FOR_##HOW(k, c) {                                                                                           \
        const float d = NN_KEPT_##HOW(kept, k, x[c]) - mean;                                                         \
        a += d * d;                                                                                                  \
      }                                                                                                              \
      const float scale = 1.0f / sqrt(NN_SUM_##HOW(a) / (float)columns + how.epsilon);                               \
      if (NN_IS_FIRST_##HOW && how.keeps) {                                                                          \
        statistics[statisticsOffset + row] = mean;                                                                   \
        statistics[statisticsOffset + rows + row] = scale;                                                           \
      }                                                                                                              \
      NN_FOR_##HOW(k, c) {                                                                                           \
        const float gain = how.hasGain ? gains[gainOffset + c] : 1.0f;                                               \
        const float shift = how.hasShift ? shifts[shiftOffset + c] : 0.0f;                                           \
        y[c] = (NN_KEPT_##HOW(kept, k, x[c]) - mean) * scale * gain + shift;                                         \
      }                                                                                                              \
    }                                                                                                                \
  }
NN_EACH_HOW(NORMALIZE)

#define NORMALIZE_GRADIENT(HOW)                                                                                       \
  kernel void normalizeGradient_##HOW(global const float *dys, ulong dyOffset, global const float *xs, ulong xOffset, \
                                      global const float *gains, ulong gainOffset, global const float *statistics,    \
                                      ulong statisticsOffset, global float *dxs, ulong dxOffset, index_t rows,        \
                                      index_t columns, normalization_t how) {                                         \
    NN_ROW_##HOW(slopes[NN_HELD], places[NN_HELD]) {                                                                  \
      global const float *dy = dys + dyOffset + (ulong)row * columns, *x = xs + xOffset + (ulong)row * columns;       \
      global float *dx = dxs + dxOffset + (ulong)row * columns;                                                       \
      global const float *means = statistics + statisticsOffset, *scales = means + rows;                              \
      const float mean = row < rows ? means[row] : 0.0f, scale = row < rows ? scales[row] : 0.0f;                     \
      float a = 0.0f, b = 0.0f;                                                                                       \
      NN_FOR_##HOW(k, c) {                                                                                            \
        const float g = NN_KEEP_##HOW(slopes, k, dy[c] * (how.hasGain ? gains[gainOffset + c] : 1.0f));               \
        a += g;                                                                                                       \
        b += g * NN_KEEP_##HOW(places, k, (x[c] - mean) * scale);                                                     \
      }                                                                                                               \
      const float sum = NN_SUM_##HOW(a), slope = how.isCentred ? sum / (float)columns : 0.0f;                         \
      const float product = NN_SUM_##HOW(b) / (float)columns;                                                         \
      NN_FOR_##HOW(k, c) {                                                                                            \
        const float g = NN_KEPT_##HOW(slopes, k, dy[c] * (how.hasGain ? gains[gainOffset + c] : 1.0f));               \
        dx[c] = scale * ((g - slope) - NN_KEPT_##HOW(places, k, (x[c] - mean) * scale) * product);                    \
      }                                                                                                               \
    }                                                                                                                 \
  }
NN_EACH_HOW(NORMALIZE_GRADIENT)

// One item sums one column over one stretch of rows.
kernel void normalizeSums(global const float *dys, ulong dyOffset, global const float *xs, ulong xOffset,
                          global const float *statistics, ulong statisticsOffset, global float *sums, ulong sumsOffset,
                          index_t rows, index_t columns, index_t stretch) {
  const index_t c = get_global_id(0), first = (index_t)get_group_id(1) * stretch, last = min(first + stretch, rows);
  if (c >= columns) return;
  global const float *means = statistics + statisticsOffset, *scales = means + rows;
  float gain = 0.0f, shift = 0.0f;
  for (index_t r = first; r < last; r++) {
    const float dy = dys[dyOffset + (ulong)r * columns + c];
    gain += dy * ((xs[xOffset + (ulong)r * columns + c] - means[r]) * scales[r]);
    shift += dy;
  }
  global float *gains = sums + sumsOffset + (ulong)get_group_id(1) * columns;
  gains[c] = gain;
  gains[(ulong)get_num_groups(1) * columns + c] = shift;
}

#endif
