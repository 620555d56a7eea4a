// Cumulative sums of x[outer, extent, inner] along the middle axis, from the front or from the back. RESULT is computed
// from the sum and, for floats, its rounding error (`rest`, LOST: see Common.cl).

#ifdef NN_LOOPS

// One work item scans several lines. If lines are adjacent, it scans NN_SIDE_BY_SIDE of them at once.
#define NN_SIDE_BY_SIDE 256
#define SCAN(TYPE, SUM, LOST, RESULT)                                                                                \
  kernel void scanItems_##TYPE(global const NN_TYPE(TYPE) *xs, ulong xOffset, global NN_TYPE(TYPE) *ys,              \
                               ulong yOffset, index_t count, index_t extent, index_t inner, int reversed) {          \
    NN_FORRUNS(i, run, count, inner) {                                                                               \
      const index_t o = i / inner;                                                                                   \
      const ulong start = (ulong)o * extent * inner + (i - o * inner);                                               \
      for (index_t first = 0; first < run; first += NN_SIDE_BY_SIDE) {                                               \
        const index_t n = min(run - first, (index_t)NN_SIDE_BY_SIDE);                                                \
        NN_TYPE(TYPE) sums[NN_SIDE_BY_SIDE], rests[NN_SIDE_BY_SIDE];                                                 \
        for (index_t k = 0; k < n; k++) sums[k] = rests[k] = 0;                                                      \
        for (index_t j = 0; j < extent; j++) {                                                                       \
          const ulong at = start + (ulong)(reversed ? extent - 1 - j : j) * inner + first;                           \
          NN_VECTORIZED for (index_t k = 0; k < n; k++) {                                                            \
            const NN_TYPE(TYPE) a = sums[k], b = xs[xOffset + at + k] + rests[k], sum = SUM, rest = LOST(a, b, sum); \
            sums[k] = sum;                                                                                           \
            rests[k] = rest;                                                                                         \
            ys[yOffset + at + k] = RESULT;                                                                           \
          }                                                                                                          \
        }                                                                                                            \
      }                                                                                                              \
    }                                                                                                                \
  }

#else

#define SCAN(TYPE, SUM, LOST, RESULT)                                                                                \
  /* One work item scans one line: for many lines, and short ones. */                                                \
  kernel void scanItems_##TYPE(global const NN_TYPE(TYPE) *xs, ulong xOffset, global NN_TYPE(TYPE) *ys,              \
                               ulong yOffset, index_t count, index_t extent, index_t inner, int reversed) {          \
    NN_FOREACH(i, count) {                                                                                           \
      const index_t o = i / inner;                                                                                   \
      const ulong start = (ulong)o * extent * inner + (i - o * inner);                                               \
      NN_TYPE(TYPE) a = 0, rest = 0;                                                                                 \
      for (index_t j = 0; j < extent; j++) {                                                                         \
        const ulong at = start + (ulong)(reversed ? extent - 1 - j : j) * inner;                                     \
        const NN_TYPE(TYPE) b = xs[xOffset + at] + rest, sum = SUM;                                                  \
        rest = LOST(a, b, sum);                                                                                      \
        a = sum;                                                                                                     \
        ys[yOffset + at] = RESULT;                                                                                   \
      }                                                                                                              \
    }                                                                                                                \
  }                                                                                                                  \
  /* A work group scans one line, NN_GROUP elements at a time (Hillis and Steele), and carries the sum along. */     \
  kernel void scanRows_##TYPE(global const NN_TYPE(TYPE) *xs, ulong xOffset, global NN_TYPE(TYPE) *ys,               \
                              ulong yOffset, index_t extent, index_t inner, int reversed) {                          \
    local NN_TYPE(TYPE) sums[2][NN_GROUP];                                                                           \
    const uint item = get_local_id(0);                                                                               \
    const index_t o = (index_t)get_group_id(0) / inner, i = (index_t)get_group_id(0) - o * inner;                    \
    const ulong start = (ulong)o * extent * inner + i;                                                               \
    NN_TYPE(TYPE) carry = 0, carryRest = 0;                                                                          \
    for (index_t first = 0; first < extent; first += NN_GROUP) {                                                     \
      const index_t j = first + item;                                                                                \
      const ulong at = start + (ulong)(reversed ? extent - 1 - j : j) * inner;                                       \
      uint side = 0;                                                                                                 \
      sums[0][item] = j < extent ? xs[xOffset + at] : (NN_TYPE(TYPE))0;                                              \
      for (uint width = 1; width < NN_GROUP; width *= 2) {                                                           \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                                \
        NN_TYPE(TYPE) a = sums[side][item];                                                                          \
        if (item >= width) {                                                                                         \
          const NN_TYPE(TYPE) b = sums[side][item - width];                                                          \
          a = SUM;                                                                                                   \
        }                                                                                                            \
        side = 1 - side;                                                                                             \
        sums[side][item] = a;                                                                                        \
      }                                                                                                              \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
      const NN_TYPE(TYPE) a = carry;                                                                                 \
      if (j < extent) {                                                                                              \
        const NN_TYPE(TYPE) b = sums[side][item] + carryRest, sum = SUM, rest = LOST(a, b, sum);                     \
        ys[yOffset + at] = RESULT;                                                                                   \
      }                                                                                                              \
      const NN_TYPE(TYPE) b = sums[side][NN_GROUP - 1] + carryRest;                                                  \
      carry = SUM;                                                                                                   \
      carryRest = LOST(a, b, carry);                                                                                 \
      /* The next round overwrites values that the others may still be reading. */                                   \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
    }                                                                                                                \
  }

#endif

SCAN(float, a + b, nn_lost, sum + rest)
SCAN(int, nn_add_int(a, b), NN_NOTHING_LOST, sum)
