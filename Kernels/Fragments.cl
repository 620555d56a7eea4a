// Products of tiles on tensor cores. A warp, 32 neighboring work items, multiplies a fragment of 16 rows of A by one of 8
// columns of B, 8 terms each. Every work item (lane) contributes some of their numbers. With NN_PTX, this is a single
// instruction, mma.sync.m16n8k8, of NVIDIA's devices of compute capability 8.0 and later, as inline PTX. Without, the
// lanes exchange their numbers in local memory and compute the same product, so that other devices can test the layout of
// the fragments and everything around them.
//
// Register r of lane l is this number (Parallel Thread Execution ISA, "Matrix fragments for mma.m16n8k8"):
//
//   A   row l/4 + r%2·8     term l%4 + r/2·4       r = 0, 1, 2, 3
//   B   column l/4          term l%4 + r·4         r = 0, 1
//   C   row l/4 + r/2·8     column l%4·2 + r%2     r = 0, 1, 2, 3
//
// Tensor cores do not multiply float32, but TF32, which has the range of float32 and a significand of 11 bits. Therefore,
// a number is split into the nearest TF32 and the rest, also rounded to TF32. The product of two rests is below the
// precision of float32, so three products of fragments are enough:
//
//   a·b ≈ main(a)·main(b) + main(a)·rest(b) + rest(a)·main(b)
#ifdef NN_FRAGMENTS
#if NN_DEPTH % 8 != 0 || NN_ITEM_M % 2 != 0 || NN_ITEM_N % 2 != 0 || NN_GROUP != 256 || NN_ACROSS != 16
#error "eight warps compute whole fragments"
#endif

// Barriers in unrolled loops would make the compilation slow.
#ifdef NN_PTX
#define NN_UNROLL_FRAGMENTS NN_UNROLL
#else
#define NN_UNROLL_FRAGMENTS
#endif

#define NN_LANE (get_local_id(0) % 32)

// C += A·B.
#ifdef NN_PTX
static inline void nn_multiplyFragments(float c[4], const uint a[4], const uint b[2], local float *aExchange,
                                        local float *bExchange) {
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 "
               "{%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}
#else
static inline void nn_multiplyFragments(float c[4], const uint a[4], const uint b[2], local float *aExchange,
                                        local float *bExchange) {
  const uint lane = NN_LANE, warp = get_local_id(0) / 32 * 96;
  barrier(CLK_LOCAL_MEM_FENCE);
  for (uint r = 0; r < 3; r++) {
    aExchange[warp + r * 32 + lane] = as_float(a[r]);
    bExchange[warp + r * 32 + lane] = as_float(r < 2 ? b[r] : a[3]);
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  for (uint term = 0; term < 8; term++) {
    for (uint r = 0; r < 4; r++) {
      // The register and the lane with the number of A, and with that of B.
      const uint ra = r / 2 + term / 4 * 2, la = lane / 4 * 4 + term % 4;
      const uint rb = term / 4, lb = (lane % 4 * 2 + r % 2) * 4 + term % 4;
      const float left = ra < 3 ? aExchange[warp + ra * 32 + la] : bExchange[warp + 64 + la];
      c[r] = fma(left, bExchange[warp + rb * 32 + lb], c[r]);
    }
  }
}
#endif

// The bits of the nearest TF32; of two, those of the one that is further from 0.
static inline uint nn_tf32(float x) {
#ifdef NN_PTX
  uint bits;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
  return bits;
#else
  return (as_uint(x) + 0x1000) & 0xffffe000;
#endif
}

// The parts of the numbers in a lane's registers. An infinity or NaN is a factor of main parts only, because its product
// with a rest, which may be 0, would be NaN.
typedef struct {
  uint main[4], rest[4], finite[4];
} parts_t;
static inline void nn_split(parts_t *parts, uint r, float x) {
  const uint bits = as_uint(x), size = bits & 0x7fffffff;
  // Numbers that would be rounded to infinity are cut off.
  const uint cut = size > 0x7f800000 ? 0x7fffe000 : bits & 0xffffe000;
  const uint main = size < 0x7f7ff000 ? nn_tf32(x) : cut;
  const int isFinite = size < 0x7f800000;
  parts->main[r] = main;
  parts->finite[r] = isFinite ? main : 0;
  parts->rest[r] = isFinite ? nn_tf32(x - as_float(main)) : 0;
}

// The parts of this lane's numbers of a fragment of A, whose first row is `row`, or of B, whose first column is `column`.
static inline void nn_loadA(parts_t *parts, local const float *aTile, uint row) {
  NN_UNROLL for (uint r = 0; r < 4; r++)
      nn_split(parts, r, aTile[(NN_LANE % 4 + r / 2 * 4) * NN_PITCH(NN_TILE_M) + row + NN_LANE / 4 + r % 2 * 8]);
}
static inline void nn_loadB(parts_t *parts, local const float *bTile, uint column) {
  NN_UNROLL for (uint r = 0; r < 2; r++)
      nn_split(parts, r, bTile[(NN_LANE % 4 + r * 4) * NN_PITCH(NN_TILE_N) + column + NN_LANE / 4]);
}

// Adds the products of two tiles to the work item's results: first the smaller products.
static inline void nn_multiply(NN_SUMS(sums), local float *aTile, local float *bTile, uint laneM, uint laneN) {
  local float *aExchange = aTile + NN_DEPTH * NN_PITCH(NN_TILE_M), *bExchange = bTile + NN_DEPTH * NN_PITCH(NN_TILE_N);
  for (uint term = 0; term < NN_DEPTH; term += 8) {
    parts_t right[NN_ITEM_N / 2];
    NN_UNROLL_FRAGMENTS for (uint j = 0; j < NN_ITEM_N / 2; j++)
        nn_loadB(&right[j], bTile + term * NN_PITCH(NN_TILE_N), NN_WARP_N * 4 * NN_ITEM_N + j * 8);
    NN_UNROLL_FRAGMENTS for (uint i = 0; i < NN_ITEM_M; i += 2) {
      parts_t left;
      nn_loadA(&left, aTile + term * NN_PITCH(NN_TILE_M), NN_WARP_M * 8 * NN_ITEM_M + i * 8);
      NN_UNROLL_FRAGMENTS for (uint j = 0; j < NN_ITEM_N / 2; j++) {
        float c[4] = {sums[i][j].s0, sums[i][j].s1, sums[i + 1][j].s0, sums[i + 1][j].s1};
        nn_multiplyFragments(c, left.finite, right[j].rest, aExchange, bExchange);
        nn_multiplyFragments(c, left.rest, right[j].finite, aExchange, bExchange);
        nn_multiplyFragments(c, left.main, right[j].main, aExchange, bExchange);
        sums[i][j] = (vector_t)(c[0], c[1]);
        sums[i + 1][j] = (vector_t)(c[2], c[3]);
      }
    }
  }
}
#endif
