// Normalisation of the rows of [rows, columns], (x - mean)·scale·gain + shift, and its gradient.
// Items: one item does one row, for short rows. Rows: one work group does one row. Where items run loops, Items does all.

typedef struct {
  float epsilon;
  int isCentred, hasGain, hasShift, keeps;
} normalization_t;

#ifdef NN_LOOPS

kernel void normalizeItems(global const float *xs, ulong xOffset, global const float *gains, ulong gainOffset,
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
    NN_VECTORIZED for (index_t c = 0; c < columns; c++) y[c] = (x[c] - mean) * scale;
    if (how.hasGain) { NN_VECTORIZED for (index_t c = 0; c < columns; c++) y[c] *= gain[c]; }
    if (how.hasShift) { NN_VECTORIZED for (index_t c = 0; c < columns; c++) y[c] += shift[c]; }
  }
}

kernel void normalizeGradientItems(global const float *dys, ulong dyOffset, global const float *xs, ulong xOffset,
                                   global const float *gains, ulong gainOffset, global const float *statistics,
                                   ulong statisticsOffset, global float *dxs, ulong dxOffset, index_t rows,
                                   index_t columns, normalization_t how) {
  global const float *gain = gains + gainOffset;
  NN_FOREACH(row, rows) {
    global const float *dy = dys + dyOffset + (ulong)row * columns, *x = xs + xOffset + (ulong)row * columns;
    global float *dx = dxs + dxOffset + (ulong)row * columns;
    const float mean = statistics[statisticsOffset + row], scale = statistics[statisticsOffset + rows + row];
    if (how.hasGain) {
      NN_VECTORIZED for (index_t c = 0; c < columns; c++) dx[c] = dy[c] * gain[c];
    } else {
      NN_VECTORIZED for (index_t c = 0; c < columns; c++) dx[c] = dy[c];
    }
    float slope = 0.0f, product;
    if (how.isCentred) {
      NN_SUM_ROW(slope, columns, vload16(0, dx + c), dx[c])
      slope /= (float)columns;
    }
    NN_SUM_ROW(
        product, columns, vload16(0, dx + c) * ((vload16(0, x + c) - mean) * scale), dx[c] * ((x[c] - mean) * scale))
    product /= (float)columns;
    NN_VECTORIZED for (index_t c = 0; c < columns; c++) dx[c] = scale * ((dx[c] - slope) - (x[c] - mean) * scale * product);
  }
}

// One group sums one stretch of rows, 16 columns at a time.
kernel void normalizeSums(global const float *dys, ulong dyOffset, global const float *xs, ulong xOffset,
                          global const float *statistics, ulong statisticsOffset, global float *sums, ulong sumsOffset,
                          index_t rows, index_t columns, index_t stretch) {
  const index_t first = (index_t)get_group_id(1) * stretch, last = min(first + stretch, rows);
  global float *gains = sums + sumsOffset + (ulong)get_group_id(1) * columns;
  global float *shifts = gains + (ulong)get_num_groups(1) * columns;
  global const float *means = statistics + statisticsOffset, *scales = means + rows;
  index_t c = 0;
  for (; c + 16 <= columns; c += 16) {
    float16 gain = 0.0f, shift = 0.0f;
    for (index_t r = first; r < last; r++) {
      const float16 dy = vload16(0, dys + dyOffset + (ulong)r * columns + c);
      gain += dy * ((vload16(0, xs + xOffset + (ulong)r * columns + c) - means[r]) * scales[r]);
      shift += dy;
    }
    vstore16(gain, 0, gains + c);
    vstore16(shift, 0, shifts + c);
  }
  for (; c < columns; c++) {
    float gain = 0.0f, shift = 0.0f;
    for (index_t r = first; r < last; r++) {
      const float dy = dys[dyOffset + (ulong)r * columns + c];
      gain += dy * ((xs[xOffset + (ulong)r * columns + c] - means[r]) * scales[r]);
      shift += dy;
    }
    gains[c] = gain;
    shifts[c] = shift;
  }
}

#else

#define NORMALIZE(FIRST, STEP, SUM)                                                                                  \
  {                                                                                                                  \
    global const float *x = xs + xOffset + (ulong)row * columns;                                                     \
    global float *y = ys + yOffset + (ulong)row * columns;                                                           \
    float a = 0.0f, mean = 0.0f;                                                                                     \
    if (how.isCentred) {                                                                                             \
      for (index_t c = FIRST; c < columns; c += STEP) a += x[c];                                                     \
      mean = SUM(a) / (float)columns;                                                                                \
      a = 0.0f;                                                                                                      \
    }                                                                                                                \
    for (index_t c = FIRST; c < columns; c += STEP) a += (x[c] - mean) * (x[c] - mean);                              \
    const float scale = 1.0f / sqrt(SUM(a) / (float)columns + how.epsilon);                                          \
    if (FIRST == 0 && how.keeps) {                                                                                   \
      statistics[statisticsOffset + row] = mean;                                                                     \
      statistics[statisticsOffset + rows + row] = scale;                                                             \
    }                                                                                                                \
    for (index_t c = FIRST; c < columns; c += STEP)                                                                  \
      y[c] = (x[c] - mean) * scale * (how.hasGain ? gains[gainOffset + c] : 1.0f) +                                  \
             (how.hasShift ? shifts[shiftOffset + c] : 0.0f);                                                        \
  }

kernel void normalizeItems(global const float *xs, ulong xOffset, global const float *gains, ulong gainOffset,
                           global const float *shifts, ulong shiftOffset, global float *ys, ulong yOffset,
                           global float *statistics, ulong statisticsOffset, index_t rows, index_t columns,
                           normalization_t how) {
  NN_FOREACH(row, rows) NORMALIZE(0, 1, ALONE_SUM)
}

kernel void normalizeRows(global const float *xs, ulong xOffset, global const float *gains, ulong gainOffset,
                          global const float *shifts, ulong shiftOffset, global float *ys, ulong yOffset,
                          global float *statistics, ulong statisticsOffset, index_t rows, index_t columns,
                          normalization_t how) {
  local float shared[NN_GROUP];
  const index_t row = get_group_id(0);
  NORMALIZE(get_local_id(0), NN_GROUP, GROUP_SUM)
}

#define NORMALIZE_GRADIENT(FIRST, STEP, SUM)                                                                         \
  {                                                                                                                  \
    global const float *dy = dys + dyOffset + (ulong)row * columns, *x = xs + xOffset + (ulong)row * columns;        \
    global float *dx = dxs + dxOffset + (ulong)row * columns;                                                        \
    const float mean = statistics[statisticsOffset + row], scale = statistics[statisticsOffset + rows + row];        \
    float a = 0.0f, b = 0.0f;                                                                                        \
    for (index_t c = FIRST; c < columns; c += STEP) {                                                                \
      const float g = dy[c] * (how.hasGain ? gains[gainOffset + c] : 1.0f);                                          \
      a += g;                                                                                                        \
      b += g * ((x[c] - mean) * scale);                                                                              \
    }                                                                                                                \
    const float sum = SUM(a), slope = how.isCentred ? sum / (float)columns : 0.0f, product = SUM(b) / (float)columns;\
    for (index_t c = FIRST; c < columns; c += STEP) {                                                                \
      const float g = dy[c] * (how.hasGain ? gains[gainOffset + c] : 1.0f);                                          \
      dx[c] = scale * ((g - slope) - (x[c] - mean) * scale * product);                                               \
    }                                                                                                                \
  }

kernel void normalizeGradientItems(global const float *dys, ulong dyOffset, global const float *xs, ulong xOffset,
                                   global const float *gains, ulong gainOffset, global const float *statistics,
                                   ulong statisticsOffset, global float *dxs, ulong dxOffset, index_t rows,
                                   index_t columns, normalization_t how) {
  NN_FOREACH(row, rows) NORMALIZE_GRADIENT(0, 1, ALONE_SUM)
}

kernel void normalizeGradientRows(global const float *dys, ulong dyOffset, global const float *xs, ulong xOffset,
                                  global const float *gains, ulong gainOffset, global const float *statistics,
                                  ulong statisticsOffset, global float *dxs, ulong dxOffset, index_t rows,
                                  index_t columns, normalization_t how) {
  local float shared[NN_GROUP];
  const index_t row = get_group_id(0);
  NORMALIZE_GRADIENT(get_local_id(0), NN_GROUP, GROUP_SUM)
}

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
