// Tiles of matrix products, for GPUs and similar devices: a work group multiplies tiles in local memory, [term][row or
// column], and keeps NN_ITEM_M x NN_ITEM_N results of each work item in registers.
//
// Programs are built for one size: NN_ITEM_M, NN_ITEM_N, and NN_DEPTH, the terms in local memory. Programs without
// these macros have no tiles.
#ifdef NN_ITEM_M
#if NN_DEPTH % 4 != 0 || 2 * NN_DEPTH > NN_GROUP
#error "terms are read in fours, and looked up by one item each for two steps"
#endif

// A group has 16 x 16 work items. 32 consecutive work items form a block of 4 x 8, which reads few different words of
// each tile.
#define NN_LANE_M (get_local_id(0) / 64 * 4 + get_local_id(0) % 32 / 8)
#define NN_LANE_N (get_local_id(0) / 32 % 2 * 8 + get_local_id(0) % 8)
#define NN_TILE_M (NN_ACROSS * NN_ITEM_M)
#define NN_TILE_N (NN_ACROSS * NN_ITEM_N)

// The neighboring rows, and columns, that an item computes together.
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

// The row, or column, within the tile of an item's i-th one: VECTOR neighbors, then the next of NN_ACROSS · VECTOR.
#define NN_PLACE(lane, i, VECTOR) ((i) / (VECTOR) * (NN_ACROSS * (VECTOR)) + (lane) * (VECTOR) + (i) % (VECTOR))

// Padded, so that work items that store along k access different banks; a multiple of the vector size, so that rows
// stay aligned.
#define NN_PITCH(TILE) ((TILE) + 4)
// The number of elements of a tile in local memory, and of those that one work item loads.
#define NN_SIDE(TILE) (NN_DEPTH * NN_PITCH(TILE))
#define NN_BRINGS(TILE) ((TILE) * NN_DEPTH / NN_GROUP)

#define NN_UNROLL _Pragma("unroll")
// The loop over the terms in local memory. NVIDIA's compiler loads the next terms early if the loop is unrolled; other
// compilers run out of registers then.
#ifdef __NV_CL_C_VERSION
#define NN_UNROLL_TERMS NN_UNROLL
#else
#define NN_UNROLL_TERMS _Pragma("unroll 2")
#endif

// The results of a work item.
#define NN_SUMS(sums) vector_t sums[NN_ITEM_M][NN_ITEM_N / NN_VECTOR_N]
static inline void nn_clear(NN_SUMS(sums)) {
  NN_UNROLL for (uint i = 0; i < NN_ITEM_M; i++)
      NN_UNROLL for (uint j = 0; j < NN_ITEM_N / NN_VECTOR_N; j++) sums[i][j] = (vector_t)(0.0f);
}

// Adds the products of two tiles to the work item's results.
static inline void nn_multiply(NN_SUMS(sums), local const float *aTile, local const float *bTile, uint laneM,
                               uint laneN) {
  NN_UNROLL_TERMS for (uint q = 0; q < NN_DEPTH; q++) {
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

#endif
