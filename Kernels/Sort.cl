// A stable sort of each row of [rows, columns]: Batcher's bitonic network over 64-bit keys. The upper half of a key
// orders the values, and the lower half is the column. The network is not stable, but no two keys are equal, and equal
// values are ordered by their columns.

// 64-bit numbers are sorted twice, by the lower and then by the upper halves of their keys, as int32: the sort is stable.
// ys[row, i] is a half of the key of the element at position order[row, i], or at position i if there is no order.
#if defined(NN_DOUBLES) || defined(NN_LONGS)
#ifdef NN_DOUBLES
static inline ulong nn_long_key(double x) {
  if (x != x) return ~(ulong)0;
  const ulong bits = as_ulong(x == 0 ? 0.0 : x), sign = (ulong)1 << 63;
  return bits ^ (bits & sign ? ~(ulong)0 : sign);
}
#else
static inline ulong nn_long_key(long x) { return as_ulong(x) ^ (ulong)1 << 63; }
#endif
#define SORT_HALVES(TYPE)                                                                                            \
  kernel void NN_NAME(sortHalves, TYPE)(global const NN_TYPE(TYPE) *xs, ulong xOffset, global const int *order,      \
                                        global int *ys, index_t count, index_t columns, int hasOrder) {              \
    NN_FOREACH(i, count) {                                                                                           \
      const index_t row = i / columns, column = hasOrder ? (index_t)order[i] : i - row * columns;                    \
      const ulong key = nn_long_key(xs[xOffset + (ulong)row * columns + column]);                                    \
      ys[i] = as_int((uint)(hasOrder ? key >> 32 : key) ^ 0x80000000u);                                              \
    }                                                                                                                \
  }
#ifdef NN_DOUBLES
SORT_HALVES(float)
#else
SORT_HALVES(int)
#endif
#else

// Keys that compare like the values: NaN above every number, −0 equal to 0.
static inline uint nn_key_float(float x) {
  if (x != x) return 0xFFFFFFFFu;
  const uint bits = as_uint(x == 0.0f ? 0.0f : x);
  return bits ^ ((bits & 0x80000000u) ? 0xFFFFFFFFu : 0x80000000u);
}
static inline uint nn_key_int(int x) { return as_uint(x) ^ 0x80000000u; }
static inline uint nn_key_bool(uchar x) { return x != 0; }

// Positions past the end of the row sort last.
#define KEY(TYPE, x, column)                                                                                         \
  ((column) < columns                                                                                                \
       ? ((ulong)(descending ? ~nn_key_##TYPE(x[column]) : nn_key_##TYPE(x[column])) << 32) | (uint)(column)         \
       : ~(ulong)0)

// The first position of the i-th pair of a step. The two positions of a pair differ only in the bit `step`.
static inline uint nn_pair(uint i, uint step) { return 2 * i - (i & (step - 1)); }

// Runs the network over `count` keys in local memory, for runs of `size`, 2·`size`, … `lastSize` keys. The first key
// has position `start` in its row. Each size makes sorted runs of that length, alternately ascending and descending, so
// that two neighbors form a bitonic run of the next size.
static inline void nn_network(local ulong *keys, uint count, index_t start, index_t size, index_t lastSize) {
  for (; size <= lastSize; size *= 2) {
    for (uint step = (uint)min(size / 2, (index_t)(count / 2)); step > 0; step /= 2) {
      barrier(CLK_LOCAL_MEM_FENCE);
      for (uint t = get_local_id(0); t < count / 2; t += NN_GROUP) {
        const uint i = nn_pair(t, step), j = i + step;
        const ulong a = keys[i], b = keys[j];
        const int ascends = ((start + i) & size) == 0;
        if ((a > b) == ascends) {
          keys[i] = b;
          keys[j] = a;
        }
      }
    }
  }
  barrier(CLK_LOCAL_MEM_FENCE);
}

#define SORT(TYPE)                                                                                                   \
  /* Rows of at most NN_SORT_BLOCK columns, one per work group; `padded` is the next power of two. */                \
  kernel void sortRows_##TYPE(global const NN_TYPE(TYPE) *xs, ulong xOffset, global NN_TYPE(TYPE) *values,           \
                              ulong valuesOffset, global int *indices, ulong indicesOffset, index_t columns,         \
                              index_t padded, int descending, int hasValues) {                                       \
    local ulong keys[NN_SORT_BLOCK];                                                                                 \
    const ulong start = (ulong)get_group_id(0) * columns;                                                            \
    global const NN_TYPE(TYPE) *x = xs + xOffset + start;                                                            \
    for (uint t = get_local_id(0); t < padded; t += NN_GROUP) keys[t] = KEY(TYPE, x, t);                             \
    nn_network(keys, padded, 0, 2, padded);                                                                          \
    for (uint t = get_local_id(0); t < columns; t += NN_GROUP) {                                                     \
      const uint column = (uint)keys[t];                                                                             \
      indices[indicesOffset + start + t] = (int)column;                                                              \
      if (hasValues) values[valuesOffset + start + t] = x[column];                                                   \
    }                                                                                                                \
  }                                                                                                                  \
  /* Longer rows: create the keys, [rows, padded] ... */                                                             \
  kernel void sortKeys_##TYPE(global const NN_TYPE(TYPE) *xs, ulong xOffset, global ulong *keys, index_t count,      \
                              index_t columns, index_t padded, int descending) {                                     \
    NN_FOREACH(i, count) {                                                                                           \
      const index_t row = i / padded, column = i - row * padded;                                                     \
      global const NN_TYPE(TYPE) *x = xs + xOffset + (ulong)row * columns;                                           \
      keys[i] = KEY(TYPE, x, column);                                                                                \
    }                                                                                                                \
  }                                                                                                                  \
  /* ... and read the order from the sorted keys. */                                                                 \
  kernel void sortResults_##TYPE(global const NN_TYPE(TYPE) *xs, ulong xOffset, global const ulong *keys,            \
                                 global NN_TYPE(TYPE) *values, ulong valuesOffset, global int *indices,              \
                                 ulong indicesOffset, index_t count, index_t columns, index_t padded,                \
                                 int hasValues) {                                                                    \
    NN_FOREACH(i, count) {                                                                                           \
      const index_t row = i / columns, place = i - row * columns;                                                    \
      const uint column = (uint)keys[(ulong)row * padded + place];                                                   \
      indices[indicesOffset + i] = (int)column;                                                                      \
      if (hasValues) values[valuesOffset + i] = xs[xOffset + (ulong)row * columns + column];                         \
    }                                                                                                                \
  }

SORT(float)
SORT(int)
SORT(bool)

// The steps of the network within blocks of NN_SORT_BLOCK keys.
kernel void sortBlocks(global ulong *keys, index_t padded, index_t size, index_t lastSize) {
  local ulong block[NN_SORT_BLOCK];
  keys += (ulong)get_group_id(0) * NN_SORT_BLOCK;
  for (uint t = get_local_id(0); t < NN_SORT_BLOCK; t += NN_GROUP) block[t] = keys[t];
  nn_network(block, NN_SORT_BLOCK, (index_t)get_group_id(0) * NN_SORT_BLOCK & (padded - 1), size, lastSize);
  for (uint t = get_local_id(0); t < NN_SORT_BLOCK; t += NN_GROUP) keys[t] = block[t];
}

// One step of the network across blocks: `pairs` pairs of keys that are `step` apart, in runs of `size`.
kernel void sortStep(global ulong *keys, index_t pairs, index_t padded, index_t size, index_t step) {
  NN_FOREACH(t, pairs) {
    const index_t i = 2 * t - (t & (step - 1)), j = i + step;
    const ulong a = keys[i], b = keys[j];
    const int ascends = (i & (padded - 1) & size) == 0;
    if ((a > b) == ascends) {
      keys[i] = b;
      keys[j] = a;
    }
  }
}

#endif
