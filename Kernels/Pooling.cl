// Pooling and its gradient: one work item per result, so that no two work items write to the same location.

typedef struct {
  index_t input, output, kernelSize, stride, dilation, padding;
} window_t;

// The elements of the window at `output` that are inside the axis: first ... end - 1.
static inline void nn_inside(const window_t axis, index_t output, index_t *first, index_t *end) {
  const index_t start = output * axis.stride;
  const index_t low = start >= axis.padding ? 0 : (axis.padding - start + axis.dilation - 1) / axis.dilation;
  const index_t edge = axis.input + axis.padding;
  const index_t high = start >= edge ? 0 : (edge - 1 - start) / axis.dilation + 1;
  *end = min(high, axis.kernelSize);
  *first = min(low, *end);
}

// y and, with hasIndices, the position of the first maximum. The first NaN takes precedence over numbers. The position
// is −1 if the window contains only padding.
kernel void poolMaximum(global const float *xs, ulong xOffset, global float *ys, ulong yOffset, global int *indices,
                        ulong indicesOffset, index_t count, window_t height, window_t width, int hasIndices) {
  const index_t plane = height.output * width.output;
  NN_FOREACH(at, count) {
    const index_t i = at % plane / width.output, j = at % width.output;
    global const float *x = xs + xOffset + (ulong)(at / plane) * (height.input * width.input);
    index_t p, pEnd, q, qEnd;
    nn_inside(height, i, &p, &pEnd);
    nn_inside(width, j, &q, &qEnd);
    float best = -INFINITY;
    int bestPosition = -1;
    for (; p < pEnd; p++) {
      const index_t row = (i * height.stride + p * height.dilation - height.padding) * width.input;
      for (index_t u = q; u < qEnd; u++) {
        const index_t position = row + j * width.stride + u * width.dilation - width.padding;
        const float v = x[position];
        const int isBetter = bestPosition < 0 || (!(v <= best) && best == best);
        best = isBetter ? v : best;
        bestPosition = isBetter ? (int)position : bestPosition;
      }
    }
    ys[yOffset + at] = best;
    if (hasIndices) indices[indicesOffset + at] = bestPosition;
  }
}

// Whether a window has so many elements that their sum needs two numbers.
#define NN_IS_LONG_WINDOW(height, width) ((height).kernelSize * (width).kernelSize > NN_BLOCK_ROWS)

kernel void poolMean(global const float *xs, ulong xOffset, global float *ys, ulong yOffset, index_t count,
                     window_t height, window_t width, int countsPadding) {
  const index_t plane = height.output * width.output;
  const int isLong = NN_IS_LONG_WINDOW(height, width);
  NN_FOREACH(at, count) {
    const index_t i = at % plane / width.output, j = at % width.output;
    global const float *x = xs + xOffset + (ulong)(at / plane) * (height.input * width.input);
    index_t p, pEnd, q, qEnd;
    nn_inside(height, i, &p, &pEnd);
    nn_inside(width, j, &q, &qEnd);
    const index_t inside = max((pEnd - p) * (qEnd - q), (index_t)1);
    const index_t divisor = countsPadding ? height.kernelSize * width.kernelSize : inside;
    float sum = 0.0f, rest = 0.0f;
    for (; p < pEnd; p++) {
      const index_t row = (i * height.stride + p * height.dilation - height.padding) * width.input;
      for (index_t u = q; u < qEnd; u++) {
        const float value = x[row + j * width.stride + u * width.dilation - width.padding];
        if (isLong) NN_ADD(sum, rest, value) else sum += value;
      }
    }
    ys[yOffset + at] = (sum + rest) / (float)divisor;
  }
}

// Runs the following statement for each window `o` that contains position `at` of an axis, once for each element of the
// window that is there.
#define NN_FORSEEN(o, axis, at)                                                                                      \
  for (index_t nn_e_##o = 0, o = 0; nn_e_##o < (axis).kernelSize; nn_e_##o++)                                        \
    if (nn_seen(axis, at, nn_e_##o, &o))

static inline int nn_seen(const window_t axis, index_t at, index_t element, index_t *output) {
  const index_t distance = at + axis.padding - element * axis.dilation;
  if (at + axis.padding < element * axis.dilation || distance % axis.stride != 0) return 0;
  *output = distance / axis.stride;
  return *output < axis.output;
}

kernel void poolMaximumGradient(global const float *dys, ulong dyOffset, global const int *indices, ulong indicesOffset,
                                global float *dxs, ulong dxOffset, index_t count, window_t height, window_t width) {
  const index_t plane = height.input * width.input;
  const int isLong = NN_IS_LONG_WINDOW(height, width);
  NN_FOREACH(at, count) {
    const index_t position = at % plane, first = at / plane * (height.output * width.output);
    float sum = 0.0f, rest = 0.0f;
    NN_FORSEEN(i, height, position / width.input) {
      NN_FORSEEN(j, width, position % width.input) {
        const index_t o = first + i * width.output + j;
        if (indices[indicesOffset + o] != (int)position) continue;
        if (isLong) NN_ADD(sum, rest, dys[dyOffset + o]) else sum += dys[dyOffset + o];
      }
    }
    dxs[dxOffset + at] = sum + rest;
  }
}

kernel void poolMeanGradient(global const float *dys, ulong dyOffset, global float *dxs, ulong dxOffset, index_t count,
                             window_t height, window_t width, int countsPadding) {
  const index_t plane = height.input * width.input;
  const int isLong = NN_IS_LONG_WINDOW(height, width);
  NN_FOREACH(at, count) {
    const index_t position = at % plane, first = at / plane * (height.output * width.output);
    float sum = 0.0f, rest = 0.0f;
    NN_FORSEEN(i, height, position / width.input) {
      NN_FORSEEN(j, width, position % width.input) {
        index_t p, pEnd, q, qEnd;
        nn_inside(height, i, &p, &pEnd);
        nn_inside(width, j, &q, &qEnd);
        const index_t inside = max((pEnd - p) * (qEnd - q), (index_t)1);
        const index_t divisor = countsPadding ? height.kernelSize * width.kernelSize : inside;
        const float share = dys[dyOffset + first + i * width.output + j] / (float)divisor;
        if (isLong) NN_ADD(sum, rest, share) else sum += share;
      }
    }
    dxs[dxOffset + at] = sum + rest;
  }
}
