// Gathers and scatters at positions given by an int32 operand. A gather from an invalid position returns NaN (0 for int
// and bool); a scatter ignores it.

#define GATHER(TYPE, OUTSIDE)                                                                                        \
  kernel void gatherRows_##TYPE(global const NN_TYPE(TYPE) *xs, ulong xOffset, global const int *indices,            \
                                ulong indicesOffset, global NN_TYPE(TYPE) *ys, ulong yOffset, index_t count,         \
                                index_t extent, index_t inner, index_t indexCount) {                                 \
    NN_MAP(at, count, NN_TYPE(TYPE), ys + yOffset, at, const index_t line = at / inner, i = at - line * inner;       \
           const index_t o = line / indexCount, j = line - o * indexCount;                                           \
           const int index = indices[indicesOffset + j];                                                             \
           y = index >= 0 && index < extent ? xs[xOffset + ((ulong)o * extent + index) * inner + i] : OUTSIDE)       \
  }                                                                                                                  \
  kernel void gatherElements_##TYPE(global const NN_TYPE(TYPE) *xs, ulong xOffset, global const int *indices,        \
                                    ulong indicesOffset, global NN_TYPE(TYPE) *ys, ulong yOffset, index_t count,     \
                                    index_t extent, index_t inner, index_t indexCount) {                             \
    NN_MAP(at, count, NN_TYPE(TYPE), ys + yOffset, at,                                                               \
           const index_t line = at / inner, i = at - line * inner, o = line / indexCount;                            \
           const int index = indices[indicesOffset + at];                                                            \
           y = index >= 0 && index < extent ? xs[xOffset + ((ulong)o * extent + index) * inner + i] : OUTSIDE)       \
  }

GATHER(float, NAN)
GATHER(int, 0)
GATHER(bool, 0)

// Scatters add in the order of j, and without atomics: each element of the result is computed by a single work item.
#define SCATTER(TYPE, SUM, LOST, RESULT)                                                                             \
  /* y[o, indices[j], i] += updates[o, j, i]. `order` sorts the j by index, equal ones in order; the work item at     \
     the first of a run of equal indices adds the run. */                                                            \
  kernel void scatterRows_##TYPE(global const NN_TYPE(TYPE) *updates, ulong updatesOffset,                           \
                                 global const int *indices, ulong indicesOffset, global const int *order,            \
                                 global NN_TYPE(TYPE) *ys, ulong yOffset, index_t count, index_t extent,             \
                                 index_t inner, index_t indexCount) {                                                \
    indices += indicesOffset;                                                                                        \
    NN_FOREACH(at, count) {                                                                                          \
      const index_t line = at / inner, i = at - line * inner;                                                        \
      const index_t o = line / indexCount, first = line - o * indexCount;                                            \
      const int index = indices[order[first]];                                                                       \
      if (index >= 0 && index < extent && (first == 0 || indices[order[first - 1]] != index)) {                      \
        const ulong target = yOffset + ((ulong)o * extent + index) * inner + i;                                      \
        NN_TYPE(TYPE) a = ys[target], rest = 0;                                                                      \
        for (index_t k = first; k < indexCount && indices[order[k]] == index; k++) {                                 \
          const NN_TYPE(TYPE) b = rest + updates[updatesOffset + ((ulong)o * indexCount + order[k]) * inner + i];    \
          const NN_TYPE(TYPE) sum = SUM;                                                                             \
          rest = LOST(a, b, sum);                                                                                    \
          a = sum;                                                                                                   \
        }                                                                                                            \
        ys[target] = RESULT;                                                                                         \
      }                                                                                                              \
    }                                                                                                                \
  }                                                                                                                  \
  /* y[o, indices[o, j], 0] += updates[o, j, 0], with a separate order for each o. */                                \
  kernel void scatterLines_##TYPE(global const NN_TYPE(TYPE) *updates, ulong updatesOffset,                          \
                                  global const int *indices, ulong indicesOffset, global const int *order,           \
                                  global NN_TYPE(TYPE) *ys, ulong yOffset, index_t count, index_t extent,            \
                                  index_t indexCount) {                                                              \
    NN_FOREACH(at, count) {                                                                                          \
      const index_t o = at / indexCount, first = at - o * indexCount;                                                \
      const ulong start = (ulong)o * indexCount;                                                                     \
      global const int *line = indices + indicesOffset + start;                                                      \
      global const int *ordered = order + start;                                                                     \
      const int index = line[ordered[first]];                                                                        \
      if (index >= 0 && index < extent && (first == 0 || line[ordered[first - 1]] != index)) {                       \
        const ulong target = yOffset + (ulong)o * extent + index;                                                    \
        NN_TYPE(TYPE) a = ys[target], rest = 0;                                                                      \
        for (index_t k = first; k < indexCount && line[ordered[k]] == index; k++) {                                  \
          const NN_TYPE(TYPE) b = rest + updates[updatesOffset + start + ordered[k]];                                \
          const NN_TYPE(TYPE) sum = SUM;                                                                             \
          rest = LOST(a, b, sum);                                                                                    \
          a = sum;                                                                                                   \
        }                                                                                                            \
        ys[target] = RESULT;                                                                                         \
      }                                                                                                              \
    }                                                                                                                \
  }                                                                                                                  \
  /* y[o, indices[o, j, i], i] += updates[o, j, i]: a work item owns the line (o, i). For long lines, `rests`, with    \
     y's shape, gets the rounding errors of the sums. */                                                             \
  kernel void scatterElements_##TYPE(global const NN_TYPE(TYPE) *updates, ulong updatesOffset,                       \
                                     global const int *indices, ulong indicesOffset, global NN_TYPE(TYPE) *ys,       \
                                     ulong yOffset, index_t count, index_t extent, index_t inner,                    \
                                     index_t indexExtent, global NN_TYPE(TYPE) *rests, int hasRests) {               \
    NN_FOREACH(line, count) {                                                                                        \
      const index_t o = line / inner, i = line - o * inner;                                                          \
      for (index_t j = 0; j < indexExtent; j++) {                                                                    \
        const ulong at = ((ulong)o * indexExtent + j) * inner + i;                                                   \
        const int index = indices[indicesOffset + at];                                                               \
        if (index >= 0 && index < extent) {                                                                          \
          const ulong target = ((ulong)o * extent + index) * inner + i;                                              \
          const NN_TYPE(TYPE) rest = hasRests ? rests[target] : 0, a = ys[yOffset + target];                         \
          const NN_TYPE(TYPE) b = updates[updatesOffset + at] + rest, sum = SUM;                                     \
          if (hasRests) rests[target] = LOST(a, b, sum);                                                             \
          ys[yOffset + target] = sum;                                                                                \
        }                                                                                                            \
      }                                                                                                              \
    }                                                                                                                \
  }

SCATTER(float, a + b, nn_lost, a + rest)
SCATTER(int, nn_add_int(a, b), NN_NOTHING_LOST, a)
