// Folds of x[outer, extent, inner] along the middle axis. Long folds are cut into stretches of the extent (get_group_id(1)),
// whose partial results [outer, stretches, inner] are folded again. The stretches depend on the shape and the kind of device
// alone, and so do the bits.
//
// FIRST maps an element to what is folded, FOLD joins a and b, LAST makes the result of it (divisor: for the mean).

#ifdef NN_LOOPS
// One item folds whole lines. Lines lie one after the other (inner = 1) and are folded in 64 lanes, or side by side in `blocks`
// blocks of at most NN_COLUMNS, and are then folded row by row, four rows at once: long pieces of few rows are what memory
// is read fast by.
#define NN_COLUMNS 4096

#define REDUCTION(NAME, TYPE, WORD, NOTHING, FIRST, FOLD, LAST)                                                      \
  static inline WORD NAME##Line_##TYPE(global const WORD *p, index_t count) {                                        \
    WORD##16 lanes[4] = {(WORD##16)(NOTHING), (WORD##16)(NOTHING), (WORD##16)(NOTHING), (WORD##16)(NOTHING)};        \
    index_t j = 0;                                                                                                   \
    for (; j + 64 <= count; j += 64) {                                                                               \
      _Pragma("unroll") for (uint lane = 0; lane < 4; lane++) {                                                      \
        const WORD##16 x = vload16(lane, p + j), a = lanes[lane], b = FIRST;                                         \
        lanes[lane] = FOLD;                                                                                          \
      }                                                                                                              \
    }                                                                                                                \
    for (; j + 16 <= count; j += 16) {                                                                               \
      const WORD##16 x = vload16(0, p + j), a = lanes[0], b = FIRST;                                                 \
      lanes[0] = FOLD;                                                                                               \
    }                                                                                                                \
    WORD##16 all = lanes[0];                                                                                         \
    for (uint lane = 1; lane < 4; lane++) {                                                                          \
      const WORD##16 a = all, b = lanes[lane];                                                                       \
      all = FOLD;                                                                                                    \
    }                                                                                                                \
    WORD items[16];                                                                                                  \
    vstore16(all, 0, items);                                                                                         \
    for (uint width = 8; width > 0; width /= 2) {                                                                    \
      for (uint item = 0; item < width; item++) {                                                                    \
        const WORD a = items[item], b = items[item + width];                                                         \
        items[item] = FOLD;                                                                                          \
      }                                                                                                              \
    }                                                                                                                \
    WORD a = items[0];                                                                                               \
    for (; j < count; j++) {                                                                                         \
      const WORD x = p[j], b = FIRST;                                                                                \
      a = FOLD;                                                                                                      \
    }                                                                                                                \
    return a;                                                                                                        \
  }                                                                                                                  \
  kernel void NAME##Lines_##TYPE(global const WORD *xs, ulong xOffset, global WORD *ys, ulong yOffset, index_t rows, \
                                 index_t extent, float divisor) {                                                    \
    NN_FOREACH(row, rows) {                                                                                          \
      const WORD a = NAME##Line_##TYPE(xs + xOffset + (ulong)row * extent, extent);                                  \
      ys[yOffset + row] = LAST;                                                                                      \
    }                                                                                                                \
  }                                                                                                                  \
  kernel void NAME##Rows_##TYPE(global const WORD *xs, ulong xOffset, global WORD *ys, ulong yOffset, index_t extent,\
                                index_t stretch, float divisor) {                                                    \
    const index_t first = (index_t)get_group_id(1) * stretch, last = min(first + stretch, extent);                   \
    const WORD a = NAME##Line_##TYPE(xs + xOffset + (ulong)get_group_id(0) * extent + first, last - first);          \
    ys[yOffset + (ulong)get_group_id(0) * get_num_groups(1) + get_group_id(1)] = LAST;                               \
  }                                                                                                                  \
  kernel void NAME##Columns_##TYPE(global const WORD *xs, ulong xOffset, global WORD *ys, ulong yOffset,             \
                                   index_t extent, index_t inner, index_t stretch, index_t blocks, float divisor) {  \
    WORD sums[NN_COLUMNS];                                                                                           \
    const index_t o = (index_t)get_group_id(0) / blocks, width = ((inner + blocks - 1) / blocks + 15) / 16 * 16;     \
    const index_t column = min(((index_t)get_group_id(0) - o * blocks) * width, inner);                              \
    const index_t columns = min(width, inner - column);                                                              \
    const index_t first = (index_t)get_group_id(1) * stretch, last = min(first + stretch, extent);                   \
    xs += xOffset + (ulong)o * extent * inner + column;                                                              \
    ys += yOffset + ((ulong)o * get_num_groups(1) + get_group_id(1)) * inner + column;                               \
    for (index_t i = 0; i < columns; i++) sums[i] = NOTHING;                                                         \
    index_t j = first;                                                                                               \
    for (; j + 4 <= last; j += 4) {                                                                                  \
      global const WORD *rows = xs + (ulong)j * inner;                                                               \
      index_t i = 0;                                                                                                 \
      for (; i + 16 <= columns; i += 16) {                                                                           \
        WORD##16 sum = vload16(0, sums + i);                                                                         \
        _Pragma("unroll") for (uint row = 0; row < 4; row++) {                                                       \
          const WORD##16 x = vload16(0, rows + (ulong)row * inner + i), a = sum, b = FIRST;                          \
          sum = FOLD;                                                                                                \
        }                                                                                                            \
        vstore16(sum, 0, sums + i);                                                                                  \
      }                                                                                                              \
      for (; i < columns; i++) {                                                                                     \
        for (uint row = 0; row < 4; row++) {                                                                         \
          const WORD x = rows[(ulong)row * inner + i], a = sums[i], b = FIRST;                                       \
          sums[i] = FOLD;                                                                                            \
        }                                                                                                            \
      }                                                                                                              \
    }                                                                                                                \
    for (; j < last; j++) {                                                                                          \
      NN_VECTORIZED for (index_t i = 0; i < columns; i++) {                                                          \
        const WORD x = xs[(ulong)j * inner + i], a = sums[i], b = FIRST;                                             \
        sums[i] = FOLD;                                                                                              \
      }                                                                                                              \
    }                                                                                                                \
    for (index_t i = 0; i < columns; i++) {                                                                          \
      const WORD a = sums[i];                                                                                        \
      ys[i] = LAST;                                                                                                  \
    }                                                                                                                \
  }

#else

// Four shapes of work:
//   Items: one item folds one result. For short folds, and for many results side by side.
//   Short: NN_COLUMNS items fold one result whose elements lie one after the other (inner = 1), NN_LANES results a group.
//   Rows: a work group folds one such result, for long rows.
//   Columns: a work group folds NN_COLUMNS neighbouring results.
#define NN_COLUMNS 32
#define NN_LANES (NN_GROUP / NN_COLUMNS)

#define REDUCTION(NAME, TYPE, WORD, NOTHING, FIRST, FOLD, LAST)                                                            \
  kernel void NAME##Items_##TYPE(global const NN_TYPE(TYPE) *xs, ulong xOffset, global NN_TYPE(TYPE) *ys,            \
                                 ulong yOffset, index_t count, index_t extent, index_t inner, float divisor) {       \
    NN_FOREACH(i, count) {                                                                                           \
      const index_t o = i / inner;                                                                                   \
      global const NN_TYPE(TYPE) *p = xs + xOffset + (ulong)o * extent * inner + (i - o * inner);                    \
      NN_TYPE(TYPE) a = NOTHING;                                                                                     \
      for (index_t j = 0; j < extent; j++) {                                                                         \
        const NN_TYPE(TYPE) x = p[(ulong)j * inner], b = FIRST;                                                      \
        a = FOLD;                                                                                                    \
      }                                                                                                              \
      ys[yOffset + i] = LAST;                                                                                        \
    }                                                                                                                \
  }                                                                                                                  \
  kernel void NAME##Short_##TYPE(global const NN_TYPE(TYPE) *xs, ulong xOffset, global NN_TYPE(TYPE) *ys,            \
                                 ulong yOffset, index_t rows, index_t extent, float divisor) {                       \
    local NN_TYPE(TYPE) partial[NN_GROUP];                                                                           \
    const uint item = get_local_id(0), lane = item % NN_COLUMNS;                                                     \
    const index_t row = (index_t)get_group_id(0) * NN_LANES + item / NN_COLUMNS;                                     \
    xs += xOffset + (ulong)row * extent;                                                                             \
    NN_TYPE(TYPE) a = NOTHING;                                                                                       \
    if (row < rows) {                                                                                                \
      for (index_t j = lane; j < extent; j += NN_COLUMNS) {                                                          \
        const NN_TYPE(TYPE) x = xs[j], b = FIRST;                                                                    \
        a = FOLD;                                                                                                    \
      }                                                                                                              \
    }                                                                                                                \
    partial[item] = a;                                                                                               \
    for (uint width = NN_COLUMNS / 2; width > 0; width /= 2) {                                                       \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
      if (lane < width) {                                                                                            \
        const NN_TYPE(TYPE) b = partial[item + width];                                                               \
        a = partial[item];                                                                                           \
        partial[item] = FOLD;                                                                                        \
      }                                                                                                              \
    }                                                                                                                \
    if (lane == 0 && row < rows) {                                                                                   \
      a = partial[item];                                                                                             \
      ys[yOffset + row] = LAST;                                                                                      \
    }                                                                                                                \
  }                                                                                                                  \
  kernel void NAME##Rows_##TYPE(global const NN_TYPE(TYPE) *xs, ulong xOffset, global NN_TYPE(TYPE) *ys,             \
                                ulong yOffset, index_t extent, index_t stretch, float divisor) {                     \
    local NN_TYPE(TYPE) partial[NN_GROUP];                                                                           \
    const uint item = get_local_id(0);                                                                               \
    const index_t first = (index_t)get_group_id(1) * stretch, last = min(first + stretch, extent);                   \
    xs += xOffset + (ulong)get_group_id(0) * extent;                                                                 \
    NN_TYPE(TYPE) a = NOTHING;                                                                                       \
    for (index_t j = first + item; j < last; j += NN_GROUP) {                                                        \
      const NN_TYPE(TYPE) x = xs[j], b = FIRST;                                                                      \
      a = FOLD;                                                                                                      \
    }                                                                                                                \
    partial[item] = a;                                                                                               \
    for (uint width = NN_GROUP / 2; width > 0; width /= 2) {                                                         \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
      if (item < width) {                                                                                            \
        const NN_TYPE(TYPE) b = partial[item + width];                                                               \
        a = partial[item];                                                                                           \
        partial[item] = FOLD;                                                                                        \
      }                                                                                                              \
    }                                                                                                                \
    if (item == 0) {                                                                                                 \
      a = partial[0];                                                                                                \
      ys[yOffset + (ulong)get_group_id(0) * get_num_groups(1) + get_group_id(1)] = LAST;                             \
    }                                                                                                                \
  }                                                                                                                  \
  kernel void NAME##Columns_##TYPE(global const NN_TYPE(TYPE) *xs, ulong xOffset, global NN_TYPE(TYPE) *ys,          \
                                   ulong yOffset, index_t extent, index_t inner, index_t stretch, index_t blocks,    \
                                   float divisor) {                                                                  \
    local NN_TYPE(TYPE) partial[NN_GROUP];                                                                           \
    const uint item = get_local_id(0), column = item % NN_COLUMNS, lane = item / NN_COLUMNS;                         \
    const index_t o = (index_t)get_group_id(0) / blocks;                                                             \
    const index_t i = ((index_t)get_group_id(0) - o * blocks) * NN_COLUMNS + column;                                 \
    const index_t first = (index_t)get_group_id(1) * stretch, last = min(first + stretch, extent);                   \
    xs += xOffset + (ulong)o * extent * inner;                                                                       \
    NN_TYPE(TYPE) a = NOTHING;                                                                                       \
    if (i < inner) {                                                                                                 \
      for (index_t j = first + lane; j < last; j += NN_LANES) {                                                      \
        const NN_TYPE(TYPE) x = xs[(ulong)j * inner + i], b = FIRST;                                                 \
        a = FOLD;                                                                                                    \
      }                                                                                                              \
    }                                                                                                                \
    partial[item] = a;                                                                                               \
    for (uint width = NN_LANES / 2; width > 0; width /= 2) {                                                         \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
      if (lane < width) {                                                                                            \
        const NN_TYPE(TYPE) b = partial[item + width * NN_COLUMNS];                                                  \
        a = partial[item];                                                                                           \
        partial[item] = FOLD;                                                                                        \
      }                                                                                                              \
    }                                                                                                                \
    if (lane == 0 && i < inner) {                                                                                    \
      a = partial[column];                                                                                           \
      ys[yOffset + ((ulong)o * get_num_groups(1) + get_group_id(1)) * inner + i] = LAST;                             \
    }                                                                                                                \
  }

#endif

REDUCTION(sum, float, float, 0.0f, x, a + b, a)
REDUCTION(mean, float, float, 0.0f, x, a + b, a / divisor)
REDUCTION(sumOfSquares, float, float, 0.0f, x *x, a + b, a)
REDUCTION(maximum, float, float, -INFINITY, x, nn_maximum_float(a, b), a)
REDUCTION(minimum, float, float, INFINITY, x, nn_minimum_float(a, b), a)
REDUCTION(product, float, float, 1.0f, x, a *b, a)
REDUCTION(sum, int, int, 0, x, nn_add_int(a, b), a)
REDUCTION(maximum, int, int, INT_MIN, x, nn_maximum_int(a, b), a)
REDUCTION(minimum, int, int, INT_MAX, x, nn_minimum_int(a, b), a)
REDUCTION(product, int, int, 1, x, nn_multiply_int(a, b), a)
REDUCTION(maximum, bool, uchar, 0, x, a | b, a != 0)
REDUCTION(minimum, bool, uchar, 1, x, nn_minimum_bool(a, b), a != 0)
