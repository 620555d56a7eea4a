// C = alpha·A·B + beta·C, plus bias and activation: tiles of C, one a work group, from tiles of A and B in local memory;
// each item keeps NN_ITEM x NN_ITEM results in registers.
//
// Built once for each tile size: NN_TILE (edge of the tile of C), NN_DEPTH (its stretch of k), NN_ITEM = NN_TILE / 16, and
// NN_VECTOR, the neighbouring columns that an item computes together; and once more with NN_ACTIVATES, for activations
// that are more than a comparison: their code is long, and stands once, in a loop over what the item has just stored.
//
// While the items compute with one tile, the next is on its way from device memory into their registers, and then into the
// other half of local memory: one barrier a step. The k-loop may be cut into stretches, whose partial results are added in
// order by `matmulJoin`; where, depends on the shape alone.

// A group is 16 x 16 items; 32 consecutive items make a block of 4 x 8, which reads few different words of each tile.
#define NN_LANES 16
#define NN_LANE_M (get_local_id(0) / 64 * 4 + get_local_id(0) % 32 / 8)
#define NN_LANE_N (get_local_id(0) / 32 % 2 * 8 + get_local_id(0) % 8)

// The row, or column, within the tile of an item's i-th one: NN_VECTOR neighbours, then the next of NN_LANES · NN_VECTOR.
#define NN_PLACE(lane, i) ((i) / NN_VECTOR * (NN_LANES * NN_VECTOR) + (lane) * NN_VECTOR + (i) % NN_VECTOR)

// Padded, so that items that store along k hit different banks; whole vectors, so that rows stay aligned.
#define NN_PITCH (NN_TILE + 4)
// Elements of a tile that one item fetches.
#define NN_FETCHES (NN_TILE * NN_DEPTH / NN_GROUP)

#if NN_VECTOR == 4
typedef float4 vector_t;
#define NN_PARTS(v) {(v).s0, (v).s1, (v).s2, (v).s3}
#elif NN_VECTOR == 2
typedef float2 vector_t;
#define NN_PARTS(v) {(v).s0, (v).s1}
#else
typedef float vector_t;
#define NN_PARTS(v) {(v)}
#endif

#ifdef FP_FAST_FMAF
#define NN_MULTIPLY_ADD(a, b, c) fma(a, b, c)
#else
#define NN_MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

// What becomes of a finished sum.
typedef struct {
  float alpha, beta, parameter;
  int activation, hasBias, hasPreActivation;
} epilogue_t;

static inline void nn_store(float sum, ulong at, index_t column, epilogue_t e, global const float *bias, global float *ys,
                     global float *pre) {
  float z = e.alpha * sum;
  if (e.beta != 0.0f) z += e.beta * ys[at];
  if (e.hasBias) z += bias[column];
  if (e.hasPreActivation) pre[at] = z;
  if (e.activation == NN_RELU) z = nn_activate_relu(z, 0.0f);
  if (e.activation == NN_LEAKY_RELU) z = nn_activate_leakyReLU(z, e.parameter);
  ys[at] = z;
}

// Brings this item's share of a tile into registers: NN_TILE lines (of the m or n axis) by NN_DEPTH; what lies beyond the
// matrix is 0. `isContiguousInK`: the matrix is stored [line, k], else [k, line]; neighbouring items read neighbours.
static inline void nn_fetch(float *fetched, global const float *matrix, const int isContiguousInK, index_t line,
                            index_t lines, index_t k, index_t kEnd, index_t pitch) {
  const int isInside = line + NN_TILE <= lines && k + NN_DEPTH <= kEnd;
  _Pragma("unroll") for (uint u = 0; u < NN_FETCHES; u++) {
    const uint t = get_local_id(0) + u * NN_GROUP;
    const index_t atLine = line + (isContiguousInK ? t / NN_DEPTH : t % NN_TILE);
    const index_t atK = k + (isContiguousInK ? t % NN_DEPTH : t / NN_TILE);
    const ulong at = isContiguousInK ? (ulong)atLine * pitch + atK : (ulong)atK * pitch + atLine;
    fetched[u] = isInside || (atLine < lines && atK < kEnd) ? matrix[at] : 0.0f;
  }
}

// Puts it into local memory, as tile[k][line].
static inline void nn_deposit(const float *fetched, local float *tile, const int isContiguousInK) {
  _Pragma("unroll") for (uint u = 0; u < NN_FETCHES; u++) {
    const uint t = get_local_id(0) + u * NN_GROUP;
    const uint inLine = isContiguousInK ? t / NN_DEPTH : t % NN_TILE;
    const uint inK = isContiguousInK ? t % NN_DEPTH : t / NN_TILE;
    tile[inK * NN_PITCH + inLine] = fetched[u];
  }
}

// Adds the products of two tiles to the item's results.
static inline void nn_multiply(vector_t sums[NN_ITEM][NN_ITEM / NN_VECTOR], local const float *aTile,
                               local const float *bTile, uint laneM, uint laneN) {
  for (uint q = 0; q < NN_DEPTH; q++) {
    float left[NN_ITEM];
    vector_t right[NN_ITEM / NN_VECTOR];
    _Pragma("unroll") for (uint i = 0; i < NN_ITEM; i++) left[i] = aTile[q * NN_PITCH + NN_PLACE(laneM, i)];
    _Pragma("unroll") for (uint j = 0; j < NN_ITEM / NN_VECTOR; j++) right[j] =
        *(local const vector_t *)&bTile[q * NN_PITCH + NN_PLACE(laneN, j * NN_VECTOR)];
    _Pragma("unroll") for (uint i = 0; i < NN_ITEM; i++)
        _Pragma("unroll") for (uint j = 0; j < NN_ITEM / NN_VECTOR; j++) sums[i][j] =
            NN_MULTIPLY_ADD((vector_t)(left[i]), right[j], sums[i][j]);
  }
}

// Applies a long activation to the results that this item has stored.
#ifdef NN_ACTIVATES
#define NN_ACTIVATE_RESULTS                                                                                          \
  if (isWhole) {                                                                                                     \
    _Pragma("nounroll") for (uint e = 0; e < NN_ITEM * NN_ITEM; e++) {                                               \
      const index_t atRow = row + NN_PLACE(laneM, e / NN_ITEM), atColumn = column + NN_PLACE(laneN, e % NN_ITEM);    \
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
    local float aTiles[2][NN_DEPTH * NN_PITCH] __attribute__((aligned(16)));                                         \
    local float bTiles[2][NN_DEPTH * NN_PITCH] __attribute__((aligned(16)));                                         \
    const uint laneM = NN_LANE_M, laneN = NN_LANE_N;                                                                 \
    const index_t tilesN = (n + NN_TILE - 1) / NN_TILE;                                                              \
    const index_t row = (index_t)get_group_id(0) / tilesN * NN_TILE;                                                 \
    const index_t column = (index_t)get_group_id(0) % tilesN * NN_TILE;                                              \
    const index_t kFirst = (index_t)get_group_id(2) * stretch, kEnd = min(kFirst + stretch, k);                      \
    const int isWhole = get_num_groups(2) == 1;                                                                      \
    for (index_t batch = get_group_id(1); batch < batches; batch += get_num_groups(1)) {                             \
      global const float *a = as + aOffset + batch * strideA;                                                        \
      global const float *b = bs + bOffset + batch * strideB;                                                        \
      float aFetched[NN_FETCHES], bFetched[NN_FETCHES];                                                              \
      vector_t sums[NN_ITEM][NN_ITEM / NN_VECTOR];                                                                   \
      _Pragma("unroll") for (uint i = 0; i < NN_ITEM; i++)                                                           \
          _Pragma("unroll") for (uint j = 0; j < NN_ITEM / NN_VECTOR; j++) sums[i][j] = (vector_t)(0.0f);            \
      nn_fetch(aFetched, a, !TRANSPOSES_A, row, m, kFirst, kEnd, TRANSPOSES_A ? m : k);                              \
      nn_fetch(bFetched, b, TRANSPOSES_B, column, n, kFirst, kEnd, TRANSPOSES_B ? k : n);                            \
      nn_deposit(aFetched, aTiles[0], !TRANSPOSES_A);                                                                \
      nn_deposit(bFetched, bTiles[0], TRANSPOSES_B);                                                                 \
      barrier(CLK_LOCAL_MEM_FENCE);                                                                                  \
      uint side = 0;                                                                                                 \
      for (index_t p = kFirst; p < kEnd; p += NN_DEPTH) {                                                            \
        const int hasNext = p + NN_DEPTH < kEnd;                                                                     \
        if (hasNext) {                                                                                               \
          nn_fetch(aFetched, a, !TRANSPOSES_A, row, m, p + NN_DEPTH, kEnd, TRANSPOSES_A ? m : k);                    \
          nn_fetch(bFetched, b, TRANSPOSES_B, column, n, p + NN_DEPTH, kEnd, TRANSPOSES_B ? k : n);                  \
        }                                                                                                            \
        nn_multiply(sums, aTiles[side], bTiles[side], laneM, laneN);                                                 \
        side = 1 - side;                                                                                             \
        if (hasNext) {                                                                                               \
          nn_deposit(aFetched, aTiles[side], !TRANSPOSES_A);                                                         \
          nn_deposit(bFetched, bTiles[side], TRANSPOSES_B);                                                          \
        }                                                                                                            \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                                \
      }                                                                                                              \
      /* A stretch of k goes to its own matrix of the workspace, [stretches, batches, m, n]. */                      \
      const ulong matrix = ((ulong)get_group_id(2) * batches + batch) * m * n;                                       \
      _Pragma("unroll") for (uint i = 0; i < NN_ITEM; i++) {                                                         \
        const index_t atRow = row + NN_PLACE(laneM, i);                                                              \
        _Pragma("unroll") for (uint j = 0; j < NN_ITEM; j += NN_VECTOR) {                                            \
          const float results[NN_VECTOR] = NN_PARTS(sums[i][j / NN_VECTOR]);                                         \
          _Pragma("unroll") for (uint v = 0; v < NN_VECTOR; v++) {                                                   \
            const index_t atColumn = column + NN_PLACE(laneN, j) + v;                                                \
            if (atRow < m && atColumn < n) {                                                                         \
              const ulong at = matrix + (ulong)atRow * n + atColumn;                                                 \
              if (isWhole)                                                                                           \
                nn_store(results[v], at, atColumn, epilogue, bias + biasOffset, cs + cOffset, pre + preOffset);      \
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

// Adds the partial results of the stretches and finishes.
kernel void matmulJoin(global const float *partials, ulong partialsOffset, global const float *bias, ulong biasOffset,
                       global float *ys, ulong yOffset, global float *pre, ulong preOffset, index_t count, index_t n,
                       index_t stretches, epilogue_t epilogue) {
  partials += partialsOffset;
  NN_FOREACH(i, count) {
    float sum = partials[i];
    for (index_t s = 1; s < stretches; s++) sum += partials[(ulong)s * count + i];
    nn_store(sum, i, i % n, epilogue, bias + biasOffset, ys + yOffset, pre + preOffset);
#ifdef NN_ACTIVATES
    ys[yOffset + i] = nn_activate(epilogue.activation, ys[yOffset + i], epilogue.parameter);
#endif
  }
}
