// C = alpha·A·B + beta·C, plus bias and activation. Each work group computes a tile of C from tiles of A and B in local
// memory.
//
// Built once for each tile size (Tiles.cl), and a second time with NN_ACTIVATES for activations that are more than a
// comparison. Their code is long. Therefore, it appears only once, in a loop over the results that the work item has
// just stored.
//
// While the work items compute with one tile, the next one is loaded from device memory into registers and then stored
// in the other half of local memory, as Tiles.cl shows. The loop over k may be split into slices, whose partial
// results are added in order by `matmulReduce`. The split depends only on the shape.

// The number of neighboring elements that a work item loads at once.
#define NN_FETCH_WIDTH(TILE) (NN_BRINGS(TILE) % 4 == 0 ? 4 : 1)
// The position in the tile of a work item's u-th element, counted along the rows of the matrix.
#define NN_FETCH_PLACE(u, TILE)                                                                                     \
  ((get_local_id(0) + (u) / NN_FETCH_WIDTH(TILE) * NN_GROUP) * NN_FETCH_WIDTH(TILE) + (u) % NN_FETCH_WIDTH(TILE))

// True if rows of this matrix can be read or written in aligned vectors of 4.
static inline int nn_isAligned(global const nn_float *matrix, index_t pitch) {
  return (ulong)matrix % sizeof(nn_four) == 0 && pitch % 4 == 0;
}

// Loads this work item's share of a tile into registers. The tile has `tile` lines, along the m or n axis, and NN_DEPTH
// terms; elements beyond the matrix are 0. If `isContiguousInK`, the matrix is stored as [line, k], otherwise as
// [k, line]; in both cases, neighboring work items read neighboring elements. If `isWhole`, the tile is completely
// inside the matrix, whose rows are aligned. This is a constant, so a loop has either vector loads or checked loads,
// and no branches.
static inline void nn_fetch(nn_float *fetched, global const nn_float *matrix, const int isContiguousInK, const uint tile,
                            index_t line, index_t lines, index_t k, index_t kEnd, index_t pitch, const int isWhole) {
  NN_UNROLL for (uint u = 0; u < NN_BRINGS(tile); u += NN_FETCH_WIDTH(tile)) {
    const uint t = NN_FETCH_PLACE(u, tile);
    const index_t atLine = line + (isContiguousInK ? t / NN_DEPTH : t % tile);
    const index_t atK = k + (isContiguousInK ? t % NN_DEPTH : t / tile);
    const ulong at = isContiguousInK ? (ulong)atLine * pitch + atK : (ulong)atK * pitch + atLine;
    if (isWhole && NN_FETCH_WIDTH(tile) == 4) {
      const nn_four neighbors = *(global const nn_four *)(matrix + at);
      fetched[u] = neighbors.s0;
      fetched[u + 1] = neighbors.s1;
      fetched[u + 2] = neighbors.s2;
      fetched[u + 3] = neighbors.s3;
    } else {
      NN_UNROLL for (uint w = 0; w < NN_FETCH_WIDTH(tile); w++) {
        const index_t wLine = atLine + (isContiguousInK ? 0 : w), wK = atK + (isContiguousInK ? w : 0);
        fetched[u + w] = isWhole || (wLine < lines && wK < kEnd) ? matrix[at + w] : 0.0f;
      }
    }
  }
}

// Stores this share in local memory, as target[k][line].
static inline void nn_deposit(const nn_float *fetched, local nn_float *target, const int isContiguousInK, const uint tile) {
  NN_UNROLL for (uint u = 0; u < NN_BRINGS(tile); u += NN_FETCH_WIDTH(tile)) {
    const uint t = NN_FETCH_PLACE(u, tile);
    const uint inLine = isContiguousInK ? t / NN_DEPTH : t % tile, inK = isContiguousInK ? t % NN_DEPTH : t / tile;
    local nn_float *to = target + inK * NN_PITCH(tile) + inLine;
    if (NN_FETCH_WIDTH(tile) == 4 && !isContiguousInK) {
      *(local nn_four *)to = (nn_four)(fetched[u], fetched[u + 1], fetched[u + 2], fetched[u + 3]);
    } else {
      NN_UNROLL for (uint w = 0; w < NN_FETCH_WIDTH(tile); w++) to[w * NN_PITCH(tile)] = fetched[u + w];
    }
  }
}

// Adds the terms of k from `first` to `last` to the results of the tile at (row, column). While the work items compute
// with one half of local memory, the next tiles are loaded.
static inline __attribute__((always_inline)) void nn_accumulate(
    NN_SUMS(sums), global const nn_float *a, global const nn_float *b, local nn_float *aTiles, local nn_float *bTiles,
    const int transposesA, const int transposesB, const int isWhole, index_t row, index_t column, index_t m, index_t n,
    index_t first, index_t last, index_t pitchA, index_t pitchB) {
  if (first >= last) return;
  nn_float aFetched[NN_BRINGS(NN_TILE_M)], bFetched[NN_BRINGS(NN_TILE_N)];
  nn_fetch(aFetched, a, !transposesA, NN_TILE_M, row, m, first, last, pitchA, isWhole);
  nn_fetch(bFetched, b, transposesB, NN_TILE_N, column, n, first, last, pitchB, isWhole);
  nn_deposit(aFetched, aTiles, !transposesA, NN_TILE_M);
  nn_deposit(bFetched, bTiles, transposesB, NN_TILE_N);
  barrier(CLK_LOCAL_MEM_FENCE);
  uint side = 0;
  for (index_t p = first; p < last; p += NN_DEPTH) {
    const int hasNext = p + NN_DEPTH < last;
    if (hasNext) {
      nn_fetch(aFetched, a, !transposesA, NN_TILE_M, row, m, p + NN_DEPTH, last, pitchA, isWhole);
      nn_fetch(bFetched, b, transposesB, NN_TILE_N, column, n, p + NN_DEPTH, last, pitchB, isWhole);
    }
    nn_multiply(sums, aTiles + side * NN_SIDE(NN_TILE_M), bTiles + side * NN_SIDE(NN_TILE_N), NN_LANE_M, NN_LANE_N);
    side = 1 - side;
    if (hasNext) {
      nn_deposit(aFetched, aTiles + side * NN_SIDE(NN_TILE_M), !transposesA, NN_TILE_M);
      nn_deposit(bFetched, bTiles + side * NN_SIDE(NN_TILE_N), transposesB, NN_TILE_N);
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
}

// What remains to be done with the sums of a group: nothing if they are partial sums.
static inline epilogue_t nn_epilogue(const epilogue_t epilogue, int isAll) {
  const epilogue_t none = {.alpha = 1.0f};
  return isAll ? epilogue : none;
}

// `nn_finish` for a vector of results at an aligned position.
#define NN_LOAD_VECTOR(from) (*(global const vector_t *)(from))
#define NN_STORE_VECTOR(x, to) (*(global vector_t *)(to) = (x))
NN_FINISH(nn_finishVector, vector_t, NN_LOAD_VECTOR, NN_STORE_VECTOR)

// Applies a long activation to the results that this work item has stored.
#ifdef NN_ACTIVATES
#define NN_ACTIVATE_RESULTS                                                                                          \
  if (isAll) {                                                                                                       \
    _Pragma("nounroll") for (uint e = 0; e < NN_ITEM_M * NN_ITEM_N; e++) {                                           \
      const index_t atRow = row + NN_PLACE(NN_LANE_M, e / NN_ITEM_N, NN_VECTOR_M);                                   \
      const index_t atColumn = column + NN_PLACE(NN_LANE_N, e % NN_ITEM_N, NN_VECTOR_N);                             \
      if (atRow < m && atColumn < n) {                                                                               \
        global nn_float *y = c + (ulong)atRow * n + atColumn;                                                        \
        *y = nn_activate(epilogue.activation, *y, epilogue.parameter);                                               \
      }                                                                                                              \
    }                                                                                                                \
  }
#else
#define NN_ACTIVATE_RESULTS
#endif

// The number of rows of tiles in a band. Work groups with consecutive numbers run at about the same time, and they go
// through a band column by column. Those of one column share the tiles of B in the cache, and those of one row share
// the tiles of A:
//
//            column 0  1   2
//   row 0           0  8  16  ...    the numbers of the work groups in the first band
//   row 1           1  9  17
//   ...
//   row 7           7 15  23
#define NN_BAND 8

#define MATMUL(NAME, TRANSPOSES_A, TRANSPOSES_B)                                                                      \
  kernel __attribute__((reqd_work_group_size(NN_GROUP, 1, 1))) void matmul##NAME(                                     \
      global const nn_float *as, ulong aOffset, global const nn_float *bs, ulong bOffset, global const nn_float *bias,\
      ulong biasOffset, global nn_float *cs, ulong cOffset, global nn_float *pre, ulong preOffset, index_t m, index_t n, \
      index_t k, index_t batches, ulong strideA, ulong strideB, index_t slice, epilogue_t epilogue) {                 \
    local nn_float aTiles[2 * NN_SIDE(NN_TILE_M)] __attribute__((aligned(sizeof(nn_four))));                          \
    local nn_float bTiles[2 * NN_SIDE(NN_TILE_N)] __attribute__((aligned(sizeof(nn_four))));                          \
    const index_t tilesM = (m + NN_TILE_M - 1) / NN_TILE_M, tilesN = (n + NN_TILE_N - 1) / NN_TILE_N;                 \
    const index_t band = (index_t)get_group_id(0) / (NN_BAND * tilesN) * NN_BAND;                                     \
    const index_t inBand = (index_t)get_group_id(0) - band * tilesN, bandRows = min(tilesM - band, (index_t)NN_BAND); \
    const index_t row = (band + inBand % bandRows) * NN_TILE_M, column = inBand / bandRows * NN_TILE_N;               \
    const index_t kFirst = (index_t)get_group_id(2) * slice, kEnd = min(kFirst + slice, k);                           \
    const index_t pitchA = TRANSPOSES_A ? m : k, pitchB = TRANSPOSES_B ? k : n;                                       \
    const int isInside = row + NN_TILE_M <= m && column + NN_TILE_N <= n;                                             \
    /* A slice of k goes to its own matrix in the workspace, [slices, batches, m, n], and is finished later. */       \
    const int isAll = get_num_groups(2) == 1;                                                                         \
    const epilogue_t rest = nn_epilogue(epilogue, isAll);                                                             \
    for (index_t batch = get_group_id(1); batch < batches; batch += get_num_groups(1)) {                              \
      global const nn_float *a = as + aOffset + batch * strideA, *b = bs + bOffset + batch * strideB;                 \
      NN_SUMS(sums);                                                                                                  \
      nn_clear(sums);                                                                                                 \
      const int isWhole = isInside && nn_isAligned(a, pitchA) && nn_isAligned(b, pitchB);                             \
      const index_t kWhole = isWhole ? kFirst + (kEnd - kFirst) / NN_DEPTH * NN_DEPTH : kFirst;                       \
      nn_accumulate(sums, a, b, aTiles, bTiles, TRANSPOSES_A, TRANSPOSES_B, 1, row, column, m, n, kFirst, kWhole,     \
                    pitchA, pitchB);                                                                                  \
      nn_accumulate(sums, a, b, aTiles, bTiles, TRANSPOSES_A, TRANSPOSES_B, 0, row, column, m, n, kWhole, kEnd,       \
                    pitchA, pitchB);                                                                                  \
      const ulong matrix = ((ulong)get_group_id(2) * batches + batch) * m * n;                                        \
      global nn_float *c = cs + cOffset + matrix, *z = pre + preOffset + matrix;                                      \
      global const nn_float *shift = bias + biasOffset;                                                               \
      const int isStoredAsVectors = isInside && nn_isAligned(c, n) && nn_isAligned(z, n) && nn_isAligned(shift, n);   \
      NN_UNROLL for (uint i = 0; i < NN_ITEM_M; i++) {                                                                \
        const index_t atRow = row + NN_PLACE(NN_LANE_M, i, NN_VECTOR_M);                                              \
        NN_UNROLL for (uint j = 0; j < NN_ITEM_N; j += NN_VECTOR_N) {                                                 \
          const index_t atColumn = column + NN_PLACE(NN_LANE_N, j, NN_VECTOR_N);                                      \
          const ulong at = (ulong)atRow * n + atColumn;                                                               \
          if (isStoredAsVectors) {                                                                                    \
            nn_finishVector(sums[i][j / NN_VECTOR_N], at, atColumn, 1, 1, rest, shift, c, z);                         \
          } else if (atRow < m) {                                                                                     \
            const nn_float results[NN_VECTOR_N] = NN_PARTS(sums[i][j / NN_VECTOR_N]);                                 \
            NN_UNROLL for (uint v = 0; v < NN_VECTOR_N; v++) if (atColumn + v < n)                                    \
                nn_finish(results[v], at + v, atColumn + v, 1, 1, rest, shift, c, z);                                 \
          }                                                                                                           \
        }                                                                                                             \
      }                                                                                                               \
      NN_ACTIVATE_RESULTS                                                                                             \
    }                                                                                                                 \
  }

MATMUL(NN, 0, 0)
MATMUL(NT, 0, 1)
MATMUL(TN, 1, 0)
MATMUL(TT, 1, 1)
