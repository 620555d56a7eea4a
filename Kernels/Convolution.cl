// Convolution, the gradient of its input, and the gradient of its weights, as matrix products C = L·R. The matrix of
// all windows, R, is never stored: the elements that a tile needs are read from the images.
//
//            rows of C    columns of C                     summed over
// forward    outputs      positions of outputs             channels and kernel positions
// input      channels     positions of inputs              outputs and kernel positions
// weights    outputs      channels and kernel positions    positions of outputs
//
// A column and a term each determine a part of a position: an element of R is at the sum of the two parts, or 0 if that
// is beyond an edge. The sum over positions may be split into slices, whose partial results are added in order
// afterward. The split depends only on the shape.

#define NN_FORWARD 0
#define NN_INPUT 1
#define NN_WEIGHTS 2

typedef struct {
  index_t input, output, kernelSize, stride, dilation, padding;
} window_t;

// The channels and outputs are those of one group.
typedef struct {
  index_t batch, groups, channels, outputs;
  window_t height, width;
  index_t slice;
  int hasBias, hasPreActivation, activation;
  float parameter;
} convolution_t;

// A part of a position. Rows and columns before the first one wrap around to huge numbers. As these are beyond the last
// one, a single comparison detects both edges.
typedef struct {
  index_t base, row, column;
} part_t;

#define NN_INPUT_PLANE(s) ((s).height.input * (s).width.input)
#define NN_OUTPUT_PLANE(s) ((s).height.output * (s).width.output)
#define NN_WINDOW(s) ((s).height.kernelSize * (s).width.kernelSize)

static inline part_t nn_kernelPosition(const convolution_t s, index_t index, const int kind) {
  const index_t plane = kind == NN_INPUT ? NN_OUTPUT_PLANE(s) : NN_INPUT_PLANE(s);
  const index_t channel = index / NN_WINDOW(s), position = index % NN_WINDOW(s);
  const index_t row = position / s.width.kernelSize * s.height.dilation;
  const index_t column = position % s.width.kernelSize * s.width.dilation;
  const part_t part = {channel * plane, kind == NN_INPUT ? 0 - row : row, kind == NN_INPUT ? 0 - column : column};
  return part;
}

static inline part_t nn_outputPosition(const convolution_t s, index_t index) {
  const index_t image = index / NN_OUTPUT_PLANE(s), position = index % NN_OUTPUT_PLANE(s);
  const part_t part = {image * s.groups * s.channels * NN_INPUT_PLANE(s),
                       position / s.width.output * s.height.stride - s.height.padding,
                       position % s.width.output * s.width.stride - s.width.padding};
  return part;
}

static inline part_t nn_inputPosition(const convolution_t s, index_t index) {
  const index_t image = index / NN_INPUT_PLANE(s), position = index % NN_INPUT_PLANE(s);
  const part_t part = {image * s.groups * s.outputs * NN_OUTPUT_PLANE(s), position / s.width.input + s.height.padding,
                       position % s.width.input + s.width.padding};
  return part;
}

static inline part_t nn_column(const convolution_t s, index_t column, const int kind) {
  return kind == NN_WEIGHTS ? nn_kernelPosition(s, column, kind)
                            : kind == NN_FORWARD ? nn_outputPosition(s, column) : nn_inputPosition(s, column);
}
static inline part_t nn_term(const convolution_t s, index_t term, const int kind) {
  return kind == NN_WEIGHTS ? nn_outputPosition(s, term) : nn_kernelPosition(s, term, kind);
}

// The element of R at a column and a term. x starts at the first channel of the group.
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

// The offset of an element of L is group·nn_leftGroup + row·nn_leftRow + nn_leftTerm(term).
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

// The offset of an element of C is group·rows·nn_resultRow + row·nn_resultRow + nn_resultColumn(column).
static inline index_t nn_resultRow(const convolution_t s, const int kind) {
  return kind == NN_WEIGHTS ? s.channels * NN_WINDOW(s) : kind == NN_FORWARD ? NN_OUTPUT_PLANE(s) : NN_INPUT_PLANE(s);
}
static inline index_t nn_resultColumn(const convolution_t s, index_t column, const int kind) {
  if (kind == NN_WEIGHTS) return column;
  const index_t plane = nn_resultRow(s, kind);
  return column / plane * s.groups * nn_rows(s, kind) * plane + column % plane;
}

// A finished sum with its bias, then with its activation; `nn_put` stores the results of both.
static inline float nn_shifted_sum(const convolution_t s, float sum, index_t output, global const float *bias, const int kind) {
  return kind == NN_FORWARD && s.hasBias ? sum + bias[output] : sum;
}
static inline float nn_activated(const convolution_t s, float z, const int kind) {
  if (kind == NN_FORWARD && s.activation == nn_unary_relu + 1) return z < 0.0f ? 0.0f : z;
  if (kind == NN_FORWARD && s.activation == nn_unary_leakyReLU + 1) return z > 0.0f ? z : s.parameter * z;
  return z;
}
static inline void nn_put(const convolution_t s, float sum, index_t at, index_t output, global const float *bias,
                          global float *ys, global float *pre, const int kind) {
  const float z = nn_shifted_sum(s, sum, output, bias, kind);
  if (kind == NN_FORWARD && s.hasPreActivation) pre[at] = z;
  ys[at] = nn_activated(s, z, kind);
}

#define NN_PARAMETERS                                                                                               \
  global const float *ls, ulong lOffset, global const float *xs, ulong xOffset, global const float *bias,           \
      ulong biasOffset, global float *ys, ulong yOffset, global float *pre, ulong preOffset, convolution_t s

// Declares the group of channels and the terms of this slice, and moves the pointers to the start of their operands
// and results.
#define NN_BEGIN(KIND)                                                                                                 \
  const index_t group = (index_t)get_group_id(2) % s.groups, slice = (index_t)get_group_id(2) / s.groups;              \
  const index_t rows = nn_rows(s, KIND), columns = nn_columns(s, KIND);                                                \
  const index_t first = slice * s.slice, end = min(first + s.slice, nn_terms(s, KIND));                                \
  const index_t leftRow = nn_leftRow(s, KIND), resultRow = nn_resultRow(s, KIND);                                      \
  ls += lOffset + (ulong)group * nn_leftGroup(s, KIND);                                                                \
  xs += xOffset + (ulong)group * (KIND == NN_INPUT ? s.outputs * NN_OUTPUT_PLANE(s) : s.channels * NN_INPUT_PLANE(s)); \
  ys += yOffset + (ulong)slice * s.groups * rows * resultRow;                                                          \
  bias += biasOffset;                                                                                                  \
  pre += preOffset;

#ifdef NN_LOOPS

// For CPUs: a work group is one work item. It gathers a panel of R, 32 columns wide, in private memory, and multiplies
// it with one block of rows of L after another, in vector registers.
#define NN_DEPTH 256
#define NN_ROWS 8
#define NN_UNROLL _Pragma("unroll")

#define CONVOLVE(NAME, KIND)                                                                                         \
  kernel __attribute__((reqd_work_group_size(1, 1, 1))) void convolve##NAME(NN_PARAMETERS) {                         \
    NN_BEGIN(KIND)                                                                                                   \
    const index_t column = (index_t)get_group_id(0) * NN_CONVOLUTION_COLUMNS;                                        \
    const uint width = min(columns - column, (index_t)NN_CONVOLUTION_COLUMNS);                                       \
    part_t parts[NN_CONVOLUTION_COLUMNS];                                                                            \
    index_t positions[NN_CONVOLUTION_COLUMNS];                                                                       \
    for (uint j = 0; j < NN_CONVOLUTION_COLUMNS; j++) {                                                              \
      /* Columns beyond the last are the last once more, and not stored. */                                          \
      const index_t c = min(column + j, columns - 1);                                                                \
      parts[j] = nn_column(s, c, KIND);                                                                              \
      positions[j] = group * rows * resultRow + nn_resultColumn(s, c, KIND);                                         \
    }                                                                                                                \
    /* Vectors of neighbors in one row of an image: with a stride of 1 the first and the last tell; columns that lie   \
       farther apart, or are the last one once more, could be as far from each other without being neighbors. */      \
    int isRun[2];                                                                                                    \
    for (uint v = 0; v < 2; v++) {                                                                                   \
      const part_t a = parts[16 * v], b = parts[16 * v + 15];                                                        \
      isRun[v] = KIND != NN_WEIGHTS && s.width.stride == 1 && a.base == b.base && a.row == b.row &&                  \
                 b.column == a.column + 15;                                                                          \
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
            const index_t to = positions[j] + (row + i) * resultRow;                                                 \
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

// For devices with many work items that run in lockstep: tiles of L and R in local memory (Tiles.cl). While the work
// items multiply two tiles, they load the next two. The positions of the terms are computed yet another step ahead,
// once for all work items.
typedef struct {
  part_t part;
  index_t left;
} term_t;

#if NN_VECTOR_N != 4
#error "an item stores four neighbors at once"
#endif

// Loads this work item's elements of the next tiles into registers: elements of one column of R, and of one term of L.
static inline void nn_bring(const convolution_t s, float *lefts, float *rights, global const float *ls,
                            global const float *xs, local const term_t *terms, part_t column, index_t row, index_t rows,
                            index_t leftRow, index_t start, index_t end, const int kind) {
  const uint item = get_local_id(0);
  NN_UNROLL for (uint u = 0; u < NN_BRINGS(NN_TILE_N); u++) {
    const uint at = item / NN_TILE_N + u * (NN_GROUP / NN_TILE_N);
    rights[u] = start + at < end ? nn_see(s, xs, column, terms[at].part, kind) : 0.0f;
  }
  const uint at = item % NN_DEPTH;
  const index_t left = terms[at].left;
  NN_UNROLL for (uint u = 0; u < NN_BRINGS(NN_TILE_M); u++) {
    const index_t r = row + item / NN_DEPTH + u * (NN_GROUP / NN_DEPTH);
    lefts[u] = start + at < end && r < rows ? ls[(ulong)r * leftRow + left] : 0.0f;
  }
}

static inline void nn_lay(const float *lefts, const float *rights, local float *leftTile, local float *rightTile) {
  const uint item = get_local_id(0);
  NN_UNROLL for (uint u = 0; u < NN_BRINGS(NN_TILE_N); u++) {
    const uint at = item / NN_TILE_N + u * (NN_GROUP / NN_TILE_N);
    rightTile[at * NN_PITCH(NN_TILE_N) + item % NN_TILE_N] = rights[u];
  }
  NN_UNROLL for (uint u = 0; u < NN_BRINGS(NN_TILE_M); u++)
      leftTile[item % NN_DEPTH * NN_PITCH(NN_TILE_M) + item / NN_DEPTH + u * (NN_GROUP / NN_DEPTH)] = lefts[u];
}

// Stores four results of a row: at once if they are neighbors in memory (`isRun`), otherwise each at its position, as
// far as there are columns. The positions of four different columns increase, so they are neighbors if the last
// position is three after the first.
static inline void nn_putRun(const convolution_t s, const float *sums, const index_t *positions, index_t shift,
                             index_t output, index_t columns, int isRun, global const float *bias, global float *ys,
                             global float *pre, const int kind) {
  if (isRun && columns >= 4) {
    const index_t at = positions[0] + shift;
    float z[4];
    NN_UNROLL for (uint v = 0; v < 4; v++) z[v] = nn_shifted_sum(s, sums[v], output, bias, kind);
    if (kind == NN_FORWARD && s.hasPreActivation) NN_PUT4(float, pre + at, z[0], z[1], z[2], z[3])
    NN_UNROLL for (uint v = 0; v < 4; v++) z[v] = nn_activated(s, z[v], kind);
    NN_PUT4(float, ys + at, z[0], z[1], z[2], z[3])
  } else {
    NN_UNROLL for (uint v = 0; v < 4; v++)
        if (v < columns) nn_put(s, sums[v], positions[v] + shift, output, bias, ys, pre, kind);
  }
}

#define CONVOLVE(NAME, KIND)                                                                                             \
  kernel __attribute__((reqd_work_group_size(NN_GROUP, 1, 1))) void convolve##NAME(NN_PARAMETERS) {                      \
    local float leftTiles[2 * NN_SIDE(NN_TILE_M)] __attribute__((aligned(16)));                                          \
    local float rightTiles[2 * NN_SIDE(NN_TILE_N)] __attribute__((aligned(16)));                                         \
    local term_t terms[2][NN_DEPTH];                                                                                     \
    NN_BEGIN(KIND)                                                                                                       \
    const uint item = get_local_id(0), laneM = NN_LANE_M, laneN = NN_LANE_N;                                             \
    const index_t row = (index_t)get_group_id(1) * NN_TILE_M, column = (index_t)get_group_id(0) * NN_TILE_N;             \
    const part_t part = nn_column(s, min(column + item % NN_TILE_N, columns - 1), KIND);                                 \
    float lefts[NN_BRINGS(NN_TILE_M)], rights[NN_BRINGS(NN_TILE_N)];                                                     \
    NN_SUMS(sums);                                                                                                       \
    nn_clear(sums);                                                                                                      \
    if (item < 2 * NN_DEPTH) {                                                                                           \
      const term_t term = {nn_term(s, first + item, KIND), nn_leftTerm(s, first + item, KIND)};                          \
      terms[item / NN_DEPTH][item % NN_DEPTH] = term;                                                                    \
    }                                                                                                                    \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                                        \
    nn_bring(s, lefts, rights, ls, xs, terms[0], part, row, rows, leftRow, first, end, KIND);                            \
    nn_lay(lefts, rights, leftTiles, rightTiles);                                                                        \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                                        \
    uint side = 0;                                                                                                       \
    for (index_t start = first; start < end; start += NN_DEPTH) {                                                        \
      const int hasNext = start + NN_DEPTH < end;                                                                        \
      if (hasNext)                                                                                                       \
        nn_bring(s, lefts, rights, ls, xs, terms[1 - side], part, row, rows, leftRow, start + NN_DEPTH, end, KIND);      \
      if (item < NN_DEPTH) {                                                                                             \
        const index_t next = start + 2 * NN_DEPTH + item;                                                                \
        const term_t term = {nn_term(s, next, KIND), nn_leftTerm(s, next, KIND)};                                        \
        terms[side][item] = term;                                                                                        \
      }                                                                                                                  \
      nn_multiply(sums, leftTiles + side * NN_SIDE(NN_TILE_M), rightTiles + side * NN_SIDE(NN_TILE_N), laneM, laneN);    \
      side = 1 - side;                                                                                                   \
      if (hasNext) nn_lay(lefts, rights, leftTiles + side * NN_SIDE(NN_TILE_M), rightTiles + side * NN_SIDE(NN_TILE_N)); \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                      \
    }                                                                                                                    \
    NN_UNROLL for (uint j = 0; j < NN_ITEM_N; j += 4) {                                                                  \
      const index_t c = column + NN_PLACE(laneN, j, 4);                                                                  \
      index_t positions[4];                                                                                              \
      NN_UNROLL for (uint v = 0; v < 4; v++)                                                                             \
          positions[v] = group * rows * resultRow + nn_resultColumn(s, min(c + v, columns - 1), KIND);                   \
      const int isRun = positions[3] == positions[0] + 3;                                                                \
      NN_UNROLL for (uint i = 0; i < NN_ITEM_M; i++) {                                                                   \
        const index_t r = row + NN_PLACE(laneM, i, NN_VECTOR_M);                                                         \
        const float results[4] = NN_PARTS(sums[i][j / 4]);                                                               \
        if (r < rows && c < columns)                                                                                     \
          nn_putRun(s, results, positions, r * resultRow, group * rows + r, columns - c, isRun, bias, ys, pre, KIND);    \
      }                                                                                                                  \
    }                                                                                                                    \
  }

#endif

CONVOLVE(Forward, NN_FORWARD)
CONVOLVE(Input, NN_INPUT)
CONVOLVE(Weights, NN_WEIGHTS)
