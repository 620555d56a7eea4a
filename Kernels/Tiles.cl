// Tiles of matrix products, for GPUs and similar devices. A work group computes one tile of C from tiles of A and B in
// local memory, which are stored as [term][row or column]. The loop over k moves both tiles along their strips:
//
//                                          k          B
//                                          +-----+-----------+-----+
//                                          |     |     |     |     |
//                                          |     |###########|     |    ###: NN_DEPTH x NN_TILE_N
//                                          |     |     v     |     |
//           A                              +-----+-----------+-----+
//         +---------------------+ k        +-----------------------+
//         +--------###----------+          |     +-----------+     |
//         |  -->   ###   -->    |        C |     |   tile    |     |    NN_TILE_M x NN_TILE_N
//         +--------###----------+          |     +-----------+     |
//         +---------------------+          +-----------------------+
//              NN_TILE_M x NN_DEPTH
//
// Each work item keeps NN_ITEM_M x NN_ITEM_N results in registers, so that a number that it reads from local memory is
// used several times. There are two buffers for each tile. While the work items multiply from one, the next tile is on
// its way to the other. A buffer is overwritten only one barrier after its last use, so one barrier per step suffices:
//
//            from device memory to registers    multiply           from registers to local memory
//   before   tile 0                                                tile 0 to buffer 0                barrier
//   step 0   tile 1                             buffer 0           tile 1 to buffer 1                barrier
//   step 1   tile 2                             buffer 1           tile 2 to buffer 0                barrier
//   step 2   tile 3                             buffer 0           tile 3 to buffer 1                barrier
//
// Programs are built for one size: NN_ITEM_M, NN_ITEM_N, and NN_DEPTH, the terms in local memory. Programs without
// these macros have no tiles. With NN_FRAGMENTS, warps multiply fragments of the tiles together (Fragments.cl), which
// determines the places of the results.
#ifdef NN_ITEM_M
#if NN_DEPTH % 4 != 0 || 2 * NN_DEPTH > NN_GROUP
#error "terms are read in fours, and looked up by one item each for two steps"
#endif

#define NN_TILE_M (NN_ACROSS * NN_ITEM_M)
#define NN_TILE_N (NN_ACROSS * NN_ITEM_N)

#ifdef NN_DOUBLES
typedef double2 nn_two;
typedef double4 nn_four;
#else
typedef float2 nn_two;
typedef float4 nn_four;
#endif

#ifndef NN_FRAGMENTS
// The row and column of a work item in its group of 16 x 16. 32 consecutive work items form a block of 4 x 8, so that
// together they read few different words of each tile:
//
//            columns 0-7    columns 8-15
//   rows  0-3     0-31         32-63
//   rows  4-7    64-95         96-127
//   rows  8-11  128-159       160-191
//   rows 12-15  192-223       224-255
#define NN_LANE_M (get_local_id(0) / 64 * 4 + get_local_id(0) % 32 / 8)
#define NN_LANE_N (get_local_id(0) / 32 % 2 * 8 + get_local_id(0) % 8)

// The number of neighboring rows, and of neighboring columns, that a work item computes together.
#define NN_VECTOR_M (NN_ITEM_M < 4 ? NN_ITEM_M : 4)
#if NN_ITEM_N >= 4
#define NN_VECTOR_N 4
typedef nn_four vector_t;
#define NN_PARTS(v) {(v).s0, (v).s1, (v).s2, (v).s3}
#elif NN_ITEM_N == 2
#define NN_VECTOR_N 2
typedef nn_two vector_t;
#define NN_PARTS(v) {(v).s0, (v).s1}
#else
#define NN_VECTOR_N 1
typedef nn_float vector_t;
#define NN_PARTS(v) {(v)}
#endif

// The place in the tile of a work item's i-th row (or column) of results: VECTOR neighbors, then VECTOR neighbors that
// are NN_ACROSS·VECTOR further on. Neighboring work items thus read and store neighboring vectors. With 8 x 8 results,
// the tile is 128 x 128, and the work item at (m, n) has these results (#):
//
//                   4n               64 + 4n
//          +------------------+------------------+
//   4m     |        ####      |        ####      |
//          |        ####      |        ####      |    four blocks of 4 x 4
//          +------------------+------------------+
//   64+4m  |        ####      |        ####      |
//          |        ####      |        ####      |
//          +------------------+------------------+
#define NN_PLACE(lane, i, VECTOR) ((i) / (VECTOR) * (NN_ACROSS * (VECTOR)) + (lane) * (VECTOR) + (i) % (VECTOR))

// The distance between rows of a tile in local memory. The padding makes work items that store along k access different
// banks. It is a multiple of the vector size, so that rows stay aligned.
#define NN_PITCH(TILE) ((TILE) + 4)
#define NN_EXCHANGE 0
#else
// The places of fragments in a tile: eight warps in two rows of four. Work item (m, n) of a warp, in eight rows of four,
// has two neighboring results in every eighth row and column of the warp's part.
#define NN_WARP_M (get_local_id(0) / 128)
#define NN_WARP_N (get_local_id(0) / 32 % 4)
#define NN_LANE_M (NN_WARP_M * 8 * NN_ITEM_M + get_local_id(0) % 32 / 4)
#define NN_LANE_N (NN_WARP_N * 4 * NN_ITEM_N + get_local_id(0) % 4 * 2)
#define NN_VECTOR_M 1
#define NN_VECTOR_N 2
typedef nn_two vector_t;
#define NN_PARTS(v) {(v).s0, (v).s1}
#define NN_PLACE(lane, i, VECTOR) ((i) / (VECTOR) * 8 + (lane) + (i) % (VECTOR))
// The four work items of a row read neighboring terms, and find them in different banks.
#define NN_PITCH(TILE) ((TILE) + 8)
// Without the instruction, work items exchange six registers in local memory: three behind each tile.
#ifdef NN_PTX
#define NN_EXCHANGE 0
#else
#define NN_EXCHANGE (3 * NN_GROUP)
#endif
#endif
// The size of a tile in local memory, and the number of its elements that one work item loads.
#define NN_SIDE(TILE) (NN_DEPTH * NN_PITCH(TILE) + NN_EXCHANGE)
#define NN_BRINGS(TILE) ((TILE) * NN_DEPTH / NN_GROUP)

#define NN_UNROLL _Pragma("unroll")
// The loop over the terms in local memory. If it is completely unrolled, NVIDIA's compiler loads the next terms early,
// but other compilers run out of registers.
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

#ifndef NN_FRAGMENTS
// Adds the products of two tiles to the work item's results.
static inline void nn_multiply(NN_SUMS(sums), local const nn_float *aTile, local const nn_float *bTile, uint laneM,
                               uint laneN) {
  NN_UNROLL_TERMS for (uint q = 0; q < NN_DEPTH; q++) {
    nn_float left[NN_ITEM_M];
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

#endif
