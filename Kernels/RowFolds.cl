// Sums and extremes of a row, by one item or by a work group: for families that work on rows.

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

// The sum, or the largest, of one number from each item of the work group; every item gets it.
static inline float nn_group_sum(float a, local float *shared) {
  const uint item = get_local_id(0);
  shared[item] = a;
  for (uint width = NN_GROUP / 2; width > 0; width /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < width) shared[item] += shared[item + width];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const float result = shared[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return result;
}

static inline float nn_group_maximum(float a, local float *shared) {
  const uint item = get_local_id(0);
  shared[item] = a;
  for (uint width = NN_GROUP / 2; width > 0; width /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (item < width) shared[item] = nn_maximum_float(shared[item], shared[item + width]);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  const float result = shared[0];
  barrier(CLK_LOCAL_MEM_FENCE);
  return result;
}

// A row by one item, or by a work group: SHARED(f, a) joins what the items have.
#define ALONE_SUM(a) (a)
#define ALONE_MAXIMUM(a) (a)
#define GROUP_SUM(a) nn_group_sum(a, shared)
#define GROUP_MAXIMUM(a) nn_group_maximum(a, shared)

#endif
