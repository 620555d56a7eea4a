// The position of the maximum or minimum of x[outer, extent, inner] along the middle axis. Ties return the first
// position. The first NaN takes precedence over all numbers.

// Whether the value a at position i takes precedence over the value b at position j. BETTER compares numbers.
#define BEFORE(a, i, b, j, BETTER)                       \
  ((a) != (a) ? ((b) == (b) || (i) < (j))                \
              : ((b) == (b) && ((a)BETTER(b) || ((a) == (b) && (i) < (j)))))

#ifdef NN_LOOPS

// One work item processes several lines. If the elements of a line are contiguous, it finds the maximum or minimum
// first and then its position. MASK is the result type of vector comparisons.
#define NN_SIDE_BY_SIDE 512
#define ARG_REDUCTION_OF(NAME, TYPE, WORD, VECTOR, MASK, BETTER, NO_BETTER, MAX_MIN)                                 \
  static inline index_t NAME##Line_##TYPE(global const WORD *p, index_t extent) {                                    \
    const VECTOR first = vload16(0, p);                                                                              \
    VECTOR lanes[4] = {first, first, first, first};                                                                  \
    index_t j = 0;                                                                                                   \
    for (; j + 64 <= extent; j += 64) {                                                                              \
      _Pragma("unroll") for (uint lane = 0; lane < 4; lane++)                                                        \
        lanes[lane] = MAX_MIN(lanes[lane], vload16(lane, p + j));                                                    \
    }                                                                                                                \
    for (; j + 16 <= extent; j += 16) lanes[0] = MAX_MIN(lanes[0], vload16(0, p + j));                               \
    WORD items[16];                                                                                                  \
    vstore16(MAX_MIN(MAX_MIN(lanes[0], lanes[1]), MAX_MIN(lanes[2], lanes[3])), 0, items);                           \
    WORD best = items[0];                                                                                            \
    for (uint lane = 1; lane < 16; lane++) best = MAX_MIN(best, items[lane]);                                        \
    for (; j < extent; j++) best = MAX_MIN(best, p[j]);                                                              \
    const VECTOR wanted = (VECTOR)(best);                                                                            \
    for (j = 0; j + 64 <= extent; j += 64) {                                                                         \
      MASK isFound = (MASK)(0);                                                                                      \
      _Pragma("unroll") for (uint lane = 0; lane < 4; lane++) {                                                      \
        const VECTOR x = vload16(lane, p + j);                                                                       \
        isFound |= (x == wanted) | ((x != x) & (wanted != wanted));                                                  \
      }                                                                                                              \
      if (any(isFound)) break;                                                                                       \
    }                                                                                                                \
    while (j + 1 < extent && !(p[j] == best || (p[j] != p[j] && best != best))) j++;                                 \
    return j;                                                                                                        \
  }                                                                                                                  \
  kernel void NN_NAME(NAME##Items, TYPE)(                                                                            \
      global const WORD *xs, ulong xOffset, global int *ys, ulong yOffset, index_t count,                            \
                                 index_t extent, index_t inner) {                                                    \
    NN_FORRUNS(i, run, count, inner) {                                                                               \
      const index_t o = i / inner;                                                                                   \
      global const WORD *p = xs + xOffset + (ulong)o * extent * inner + (i - o * inner);                             \
      if (inner == 1 && extent >= 16) {                                                                              \
        ys[yOffset + i] = (int)NAME##Line_##TYPE(p, extent);                                                         \
        continue;                                                                                                    \
      }                                                                                                              \
      /* Adjacent lines: several at a time, eight rows at once. */                                                   \
      for (index_t at = 0; at < run; at += NN_SIDE_BY_SIDE) {                                                        \
        const index_t n = min(run - at, (index_t)NN_SIDE_BY_SIDE);                                                   \
        WORD champions[NN_SIDE_BY_SIDE];                                                                             \
        int best[NN_SIDE_BY_SIDE];                                                                                   \
        for (index_t k = 0; k < n; k++) {                                                                            \
          champions[k] = extent > 0 ? p[at + k] : 0;                                                                 \
          best[k] = 0;                                                                                               \
        }                                                                                                            \
        index_t j = 1;                                                                                               \
        for (; j + 8 <= extent; j += 8) {                                                                            \
          global const WORD *row = p + (ulong)j * inner + at;                                                        \
          index_t k = 0;                                                                                             \
          for (; k + 16 <= n; k += 16) {                                                                             \
            VECTOR champion = vload16(0, champions + k);                                                             \
            int16 position = vload16(0, best + k);                                                                   \
            _Pragma("unroll") for (uint r = 0; r < 8; r++) {                                                         \
              const VECTOR x = vload16(0, row + (ulong)r * inner + k);                                               \
              const MASK isBetter = (champion == champion) & ~(x NO_BETTER champion);                                \
              champion = isBetter ? x : champion;                                                                    \
              position = convert_int16(isBetter) ? (int16)((int)(j + r)) : position;                                 \
            }                                                                                                        \
            vstore16(champion, 0, champions + k);                                                                    \
            vstore16(position, 0, best + k);                                                                         \
          }                                                                                                          \
          for (; k < n; k++) {                                                                                       \
            for (uint r = 0; r < 8; r++) NN_CHALLENGE(WORD, row[(ulong)r * inner + k], j + r, NO_BETTER)             \
          }                                                                                                          \
        }                                                                                                            \
        for (; j < extent; j++) {                                                                                    \
          global const WORD *row = p + (ulong)j * inner + at;                                                        \
          for (index_t k = 0; k < n; k++) NN_CHALLENGE(WORD, row[k], j, NO_BETTER)                                   \
        }                                                                                                            \
        for (index_t k = 0; k < n; k++) ys[yOffset + i + at + k] = best[k];                                          \
      }                                                                                                              \
    }                                                                                                                \
  }

// The value at one position replaces the best value of line k if it is better, or if it is the first NaN.
#define NN_CHALLENGE(WORD, value, at, NO_BETTER)                                                                     \
  {                                                                                                                  \
    const WORD x = value, champion = champions[k];                                                                   \
    const int isBetter = (champion == champion) & !(x NO_BETTER champion);                                           \
    champions[k] = isBetter ? x : champion;                                                                          \
    best[k] = isBetter ? (int)(at) : best[k];                                                                        \
  }

#else

// Each work item compares its share without branches, so that loads are issued before their values are needed.
#define ARG_REDUCTION_OF(NAME, TYPE, WORD, VECTOR, MASK, BETTER, NO_BETTER, MAX_MIN)                                 \
  kernel void NN_NAME(NAME##Items, TYPE)(                                                                            \
      global const NN_TYPE(TYPE) *xs, ulong xOffset, global int *ys, ulong yOffset,                                  \
                                 index_t count, index_t extent, index_t inner) {                                     \
    NN_FOREACH(i, count) {                                                                                           \
      const index_t o = i / inner;                                                                                   \
      global const NN_TYPE(TYPE) *p = xs + xOffset + (ulong)o * extent * inner + (i - o * inner);                    \
      index_t best = 0;                                                                                              \
      if (extent > 0) {                                                                                              \
        NN_TYPE(TYPE) champion = p[0];                                                                               \
        for (index_t j = 1; j < extent; j++) {                                                                       \
          const NN_TYPE(TYPE) x = p[(ulong)j * inner];                                                               \
          const int isBetter = (champion == champion) & !(x NO_BETTER champion);                                     \
          champion = isBetter ? x : champion;                                                                        \
          best = isBetter ? j : best;                                                                                \
        }                                                                                                            \
      }                                                                                                              \
      ys[yOffset + i] = (int)best;                                                                                   \
    }                                                                                                                \
  }                                                                                                                  \
  kernel void NN_NAME(NAME##Rows, TYPE)(                                                                             \
      global const NN_TYPE(TYPE) *xs, ulong xOffset, global int *ys, ulong yOffset,                                  \
                                index_t extent, index_t inner) {                                                     \
    local NN_TYPE(TYPE) champions[NN_GROUP];                                                                         \
    local index_t positions[NN_GROUP];                                                                               \
    const uint item = get_local_id(0);                                                                               \
    const index_t o = (index_t)get_group_id(0) / inner, i = (index_t)get_group_id(0) - o * inner;                    \
    xs += xOffset + (ulong)o * extent * inner + i;                                                                   \
    /* Work items beyond the extent hold its first element, which never changes the result. */                       \
    index_t best = item < extent ? item : 0;                                                                         \
    NN_TYPE(TYPE) champion = xs[(ulong)best * inner];                                                                \
    for (index_t j = best + NN_GROUP; j < extent; j += NN_GROUP) {                                                   \
      const NN_TYPE(TYPE) x = xs[(ulong)j * inner];                                                                  \
      const int isBetter = (champion == champion) & !(x NO_BETTER champion);                                         \
      champion = isBetter ? x : champion;                                                                            \
      best = isBetter ? j : best;                                                                                    \
    }                                                                                                                \
    champions[item] = champion;                                                                                      \
    positions[item] = best;                                                                                          \
    for (uint width = NN_GROUP / 2; width > 0; width /= 2) {                                                         \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
      if (item < width) {                                                                                            \
        const NN_TYPE(TYPE) x = champions[item + width];                                                             \
        const index_t j = positions[item + width];                                                                   \
        if (BEFORE(x, j, champions[item], positions[item], BETTER)) {                                                \
          champions[item] = x;                                                                                       \
          positions[item] = j;                                                                                       \
        }                                                                                                            \
      }                                                                                                              \
    }                                                                                                                \
    if (item == 0) ys[yOffset + get_group_id(0)] = (int)positions[0];                                                \
  }

#endif

#define ARG_REDUCTION(NAME, TYPE, BETTER, NO_BETTER, MAX_MIN) \
  ARG_REDUCTION_OF(NAME, TYPE, NN_TYPE(TYPE), NN_VECTOR(TYPE), NN_MASK(TYPE), BETTER, NO_BETTER, MAX_MIN)

#ifdef NN_FLOATS
ARG_REDUCTION(argmax, float, >, <=, nn_maximum_float)
ARG_REDUCTION(argmin, float, <, >=, nn_minimum_float)
#endif
#ifdef NN_INTEGERS
ARG_REDUCTION(argmax, int, >, <=, nn_maximum_int)
ARG_REDUCTION(argmin, int, <, >=, nn_minimum_int)
#endif
#ifdef NN_OTHERS
ARG_REDUCTION(argmax, bool, >, <=, nn_maximum_bool)
ARG_REDUCTION(argmin, bool, <, >=, nn_minimum_bool)
#endif
