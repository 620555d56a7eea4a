// Sums, maxima, and minima of a row, computed by one work item, several work items, or a work group, for the kernel
// families that process rows.

#ifdef NN_LOOPS

// Reduces the 16 lanes of a vector.
#define NN_REDUCE_LANES(RESULT, lanes, REDUCE)                                                                       \
  {                                                                                                                  \
    float items[16];                                                                                                 \
    vstore16(lanes, 0, items);                                                                                       \
    for (uint width = 8; width > 0; width /= 2) {                                                                    \
      for (uint item = 0; item < width; item++) {                                                                    \
        const float a = items[item], b = items[item + width];                                                        \
        items[item] = REDUCE;                                                                                        \
      }                                                                                                              \
    }                                                                                                                \
    RESULT = items[0];                                                                                               \
  }

// Reduces an expression of c from 0 to count in 64 lanes: MANY for 16 elements starting at c, ONE for a single element.
#define NN_REDUCE_ROW(RESULT, count, NOTHING, MANY, ONE, REDUCE)                                                     \
  {                                                                                                                  \
    float16 sums[4] = {(float16)(NOTHING), (float16)(NOTHING), (float16)(NOTHING), (float16)(NOTHING)};              \
    index_t c = 0;                                                                                                   \
    while (c + 64 <= (count)) {                                                                                      \
      _Pragma("unroll") for (uint lane = 0; lane < 4; lane++, c += 16) {                                             \
        const float16 a = sums[lane], b = MANY;                                                                      \
        sums[lane] = REDUCE;                                                                                         \
      }                                                                                                              \
    }                                                                                                                \
    for (; c + 16 <= (count); c += 16) {                                                                             \
      const float16 a = sums[0], b = MANY;                                                                           \
      sums[0] = REDUCE;                                                                                              \
    }                                                                                                                \
    float16 lanes = sums[0];                                                                                         \
    for (uint lane = 1; lane < 4; lane++) {                                                                          \
      const float16 a = lanes, b = sums[lane];                                                                       \
      lanes = REDUCE;                                                                                                \
    }                                                                                                                \
    NN_REDUCE_LANES(RESULT, lanes, REDUCE)                                                                           \
    for (; c < (count); c++) {                                                                                       \
      const float a = RESULT, b = ONE;                                                                               \
      RESULT = REDUCE;                                                                                               \
    }                                                                                                                \
  }
// The sum of an expression of c from 0 to count: in 64 lanes within a block, and in two numbers from block to block.
#define NN_SUM_ROW(RESULT, count, MANY, ONE)                                                                         \
  {                                                                                                                  \
    const index_t nn_whole = (count) / 16 * 16;                                                                      \
    float16 nn_total = 0.0f, nn_rest = 0.0f;                                                                         \
    for (index_t c = 0; c < nn_whole;) {                                                                             \
      const index_t nn_end = min(c + NN_SUM_BLOCK, nn_whole);                                                        \
      float16 sums[4] = {(float16)(0.0f), (float16)(0.0f), (float16)(0.0f), (float16)(0.0f)};                        \
      while (c + 64 <= nn_end) {                                                                                     \
        _Pragma("unroll") for (uint lane = 0; lane < 4; lane++, c += 16) sums[lane] += MANY;                         \
      }                                                                                                              \
      for (; c < nn_end; c += 16) sums[0] += MANY;                                                                   \
      const float16 nn_part = (sums[0] + sums[1]) + (sums[2] + sums[3]);                                             \
      NN_ADD_MANY(nn_total, nn_rest, nn_part)                                                                        \
    }                                                                                                                \
    NN_REDUCE_LANES(RESULT, nn_total + nn_rest, a + b)                                                               \
    for (index_t c = nn_whole; c < (count); c++) RESULT += ONE;                                                      \
  }

#else

// The sum, or the maximum, of one number from each of the `lanes` work items that share a row. Each of them gets the
// result. All work items of the work group must call these functions.
#define NN_REDUCE_ITEMS(NAME, REDUCE)                                                     \
  static inline float NAME(float own, local float *shared, const uint lanes) {            \
    const uint item = get_local_id(0), lane = item % lanes;                               \
    shared[item] = own;                                                                   \
    for (uint width = lanes / 2; width > 0; width /= 2) {                                 \
      barrier(CLK_LOCAL_MEM_FENCE);                                                       \
      if (lane < width) {                                                                 \
        const float a = shared[item], b = shared[item + width];                           \
        shared[item] = REDUCE;                                                            \
      }                                                                                   \
    }                                                                                     \
    barrier(CLK_LOCAL_MEM_FENCE);                                                         \
    const float result = shared[item - lane];                                             \
    barrier(CLK_LOCAL_MEM_FENCE);                                                         \
    return result;                                                                        \
  }
NN_REDUCE_ITEMS(nn_items_sum, a + b)
NN_REDUCE_ITEMS(nn_items_maximum, nn_maximum_float(a, b))

// Whether the condition is true for any work item of the work group. All work items must call this function.
static inline int nn_items_any(int own, local float *shared) {
  if (get_local_id(0) == 0) shared[0] = 0.0f;
  barrier(CLK_LOCAL_MEM_FENCE);
  if (own) shared[0] = 1.0f;
  barrier(CLK_LOCAL_MEM_FENCE);
  const int result = shared[0] != 0.0f;
  barrier(CLK_LOCAL_MEM_FENCE);
  return result;
}

// How a row of `columns` elements is assigned to work items. Row code is written once, as a macro with a parameter for
// the assignment, which is appended to these names:
//   NN_ROW_      the code before the work on `row`; its arguments declare the values to keep
//   NN_FOR_      runs a statement for each element of the work item's part of the row; the k-th one is element c
//   NN_KEEP_     a number that is needed again, and NN_KEPT_ the same number later: kept in a register, or recomputed
//   NN_SUM_, NN_MAXIMUM_   of one number from each work item of the row
//   NN_ANY_      whether a condition of a row is true for any row whose work items wait at the same barriers
//   NN_IS_FIRST_ true in one work item of each row

// items: one work item per row. For the shortest rows.
#define NN_ROW_items(...) NN_FOREACH(row, rows)
#define NN_FOR_items(k, c) for (index_t c = 0; c < columns; c++)
#define NN_KEEP_items(name, k, x) (x)
#define NN_KEPT_items(name, k, x) (x)
#define NN_SUM_items(x) (x)
#define NN_MAXIMUM_items(x) (x)
#define NN_ANY_items(x) (x)
#define NN_IS_FIRST_items 1

// lanes: 32 to NN_GROUP work items per row, just enough to hold it in registers, so that each has many loads in flight.
// For rows of up to NN_GROUP·NN_HELD elements.
static inline uint nn_lanes(index_t columns) {
  uint lanes = NN_FEWEST_LANES;
  while (lanes < NN_GROUP && lanes * NN_HELD < columns) lanes *= 2;
  return lanes;
}
#define NN_ROW_lanes(...)                                                                         \
  local float shared[NN_GROUP];                                                                   \
  float __VA_ARGS__;                                                                              \
  const uint lanes = nn_lanes(columns), lane = get_local_id(0) % lanes;                           \
  const index_t row = (index_t)get_group_id(0) * (NN_GROUP / lanes) + get_local_id(0) / lanes;    \
  /* All work items must reach the barriers: a row past the end has no elements. */               \
  const index_t width = row < rows ? columns : 0;
#define NN_FOR_lanes(k, c)                                    \
  _Pragma("unroll") for (uint k = 0; k < NN_HELD; k++)        \
    for (index_t c = lane + k * lanes; c < width; c = width)
#define NN_KEEP_lanes(name, k, x) (name[k] = (x))
#define NN_KEPT_lanes(name, k, x) (name[k])
#define NN_SUM_lanes(x) nn_items_sum(x, shared, lanes)
#define NN_MAXIMUM_lanes(x) nn_items_maximum(x, shared, lanes)
#define NN_ANY_lanes(x) nn_items_any(x, shared)
#define NN_IS_FIRST_lanes (row < rows && lane == 0)

// passes: one work group per row, which reads the row several times. For longer rows.
#define NN_ROW_passes(...)                   \
  local float shared[NN_GROUP];              \
  const uint lane = get_local_id(0);         \
  const index_t row = get_group_id(0);
#define NN_FOR_passes(k, c) for (index_t c = lane; c < columns; c += NN_GROUP)
#define NN_KEEP_passes NN_KEEP_items
#define NN_KEPT_passes NN_KEPT_items
#define NN_SUM_passes(x) nn_items_sum(x, shared, NN_GROUP)
#define NN_MAXIMUM_passes(x) nn_items_maximum(x, shared, NN_GROUP)
#define NN_ANY_passes(x) (x)
#define NN_IS_FIRST_passes (lane == 0)

#define NN_EACH_HOW(WORK) WORK(items) WORK(lanes) WORK(passes)

#endif
