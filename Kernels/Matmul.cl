// C = alpha·A·B + beta·C, plus bias and activation: tiles of C, one a work group, from tiles of A and B in local memory;
// each item keeps NN_ITEM_M x NN_ITEM_N results in registers.
//
// Built once for each tile size: NN_ITEM_M and NN_ITEM_N, the results of an item, and NN_DEPTH, the stretch of k in local
// memory; and once more with NN_ACTIVATES, for activations that are more than a comparison: their code is long, and stands
// once, in a loop over what the item has just stored.
//
// While the items compute with one tile, the next is on its way from device memory into their registers, and then into the
// other half of local memory: one barrier a step. The k-loop may be cut into stretches, whose partial results are added in
// order by `matmulJoin`; where, depends on the shape alone.

// A group is 16 x 16 items; 32 consecutive items make a block of 4 x 8, which reads few different words of each tile.
#define NN_LANES 16
#define NN_LANE_M (get_local_id(0) / 64 * 4 + get_local_id(0) % 32 / 8)
#define NN_LANE_N (get_local_id(0) / 32 % 2 * 8 + get_local_id(0) % 8)
#define NN_TILE_M (NN_LANES * NN_ITEM_M)
#define NN_TILE_N (NN_LANES * NN_ITEM_N)

// The neighbouring rows, and columns, that an item computes together.
#define NN_VECTOR_M (NN_ITEM_M < 4 ? NN_ITEM_M : 4)
#if NN_ITEM_N >= 4
#define NN_VECTOR_N 4
typedef float4 vector_t;
#define NN_PARTS(v) {(v).s0, (v).s1, (v).s2, (v).s3}
#elif NN_ITEM_N == 2
#define NN_VECTOR_N 2
typedef float2 vector_t;
#define NN_PARTS(v) {(v).s0, (v).s1}
#else
#define NN_VECTOR_N 1
typedef float vector_t;
#define NN_PARTS(v) {(v)}
#endif

// The row, or column, within the tile of an item's i-th one: VECTOR neighbours, then the next of NN_LANES · VECTOR.
#define NN_PLACE(lane, i, VECTOR) ((i) / (VECTOR) * (NN_LANES * (VECTOR)) + (lane) * (VECTOR) + (i) % (VECTOR))

// Padded, so that items that store along k hit different banks; whole vectors, so that rows stay aligned.
#define NN_PITCH(TILE) ((TILE) + 4)
// Elements of a tile that one item fetches, and how many neighbours of them at once.
#define NN_FETCHES(TILE) ((TILE) * NN_DEPTH / NN_GROUP)
#define NN_FETCH_WIDTH(TILE) (NN_FETCHES(TILE) % 4 == 0 ? 4 : 1)
// The u-th element within the tile, counted along the matrix's rows.
#define NN_FETCH_PLACE(u, TILE)                                                                                     \
  ((get_local_id(0) + (u) / NN_FETCH_WIDTH(TILE) * NN_GROUP) * NN_FETCH_WIDTH(TILE) + (u) % NN_FETCH_WIDTH(TILE))

#define NN_UNROLL _Pragma("unroll")

// True when rows of this matrix can be read in aligned vectors of 4.
static inline int nn_isAligned(global const float *matrix, index_t pitch) {
  return (ulong)matrix % 16 == 0 && pitch % 4 == 0;
}

// Brings this item's share of a tile into registers: `tile` lines (of the m or n axis) by NN_DEPTH; what lies beyond the
// matrix is 0. `isContiguousInK`: the matrix is stored [line, k], else [k, line]; neighbouring items read neighbours.
static inline void nn_fetch(float *fetched, global const float *matrix, const int isContiguousInK, const uint tile,
                            index_t line, index_t lines, index_t k, index_t kEnd, index_t pitch, int isAligned) {
  const int isInside = line + tile <= lines && k + NN_DEPTH <= kEnd;
  NN_UNROLL for (uint u = 0; u < NN_FETCHES(tile); u += NN_FETCH_WIDTH(tile)) {
    const uint t = NN_FETCH_PLACE(u, tile);
    const index_t atLine = line + (isContiguousInK ? t / NN_DEPTH : t % tile);
    const index_t atK = k + (isContiguousInK ? t % NN_DEPTH : t / tile);
    const ulong at = isContiguousInK ? (ulong)atLine * pitch + atK : (ulong)atK * pitch + atLine;
    if (NN_FETCH_WIDTH(tile) == 4 && isInside && isAligned) {
      const float4 neighbours = *(global const float4 *)(matrix + at);
      const float parts[4] = {neighbours.s0, neighbours.s1, neighbours.s2, neighbours.s3};
      NN_UNROLL for (uint w = 0; w < NN_FETCH_WIDTH(tile); w++) fetched[u + w] = parts[w];
    } else {
      NN_UNROLL for (uint w = 0; w < NN_FETCH_WIDTH(tile); w++) {
        const index_t wLine = atLine + (isContiguousInK ? 0 : w), wK = atK + (isContiguousInK ? w : 0);
        fetched[u + w] = isInside || (wLine < lines && wK < kEnd) ? matrix[at + w] : 0.0f;
      }
    }
  }
}

// Puts it into local memory, as target[k][line].
static inline void nn_deposit(const float *fetched, local float *target, const int isContiguousInK, const uint tile) {
  NN_UNROLL for (uint u = 0; u < NN_FETCHES(tile); u += NN_FETCH_WIDTH(tile)) {
    const uint t = NN_FETCH_PLACE(u, tile);
    const uint inLine = isContiguousInK ? t / NN_DEPTH : t % tile, inK = isContiguousInK ? t % NN_DEPTH : t / tile;
    local float *to = target + inK * NN_PITCH(tile) + inLine;
    if (NN_FETCH_WIDTH(tile) == 4 && !isContiguousInK) {
      *(local float4 *)to = (float4)(fetched[u], fetched[u + 1], fetched[u + 2], fetched[u + 3]);
    } else {
      NN_UNROLL for (uint w = 0; w < NN_FETCH_WIDTH(tile); w++) to[w * NN_PITCH(tile)] = fetched[u + w];
    }
  }
}

// Adds the products of two tiles to the item's results.
static inline void nn_multiply(vector_t sums[NN_ITEM_M][NN_ITEM_N / NN_VECTOR_N], local const float *aTile,
                               local const float *bTile, uint laneM, uint laneN) {
  for (uint q = 0; q < NN_DEPTH; q++) {
    float left[NN_ITEM_M];
    vector_t right[NN_ITEM_N / NN_VECTOR_N];
    NN_UNROLL for (uint i = 0; i < NN_ITEM_M; i++)
        left[i] = aTile[q * NN_PITCH(NN_TILE_M) + NN_PLACE(laneM, i, NN_VECTOR_M)];
    NN_UNROLL for (uint j = 0; j < NN_ITEM_N / NN_VECTOR_N; j++) right[j] =
        *(local const vector_t *)&bTile[q * NN_PITCH(NN_TILE_N) + NN_PLACE(laneN, j * NN_VECTOR_N, NN_VECTOR_N)];
    NN_UNROLL for (uint i = 0; i < NN_ITEM_M; i++) NN_UNROLL for (uint j = 0; j < NN_ITEM_N / NN_VECTOR_N; j++)
        sums[i][j] = NN_MULTIPLY_ADD((vector_t)(left[i]), right[j], sums[i][j]);
  }
}

// Applies a long activation to the results that this item has stored.
#ifdef NN_ACTIVATES
#define NN_ACTIVATE_RESULTS                                                                                          \
  if (isWhole) {                                                                                                     \
    _Pragma("nounroll") for (uint e = 0; e < NN_ITEM_M * NN_ITEM_N; e++) {                                           \
      const index_t atRow = row + NN_PLACE(laneM, e / NN_ITEM_N, NN_VECTOR_M);                                       \
      const index_t atColumn = column + NN_PLACE(laneN, e % NN_ITEM_N, NN_VECTOR_N);                                 \
      if (atRow < m && atColumn < n) {                                                                               \
        global float *c = cs + cOffset + matrix + (ulong)atRow * n + atColumn;                                       \
        *c = nn_activate(epilogue.activation, *c, epilogue.parameter);                                               \
      }                                                                                                              \
    }                                                                                                                \
  }
#else
#define NN_ACTIVATE_RESULTS
#endif

#define MATMUL(NAME, TRANSPOSES_A, TRANSPOSES_B)                                                                     \
  kernel __attribute__((reqd_work_group_size(NN_GROUP, 1, 1))) void matmul##NAME(                                    \
      global const float *as, ulong aOffset, global const float *bs, ulong bOffset, global const float *bias,        \
      ulong biasOffset, global float *cs, ulong cOffset, global float *pre, ulong preOffset, index_t m, index_t n,   \
      index_t k, index_t batches, ulong strideA, ulong strideB, index_t stretch, epilogue_t epilogue) {              \
    local float aTiles[2][NN_DEPTH * NN_PITCH(NN_TILE_M)] __attribute__((aligned(16)));                              \
    local float bTiles[2][NN_DEPTH * NN_PITCH(NN_TILE_N)] __attribute__((aligned(16)));                              \
    const uint laneM = NN_LANE_M, laneN = NN_LANE_N;                                                                 \
    const index_t tilesN = (n + NN_TILE_N - 1) / NN_TILE_N;                                                          \
    const index_t row = (index_t)get_group_id(0) / tilesN * NN_TILE_M;                                               \
    const index_t column = (index_t)get_group_id(0) % tilesN * NN_TILE_N;                                            \
    const index_t kFirst = (index_t)get_group_id(2) * stretch, kEnd = min(kFirst + stretch, k);                      \
    const index_t pitchA = TRANSPOSES_A ? m : k, pitchB = TRANSPOSES_B ? k : n;                                      \
    const int isWhole = get_num_groups(2) == 1;                                                                      \
    for (index_t batch = get_group_id(1); batch < batches; batch += get_num_groups(1)) {                             \
      global const float *a = as + aOffset + batch * strideA;                                                        \
      global const float *b = bs + bOffset + batch * strideB;                                                        \
      const int aAligns = nn_isAligned(a, pitchA), bAligns = nn_isAligned(b, pitchB);                                \
      float aFetched[NN_FETCHES(NN_TILE_M)], bFetched[NN_FETCHES(NN_TILE_N)];                                        \
      vector_t sums[NN_ITEM_M][NN_ITEM_N / NN_VECTOR_N];                                                             \
      NN_UNROLL for (uint i = 0; i < NN_ITEM_M; i++)                                                                 \
          NN_UNROLL for (uint j = 0; j < NN_ITEM_N / NN_VECTOR_N; j++) sums[i][j] = (vector_t)(0.0f);                \
      nn_fetch(aFetched, a, !TRANSPOSES_A, NN_TILE_M, row, m, kFirst, kEnd, pitchA, aAligns);                        \
      nn_fetch(bFetched, b, TRANSPOSES_B, NN_TILE_N, column, n, kFirst, kEnd, pitchB, bAligns);                      \
      nn_deposit(aFetched, aTiles[0], !TRANSPOSES_A, NN_TILE_M);                                                     \
      nn_deposit(bFetched, bTiles[0], TRANSPOSES_B, NN_TILE_N);                                                      \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
      uint side = 0;                                                                                                 \
      for (index_t p = kFirst; p < kEnd; p += NN_DEPTH) {                                                            \
        const int hasNext = p + NN_DEPTH < kEnd;                                                                     \
        if (hasNext) {                                                                                               \
          nn_fetch(aFetched, a, !TRANSPOSES_A, NN_TILE_M, row, m, p + NN_DEPTH, kEnd, pitchA, aAligns);              \
          nn_fetch(bFetched, b, TRANSPOSES_B, NN_TILE_N, column, n, p + NN_DEPTH, kEnd, pitchB, bAligns);            \
        }                                                                                                            \
        nn_multiply(sums, aTiles[side], bTiles[side], laneM, laneN);                                                 \
        side = 1 - side;                                                                                             \
        if (hasNext) {                                                                                               \
          nn_deposit(aFetched, aTiles[side], !TRANSPOSES_A, NN_TILE_M);                                              \
          nn_deposit(bFetched, bTiles[side], TRANSPOSES_B, NN_TILE_N);                                               \
        }                                                                                                            \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                                \
      }                                                                                                              \
      /* A stretch of k goes to its own matrix of the workspace, [stretches, batches, m, n]. */                      \
      const ulong matrix = ((ulong)get_group_id(2) * batches + batch) * m * n;                                       \
      NN_UNROLL for (uint i = 0; i < NN_ITEM_M; i++) {                                                               \
        const index_t atRow = row + NN_PLACE(laneM, i, NN_VECTOR_M);                                                 \
        NN_UNROLL for (uint j = 0; j < NN_ITEM_N; j += NN_VECTOR_N) {                                                \
          const float results[NN_VECTOR_N] = NN_PARTS(sums[i][j / NN_VECTOR_N]);                                     \
          NN_UNROLL for (uint v = 0; v < NN_VECTOR_N; v++) {                                                         \
            const index_t atColumn = column + NN_PLACE(laneN, j, NN_VECTOR_N) + v;                                   \
            if (atRow < m && atColumn < n) {                                                                         \
              const ulong at = matrix + (ulong)atRow * n + atColumn;                                                 \
              if (isWhole)                                                                                           \
                nn_finish(results[v], at, atColumn, 1, 1, epilogue, bias + biasOffset, cs + cOffset,                 \
                          pre + preOffset);                                                                          \
              else                                                                                                   \
                cs[cOffset + at] = results[v];                                                                       \
            }                                                                                                        \
          }                                                                                                          \
        }                                                                                                            \
      }                                                                                                              \
      NN_ACTIVATE_RESULTS                                                                                            \
    }                                                                                                                \
  }

MATMUL(NN, 0, 0)
MATMUL(NT, 0, 1)
MATMUL(TN, 1, 0)
MATMUL(TT, 1, 1)
