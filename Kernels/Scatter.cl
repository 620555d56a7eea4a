// Scatters to positions given by an int32 operand; invalid positions are ignored. VALUE combines a, the element so far,
// with b, an update; see Accumulation.cl. Updates are combined in the order of j, and without atomics: each element of
// the result is computed by a single work item.

#define SCATTER(NAME, TYPE, VALUE, NEXT, LOST, RESULT)                                                               \
  /* y[o, indices[j], i] op= updates[o, j, i]. `order` sorts the j by index, equal ones in order; the work item at   \
     the first of a run of equal indices combines the run. */                                                        \
  kernel void NN_NAME(scatterRows_##NAME, TYPE)(global const NN_TYPE(TYPE) *updates, ulong updatesOffset,            \
      global const int *indices, ulong indicesOffset, global const int *order,                                       \
      global NN_TYPE(TYPE) *ys, ulong yOffset, index_t count, index_t extent,                                        \
      index_t inner, index_t indexCount) {                                                                           \
    indices += indicesOffset;                                                                                        \
    NN_FOREACH(at, count) {                                                                                          \
      const index_t line = at / inner, i = at - line * inner;                                                        \
      const index_t o = line / indexCount, first = line - o * indexCount;                                            \
      const int index = indices[order[first]];                                                                       \
      if (index >= 0 && index < extent && (first == 0 || indices[order[first - 1]] != index)) {                      \
        const ulong target = yOffset + ((ulong)o * extent + index) * inner + i;                                      \
        NN_TYPE(TYPE) a = ys[target], rest = 0;                                                                      \
        for (index_t k = first; k < indexCount && indices[order[k]] == index; k++) {                                 \
          const ulong from = updatesOffset + ((ulong)o * indexCount + order[k]) * inner + i;                         \
          const NN_TYPE(TYPE) b = NEXT(updates[from], rest), value = VALUE;                                          \
          rest = LOST(a, b, value);                                                                                  \
          a = value;                                                                                                 \
        }                                                                                                            \
        ys[target] = RESULT;                                                                                         \
      }                                                                                                              \
    }                                                                                                                \
  }                                                                                                                  \
  /* y[o, indices[o, j], 0] op= updates[o, j, 0], with a separate order for each o. */                               \
  kernel void NN_NAME(scatterLines_##NAME, TYPE)(global const NN_TYPE(TYPE) *updates, ulong updatesOffset,           \
      global const int *indices, ulong indicesOffset, global const int *order,                                       \
      global NN_TYPE(TYPE) *ys, ulong yOffset, index_t count, index_t extent,                                        \
      index_t indexCount) {                                                                                          \
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
          const NN_TYPE(TYPE) b = NEXT(updates[updatesOffset + start + ordered[k]], rest), value = VALUE;            \
          rest = LOST(a, b, value);                                                                                  \
          a = value;                                                                                                 \
        }                                                                                                            \
        ys[target] = RESULT;                                                                                         \
      }                                                                                                              \
    }                                                                                                                \
  }                                                                                                                  \
  /* y[o, indices[o, j, i], i] op= updates[o, j, i]: a work item owns the line (o, i). For long lines, `rests`, with \
     y's shape, gets the rounding errors of the sums. */                                                             \
  kernel void NN_NAME(scatterElements_##NAME, TYPE)(global const NN_TYPE(TYPE) *updates, ulong updatesOffset,        \
      global const int *indices, ulong indicesOffset, global NN_TYPE(TYPE) *ys,                                      \
      ulong yOffset, index_t count, index_t extent, index_t inner,                                                   \
      index_t indexExtent, global NN_TYPE(TYPE) *rests, int hasRests) {                                              \
    NN_FOREACH(line, count) {                                                                                        \
      const index_t o = line / inner, i = line - o * inner;                                                          \
      for (index_t j = 0; j < indexExtent; j++) {                                                                    \
        const ulong at = ((ulong)o * indexExtent + j) * inner + i;                                                   \
        const int index = indices[indicesOffset + at];                                                               \
        if (index >= 0 && index < extent) {                                                                          \
          const ulong target = ((ulong)o * extent + index) * inner + i;                                              \
          const NN_TYPE(TYPE) rest = hasRests ? rests[target] : 0, a = ys[yOffset + target];                         \
          const NN_TYPE(TYPE) b = NEXT(updates[updatesOffset + at], rest), value = VALUE;                            \
          if (hasRests) rests[target] = LOST(a, b, value);                                                           \
          ys[yOffset + target] = value;                                                                              \
        }                                                                                                            \
      }                                                                                                              \
    }                                                                                                                \
  }

#ifdef NN_FLOATS
SCATTER(sum, float, a + b, NN_WITH_REST, nn_lost, a + rest)
SCATTER(product, float, a * b, NN_ALONE, NN_NOTHING_LOST, a)
SCATTER(maximum, float, nn_maximum_float(a, b), NN_ALONE, NN_NOTHING_LOST, a)
SCATTER(minimum, float, nn_minimum_float(a, b), NN_ALONE, NN_NOTHING_LOST, a)
SCATTER(replacement, float, b, NN_ALONE, NN_NOTHING_LOST, a)
#endif
#ifdef NN_INTEGERS
SCATTER(sum, int, nn_add_int(a, b), NN_ALONE, NN_NOTHING_LOST, a)
SCATTER(product, int, nn_multiply_int(a, b), NN_ALONE, NN_NOTHING_LOST, a)
SCATTER(maximum, int, nn_maximum_int(a, b), NN_ALONE, NN_NOTHING_LOST, a)
SCATTER(minimum, int, nn_minimum_int(a, b), NN_ALONE, NN_NOTHING_LOST, a)
SCATTER(replacement, int, b, NN_ALONE, NN_NOTHING_LOST, a)
#endif
