// Reductions of x[outer, extent, inner] along the middle axis. Long reductions are split into slices of the extent
// (get_group_id(1)), whose partial results [outer, slices, inner] are reduced again. The slices, and therefore the bits
// of the result, depend only on the shape and the kind of device.
//
// FIRST maps an element to the number to be reduced, REDUCE combines a and b, LOST is the rounding error of REDUCE, and
// LAST computes the result from a and `rest`, the sum of all rounding errors (and from count and countRest: the divisor
// of the mean, in two numbers). With PARTS = 2, a slice passes on both numbers: its rounding error is stored
// slices·inner elements after its result, as if it were the result of another slice.

// Stores the result of one slice. The results of two consecutive slices are `inner` apart.
#define NN_STORE_SLICE(y, inner, a, rest, PARTS, LAST)                                              \
  {                                                                                                 \
    if (get_num_groups(1) == 1) {                                                                   \
      *(y) = LAST;                                                                                  \
    } else {                                                                                        \
      *(y) = a;                                                                                     \
      if (PARTS == 2) (y)[(ulong)get_num_groups(1) * (inner)] = rest;                               \
    }                                                                                               \
  }
// The start of the results of this slice for outer position o.
#define NN_SLICE(o, inner, PARTS)                                                                 \
  (((ulong)(o) * (get_num_groups(1) == 1 ? 1 : PARTS * get_num_groups(1)) + get_group_id(1)) * (inner))

#ifdef NN_LOOPS
// One work item reduces whole lines. If lines are contiguous (inner = 1), each is reduced in 64 lanes. If they are side
// by side, they are divided into `blocks` blocks of at most NN_REDUCTION_COLUMNS lines and reduced row by row, four
// rows at once, because memory is read fastest in long pieces of few rows. Sums use one number over `block` elements or
// rows, and two numbers from block to block. The private memory of a work item is three arrays of NN_REDUCTION_COLUMNS
// numbers: 12 KiB, or 24 KiB for types of 64 bits.

#define REDUCTION(NAME, TYPE, WORD, VECTOR, NOTHING, FIRST, REDUCE, LOST, PARTS, LAST)                               \
  static inline WORD NAME##Line_##TYPE(global const WORD *p, index_t count, index_t block, WORD *lost) {             \
    const index_t whole = count / 16 * 16;                                                                           \
    const int isLong = PARTS == 2 && count > block;                                                                  \
    VECTOR total = (VECTOR)(NOTHING), totalRest = (VECTOR)(0);                                                       \
    for (index_t j = 0; j < whole;) {                                                                                \
      const index_t end = min(j + block, whole);                                                                     \
      VECTOR lanes[4] = {(VECTOR)(NOTHING), (VECTOR)(NOTHING), (VECTOR)(NOTHING), (VECTOR)(NOTHING)};                \
      for (; j + 64 <= end; j += 64) {                                                                               \
        _Pragma("unroll") for (uint lane = 0; lane < 4; lane++) {                                                    \
          const VECTOR x = vload16(lane, p + j), a = lanes[lane], b = FIRST;                                         \
          lanes[lane] = REDUCE;                                                                                      \
        }                                                                                                            \
      }                                                                                                              \
      for (; j < end; j += 16) {                                                                                     \
        const VECTOR x = vload16(0, p + j), a = lanes[0], b = FIRST;                                                 \
        lanes[0] = REDUCE;                                                                                           \
      }                                                                                                              \
      VECTOR part = lanes[0];                                                                                        \
      for (uint lane = 1; lane < 4; lane++) {                                                                        \
        const VECTOR a = part, b = lanes[lane];                                                                      \
        part = REDUCE;                                                                                               \
      }                                                                                                              \
      const VECTOR a = total, b = PARTS == 2 ? part + totalRest : part;                                              \
      total = REDUCE;                                                                                                \
      totalRest = LOST(a, b, total);                                                                                 \
    }                                                                                                                \
    WORD items[16], rests[16];                                                                                       \
    vstore16(total, 0, items);                                                                                       \
    vstore16(totalRest, 0, rests);                                                                                   \
    for (uint width = 8; width > 0; width /= 2) {                                                                    \
      for (uint item = 0; item < width; item++) {                                                                    \
        const WORD a = items[item], b = items[item + width];                                                         \
        items[item] = REDUCE;                                                                                        \
        if (isLong) rests[item] += rests[item + width] + LOST(a, b, items[item]);                                    \
      }                                                                                                              \
    }                                                                                                                \
    WORD result = items[0], rest = isLong ? rests[0] : 0;                                                            \
    for (index_t j = whole; j < count; j++) {                                                                        \
      const WORD x = p[j], a = result, b = FIRST;                                                                    \
      result = REDUCE;                                                                                               \
      if (isLong) rest += LOST(a, b, result);                                                                        \
    }                                                                                                                \
    *lost = rest;                                                                                                    \
    return result;                                                                                                   \
  }                                                                                                                  \
  kernel void NN_NAME(NAME##Lines, TYPE)(                                                                            \
      global const WORD *xs, ulong xOffset, global WORD *ys, ulong yOffset, index_t rows,                            \
                                 index_t extent, index_t block, nn_float count, nn_float countRest) {                \
    NN_FOREACH(row, rows) {                                                                                          \
      WORD rest;                                                                                                     \
      const WORD a = NAME##Line_##TYPE(xs + xOffset + (ulong)row * extent, extent, block, &rest);                    \
      ys[yOffset + row] = LAST;                                                                                      \
    }                                                                                                                \
  }                                                                                                                  \
  kernel void NN_NAME(NAME##Rows, TYPE)(                                                                             \
      global const WORD *xs, ulong xOffset, global WORD *ys, ulong yOffset, index_t extent,                          \
                                index_t slice, nn_float count, nn_float countRest) {                                 \
    const index_t first = (index_t)get_group_id(1) * slice, last = min(first + slice, extent);                       \
    xs += xOffset + (ulong)get_group_id(0) * extent + first;                                                         \
    ys += yOffset + NN_SLICE(get_group_id(0), 1, PARTS);                                                             \
    WORD rest;                                                                                                       \
    const WORD a = NAME##Line_##TYPE(xs, last - first, NN_SUM_BLOCK, &rest);                                         \
    NN_STORE_SLICE(ys, 1, a, rest, PARTS, LAST)                                                                      \
  }                                                                                                                  \
  kernel void NN_NAME(NAME##Columns, TYPE)(global const WORD *xs, ulong xOffset, global WORD *ys, ulong yOffset,     \
                                   index_t extent, index_t inner, index_t slice, index_t blocks, index_t block,      \
                                   nn_float count, nn_float countRest) {                                             \
    WORD sums[NN_REDUCTION_COLUMNS], totals[NN_REDUCTION_COLUMNS], rests[NN_REDUCTION_COLUMNS];                      \
    const index_t o = (index_t)get_group_id(0) / blocks, width = ((inner + blocks - 1) / blocks + 15) / 16 * 16;     \
    const index_t column = min(((index_t)get_group_id(0) - o * blocks) * width, inner);                              \
    const index_t columns = min(width, inner - column);                                                              \
    const index_t first = (index_t)get_group_id(1) * slice, last = min(first + slice, extent);                       \
    const int isLong = PARTS == 2 && last - first > block;                                                           \
    xs += xOffset + (ulong)o * extent * inner + column;                                                              \
    ys += yOffset + NN_SLICE(o, inner, PARTS) + column;                                                              \
    for (index_t i = 0; i < columns; i++) {                                                                          \
      sums[i] = NOTHING;                                                                                             \
      if (isLong) totals[i] = rests[i] = 0;                                                                          \
    }                                                                                                                \
    for (index_t j = first; j < last;) {                                                                             \
      const index_t end = isLong ? min(j + block, last) : last;                                                      \
      for (; j + 4 <= end; j += 4) {                                                                                 \
        global const WORD *rows = xs + (ulong)j * inner;                                                             \
        index_t i = 0;                                                                                               \
        for (; i + 16 <= columns; i += 16) {                                                                         \
          VECTOR sum = vload16(0, sums + i);                                                                         \
          _Pragma("unroll") for (uint row = 0; row < 4; row++) {                                                     \
            const VECTOR x = vload16(0, rows + (ulong)row * inner + i), a = sum, b = FIRST;                          \
            sum = REDUCE;                                                                                            \
          }                                                                                                          \
          vstore16(sum, 0, sums + i);                                                                                \
        }                                                                                                            \
        for (; i < columns; i++) {                                                                                   \
          for (uint row = 0; row < 4; row++) {                                                                       \
            const WORD x = rows[(ulong)row * inner + i], a = sums[i], b = FIRST;                                     \
            sums[i] = REDUCE;                                                                                        \
          }                                                                                                          \
        }                                                                                                            \
      }                                                                                                              \
      for (; j < end; j++) {                                                                                         \
        NN_VECTORIZED for (index_t i = 0; i < columns; i++) {                                                        \
          const WORD x = xs[(ulong)j * inner + i], a = sums[i], b = FIRST;                                           \
          sums[i] = REDUCE;                                                                                          \
        }                                                                                                            \
      }                                                                                                              \
      if (!isLong) break;                                                                                            \
      NN_VECTORIZED for (index_t i = 0; i < columns; i++) {                                                          \
        const WORD a = totals[i], b = sums[i] + rests[i], total = REDUCE;                                            \
        rests[i] = LOST(a, b, total);                                                                                \
        totals[i] = total;                                                                                           \
        sums[i] = NOTHING;                                                                                           \
      }                                                                                                              \
    }                                                                                                                \
    for (index_t i = 0; i < columns; i++) {                                                                          \
      const WORD a = isLong ? totals[i] : sums[i], rest = isLong ? rests[i] : 0;                                     \
      NN_STORE_SLICE(ys + i, inner, a, rest, PARTS, LAST)                                                            \
    }                                                                                                                \
  }

#else

// Four ways to partition the work:
//   Items: one work item computes one result. For short reductions, and for many adjacent results.
//   Short: NN_REDUCTION_COLUMNS work items compute one result with contiguous elements (inner = 1), NN_LANES results
//   per group.
//   Rows: a work group computes one such result, for long rows.
//   Columns: a work group computes NN_REDUCTION_COLUMNS adjacent results.
#define NN_LANES (NN_GROUP / NN_REDUCTION_COLUMNS)

// a = the reduction of a and a value to which the previous rounding error was added.
#define NN_TAKE(TYPE, value, REDUCE, LOST)     \
  {                                            \
    const NN_TYPE(TYPE) b = value, c = REDUCE; \
    rest = LOST(a, b, c);                      \
    a = c;                                     \
  }
// The work item with lane 0 gets the reduction of a over `lanes` work items that are `step` apart, and the sum of all
// their rounding errors.
#define NN_REDUCE_SHARED(TYPE, lane, lanes, step, REDUCE, LOST)          \
  partial[item] = a;                                                     \
  rests[item] = rest;                                                    \
  for (uint width = (lanes) / 2; width > 0; width /= 2) {                \
    barrier(CLK_LOCAL_MEM_FENCE);                                        \
    if ((lane) < width) {                                                \
      a = partial[item];                                                 \
      const NN_TYPE(TYPE) b = partial[item + width * (step)], c = REDUCE;\
      rest = rests[item] + rests[item + width * (step)] + LOST(a, b, c); \
      partial[item] = a = c;                                             \
      rests[item] = rest;                                                \
    }                                                                    \
  }

#define REDUCTION(NAME, TYPE, WORD, VECTOR, NOTHING, FIRST, REDUCE, LOST, PARTS, LAST)                               \
  kernel void NN_NAME(NAME##Items, TYPE)(global const NN_TYPE(TYPE) *xs, ulong xOffset, global NN_TYPE(TYPE) *ys,    \
                                 ulong yOffset, index_t results, index_t extent, index_t inner, nn_float count,      \
                                 nn_float countRest) {                                                               \
    NN_FOREACH(i, results) {                                                                                         \
      const index_t o = i / inner;                                                                                   \
      global const NN_TYPE(TYPE) *p = xs + xOffset + (ulong)o * extent * inner + (i - o * inner);                    \
      NN_TYPE(TYPE) a = NOTHING, rest = 0;                                                                           \
      for (index_t j = 0; j < extent; j++) {                                                                         \
        const NN_TYPE(TYPE) x = p[(ulong)j * inner];                                                                 \
        NN_TAKE(TYPE, PARTS == 2 ? FIRST + rest : FIRST, REDUCE, LOST)                                               \
      }                                                                                                              \
      ys[yOffset + i] = LAST;                                                                                        \
    }                                                                                                                \
  }                                                                                                                  \
  kernel void NN_NAME(NAME##Short, TYPE)(global const NN_TYPE(TYPE) *xs, ulong xOffset, global NN_TYPE(TYPE) *ys,    \
                                 ulong yOffset, index_t rows, index_t extent, nn_float count, nn_float countRest) {  \
    local NN_TYPE(TYPE) partial[NN_GROUP], rests[NN_GROUP];                                                          \
    const uint item = get_local_id(0), lane = item % NN_REDUCTION_COLUMNS;                                           \
    const index_t row = (index_t)get_group_id(0) * NN_LANES + item / NN_REDUCTION_COLUMNS;                           \
    xs += xOffset + (ulong)row * extent;                                                                             \
    NN_TYPE(TYPE) a = NOTHING, rest = 0;                                                                             \
    if (row < rows) {                                                                                                \
      for (index_t j = lane; j < extent; j += NN_REDUCTION_COLUMNS) {                                                \
        const NN_TYPE(TYPE) x = xs[j];                                                                               \
        NN_TAKE(TYPE, PARTS == 2 ? FIRST + rest : FIRST, REDUCE, LOST)                                               \
      }                                                                                                              \
    }                                                                                                                \
    NN_REDUCE_SHARED(TYPE, lane, NN_REDUCTION_COLUMNS, 1, REDUCE, LOST)                                              \
    if (lane == 0 && row < rows) ys[yOffset + row] = LAST;                                                           \
  }                                                                                                                  \
  kernel void NN_NAME(NAME##Rows, TYPE)(global const NN_TYPE(TYPE) *xs, ulong xOffset, global NN_TYPE(TYPE) *ys,     \
                                ulong yOffset, index_t extent, index_t slice, nn_float count, nn_float countRest) {  \
    local NN_TYPE(TYPE) partial[NN_GROUP], rests[NN_GROUP];                                                          \
    const uint item = get_local_id(0);                                                                               \
    const index_t first = (index_t)get_group_id(1) * slice, last = min(first + slice, extent);                       \
    xs += xOffset + (ulong)get_group_id(0) * extent;                                                                 \
    ys += yOffset + NN_SLICE(get_group_id(0), 1, PARTS);                                                             \
    NN_TYPE(TYPE) a = NOTHING, rest = 0;                                                                             \
    for (index_t j = first + item; j < last; j += NN_GROUP) {                                                        \
      const NN_TYPE(TYPE) x = xs[j];                                                                                 \
      NN_TAKE(TYPE, PARTS == 2 ? FIRST + rest : FIRST, REDUCE, LOST)                                                 \
    }                                                                                                                \
    NN_REDUCE_SHARED(TYPE, item, NN_GROUP, 1, REDUCE, LOST)                                                          \
    if (item == 0) NN_STORE_SLICE(ys, 1, a, rest, PARTS, LAST)                                                       \
  }                                                                                                                  \
  kernel void NN_NAME(NAME##Columns, TYPE)(global const NN_TYPE(TYPE) *xs, ulong xOffset, global NN_TYPE(TYPE) *ys,  \
                                   ulong yOffset, index_t extent, index_t inner, index_t slice, index_t blocks,      \
                                   nn_float count, nn_float countRest) {                                             \
    local NN_TYPE(TYPE) partial[NN_GROUP], rests[NN_GROUP];                                                          \
    const uint item = get_local_id(0), column = item % NN_REDUCTION_COLUMNS, lane = item / NN_REDUCTION_COLUMNS;     \
    const index_t o = (index_t)get_group_id(0) / blocks;                                                             \
    const index_t i = ((index_t)get_group_id(0) - o * blocks) * NN_REDUCTION_COLUMNS + column;                       \
    const index_t first = (index_t)get_group_id(1) * slice, last = min(first + slice, extent);                       \
    xs += xOffset + (ulong)o * extent * inner;                                                                       \
    ys += yOffset + NN_SLICE(o, inner, PARTS);                                                                       \
    NN_TYPE(TYPE) a = NOTHING, rest = 0;                                                                             \
    if (i < inner) {                                                                                                 \
      for (index_t j = first + lane; j < last; j += NN_LANES) {                                                      \
        const NN_TYPE(TYPE) x = xs[(ulong)j * inner + i];                                                            \
        NN_TAKE(TYPE, PARTS == 2 ? FIRST + rest : FIRST, REDUCE, LOST)                                               \
      }                                                                                                              \
    }                                                                                                                \
    NN_REDUCE_SHARED(TYPE, lane, NN_LANES, NN_REDUCTION_COLUMNS, REDUCE, LOST)                                       \
    if (lane == 0 && i < inner) NN_STORE_SLICE(ys + i, inner, a, rest, PARTS, LAST)                                  \
  }

#endif

#define SUM(NAME, FIRST, LAST) \
  REDUCTION(NAME, float, nn_float, nn_vector_float, 0.0f, FIRST, a + b, nn_lost, 2, LAST)
#define PLAIN(NAME, TYPE, NOTHING, REDUCE, LAST) \
  REDUCTION(NAME, TYPE, NN_TYPE(TYPE), NN_VECTOR(TYPE), NOTHING, x, REDUCE, NN_NOTHING_LOST, 1, LAST)

#ifdef NN_FLOATS
SUM(sum, x, a + rest)
SUM(mean, x, nn_mean(a, rest, count, countRest))
PLAIN(maximum, float, -INFINITY, nn_maximum_float(a, b), a)
PLAIN(minimum, float, INFINITY, nn_minimum_float(a, b), a)
PLAIN(product, float, 1.0f, a *b, a)
#endif
#ifdef NN_INTEGERS
PLAIN(sum, int, 0, nn_add_int(a, b), a)
PLAIN(maximum, int, NN_LEAST_INT, nn_maximum_int(a, b), a)
PLAIN(minimum, int, NN_GREATEST_INT, nn_minimum_int(a, b), a)
PLAIN(product, int, 1, nn_multiply_int(a, b), a)
#endif
#ifdef NN_OTHERS
SUM(sumOfSquares, x *x, a + rest)
PLAIN(maximum, bool, 0, a | b, a != 0)
PLAIN(minimum, bool, 1, nn_minimum_bool(a, b), a != 0)
#endif
