// Convolution, the gradient of its input and the gradient of its weights, as products C = L·R of which R, the matrix of all
// windows, is never laid out: what a tile needs of it is looked up in the images.
//
//            rows of C    columns of C        summed over
// forward    outputs      places of outputs   channels and taps
// input      channels     places of inputs    outputs and taps
// weights    outputs      channels and taps   places of outputs
//
// A column and a term each name a part of a position: an element of R lies where their sum points to, and is 0 where that is
// beyond an edge. The sum over places may be cut into stretches, whose partial results are added in order afterwards; where,
// depends on the shape alone.

#define NN_FORWARD 0
#define NN_INPUT 1
#define NN_WEIGHTS 2

typedef struct {
  index_t input, output, kernelSize, stride, dilation, padding;
} window_t;

// Channels and outputs are those of a group.
typedef struct {
  index_t batch, groups, channels, outputs;
  window_t height, width;
  index_t stretch;
  int hasBias, hasPreActivation, activation;
  float parameter;
} convolution_t;

// A part of a position. Rows and columns before the first wrap around, and are beyond the last one then.
typedef struct {
  index_t base, row, column;
} part_t;

#define NN_INPUT_PLANE(s) ((s).height.input * (s).width.input)
#define NN_OUTPUT_PLANE(s) ((s).height.output * (s).width.output)
#define NN_WINDOW(s) ((s).height.kernelSize * (s).width.kernelSize)

static inline part_t nn_tap(const convolution_t s, index_t index, const int kind) {
  const index_t plane = kind == NN_INPUT ? NN_OUTPUT_PLANE(s) : NN_INPUT_PLANE(s);
  const index_t channel = index / NN_WINDOW(s), tap = index % NN_WINDOW(s);
  const index_t row = tap / s.width.kernelSize * s.height.dilation;
  const index_t column = tap % s.width.kernelSize * s.width.dilation;
  const part_t part = {channel * plane, kind == NN_INPUT ? 0 - row : row, kind == NN_INPUT ? 0 - column : column};
  return part;
}

static inline part_t nn_outputPlace(const convolution_t s, index_t index) {
  const index_t image = index / NN_OUTPUT_PLANE(s), place = index % NN_OUTPUT_PLANE(s);
  const part_t part = {image * s.groups * s.channels * NN_INPUT_PLANE(s),
                       place / s.width.output * s.height.stride - s.height.padding,
                       place % s.width.output * s.width.stride - s.width.padding};
  return part;
}

static inline part_t nn_inputPlace(const convolution_t s, index_t index) {
  const index_t image = index / NN_INPUT_PLANE(s), place = index % NN_INPUT_PLANE(s);
  const part_t part = {image * s.groups * s.outputs * NN_OUTPUT_PLANE(s), place / s.width.input + s.height.padding,
                       place % s.width.input + s.width.padding};
  return part;
}

static inline part_t nn_column(const convolution_t s, index_t column, const int kind) {
  return kind == NN_WEIGHTS ? nn_tap(s, column, kind)
                            : kind == NN_FORWARD ? nn_outputPlace(s, column) : nn_inputPlace(s, column);
}
static inline part_t nn_term(const convolution_t s, index_t term, const int kind) {
  return kind == NN_WEIGHTS ? nn_outputPlace(s, term) : nn_tap(s, term, kind);
}

// The element of R; x begins with the first channel of the group.
static inline float nn_see(const convolution_t s, global const float *x, part_t a, part_t b, const int kind) {
  index_t row = a.row + b.row, column = a.column + b.column;
  if (kind == NN_INPUT) {
    if (s.height.stride > 1) {
      if (row % s.height.stride != 0) return 0.0f;
      row /= s.height.stride;
    }
    if (s.width.stride > 1) {
      if (column % s.width.stride != 0) return 0.0f;
      column /= s.width.stride;
    }
    return row < s.height.output && column < s.width.output ? x[a.base + b.base + row * s.width.output + column] : 0.0f;
  }
  return row < s.height.input && column < s.width.input ? x[a.base + b.base + row * s.width.input + column] : 0.0f;
}

static inline index_t nn_rows(const convolution_t s, const int kind) { return kind == NN_INPUT ? s.channels : s.outputs; }
static inline index_t nn_columns(const convolution_t s, const int kind) {
  return kind == NN_WEIGHTS ? s.channels * NN_WINDOW(s)
                            : s.batch * (kind == NN_FORWARD ? NN_OUTPUT_PLANE(s) : NN_INPUT_PLANE(s));
}
static inline index_t nn_terms(const convolution_t s, const int kind) {
  return kind == NN_WEIGHTS ? s.batch * NN_OUTPUT_PLANE(s)
                            : (kind == NN_FORWARD ? s.channels : s.outputs) * NN_WINDOW(s);
}

// L lies at group · nn_leftGroup + row · nn_leftRow + nn_leftTerm(term).
static inline index_t nn_leftGroup(const convolution_t s, const int kind) {
  return s.outputs * (kind == NN_WEIGHTS ? NN_OUTPUT_PLANE(s) : s.channels * NN_WINDOW(s));
}
static inline index_t nn_leftRow(const convolution_t s, const int kind) {
  return kind == NN_FORWARD ? s.channels * NN_WINDOW(s) : kind == NN_INPUT ? NN_WINDOW(s) : NN_OUTPUT_PLANE(s);
}
static inline index_t nn_leftTerm(const convolution_t s, index_t term, const int kind) {
  if (kind == NN_FORWARD) return term;
  if (kind == NN_INPUT) return term / NN_WINDOW(s) * s.channels * NN_WINDOW(s) + term % NN_WINDOW(s);
  const index_t plane = NN_OUTPUT_PLANE(s);
  return term / plane * s.groups * s.outputs * plane + term % plane;
}

// C lies at group · rows · nn_resultRow + row · nn_resultRow + nn_resultColumn(column).
static inline index_t nn_resultRow(const convolution_t s, const int kind) {
  return kind == NN_WEIGHTS ? s.channels * NN_WINDOW(s) : kind == NN_FORWARD ? NN_OUTPUT_PLANE(s) : NN_INPUT_PLANE(s);
}
static inline index_t nn_resultColumn(const convolution_t s, index_t column, const int kind) {
  if (kind == NN_WEIGHTS) return column;
  const index_t plane = nn_resultRow(s, kind);
  return column / plane * s.groups * nn_rows(s, kind) * plane + column % plane;
}

// What becomes of a finished sum.
static inline void nn_put(const convolution_t s, float z, index_t at, index_t output, global const float *bias,
                          global float *ys, global float *pre, const int kind) {
  if (kind == NN_FORWARD) {
    if (s.hasBias) z += bias[output];
    if (s.hasPreActivation) pre[at] = z;
    if (s.activation == NN_RELU) z = z < 0.0f ? 0.0f : z;
    if (s.activation == NN_LEAKY_RELU) z = z > 0.0f ? z : s.parameter * z;
  }
  ys[at] = z;
}

#define NN_PARAMETERS                                                                                               \
  global const float *ls, ulong lOffset, global const float *xs, ulong xOffset, global const float *bias,           \
      ulong biasOffset, global float *ys, ulong yOffset, global float *pre, ulong preOffset, convolution_t s

// The group of channels, the terms of this stretch, and where operands and results begin.
#define NN_BEGIN(KIND)                                                                                              \
  const index_t group = (index_t)get_group_id(2) % s.groups, stretch = (index_t)get_group_id(2) / s.groups;          \
  const index_t rows = nn_rows(s, KIND), columns = nn_columns(s, KIND);                                              \
  const index_t first = stretch * s.stretch, end = min(first + s.stretch, nn_terms(s, KIND));                        \
  const index_t leftRow = nn_leftRow(s, KIND), resultRow = nn_resultRow(s, KIND);                                    \
  ls += lOffset + (ulong)group * nn_leftGroup(s, KIND);                                                              \
  xs += xOffset + (ulong)group * (KIND == NN_INPUT ? s.outputs * NN_OUTPUT_PLANE(s) : s.channels * NN_INPUT_PLANE(s)); \
  ys += yOffset + (ulong)stretch * s.groups * rows * resultRow;                                                      \
  bias += biasOffset;                                                                                                \
  pre += preOffset;

#ifdef NN_LOOPS

// For processors: a work group is one item, which gathers a panel of R, 32 columns wide, into memory of its own and multiplies
// it with one block of rows of L after the other, in vector registers.
#define NN_DEPTH 256
#define NN_ROWS 8
#define NN_WIDTH 32
#define NN_UNROLL _Pragma("unroll")

#define CONVOLVE(NAME, KIND)                                                                                         \
  kernel __attribute__((reqd_work_group_size(1, 1, 1))) void convolve##NAME(NN_PARAMETERS) {                         \
    NN_BEGIN(KIND)                                                                                                   \
    const index_t column = (index_t)get_group_id(0) * NN_WIDTH;                                                      \
    const uint width = min(columns - column, (index_t)NN_WIDTH);                                                     \
    part_t parts[NN_WIDTH];                                                                                          \
    index_t places[NN_WIDTH];                                                                                        \
    for (uint j = 0; j < NN_WIDTH; j++) {                                                                            \
      /* Columns beyond the last are the last once more, and not stored. */                                          \
      const index_t c = min(column + j, columns - 1);                                                                \
      parts[j] = nn_column(s, c, KIND);                                                                              \
      places[j] = group * rows * resultRow + nn_resultColumn(s, c, KIND);                                            \
    }                                                                                                                \
    /* Vectors of neighbours in one row of an image. */                                                              \
    int isRun[2];                                                                                                    \
    for (uint v = 0; v < 2; v++) {                                                                                   \
      const part_t a = parts[16 * v], b = parts[16 * v + 15];                                                        \
      isRun[v] = KIND != NN_WEIGHTS && a.base == b.base && a.row == b.row && b.column == a.column + 15 &&            \
                 (KIND != NN_INPUT || s.width.stride == 1);                                                          \
    }                                                                                                                \
    float16 panel[NN_DEPTH * 2];                                                                                     \
    index_t lefts[NN_DEPTH];                                                                                         \
    index_t start = first;                                                                                           \
    do {                                                                                                             \
      const uint depth = min(end - start, (index_t)NN_DEPTH);                                                        \
      for (uint p = 0; p < depth; p++) {                                                                             \
        const part_t term = nn_term(s, start + p, KIND);                                                             \
        lefts[p] = nn_leftTerm(s, start + p, KIND);                                                                  \
        for (uint v = 0; v < 2; v++) {                                                                               \
          float *to = (float *)(panel + 2 * p + v);                                                                  \
          const part_t a = parts[16 * v];                                                                            \
          const index_t left = a.column + term.column, edge = KIND == NN_INPUT ? s.width.output : s.width.input;     \
          if (isRun[v] && left < edge && left + 15 < edge && (KIND != NN_INPUT || s.height.stride == 1)) {           \
            const index_t row = a.row + term.row;                                                                    \
            const int isInside = row < (KIND == NN_INPUT ? s.height.output : s.height.input);                        \
            panel[2 * p + v] =                                                                                       \
                isInside ? vload16(0, xs + (a.base + term.base + row * edge + left)) : (float16)(0.0f);              \
          } else {                                                                                                   \
            for (uint j = 0; j < 16; j++) to[j] = nn_see(s, xs, parts[16 * v + j], term, KIND);                      \
          }                                                                                                          \
        }                                                                                                            \
      }                                                                                                              \
      for (index_t row = 0; row < rows; row += NN_ROWS) {                                                            \
        float16 sums[NN_ROWS][2];                                                                                    \
        ulong at[NN_ROWS];                                                                                           \
        NN_UNROLL for (uint i = 0; i < NN_ROWS; i++) {                                                               \
          at[i] = (ulong)min(row + i, rows - 1) * leftRow;                                                           \
          sums[i][0] = sums[i][1] = 0.0f;                                                                            \
        }                                                                                                            \
        for (uint p = 0; p < depth; p++) {                                                                           \
          const float16 a = panel[2 * p], b = panel[2 * p + 1];                                                      \
          NN_UNROLL for (uint i = 0; i < NN_ROWS; i++) {                                                             \
            const float16 factor = (float16)(ls[at[i] + lefts[p]]);                                                  \
            sums[i][0] = NN_MULTIPLY_ADD(factor, a, sums[i][0]);                                                     \
            sums[i][1] = NN_MULTIPLY_ADD(factor, b, sums[i][1]);                                                     \
          }                                                                                                          \
        }                                                                                                            \
        float16 results[NN_ROWS * 2];                                                                                \
        NN_UNROLL for (uint i = 0; i < NN_ROWS; i++) {                                                               \
          results[2 * i] = sums[i][0];                                                                               \
          results[2 * i + 1] = sums[i][1];                                                                           \
        }                                                                                                            \
        const int isFirst = start == first, isLast = start + depth >= end;                                           \
        for (uint i = 0; i < NN_ROWS && row + i < rows; i++) {                                                       \
          const float *sum = (const float *)(results + 2 * i);                                                       \
          for (uint j = 0; j < width; j++) {                                                                         \
            const index_t to = places[j] + (row + i) * resultRow;                                                    \
            const float z = isFirst ? sum[j] : ys[to] + sum[j];                                                      \
            if (isLast) nn_put(s, z, to, group * rows + row + i, bias, ys, pre, KIND);                               \
            else ys[to] = z;                                                                                         \
          }                                                                                                          \
        }                                                                                                            \
      }                                                                                                              \
      start += depth;                                                                                                \
    } while (start < end);                                                                                           \
  }

#else

// For devices with many items that run in step: a work group computes a tile of 64 by 64, an item 4 by 4 of it, from tiles of
// L and R in local memory.
#define NN_TILE 64
#define NN_DEPTH 16
#define NN_UNROLL _Pragma("unroll")

#define CONVOLVE(NAME, KIND)                                                                                         \
  kernel __attribute__((reqd_work_group_size(NN_GROUP, 1, 1))) void convolve##NAME(NN_PARAMETERS) {                  \
    local float left[NN_DEPTH][NN_TILE + 4], right[NN_DEPTH][NN_TILE + 4];                                           \
    NN_BEGIN(KIND)                                                                                                   \
    const uint item = get_local_id(0), laneRow = item / 16, laneColumn = item % 16;                                  \
    const index_t row = (index_t)get_group_id(1) * NN_TILE, column = (index_t)get_group_id(0) * NN_TILE;             \
    /* This item brings four terms of one column of R, and four rows of one term of L. */                            \
    const uint inRight = item % NN_TILE, atRight = item / NN_TILE, atLeft = item % NN_DEPTH, inLeft = item / NN_DEPTH; \
    const part_t part = nn_column(s, min(column + inRight, columns - 1), KIND);                                      \
    float sums[4][4];                                                                                                \
    NN_UNROLL for (uint i = 0; i < 4; i++) NN_UNROLL for (uint j = 0; j < 4; j++) sums[i][j] = 0.0f;                 \
    for (index_t start = first; start < end; start += NN_DEPTH) {                                                    \
      NN_UNROLL for (uint u = 0; u < 4; u++) {                                                                       \
        const index_t term = start + atRight + 4 * u;                                                                \
        right[atRight + 4 * u][inRight] = term < end ? nn_see(s, xs, part, nn_term(s, term, KIND), KIND) : 0.0f;     \
      }                                                                                                              \
      const index_t term = start + atLeft, leftTerm = nn_leftTerm(s, term, KIND);                                    \
      NN_UNROLL for (uint u = 0; u < 4; u++) {                                                                       \
        const index_t r = row + inLeft + 16 * u;                                                                     \
        left[atLeft][inLeft + 16 * u] = term < end && r < rows ? ls[(ulong)r * leftRow + leftTerm] : 0.0f;           \
      }                                                                                                              \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
      for (uint p = 0; p < NN_DEPTH; p++) {                                                                          \
        NN_UNROLL for (uint i = 0; i < 4; i++) {                                                                     \
          const float factor = left[p][laneRow * 4 + i];                                                             \
          NN_UNROLL for (uint j = 0; j < 4; j++)                                                                     \
              sums[i][j] = NN_MULTIPLY_ADD(factor, right[p][laneColumn + 16 * j], sums[i][j]);                       \
        }                                                                                                            \
      }                                                                                                              \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
    }                                                                                                                \
    NN_UNROLL for (uint j = 0; j < 4; j++) {                                                                         \
      const index_t c = column + laneColumn + 16 * j;                                                                \
      if (c >= columns) continue;                                                                                    \
      const index_t place = group * rows * resultRow + nn_resultColumn(s, c, KIND);                                  \
      NN_UNROLL for (uint i = 0; i < 4; i++) {                                                                       \
        const index_t r = row + laneRow * 4 + i;                                                                     \
        if (r < rows)                                                                                                \
          nn_put(s, sums[i][j], place + r * resultRow, group * rows + r, bias, ys, pre, KIND);                       \
      }                                                                                                              \
    }                                                                                                                \
  }

#endif

CONVOLVE(Forward, NN_FORWARD)
CONVOLVE(Input, NN_INPUT)
CONVOLVE(Weights, NN_WEIGHTS)
