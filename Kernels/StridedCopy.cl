// y[index] = x[index], or +=, with strides on both sides.

#define COPY(NAME, WORD)                                                                                             \
  kernel void copy_##NAME(global const WORD *xs, ulong xOffset, global WORD *ys, ulong yOffset, index_t count,       \
                          loop_t loop, steps_t xSteps, steps_t ySteps) {                                             \
    xs += xOffset;                                                                                                   \
    ys += yOffset;                                                                                                   \
    NN_FORRUNS(i, run, count, loop.extents[0]) {                                                                     \
      step_t xAt = 0, yAt = 0;                                                                                       \
      NN_FORAXES(i, loop, xAt += position * xSteps.steps[axis]; yAt += position * ySteps.steps[axis]);               \
      NN_RUN(k, run, xSteps.steps[0], ySteps.steps[0], (ys + yAt)[k * t] = (xs + xAt)[k * s])                        \
    }                                                                                                                \
  }

#define ACCUMULATE(TYPE, SUM)                                                                                        \
  kernel void accumulate_##TYPE(global const NN_TYPE(TYPE) *xs, ulong xOffset, global NN_TYPE(TYPE) *ys,             \
                                ulong yOffset, index_t count, loop_t loop, steps_t xSteps, steps_t ySteps) {         \
    xs += xOffset;                                                                                                   \
    ys += yOffset;                                                                                                   \
    NN_FORRUNS(i, run, count, loop.extents[0]) {                                                                     \
      step_t xAt = 0, yAt = 0;                                                                                       \
      NN_FORAXES(i, loop, xAt += position * xSteps.steps[axis]; yAt += position * ySteps.steps[axis]);               \
      NN_RUN(k, run, xSteps.steps[0], ySteps.steps[0], {                                                             \
        const NN_TYPE(TYPE) a = (ys + yAt)[k * t], b = (xs + xAt)[k * s];                                            \
        (ys + yAt)[k * t] = SUM;                                                                                     \
      })                                                                                                             \
    }                                                                                                                \
  }

COPY(word, uint)
COPY(byte, uchar)
ACCUMULATE(float, a + b)
ACCUMULATE(int, nn_add_int(a, b))

// Transposition of matrices: y[b, c, r] = x[b, r, c], tile by tile, so that both sides are touched along their rows.
#ifdef NN_LOOPS

// One item turns a tile.
#define TILE 64
#define TRANSPOSE(NAME, WORD)                                                                                        \
  kernel void transpose_##NAME(global const WORD *xs, ulong xOffset, global WORD *ys, ulong yOffset, index_t rows,   \
                               index_t columns, index_t batches) {                                                   \
    WORD tile[TILE][TILE + 1];                                                                                       \
    const index_t column = (index_t)get_group_id(0) * TILE, row = (index_t)get_group_id(1) * TILE;                   \
    const index_t width = min((index_t)TILE, columns - column), height = min((index_t)TILE, rows - row);             \
    for (index_t batch = get_group_id(2); batch < batches; batch += get_num_groups(2)) {                             \
      const ulong start = (ulong)batch * rows * columns;                                                             \
      global const WORD *x = xs + xOffset + start + (ulong)row * columns + column;                                   \
      global WORD *y = ys + yOffset + start + (ulong)column * rows + row;                                            \
      for (index_t r = 0; r < height; r++) {                                                                         \
        NN_VECTORIZED for (index_t c = 0; c < width; c++) tile[r][c] = x[(ulong)r * columns + c];                    \
      }                                                                                                              \
      for (index_t c = 0; c < width; c++) {                                                                          \
        NN_VECTORIZED for (index_t r = 0; r < height; r++) y[(ulong)c * rows + r] = tile[r][c];                      \
      }                                                                                                              \
    }                                                                                                                \
  }

#else

// A work group turns a tile through local memory. The extra column keeps the lanes of a column in different banks.
#define TILE 32
#define TRANSPOSE(NAME, WORD)                                                                                        \
  kernel void transpose_##NAME(global const WORD *xs, ulong xOffset, global WORD *ys, ulong yOffset, index_t rows,   \
                               index_t columns, index_t batches) {                                                   \
    local WORD tile[TILE][TILE + 1];                                                                                 \
    const uint lane = get_local_id(0) % TILE, first = get_local_id(0) / TILE;                                        \
    const index_t column = (index_t)get_group_id(0) * TILE, row = (index_t)get_group_id(1) * TILE;                   \
    for (index_t batch = get_group_id(2); batch < batches; batch += get_num_groups(2)) {                             \
      const ulong start = (ulong)batch * rows * columns;                                                             \
      for (uint k = first; k < TILE; k += NN_GROUP / TILE)                                                           \
        if (row + k < rows && column + lane < columns)                                                               \
          tile[k][lane] = xs[xOffset + start + (ulong)(row + k) * columns + column + lane];                          \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
      for (uint k = first; k < TILE; k += NN_GROUP / TILE)                                                           \
        if (column + k < columns && row + lane < rows)                                                               \
          ys[yOffset + start + (ulong)(column + k) * rows + row + lane] = tile[lane][k];                             \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
    }                                                                                                                \
  }

#endif

TRANSPOSE(word, uint)
TRANSPOSE(byte, uchar)
