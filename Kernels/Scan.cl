// Cumulative reductions of x[outer, extent, inner] along the middle axis, from the front or from the back. VALUE combines
// a, the result so far, and b; see Accumulation.cl.

#ifdef NN_LOOPS

// One work item scans several lines. If lines are adjacent, it scans NN_SIDE_BY_SIDE of them at once.
#define NN_SIDE_BY_SIDE 256
#define SCAN(NAME, TYPE, START, VALUE, NEXT, LOST, RESULT)                                                           \
  kernel void NN_NAME(scanItems_##NAME, TYPE)(                                                                       \
      global const NN_TYPE(TYPE) *xs, ulong xOffset, global NN_TYPE(TYPE) *ys,                                       \
      ulong yOffset, index_t count, index_t extent, index_t inner, int reversed) {                                   \
    NN_FORRUNS(i, run, count, inner) {                                                                               \
      const index_t o = i / inner;                                                                                   \
      const ulong start = (ulong)o * extent * inner + (i - o * inner);                                               \
      for (index_t first = 0; first < run; first += NN_SIDE_BY_SIDE) {                                               \
        const index_t n = min(run - first, (index_t)NN_SIDE_BY_SIDE);                                                \
        NN_TYPE(TYPE) values[NN_SIDE_BY_SIDE], rests[NN_SIDE_BY_SIDE];                                               \
        for (index_t k = 0; k < n; k++) values[k] = START, rests[k] = 0;                                             \
        for (index_t j = 0; j < extent; j++) {                                                                       \
          const ulong at = start + (ulong)(reversed ? extent - 1 - j : j) * inner + first;                           \
          NN_VECTORIZED for (index_t k = 0; k < n; k++) {                                                            \
            const NN_TYPE(TYPE) a = values[k], b = NEXT(xs[xOffset + at + k], rests[k]), value = VALUE;              \
            const NN_TYPE(TYPE) rest = LOST(a, b, value);                                                            \
            values[k] = value;                                                                                       \
            rests[k] = rest;                                                                                         \
            ys[yOffset + at + k] = RESULT;                                                                           \
          }                                                                                                          \
        }                                                                                                            \
      }                                                                                                              \
    }                                                                                                                \
  }

#else

#define SCAN(NAME, TYPE, START, VALUE, NEXT, LOST, RESULT)                                                           \
  /* One work item scans one line: for many lines, and short ones. */                                                \
  kernel void NN_NAME(scanItems_##NAME, TYPE)(                                                                       \
      global const NN_TYPE(TYPE) *xs, ulong xOffset, global NN_TYPE(TYPE) *ys,                                       \
      ulong yOffset, index_t count, index_t extent, index_t inner, int reversed) {                                   \
    NN_FOREACH(i, count) {                                                                                           \
      const index_t o = i / inner;                                                                                   \
      const ulong start = (ulong)o * extent * inner + (i - o * inner);                                               \
      NN_TYPE(TYPE) a = START, rest = 0;                                                                             \
      for (index_t j = 0; j < extent; j++) {                                                                         \
        const ulong at = start + (ulong)(reversed ? extent - 1 - j : j) * inner;                                     \
        const NN_TYPE(TYPE) b = NEXT(xs[xOffset + at], rest), value = VALUE;                                         \
        rest = LOST(a, b, value);                                                                                    \
        a = value;                                                                                                   \
        ys[yOffset + at] = RESULT;                                                                                   \
      }                                                                                                              \
    }                                                                                                                \
  }                                                                                                                  \
  /* A work group scans one line, NN_GROUP elements at a time (Hillis and Steele), and carries the result along. */  \
  kernel void NN_NAME(scanRows_##NAME, TYPE)(                                                                        \
      global const NN_TYPE(TYPE) *xs, ulong xOffset, global NN_TYPE(TYPE) *ys,                                       \
      ulong yOffset, index_t extent, index_t inner, int reversed) {                                                  \
    local NN_TYPE(TYPE) values[2][NN_GROUP];                                                                         \
    const uint item = get_local_id(0);                                                                               \
    const index_t o = (index_t)get_group_id(0) / inner, i = (index_t)get_group_id(0) - o * inner;                    \
    const ulong start = (ulong)o * extent * inner + i;                                                               \
    NN_TYPE(TYPE) carry = START, carryRest = 0;                                                                      \
    for (index_t first = 0; first < extent; first += NN_GROUP) {                                                     \
      const index_t j = first + item;                                                                                \
      const ulong at = start + (ulong)(reversed ? extent - 1 - j : j) * inner;                                       \
      uint side = 0;                                                                                                 \
      values[0][item] = j < extent ? xs[xOffset + at] : (NN_TYPE(TYPE))(START);                                      \
      for (uint width = 1; width < NN_GROUP; width *= 2) {                                                           \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                                \
        NN_TYPE(TYPE) a = values[side][item];                                                                        \
        if (item >= width) {                                                                                         \
          const NN_TYPE(TYPE) b = values[side][item - width];                                                        \
          a = VALUE;                                                                                                 \
        }                                                                                                            \
        side = 1 - side;                                                                                             \
        values[side][item] = a;                                                                                      \
      }                                                                                                              \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
      const NN_TYPE(TYPE) a = carry;                                                                                 \
      if (j < extent) {                                                                                              \
        const NN_TYPE(TYPE) b = NEXT(values[side][item], carryRest), value = VALUE, rest = LOST(a, b, value);        \
        ys[yOffset + at] = RESULT;                                                                                   \
      }                                                                                                              \
      const NN_TYPE(TYPE) b = NEXT(values[side][NN_GROUP - 1], carryRest);                                           \
      carry = VALUE;                                                                                                 \
      carryRest = LOST(a, b, carry);                                                                                 \
      /* The next round overwrites values that the others may still be reading. */                                   \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
    }                                                                                                                \
  }

#endif

#ifdef NN_FLOATS
SCAN(sum, float, 0, a + b, NN_WITH_REST, nn_lost, value + rest)
SCAN(product, float, 1, a * b, NN_ALONE, NN_NOTHING_LOST, value)
SCAN(maximum, float, -INFINITY, nn_maximum_float(a, b), NN_ALONE, NN_NOTHING_LOST, value)
SCAN(minimum, float, INFINITY, nn_minimum_float(a, b), NN_ALONE, NN_NOTHING_LOST, value)
#endif
#ifdef NN_INTEGERS
SCAN(sum, int, 0, nn_add_int(a, b), NN_ALONE, NN_NOTHING_LOST, value)
SCAN(product, int, 1, nn_multiply_int(a, b), NN_ALONE, NN_NOTHING_LOST, value)
SCAN(maximum, int, NN_LEAST_INT, nn_maximum_int(a, b), NN_ALONE, NN_NOTHING_LOST, value)
SCAN(minimum, int, NN_GREATEST_INT, nn_minimum_int(a, b), NN_ALONE, NN_NOTHING_LOST, value)
#endif
