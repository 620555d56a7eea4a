// Sums and extremes of a row, by one item, some, or a work group: for families that work on rows.

#ifdef NN_LOOPS

// Folds the 16 lanes of a vector.
#define NN_FOLD_LANES(RESULT, lanes, FOLD)                                                                           \
  {                                                                                                                  \
    float items[16];                                                                                                 \
    vstore16(lanes, 0, items);                                                                                       \
    for (uint width = 8; width > 0; width /= 2) {                                                                    \
      for (uint item = 0; item < width; item++) {                                                                    \
        const float a = items[item], b = items[item + width];                                                        \
        items[item] = FOLD;                                                                                          \
      }                                                                                                              \
    }                                                                                                                \
    RESULT = items[0];                                                                                               \
  }

// Folds an expression of c from 0 to count in 64 lanes: MANY for 16 elements from c on, ONE for a single one.
#define NN_FOLD_ROW(RESULT, count, NOTHING, MANY, ONE, FOLD)                                                         \
  {                                                                                                                  \
    float16 sums[4] = {(float16)(NOTHING), (float16)(NOTHING), (float16)(NOTHING), (float16)(NOTHING)};              \
    index_t c = 0;                                                                                                   \
    while (c + 64 <= (count)) {                                                                                      \
      _Pragma("unroll") for (uint lane = 0; lane < 4; lane++, c += 16) {                                             \
        const float16 a = sums[lane], b = MANY;                                                                      \
        sums[lane] = FOLD;                                                                                           \
      }                                                                                                              \
    }                                                                                                                \
    for (; c + 16 <= (count); c += 16) {                                                                             \
      const float16 a = sums[0], b = MANY;                                                                           \
      sums[0] = FOLD;                                                                                                \
    }                                                                                                                \
    float16 lanes = sums[0];                                                                                         \
    for (uint lane = 1; lane < 4; lane++) {                                                                          \
      const float16 a = lanes, b = sums[lane];                                                                       \
      lanes = FOLD;                                                                                                  \
    }                                                                                                                \
    NN_FOLD_LANES(RESULT, lanes, FOLD)                                                                               \
    for (; c < (count); c++) {                                                                                       \
      const float a = RESULT, b = ONE;                                                                               \
      RESULT = FOLD;                                                                                                 \
    }                                                                                                                \
  }
#define NN_SUM_ROW(RESULT, count, MANY, ONE) NN_FOLD_ROW(RESULT, count, 0.0f, MANY, ONE, a + b)

#else

// The sum, or the largest, of one number from each of the `lanes` items that share a row; every one of them gets it. All items
// of the work group call it.
#define NN_FOLD_ITEMS(NAME, FOLD)                                                         \
  static inline float NAME(float own, local float *shared, const uint lanes) {            \
    const uint item = get_local_id(0), lane = item % lanes;                               \
    shared[item] = own;                                                                   \
    for (uint width = lanes / 2; width > 0; width /= 2) {                                 \
      barrier(CLK_LOCAL_MEM_FENCE);                                                       \
      if (lane < width) {                                                                 \
        const float a = shared[item], b = shared[item + width];                           \
        shared[item] = FOLD;                                                              \
      }                                                                                   \
    }                                                                                     \
    barrier(CLK_LOCAL_MEM_FENCE);                                                         \
    const float result = shared[item - lane];                                             \
    barrier(CLK_LOCAL_MEM_FENCE);                                                         \
    return result;                                                                        \
  }
NN_FOLD_ITEMS(nn_items_sum, a + b)
NN_FOLD_ITEMS(nn_items_maximum, nn_maximum_float(a, b))

// Who does a row of `columns` elements. Work on a row is written once, as a macro that is told who does it and joins the name
// to these:
//   NN_ROW_      what comes before the work on `row`; its arguments declare what is kept
//   NN_FOR_      runs a statement for what the item has of the row: element c, its k-th
//   NN_KEEP_     a number that is needed again, NN_KEPT_ the same number later: it stays in a register, or is computed anew
//   NN_SUM_, NN_MAXIMUM_   of one number from each item of the row
//   NN_IS_FIRST_ true in one item of each row

// items: one item does a row. For the shortest.
#define NN_ROW_items(...) NN_FOREACH(row, rows)
#define NN_FOR_items(k, c) for (index_t c = 0; c < columns; c++)
#define NN_KEEP_items(name, k, x) (x)
#define NN_KEPT_items(name, k, x) (x)
#define NN_SUM_items(x) (x)
#define NN_MAXIMUM_items(x) (x)
#define NN_IS_FIRST_items 1

// Elements of a row that an item holds in registers.
#define NN_HELD 16

// lanes: 32 to NN_GROUP items do a row, as many as hold it, so that their reads are on their way at once. For up to
// NN_GROUP · NN_HELD elements.
static inline uint nn_lanes(index_t columns) {
  uint lanes = 32;
  while (lanes < NN_GROUP && lanes * NN_HELD < columns) lanes *= 2;
  return lanes;
}
#define NN_ROW_lanes(...)                                                                         \
  local float shared[NN_GROUP];                                                                   \
  float __VA_ARGS__;                                                                              \
  const uint lanes = nn_lanes(columns), lane = get_local_id(0) % lanes;                           \
  const index_t row = (index_t)get_group_id(0) * (NN_GROUP / lanes) + get_local_id(0) / lanes;    \
  /* Barriers are for all: a row beyond the last has no elements. */                              \
  const index_t width = row < rows ? columns : 0;
#define NN_FOR_lanes(k, c)                                    \
  _Pragma("unroll") for (uint k = 0; k < NN_HELD; k++)        \
    for (index_t c = lane + k * lanes; c < width; c = width)
#define NN_KEEP_lanes(name, k, x) (name[k] = (x))
#define NN_KEPT_lanes(name, k, x) (name[k])
#define NN_SUM_lanes(x) nn_items_sum(x, shared, lanes)
#define NN_MAXIMUM_lanes(x) nn_items_maximum(x, shared, lanes)
#define NN_IS_FIRST_lanes (row < rows && lane == 0)

// passes: a work group does a row, which it reads more than once. For longer ones.
#define NN_ROW_passes(...)                   \
  local float shared[NN_GROUP];              \
  const uint lane = get_local_id(0);         \
  const index_t row = get_group_id(0);
#define NN_FOR_passes(k, c) for (index_t c = lane; c < columns; c += NN_GROUP)
#define NN_KEEP_passes NN_KEEP_items
#define NN_KEPT_passes NN_KEPT_items
#define NN_SUM_passes(x) nn_items_sum(x, shared, NN_GROUP)
#define NN_MAXIMUM_passes(x) nn_items_maximum(x, shared, NN_GROUP)
#define NN_IS_FIRST_passes (lane == 0)

#define NN_EACH_HOW(WORK) WORK(items) WORK(lanes) WORK(passes)

#endif
