// C = alpha·A·B + beta·C, plus bias and activation: tiles of C, one a work group, from tiles of A and B in local memory;
// each item keeps NN_ITEM_M x NN_ITEM_N results in registers.
//
// Built once for each tile size: NN_TILE_M, NN_TILE_N, NN_TILE_K, NN_ITEM_M, NN_ITEM_N, where (NN_TILE_M / NN_ITEM_M)
// times (NN_TILE_N / NN_ITEM_N) is NN_GROUP; and once more with NN_ACTIVATES, for activations that are more than a
// comparison: their code is long, and stands once, in a loop over what the item has just stored.
//
// Items take rows and columns that lie NN_LANES_M and NN_LANES_N apart: neighbours read neighbouring words of local memory
// and write neighbouring words of C. The k-loop may be cut into stretches, whose partial results are added in order by
// `matmulJoin`; where, depends on the shape alone.

#define NN_LANES_M (NN_TILE_M / NN_ITEM_M)
#define NN_LANES_N (NN_TILE_N / NN_ITEM_N)

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

// Copies a tile of `along` rows (of the m or n axis) by NN_TILE_K to local memory as tile[k][along]; beyond the matrix it
// is 0. `isContiguousInK`: the matrix is stored [line, k], else [k, line]; neighbouring items read neighbouring words.
static inline void nn_load(global const float *matrix, local float *tile, const uint along, const uint pitch,
                    const int isContiguousInK, index_t line, index_t lines, index_t k, index_t kEnd, index_t pitchOfMatrix) {
  for (uint t = get_local_id(0); t < along * NN_TILE_K; t += NN_GROUP) {
    const uint inLine = isContiguousInK ? t / NN_TILE_K : t % along;
    const uint inK = isContiguousInK ? t % NN_TILE_K : t / along;
    const index_t atLine = line + inLine, atK = k + inK;
    float value = 0.0f;
    if (atLine < lines && atK < kEnd)
      value = matrix[isContiguousInK ? (ulong)atLine * pitchOfMatrix + atK : (ulong)atK * pitchOfMatrix + atLine];
    tile[inK * pitch + inLine] = value;
  }
}

// One column more than the tile: items that store along k then hit different banks.
#define NN_PITCH_M (NN_TILE_M + 1)
#define NN_PITCH_N (NN_TILE_N + 1)

// Applies a long activation to the results of this item.
#ifdef NN_ACTIVATES
#define NN_ACTIVATE_RESULTS                                                                                          \
  if (isWhole) {                                                                                                     \
    _Pragma("nounroll") for (uint e = 0; e < NN_ITEM_M * NN_ITEM_N; e++) {                                           \
      const index_t atRow = row + laneM + e / NN_ITEM_N * NN_LANES_M;                                                \
      const index_t atColumn = column + laneN + e % NN_ITEM_N * NN_LANES_N;                                          \
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
    local float aTile[NN_TILE_K * NN_PITCH_M];                                                                       \
    local float bTile[NN_TILE_K * NN_PITCH_N];                                                                       \
    const uint laneM = get_local_id(0) / NN_LANES_N, laneN = get_local_id(0) % NN_LANES_N;                           \
    const index_t tilesN = (n + NN_TILE_N - 1) / NN_TILE_N;                                                          \
    const index_t row = (index_t)get_group_id(0) / tilesN * NN_TILE_M;                                               \
    const index_t column = (index_t)get_group_id(0) % tilesN * NN_TILE_N;                                            \
    const index_t kFirst = (index_t)get_group_id(2) * stretch, kEnd = min(kFirst + stretch, k);                      \
    const int isWhole = get_num_groups(2) == 1;                                                                      \
    for (index_t batch = get_group_id(1); batch < batches; batch += get_num_groups(1)) {                             \
      global const float *a = as + aOffset + batch * strideA;                                                        \
      global const float *b = bs + bOffset + batch * strideB;                                                        \
      float sums[NN_ITEM_M][NN_ITEM_N];                                                                              \
      _Pragma("unroll") for (uint i = 0; i < NN_ITEM_M; i++)                                                         \
          _Pragma("unroll") for (uint j = 0; j < NN_ITEM_N; j++) sums[i][j] = 0.0f;                                  \
      for (index_t p = kFirst; p < kEnd; p += NN_TILE_K) {                                                           \
        nn_load(a, aTile, NN_TILE_M, NN_PITCH_M, !TRANSPOSES_A, row, m, p, kEnd, TRANSPOSES_A ? m : k);              \
        nn_load(b, bTile, NN_TILE_N, NN_PITCH_N, TRANSPOSES_B, column, n, p, kEnd, TRANSPOSES_B ? k : n);            \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                                \
        for (uint q = 0; q < NN_TILE_K; q++) {                                                                       \
          float left[NN_ITEM_M], right[NN_ITEM_N];                                                                   \
          _Pragma("unroll") for (uint i = 0; i < NN_ITEM_M; i++) left[i] =                                           \
              aTile[q * NN_PITCH_M + laneM + i * NN_LANES_M];                                                        \
          _Pragma("unroll") for (uint j = 0; j < NN_ITEM_N; j++) right[j] =                                          \
              bTile[q * NN_PITCH_N + laneN + j * NN_LANES_N];                                                        \
          _Pragma("unroll") for (uint i = 0; i < NN_ITEM_M; i++)                                                     \
              _Pragma("unroll") for (uint j = 0; j < NN_ITEM_N; j++) sums[i][j] =                                    \
                  NN_MULTIPLY_ADD(left[i], right[j], sums[i][j]);                                                    \
        }                                                                                                            \
        barrier(CLK_LOCAL_MEM_FENCE);                                                                                \
      }                                                                                                              \
      /* A stretch of k goes to its own matrix of the workspace, [stretches, batches, m, n]. */                      \
      const ulong matrix = ((ulong)get_group_id(2) * batches + batch) * m * n;                                       \
      _Pragma("unroll") for (uint i = 0; i < NN_ITEM_M; i++) {                                                       \
        const index_t atRow = row + laneM + i * NN_LANES_M;                                                          \
        _Pragma("unroll") for (uint j = 0; j < NN_ITEM_N; j++) {                                                     \
          const index_t atColumn = column + laneN + j * NN_LANES_N;                                                  \
          if (atRow < m && atColumn < n) {                                                                           \
            const ulong at = matrix + (ulong)atRow * n + atColumn;                                                   \
            if (isWhole)                                                                                             \
              nn_store(sums[i][j], at, atColumn, epilogue, bias + biasOffset, cs + cOffset, pre + preOffset);        \
            else                                                                                                     \
              cs[cOffset + at] = sums[i][j];                                                                         \
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
