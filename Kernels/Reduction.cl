// Folds of x[outer, extent, inner] along the middle axis. Three shapes of work:
//   Items: one item folds one result. For short folds, and for many results side by side.
//   Short: NN_COLUMNS items fold one result whose elements lie one after the other (inner = 1), NN_LANES results a group.
//   Rows: a work group folds one such result, for long rows.
//   Columns: a work group folds NN_COLUMNS neighbouring results.
// Rows and Columns take a stretch of the extent (get_group_id(1)) and write partial results [outer, stretches, inner],
// which the same kernels fold again. The stretches depend on the shape alone, so the bits do not depend on the device.

#define NN_COLUMNS 32
#define NN_LANES (NN_GROUP / NN_COLUMNS)

// FIRST maps an element to what is folded, FOLD joins a and b, LAST makes the result of it (divisor: for the mean).
#define REDUCTION(NAME, TYPE, NOTHING, FIRST, FOLD, LAST)                                                            \
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

REDUCTION(sum, float, 0.0f, x, a + b, a)
REDUCTION(mean, float, 0.0f, x, a + b, a / divisor)
REDUCTION(sumOfSquares, float, 0.0f, x *x, a + b, a)
REDUCTION(maximum, float, -INFINITY, x, nn_maximum_float(a, b), a)
REDUCTION(minimum, float, INFINITY, x, nn_minimum_float(a, b), a)
REDUCTION(product, float, 1.0f, x, a *b, a)
REDUCTION(sum, int, 0, x, nn_add_int(a, b), a)
REDUCTION(maximum, int, INT_MIN, x, nn_maximum_int(a, b), a)
REDUCTION(minimum, int, INT_MAX, x, nn_minimum_int(a, b), a)
REDUCTION(product, int, 1, x, nn_multiply_int(a, b), a)
REDUCTION(maximum, bool, 0, (nn_bool)(x != 0), (a | b), a)
REDUCTION(minimum, bool, 1, (nn_bool)(x != 0), (a & b), a)
