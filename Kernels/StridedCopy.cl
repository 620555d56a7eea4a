// y[index] = x[index] or y[index] += x[index], with strides for both operands.

#define COPY(NAME, WORD)                                                                                             \
  kernel void copy_##NAME(global const WORD *xs, ulong xOffset, global WORD *ys, ulong yOffset, index_t count,       \
                          loop_t loop, steps_t xSteps, steps_t ySteps) {                                             \
    xs += xOffset;                                                                                                   \
    ys += yOffset;                                                                                                   \
    NN_MAP_RUNS(i, count, loop, xSteps.steps[0], ySteps.steps[0], WORD, ys, yAt, t,                                  \
                step_t xAt = 0; step_t yAt = 0;                                                                      \
                NN_FORAXES(i, loop, xAt += position * xSteps.steps[axis]; yAt += position * ySteps.steps[axis]),     \
                y = (xs + xAt)[k * s])                                                                               \
  }

#define ACCUMULATE(TYPE, SUM)                                                                                        \
  kernel void NN_NAME(accumulate, TYPE)(global const NN_TYPE(TYPE) *xs, ulong xOffset, global NN_TYPE(TYPE) *ys,     \
                                ulong yOffset, index_t count, loop_t loop, steps_t xSteps, steps_t ySteps) {         \
    xs += xOffset;                                                                                                   \
    ys += yOffset;                                                                                                   \
    NN_MAP_RUNS(i, count, loop, xSteps.steps[0], ySteps.steps[0], NN_TYPE(TYPE), ys, yAt, t,                         \
                step_t xAt = 0; step_t yAt = 0;                                                                      \
                NN_FORAXES(i, loop, xAt += position * xSteps.steps[axis]; yAt += position * ySteps.steps[axis]),     \
                const NN_TYPE(TYPE) a = (ys + yAt)[k * t], b = (xs + xAt)[k * s]; y = SUM)                           \
  }

#ifdef NN_FLOATS
ACCUMULATE(float, a + b)
#endif
#ifdef NN_INTEGERS
ACCUMULATE(int, nn_add_int(a, b))
#endif
#ifdef NN_OTHERS
COPY(long, ulong)
COPY(word, uint)
COPY(half, ushort)
COPY(byte, uchar)

// Transposition of matrices: y[b, c, r] = x[b, r, c]. It proceeds in tiles, so that both matrices are accessed along
// their rows.
#ifdef NN_LOOPS

// One work item transposes a tile of 256 rows and 32 columns, in blocks of 16 x 16 that are in registers. Tiles are
// tall because long pieces are written faster than short ones. A round interleaves the first half of a block's rows
// with the second half. It thereby rotates the 8 bits of an element's position (4 bits of the row, 4 bits of the
// column) by one, so after four rounds, row and column have changed places.
#define NN_ROUND(WORD, to, from)                                                                                     \
  _Pragma("unroll") for (uint k = 0; k < 8; k++) {                                                                   \
    const WORD##16 a = from[k], b = from[k + 8];                                                                     \
    to[2 * k] = NN_WEAVE_LOW(WORD##16, a, b);                                                                        \
    to[2 * k + 1] = NN_WEAVE_HIGH(WORD##16, a, b);                                                                   \
  }
#define TRANSPOSE(NAME, WORD)                                                                                        \
  static inline void nn_turn_##NAME(global const WORD *x, global WORD *y, ulong columns, ulong rows) {               \
    WORD##16 p[16], q[16];                                                                                           \
    _Pragma("unroll") for (uint k = 0; k < 16; k++) p[k] = vload16(0, x + k * columns);                              \
    NN_ROUND(WORD, q, p)                                                                                             \
    NN_ROUND(WORD, p, q)                                                                                             \
    NN_ROUND(WORD, q, p)                                                                                             \
    NN_ROUND(WORD, p, q)                                                                                             \
    _Pragma("unroll") for (uint k = 0; k < 16; k++) nn_store(p[k], y + k * rows);                                    \
  }                                                                                                                  \
  kernel void transpose_##NAME(global const WORD *xs, ulong xOffset, global WORD *ys, ulong yOffset, index_t rows,   \
                               index_t columns, index_t batches) {                                                   \
    const index_t column = (index_t)get_group_id(0) * NN_TILE_COLUMNS, row = (index_t)get_group_id(1) * NN_TILE_ROWS;\
    const index_t width = min((index_t)NN_TILE_COLUMNS, columns - column);                                           \
    const index_t height = min((index_t)NN_TILE_ROWS, rows - row);                                                   \
    for (index_t batch = get_group_id(2); batch < batches; batch += get_num_groups(2)) {                             \
      const ulong start = (ulong)batch * rows * columns;                                                             \
      global const WORD *x = xs + xOffset + start + (ulong)row * columns + column;                                   \
      global WORD *y = ys + yOffset + start + (ulong)column * rows + row;                                            \
      for (index_t c = 0; c < width; c += 16) {                                                                      \
        for (index_t r = 0; r < height; r += 16) {                                                                   \
          global const WORD *from = x + (ulong)r * columns + c;                                                      \
          global WORD *to = y + (ulong)c * rows + r;                                                                 \
          if (c + 16 <= width && r + 16 <= height) {                                                                 \
            nn_turn_##NAME(from, to, columns, rows);                                                                 \
            continue;                                                                                                \
          }                                                                                                          \
          const index_t across = min((index_t)16, width - c), down = min((index_t)16, height - r);                   \
          for (index_t k = 0; k < across; k++)                                                                       \
            for (index_t j = 0; j < down; j++) to[(ulong)k * rows + j] = from[(ulong)j * columns + k];               \
        }                                                                                                            \
      }                                                                                                              \
    }                                                                                                                \
  }

#else

// A work group transposes a tile through local memory. The extra column puts the elements of a column into different
// banks. A work item loads all its elements before it stores the first one.
#define TILE NN_TILE_COLUMNS
#define NN_STRIDE (NN_GROUP / TILE)
#define TRANSPOSE(NAME, WORD)                                                                                        \
  kernel void transpose_##NAME(global const WORD *xs, ulong xOffset, global WORD *ys, ulong yOffset, index_t rows,   \
                               index_t columns, index_t batches) {                                                   \
    local WORD tile[TILE][TILE + 1];                                                                                 \
    const uint lane = get_local_id(0) % TILE, first = get_local_id(0) / TILE;                                        \
    const index_t column = (index_t)get_group_id(0) * TILE, row = (index_t)get_group_id(1) * TILE;                   \
    for (index_t batch = get_group_id(2); batch < batches; batch += get_num_groups(2)) {                             \
      const ulong start = (ulong)batch * rows * columns;                                                             \
      WORD held[TILE / NN_STRIDE];                                                                                   \
      _Pragma("unroll") for (uint u = 0; u < TILE / NN_STRIDE; u++) {                                                \
        const uint k = first + u * NN_STRIDE;                                                                        \
        held[u] = row + k < rows && column + lane < columns                                                          \
                      ? xs[xOffset + start + (ulong)(row + k) * columns + column + lane]                             \
                      : 0;                                                                                           \
      }                                                                                                              \
      _Pragma("unroll") for (uint u = 0; u < TILE / NN_STRIDE; u++) tile[first + u * NN_STRIDE][lane] = held[u];     \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
      _Pragma("unroll") for (uint u = 0; u < TILE / NN_STRIDE; u++) {                                                \
        const uint k = first + u * NN_STRIDE;                                                                        \
        if (column + k < columns && row + lane < rows)                                                               \
          ys[yOffset + start + (ulong)(column + k) * rows + row + lane] = tile[lane][k];                             \
      }                                                                                                              \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
    }                                                                                                                \
  }

#endif

TRANSPOSE(long, ulong)
TRANSPOSE(word, uint)
TRANSPOSE(half, ushort)
TRANSPOSE(byte, uchar)

#endif
